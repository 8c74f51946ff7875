"""The actuary's desk: triangles, reserves, loss ratios, adequacy of contributions, forecasts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commands.books import DAY
from commands.reports import report_options, show
from commands.shared import t as _t

if TYPE_CHECKING:
    from adjudicator.books.actuarial.reports import TriangleAsked

Command = TypeVar("Command", bound=Callable[..., Any])


class _Month(click.ParamType[Any]):
    """A month, as in 2026-01; its number."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a month."""
        from adjudicator.remuneration.months import read_month

        if isinstance(value, int):
            return value
        try:
            return read_month(value)
        except ValueError:
            self.fail(_t("actuary.no_month", given=value), param, ctx)


class _Percent(click.ParamType[Any]):
    """A percentage, as in 85 or 2.5; in hundredths of a percent."""

    name = "percent"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a percentage."""
        from adjudicator.units import scaled

        if isinstance(value, int):
            return value
        try:
            return scaled(str(value).strip().removesuffix("%").strip(), 2)
        except ValueError:
            self.fail(_t("actuary.no_percent", given=value), param, ctx)


class _Methods(click.ParamType[Any]):
    """Methods of estimating reserves, with commas."""

    name = "methods"
    known = ("mack", "bf", "capecod")

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Read a list of methods."""
        if isinstance(value, tuple):
            return value
        given = tuple(dict.fromkeys(re.split(r"[\s,]+", value.strip().lower())))
        for one in given:
            if one not in self.known:
                self.fail(_t("actuary.no_method", given=one, known=list(self.known)), param, ctx)
        return given


