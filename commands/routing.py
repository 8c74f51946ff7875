"""Where cases go: routing rules tried on a case, or on their own examples."""

from __future__ import annotations

from pathlib import Path

import click

from adjudicator.words import text
from commands.rules import RULES
from commands.shared import EXIT_FINDINGS, language_option, out, told
from commands.shared import t as _t


@click.command("route", help=_t("rules.route.help"), epilog=_t("rules.route.example"))
@click.argument("path", type=RULES, required=False)
@click.option(
    "--case",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=_t("rules.route.case"),
)
@click.option("--durable", is_flag=True, help=_t("rules.route.durable"))
@language_option
def route(path: Path | None, case: Path | None, durable: bool, language: str) -> None:
    """Route a case; without one, try the examples of all rules."""
    from adjudicator.presentation.routing import print_routed
    from adjudicator.review.routing.read import read_case, read_routing, routing_of
    from adjudicator.review.routing.router import BackEnd, Router
    from adjudicator.scheme import SETTINGS, read_settings
    from adjudicator.shipped import shipped_routing

    with told(language):
        decimals = 2
        if path is None:
            routing = routing_of(shipped_routing(), decimals)
        elif (path / SETTINGS).is_file():
            settings = read_settings(path)
            decimals = settings.decimals
            routing = read_routing(path / settings.routing, decimals)
            durable = durable or settings.review.chaining
        else:
            routing = routing_of([path], decimals) if path.is_file() else read_routing(path, decimals)
        with Router.by(BackEnd.DURABLE if durable else BackEnd.PLAIN, routing) as router:
            if case is not None:
                print_routed(out(), routing, router.route(read_case(case, decimals)), decimals, language)
                return
            results = [router.route(facts) for rule in routing.rules for _, facts in rule.examples]
    replaced = sum(result.replaced is not None for result in results)
    said = {"rules": len(routing.rules), "examples": len(results), "replaced": replaced}
    out().print(text("routing.tried", language, **said))
    if replaced or not results:
        raise click.exceptions.Exit(EXIT_FINDINGS)
