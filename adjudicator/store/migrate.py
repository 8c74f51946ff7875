"""From an empty database, or an older one, to the tables of this engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from adjudicator import tables
from adjudicator.store.schema import VOCABULARY
from adjudicator.vocabulary import Reason, Word
from adjudicator.words import LANGUAGES, label

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


@dataclass(frozen=True)
class State:
    """Which migrations a database has, and which this engine knows; None where it has none."""

    present: str | None
    wanted: str
    known: bool
    """Whether this engine knows the present one."""

    @property
    def current(self) -> bool:
        """Whether the database is as this engine needs it."""
        return self.present == self.wanted


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def state(connection: sa.Connection) -> State:
    """Tell which state the tables are in."""
    present = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(_config())
    wanted = scripts.get_current_head() or ""
    known = present is None or any(script.revision == present for script in scripts.walk_revisions())
    return State(present, wanted, known)


def newest() -> str:
    """Give the newest state that this engine knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def upgrade(connection: sa.Connection) -> None:
    """Bring the tables to the newest state, within the connection's transaction."""
    command.upgrade(_config(connection), "head")
    connection.execute(sa.delete(VOCABULARY))
    connection.execute(sa.insert(VOCABULARY), _words())


def _words() -> list[dict[str, object]]:
    return [
        {"list": words.__name__, "number": int(word), "word": word.word}
        | {language: label(word, language) for language in LANGUAGES}
        for words in _lists()
        for word in words
    ]


def _lists() -> list[type[Word]]:
    """Give the vocabularies whose integers stand in some table."""
    shapes = (*tables.REGISTERS.values(), tables.CLAIMS, tables.CLAIM_LINES, *tables.DECISIONS.values())
    found = {column.words for shape in shapes for column in shape.columns if column.words}
    return sorted((*found, Reason), key=lambda words: words.__name__)