def _with(command: Command, *options: Callable[[Command], Command]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def _as_of(command: Command) -> Command:
    return click.option("--as-of", type=DAY, help=_t("actuary.as_of"))(command)


def _of_triangle(command: Command) -> Command:
    """Add the options that say which triangle is asked for."""
    origins = click.Choice(("service_month", "claim_month"))
    bookings = click.Choice(("payment_month", "booking_month", "decision_month", "claim_month"))
    measures = click.Choice(("paid", "valuated", "claims"))
    grains = click.Choice(("month", "quarter", "year"))
    return _with(
        command,
        click.option(
            "--origin", type=origins, default="service_month", show_default=True, help=_t("actuary.origin")
        ),
        click.option(
            "--development",
            "booking",
            type=bookings,
            default="payment_month",
            show_default=True,
            help=_t("actuary.development"),
        ),
        click.option(
            "--measure", type=measures, default="paid", show_default=True, help=_t("actuary.measure")
        ),
        click.option("--grain", type=grains, default="month", show_default=True, help=_t("actuary.grain")),
        click.option("--product", help=_t("actuary.product")),
        click.option("--from", "first", type=_Month(), help=_t("actuary.from")),
        _as_of,
    )


_grouped = click.option("--by", type=click.Choice(("product", "level", "region")), help=_t("actuary.by"))


def _asked(
    origin: str,
    booking: str,
    measure: str,
    grain: str,
    product: str | None,
    first: int | None,
    as_of: dt.datetime | None,
    by: str | None = None,
) -> TriangleAsked:
    from adjudicator.books.actuarial.ledger import Booking, Group, Measure, Origin
    from adjudicator.books.actuarial.reports import TriangleAsked
    from adjudicator.simulation.actuarial.grains import Grain

    return TriangleAsked(
        Origin(origin),
        Booking(booking),
        Measure(measure),
        Grain(grain),
        None if by is None else Group(by),
        product,
        first,
        _day(as_of),
    )


def _day(given: dt.datetime | None) -> dt.date | None:
    return given.date() if given else None


@click.group(help=_t("actuary.help"), epilog=_t("actuary.example"))
def actuary() -> None:
    """Give the actuary's figures."""


@actuary.command("triangle", help=_t("actuary.triangle.help"), epilog=_t("actuary.triangle.example"))
@_of_triangle
@_grouped
@click.option("--cumulative", is_flag=True, help=_t("actuary.cumulative"))
@report_options
def actuary_triangle(
    cumulative: bool, form: str | None, path: Path | None, scheme: Path, language: str, **asked: Any
) -> None:
    """Give a loss triangle."""
    from adjudicator.books.actuarial.reports import triangle_report

    show(lambda books: triangle_report(books, _asked(**asked), cumulative), form, path, scheme, language)


@actuary.command("reserve", help=_t("actuary.reserve.help"), epilog=_t("actuary.reserve.example"))
@click.option(
    "--method", "methods", type=_Methods(), default="mack", show_default=True, help=_t("actuary.method")
)
@click.option("--loss-ratio", type=_Percent(), help=_t("actuary.loss_ratio_expected"))
@_of_triangle
@_grouped
@report_options
def actuary_reserve(
    methods: tuple[str, ...],
    loss_ratio: int | None,
    form: str | None,
    path: Path | None,
    scheme: Path,
    language: str,
    **asked: Any,
) -> None:
    """Estimate what is still to come."""
    from adjudicator.books.actuarial.reports import reserve_report
    from adjudicator.simulation.actuarial.reserves import Method

    chosen = [Method(name) for name in methods]
    show(
        lambda books: reserve_report(books, _asked(**asked), chosen, loss_ratio), form, path, scheme, language
    )


@actuary.command("frequency", help=_t("actuary.frequency.help"), epilog=_t("actuary.frequency.example"))
@click.option("--from", "start", type=DAY, required=True, help=_t("actuary.from_day"))
@click.option("--to", "end", type=DAY, required=True, help=_t("actuary.to_day"))
@click.option("--product", help=_t("actuary.product"))
@_as_of
@report_options
def actuary_frequency(
    start: dt.datetime,
    end: dt.datetime,
    product: str | None,
    as_of: dt.datetime | None,
    form: str | None,
    path: Path | None,
    scheme: Path,
    language: str,
) -> None:
    """Give frequency and severity."""
    from adjudicator.books.actuarial.experience import frequency_report

    period = start.date(), end.date()
    show(lambda books: frequency_report(books, *period, product, _day(as_of)), form, path, scheme, language)


@actuary.command("loss-ratio", help=_t("actuary.loss_ratio.help"), epilog=_t("actuary.loss_ratio.example"))
@click.option("--from", "first", type=_Month(), required=True, help=_t("actuary.from"))
@click.option("--to", "last", type=_Month(), required=True, help=_t("actuary.to"))
@_as_of
@report_options
def actuary_loss_ratio(
    first: int,
    last: int,
    as_of: dt.datetime | None,
    form: str | None,
    path: Path | None,
    scheme: Path,
    language: str,
) -> None:
    """Give loss ratios."""
    from adjudicator.books.actuarial.experience import loss_ratio_report

    show(lambda books: loss_ratio_report(books, first, last, _day(as_of)), form, path, scheme, language)


@actuary.command("adequacy", help=_t("actuary.adequacy.help"), epilog=_t("actuary.adequacy.example"))
@click.option(
    "--method",
    type=click.Choice(("mack", "bf", "capecod")),
    default="mack",
    show_default=True,
    help=_t("actuary.method"),
)
@click.option("--loss-ratio", type=_Percent(), help=_t("actuary.loss_ratio_expected"))
@click.option("--margin", type=_Percent(), default="10", show_default=True, help=_t("actuary.margin"))
@click.option("--confidence", type=_Percent(), default="75", show_default=True, help=_t("actuary.confidence"))
@click.option("--periods", type=click.IntRange(1), help=_t("actuary.periods"))
@_of_triangle
@report_options
def actuary_adequacy(
    method: str,
    loss_ratio: int | None,
    margin: int,
    confidence: int,
    periods: int | None,
    form: str | None,
    path: Path | None,
    scheme: Path,
    language: str,
    **asked: Any,
) -> None:
    """Say whether contributions are adequate."""
    from adjudicator.books.actuarial.experience import adequacy_report
    from adjudicator.simulation.actuarial.reserves import Method

    for name, value, most in (("--margin", margin, 10_000), ("--confidence", confidence, 10_000)):
        if not 0 <= value < most:
            raise click.BadParameter(_t("actuary.no_percent", given=value / 100), param_hint=name)
    show(
        lambda books: adequacy_report(
            books, _asked(**asked), Method(method), margin, confidence, periods, loss_ratio
        ),
        form,
        path,
        scheme,
        language,
    )


@actuary.command("forecast-index", help=_t("actuary.forecast.help"), epilog=_t("actuary.forecast.example"))
@click.option("--product", required=True, help=_t("actuary.forecast.product"))
@click.option("--year", type=click.IntRange(1990, 2200), required=True, help=_t("actuary.forecast.year"))
@click.option(
    "--contributions",
    "plan",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help=_t("actuary.forecast.plan"),
)
@click.option("--trend", type=_Percent(), default="0", show_default=True, help=_t("actuary.forecast.trend"))
@click.option(
    "--draws",
    type=click.IntRange(100, 100_000),
    default=2_000,
    show_default=True,
    help=_t("actuary.forecast.draws"),
)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help=_t("actuary.forecast.seed")
)
@click.option("--band", type=_Percent(), default="80", show_default=True, help=_t("actuary.forecast.band"))
@_as_of
@report_options
def actuary_forecast(
    product: str,
    year: int,
    plan: Path | None,
    trend: int,
    draws: int,
    seed: int,
    band: int,
    as_of: dt.datetime | None,
    form: str | None,
    path: Path | None,
    scheme: Path,
    language: str,
) -> None:
    """Forecast the relative index."""
    from adjudicator.books.actuarial.forecasts import forecast_report
    from adjudicator.simulation.actuarial.forecast import Assumptions

    if not 0 < band < 10_000:
        raise click.BadParameter(_t("actuary.no_percent", given=band / 100), param_hint="--band")
    if trend <= -10_000:
        raise click.BadParameter(_t("actuary.no_percent", given=trend / 100), param_hint="--trend")
    assumed = Assumptions(trend / 10_000, draws, seed, band)
    show(
        lambda books: forecast_report(books, product, year, plan, assumed, _day(as_of)),
        form,
        path,
        scheme,
        language,
    )
