"""What pages on a terminal are made with: a console, and the words and numbers of their reader."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adjudicator.books.books import Books
from adjudicator.presentation.tables import plain_table
from adjudicator.words import Amount, Percentage, shown, text


class Face:
    """A console, and the language and currency of its reader.

    Args:
        console: where it is printed.
        books: whose currency it is.
        language: of the reader.
        room: whose texts are said: what their keys begin with.
    """

    def __init__(self, console: Console, books: Books, language: str, room: str) -> None:
        self.console, self.language, self._room = console, language, room
        self.decimals, self.currency = books.decimals, books.settings.currency

    def word(self, key: str, **values: Any) -> str:
        """Give a text of the room; it may name the currency."""
        return text(f"{self._room}.{key}", self.language, **{"currency": self.currency, **values})

    def say(self, key: str, style: str = "", **values: Any) -> None:
        """Print a text of the room."""
        self.console.print(Text(self.word(key, **values)), style=style, soft_wrap=True)

    def money(self, minor: int) -> str:
        """Write an amount."""
        return str(shown(Amount(minor, self.decimals), self.language))

    def count(self, value: int) -> str:
        """Write a number."""
        return str(shown(value, self.language))

    def percent(self, hundredths: int) -> str:
        """Write a percentage."""
        return str(shown(Percentage(hundredths), self.language))

    def table(self, *columns: tuple[str, bool], title: str | None = None) -> Table:
        """Lay out a table; of each column the key of its heading, and whether it holds numbers."""
        headed = ((self.word(f"column.{key}") if key else "", numbers) for key, numbers in columns)
        return plain_table(*headed, title=self.word(title) if title else None)

    def show(self, table: Table) -> None:
        """Print a table, and a blank line."""
        self.console.print(table)
        self.console.print()
