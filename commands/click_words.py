"""What click itself says ("Missing option", "Usage:"), in the reader's language.

click marks its texts for translation and ships none. The catalogue's English is click's own text, letter by
letter; what it does not know stays English.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click
import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.types

from adjudicator.words import entries, text

_KINDS: Final = (
    ((click.types.StringParamType,), "text"),
    ((click.types.IntParamType, click.IntRange), "whole"),
    ((click.types.FloatParamType, click.FloatRange), "number"),
)
"""Kinds of values, and the words for them: "integer range" is none of a user's."""

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
    for kinds, key in _KINDS:
        for kind in kinds:
            kind.name = text(f"cli.kind.{key}", language)
            setattr(kind, "get_metavar", _metavar(text(f"cli.metavar.{key}", language)))  # noqa: B010 - a method


def _metavar(said: str) -> Callable[[click.ParamType[Any], click.Parameter, click.Context], str | None]:
    # Arguments go by their own names.
    return lambda self, param, ctx: said if isinstance(param, click.Option) else None
