"""What is said when rules were asked about claims that were decided without them."""

from __future__ import annotations

from rich.box import HEAVY
from rich.console import Console, Group
from rich.panel import Panel
from rich.text import Text

from adjudicator.books.submission.asking import Asked
from adjudicator.presentation.rules import in_language
from adjudicator.presentation.tables import plain_table
from adjudicator.words import shown, text


def print_asked(console: Console, done: Asked | None, others: int, dry_run: bool, language: str) -> None:
    """Say what rules had to say, rule by rule, and what comes of it.

    Args:
        console: that it is printed to.
        done: what the rules said; None where no claim waits.
        others: how many claims wait that were not chosen.
        dry_run: whether nothing was to be written.
        language: of the reader.
    """

    def say(key: str, style: str = "", **values: object) -> None:
        console.print(text(f"asking.{key}", language, **values), style=style, soft_wrap=True)

    if done is None:
        if not others:
            say("nothing_waits", "green")
    elif not done.rules:
        say("no_rule", "yellow", count=done.claims)
    else:
        say("title", "bold", name=done.name, claims=done.claims)
        _print_rules(console, done, language)
        if not done.flags:
            say("none", "green")
        if done.flagged:
            say("queue", "yellow", count=done.flagged)
        if done.settled:
            say("settled", "yellow", count=done.settled)
        if dry_run:
            console.print(text("books.run.dry", language), style="yellow")
        elif done.booked:
            say("booked", "bold green", run=done.run)
    if others:
        say("others_wait", "yellow", count=others)


def print_not_asked(console: Console, count: int, month: str, closed: bool, language: str) -> None:
    """Say that claims are paid, or about to be, that some rules were never asked about, and what to do.

    It stands in a frame of its own, as what is read last: nobody is to pay without having seen it.

    Args:
        console: that it is printed to.
        count: how many claims; nothing is said of none.
        month: that is closed, as it is written.
        closed: whether it is closed already.
        language: of the reader.
    """
    if not count:
        return

    def say(key: str, style: str = "") -> Text:
        return Text(text(f"asking.unasked.{key}", language, count=count, month=month), style)

    when = "closed" if closed else "open"
    said = [
        *(say("what", "bold"), say(when), Text()),
        *(say(f"ask.{when}", "bold"), say("look"), say(f"then.{when}")),
    ]
    title = Text(f" {text('asking.unasked.title', language)} ", "bold red")
    console.print()
    console.print(Panel(Group(*said), title=title, box=HEAVY, border_style="bold red", padding=(1, 2)))


def _print_rules(console: Console, done: Asked, language: str) -> None:
    headings = (("rule", False), ("flags", True), ("claims", True), ("finds", False))
    table = plain_table(*((text(f"asking.{key}", language), numbers) for key, numbers in headings))
    for one in done.rules:
        title = in_language(one.rule.definition.title, language)
        if one.rule.definition.status == "shadow":
            title = text("asking.on_trial", language, title=title)
        counts = (shown(count, language) for count in (one.flags, one.claims))
        table.add_row(one.rule.name, *map(str, counts), title, style="" if one.flags else "dim")
    console.print(table)
