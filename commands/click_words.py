"""What click itself says ("Missing option", "Usage:"), in the reader's language.

click marks its texts for translation and ships none. The catalogue's English is click's own text, letter by
letter; what it does not know stays English.
"""

from __future__ import annotations

from typing import Final

import click
import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.types

from adjudicator.words import entries

_MODULES: Final = (
    click.core,
    click.decorators,
    click.exceptions,
    click.formatting,
    click.parser,
    click.types,
)


def speak(language: str) -> None:
    """Let click speak a language from now on."""
    known = {said["en"]: said[language] for key, said in entries().items() if key.startswith("click.")}

    def one(said: str) -> str:
        return known.get(said, said)

    def many(singular: str, plural: str, number: int) -> str:
        return one(singular if number == 1 else plural)

    for module in _MODULES:
        for name, speaks in (("_", one), ("ngettext", many)):
            if hasattr(module, name):
                setattr(module, name, speaks)
