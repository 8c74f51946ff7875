"""The actuary's desk: triangles, reserves, loss ratios, adequacy of contributions, forecasts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commands.books import DAY
from commands.reports import report_options, show
from commands.shared import t as _t

if TYPE_CHECKING:
    from adjudicator.books.actuarial.reports import Assumed, TriangleAsked

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


class _Tail(click.ParamType[Any]):
    """A tail: none, a curve, or a factor; the curve's word and the factor."""

    name = "tail"
    curves = ("none", "exponential", "inverse_power")
    least, most = Decimal("0.5"), Decimal(10)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, float]:
        """Read a tail."""
        if isinstance(value, tuple):
            return value
        given = value.strip().lower()
        if given in self.curves:
            return given, 1.0
        try:
            factor = Decimal(given.replace(",", "."))
            meant = self.least <= factor <= self.most
        except InvalidOperation:
            meant = False
        if not meant:
            self.fail(_t("actuary.no_tail", given=value), param, ctx)
        return "constant", float(factor)


class _Ages(click.ParamType[Any]):
    """A range of ages, as in 3-12, 3- or -12."""

    name = "ages"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int | None, int | None]:
        """Read a range."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"(\d*)\s*[-–]\s*(\d*)", value.strip())
        first, last = (int(one) if one else None for one in found.groups()) if found else (None, None)
        if (first is None and last is None) or (first is not None and last is not None and first > last):
            self.fail(_t("actuary.no_ages", given=value), param, ctx)
        return first, last


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


_grouped = click.option("--per", type=click.Choice(("product", "level", "region")), help=_t("actuary.per"))


def _asked(
    origin: str,
    booking: str,
    measure: str,
    grain: str,
    product: str | None,
    first: int | None,
    as_of: dt.datetime | None,
    per: str | None = None,
) -> TriangleAsked:
    from adjudicator.books.actuarial.ledger import Booking, Group, Measure, Origin
    from adjudicator.books.actuarial.reports import TriangleAsked
    from adjudicator.simulation.actuarial.grains import Grain

    return TriangleAsked(
        Origin(origin),
        Booking(booking),
        Measure(measure),
        Grain(grain),
        None if per is None else Group(per),
        product,
        first,
        _day(as_of),
    )


def _of_estimate(command: Command) -> Command:
    """Add the options that say what an estimate assumes beside its triangle."""
    return _with(
        command,
        click.option("--loss-ratio", type=_Percent(), help=_t("actuary.loss_ratio_expected")),
        click.option("--loss-ratio-error", type=_Percent(), help=_t("actuary.loss_ratio_error")),
        click.option("--tail", type=_Tail(), default="none", show_default=True, help=_t("actuary.tail")),
        click.option("--tail-fit", "fitted", type=_Ages(), help=_t("actuary.tail_fit")),
        click.option(
            "--tail-periods",
            type=click.IntRange(1, 1_000),
            default=100,
            show_default=True,
            help=_t("actuary.tail_periods"),
        ),
    )


def _assumed(
    loss_ratio: int | None,
    loss_ratio_error: int | None,
    tail: tuple[str, float],
    fitted: tuple[int | None, int | None] | None,
    tail_periods: int,
    back_tests: int = 0,
) -> Assumed:
    from adjudicator.books.actuarial.reports import Assumed
    from adjudicator.simulation.actuarial.tails import Curve, TailChoice

    word, factor = tail
    curve = Curve(word)
    if fitted is not None and not curve.fitted:
        raise click.UsageError(_t("actuary.fit_without_curve"))
    if loss_ratio_error is not None and loss_ratio_error < 0:
        given = f"{loss_ratio_error / 100:g}"
        raise click.BadParameter(_t("actuary.no_percent", given=given), param_hint="--loss-ratio-error")
    first, last = fitted or (None, None)
    choice = TailChoice(curve, factor, first, last, tail_periods)
    return Assumed(loss_ratio, loss_ratio_error, choice, back_tests)


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
@_of_estimate
@click.option(
    "--back-test",
    "back_tests",
    type=click.IntRange(0, 3),
    default=3,
    show_default=True,
    help=_t("actuary.back_test"),
)
@_of_triangle
@_grouped
@report_options
def actuary_reserve(
    methods: tuple[str, ...],
    loss_ratio: int | None,
    loss_ratio_error: int | None,
    tail: tuple[str, float],
    fitted: tuple[int | None, int | None] | None,
    tail_periods: int,
    back_tests: int,
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
    assumed = _assumed(loss_ratio, loss_ratio_error, tail, fitted, tail_periods, back_tests)
    show(lambda books: reserve_report(books, _asked(**asked), chosen, assumed), form, path, scheme, language)


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
    help=_t("actuary.one_method"),
)
@_of_estimate
@click.option("--margin", type=_Percent(), default="10", show_default=True, help=_t("actuary.margin"))
@click.option("--confidence", type=_Percent(), default="75", show_default=True, help=_t("actuary.confidence"))
@click.option("--periods", type=click.IntRange(1), help=_t("actuary.periods"))
@_of_triangle
@report_options
def actuary_adequacy(
    method: str,
    loss_ratio: int | None,
    loss_ratio_error: int | None,
    tail: tuple[str, float],
    fitted: tuple[int | None, int | None] | None,
    tail_periods: int,
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
    assumed = _assumed(loss_ratio, loss_ratio_error, tail, fitted, tail_periods)
    show(
        lambda books: adequacy_report(
            books, _asked(**asked), Method(method), margin, confidence, periods, assumed
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
