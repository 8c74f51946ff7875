"""Where a case should go, as people read it."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from adjudicator.presentation.rules import in_language
from adjudicator.review.routing.outcome import Routed, explanation, proposals
from adjudicator.review.routing.rules import Routing
from adjudicator.words import say, text


def print_routed(console: Console, routing: Routing, result: Routed, decimals: int, language: str) -> None:
    """Show what is proposed for a case, and why.

    Args:
        console: where to.
        routing: the rules.
        result: what they came to.
        decimals: of the currency.
        language: of the reader.
    """
    said = [say(one, language) for one in proposals(result)]
    for one in said or [text("routing.then.nothing", language)]:
        console.print(Text(one, style="bold"))
    for firing in result.why:
        rule = routing.by_name[firing.rule]
        title = in_language(rule.definition.title, language)
        told = explanation(rule, firing, decimals, language)
        console.print(Padding(Text.assemble((f"{rule.name} ", "dim"), f"{title} — {told}"), (0, 0, 0, 2)))
    if result.replaced is not None:
        console.print(Text(text("routing.replaced", language, reason=result.replaced), style="yellow"))
