"""Simulations on the command line: scenarios, grids, bands, the value of a term, and the same once more."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from commands.books import DAY, SCHEME
from commands.shared import (
    EXIT_FINDINGS,
    FOLDER,
    NEW_FOLDER,
    RUN_FOLDER,
    language_option,
    out,
    progress_shown,
    told,
)
from commands.shared import t as _t

if TYPE_CHECKING:
    from adjudicator.simulate import Job, Opened
    from adjudicator.simulation.desk import Wish

Command = TypeVar("Command", bound=Callable[..., Any])

_SCENARIOS: Final = "scenarios"


class _WithDefault(click.Group):
    """A group whose first command need not be named: ``simulate SCHEME`` is ``simulate scenarios SCHEME``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Name the command where it is not."""
        named = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, _apart(args if named or not args else [_SCENARIOS, *args]))


def _apart(args: list[str]) -> list[str]:
    """Give every axis of a grid its own option: ``--grid A=… B=…`` is ``--grid A=… --grid B=…``."""
    apart: list[str] = []
    in_grid = False
    for number, word in enumerate(args):
        if word.startswith("-"):
            in_grid = word == "--grid"
        elif in_grid and "=" in word and args[number - 1] != "--grid":
            apart.append("--grid")
        apart.append(word)
    return apart


@click.group(cls=_WithDefault, help=_t("simulate.help"), epilog=_t("simulate.example"))
def simulate() -> None:
    """Simulate."""


def _options(command: Command) -> Command:
    """Add what all simulations take."""
    path = click.Path(path_type=Path, exists=True)
    for option in reversed(
        (
            click.argument("scheme", type=FOLDER, default=Path(), envvar=SCHEME),
            click.option("--claims", "sources", type=FOLDER, multiple=True, help=_t("simulate.claims")),
            click.option("--opening", type=RUN_FOLDER, help=_t("run.opening")),
            click.option("--from", "first", type=DAY, help=_t("simulate.from")),
            click.option("--to", "last", type=DAY, help=_t("simulate.to")),
            click.option("--scenario", "scenarios", type=path, multiple=True, help=_t("simulate.scenario")),
            click.option("--out", "target", type=NEW_FOLDER, required=True, help=_t("run.out")),
            click.option("--per", "dimensions", help=_t("simulate.per")),
            click.option(
                "--bootstrap",
                "samples",
                type=click.IntRange(0, 10_000),
                default=0,
                help=_t("simulate.bootstrap"),
            ),
            click.option("--seed", type=click.IntRange(0), default=1, help=_t("simulate.seed")),
            click.option(
                "--confidence",
                type=click.IntRange(1, 99),
                default=90,
                show_default=True,
                help=_t("simulate.confidence"),
            ),
            click.option(
                "--threads",
                type=click.IntRange(1, 64),
                default=min(2, os.cpu_count() or 1),
                help=_t("run.threads"),
            ),
            click.option("--replace", "replace_old", is_flag=True, help=_t("run.replace")),
            language_option,
        )
    ):
        command = option(command)
    return command


@simulate.command(_SCENARIOS, help=_t("simulate.help"), epilog=_t("simulate.example"))
@_options
@click.option("--grid", multiple=True, help=_t("simulate.grid"))
@click.option("--pairs", is_flag=True, help=_t("simulate.pairs"))
def scenarios_command(grid: tuple[str, ...], pairs: bool, scenarios: tuple[Path, ...], **given: Any) -> None:
    """Simulate scenarios, or a grid of terms."""
    from adjudicator.simulate import Job
    from adjudicator.simulation.desk import SWEEP_WISH, Wish

    if not scenarios and not grid:
        raise click.UsageError(_t("simulate.nothing_asked"))
    # A shell keeps `--grid "a=1 b=2"` as one word; both ways of writing are meant.
    axes = tuple(axis for one in grid for axis in _axes(one))
    wish = _wish(SWEEP_WISH if axes else Wish(pairs=pairs), **given)
    _simulate(Job("sweep" if axes else "scenarios", scenarios, grid=axes, wish=wish), **given)


def _axes(written: str) -> list[str]:
    """Split what was written at the blanks before a path; those within a value (`6 months`) stay."""
    axes: list[str] = []
    for word in written.split():
        if "=" in word or not axes:
            axes.append(word)
        else:
            axes[-1] += f" {word}"
    return axes


@simulate.command("solve", help=_t("simulate.solve.help"), epilog=_t("simulate.solve.example"))
@_options
@click.option("--term", required=True, help=_t("simulate.term"))
@click.option("--between", required=True, help=_t("simulate.between"))
@click.option("--target", "wanted", required=True, help=_t("simulate.target"))
def solve_command(term: str, between: str, wanted: str, scenarios: tuple[Path, ...], **given: Any) -> None:
    """Find the value of a term that meets a target."""
    from adjudicator.simulate import Job
    from adjudicator.simulation.desk import SWEEP_WISH

    wish = _wish(SWEEP_WISH, **given)
    job = Job("solve", scenarios, path=term, between=between, target=wanted, wish=wish)
    _simulate(job, **given)


@simulate.command("again", help=_t("simulate.again.help"), epilog=_t("simulate.again.example"))
@click.argument("folder", type=FOLDER)
@click.option(
    "--threads", type=click.IntRange(1, 64), default=min(2, os.cpu_count() or 1), help=_t("run.threads")
)
@language_option
def again_command(folder: Path, threads: int, language: str) -> None:
    """Simulate again; ends with 1 where anything came out otherwise."""
    from adjudicator.books.simulation import open_again
    from adjudicator.presentation.simulation import print_again
    from adjudicator.simulate import simulate_again

    with told(language), progress_shown(language) as progress:
        again = simulate_again(
            folder, lambda scheme, taken: open_again(scheme, taken, folder), threads, progress
        )
    print_again(out(), again, language)
    raise click.exceptions.Exit(0 if again.same else EXIT_FINDINGS)


def _wish(wish: Wish, dimensions: str | None, samples: int, seed: int, confidence: int, **_: Any) -> Wish:
    """Take what is asked of a simulation from the options."""
    from adjudicator.simulation.results import DIMENSIONS

    if dimensions is not None:
        names = tuple(dict.fromkeys(name.strip() for name in dimensions.split(",") if name.strip()))
        if unknown := [name for name in names if name not in DIMENSIONS]:
            known = ", ".join(DIMENSIONS)
            raise click.BadParameter(
                _t("simulate.unknown_dimension", names=", ".join(unknown), known=known), param_hint="--per"
            )
        wish = replace(wish, dimensions=names)
    return replace(wish, samples=samples, seed=seed, confidence=confidence * 100)


def _simulate(
    job: Job,
    scheme: Path,
    sources: tuple[Path, ...],
    opening: Path | None,
    first: dt.datetime | None,
    last: dt.datetime | None,
    target: Path,
    threads: int,
    replace_old: bool,
    language: str,
    **_: Any,
) -> None:
    from adjudicator.presentation.simulation import print_simulation
    from adjudicator.simulate import open_desk, simulate_into

    if sources and (first or last):
        raise click.UsageError(_t("simulate.claims_or_books"))
    with told(language), progress_shown(language) as progress:

        def opened(place: Path) -> Opened:
            if sources:
                return open_desk(scheme, sources, opening, place, progress)
            from adjudicator.books.simulation import open_desk_of_books

            since, upto = (day.date() if day else None for day in (first, last))
            return open_desk_of_books(scheme, since, upto, place)

        simulation = simulate_into(target, opened, job, threads, replace_old, progress)
    print_simulation(out(), simulation, str(target), language)
