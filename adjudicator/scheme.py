"""A scheme is a folder: ``scheme.yaml``, its products, its registers, and what it adjudicates with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from babel import Locale
from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema, model_validator

from adjudicator.problems import Place, Problem, Refused
from adjudicator.product.definition import Label, Part
from adjudicator.product.mistakes import problems_of
from adjudicator.product.read import ProductSource, read_products
from adjudicator.product.scalars import Code, Count, Day, Money, Percent, Truth, one_of, read_text, wrong
from adjudicator.product.source import read_source
from adjudicator.review.working_days import Calendar
from adjudicator.units import currency_decimals, date_of
from adjudicator.vocabulary import Severity
from adjudicator.words import message

SETTINGS: Final = "scheme.yaml"
"""The file that makes a folder a scheme."""


def _currency(value: object) -> str:
    given = read_text(value)
    if given not in Locale("en").currencies:
        raise wrong("scheme.unknown_currency", given=given)
    return given


Currency = Annotated[
    str, BeforeValidator(_currency), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$"})
]
"""An ISO 4217 code."""


WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Weekday = Annotated[
    str, BeforeValidator(one_of(WEEKDAYS)), WithJsonSchema({"type": "string", "enum": list(WEEKDAYS)})
]


class ReviewSettings(Part):
    """How medical officers review claims."""

    second_opinion_above: Annotated[
        Money | None,
        Field(
            description="A decision about a claim valuated above this waits for another officer's agreement"
        ),
    ] = None
    hold_minutes: Annotated[
        Count, Field(description="Minutes that an officer has a case before others may")
    ] = 30
    days: Annotated[Count, Field(description="Working days within which a case is due")] = 10
    grave_days: Annotated[
        Count,
        Field(description="Working days within which a case is due that something grave brought up"),
    ] = 5
    selected_score: Annotated[
        Percent,
        Field(description="The share of its amount that a look at a claim without flags is expected to save"),
    ] = 500
    seniors: Annotated[
        tuple[Code, ...],
        Field(description="Officers to whom cases are escalated; with none, a second officer has to agree"),
    ] = ()
    answer_days: Annotated[
        Count, Field(description="Days that a facility has to complete a claim that routing rules return")
    ] = 14
    weekend: Annotated[
        tuple[Weekday, ...], Field(description="The days of the week on which no officer works")
    ] = ("saturday", "sunday")
    holidays: Annotated[tuple[Day, ...], Field(description="Other days on which no officer works")] = ()
    chaining: Annotated[
        Truth,
        Field(
            description="Whether durable_rules routes cases as well, where the extra `chaining` is installed"
        ),
    ] = False

    @model_validator(mode="after")
    def _somebody_works(self) -> ReviewSettings:
        if len(set(self.weekend)) == len(WEEKDAYS):
            raise wrong("scheme.no_working_day", at=("weekend",))
        return self

    def days_for(self, severity: Severity) -> int:
        """Give the working days within which a case is due: of what is grave, never more than of the rest."""
        return min(self.days, self.grave_days) if severity >= Severity.HIGH else self.days

    @property
    def calendar(self) -> Calendar:
        """The days on which officers work."""
        weekend = frozenset(WEEKDAYS.index(day) for day in self.weekend)
        return Calendar(weekend, frozenset(date_of(day) for day in self.holidays))


class Payer(Part):
    """Who pays facilities, as its bank knows it."""

    name: Code
    account: Annotated[Code, Field(description="The number of the account, an IBAN or the bank's own")]
    bank: Annotated[Code | None, Field(description="The BIC of the bank")] = None


class ClosingSettings(Part):
    """How months are closed and paid."""

    second_person: Annotated[
        Truth, Field(description="A closing that somebody proposes is confirmed by somebody else")
    ] = False
    appeal_days: Annotated[
        Count, Field(description="Days that a facility has to object to its statement")
    ] = 30
    payer: Payer | None = None


class Settings(Part):
    """What ``scheme.yaml`` says."""

    scheme: Code
    name: Label | None = None
    currency: Currency
    adult_age: Annotated[Count, Field(description="Completed years from which on a person is an adult")] = 18
    registers: Code = "registers"
    products: Code = "products"
    rules: Code = "rules"
    routing: Code = "routing"
    database: Annotated[
        Code | None, Field(description="Where the books are, as a URL; books.db in this folder if left out")
    ] = None
    review: ReviewSettings = ReviewSettings()
    closing: ClosingSettings = ClosingSettings()

    @property
    def decimals(self) -> int:
        """How many decimals the currency's amounts have."""
        return currency_decimals(self.currency)


@dataclass(frozen=True)
class Scheme:
    """A scheme that was opened: its settings and its products, both checked."""

    folder: Path
    settings: Settings
    products: tuple[ProductSource, ...]

    @property
    def registers(self) -> Path:
        """The folder of the registers."""
        return self.folder / self.settings.registers

    @property
    def rules(self) -> Path:
        """The folder of the review rules; it need not be there."""
        return self.folder / self.settings.rules

    @property
    def files(self) -> list[Path]:
        """The files that say what the scheme is, besides its registers."""
        return [self.folder / SETTINGS, *(source.path for source in self.products)]


def read_settings(folder: Path) -> Settings:
    """Read a scheme's settings.

    Raises:
        Refused: the folder is no scheme, or with everything that is wrong with its settings.
    """
    path = folder / SETTINGS
    if not path.is_file():
        raise Refused(
            [
                Problem(
                    message("scheme.no_settings", folder=str(folder)), Place(path), message("scheme.make_one")
                )
            ]
        )
    source = read_source(path)
    try:
        settings = Settings.model_validate(source.tree, context={"decimals": _decimals(source.tree)})
    except ValidationError as error:
        problems = [*source.problems, *problems_of(error, source, Settings)]
        raise Refused(sorted(problems, key=lambda problem: problem.place.line or 0)) from None
    if source.problems:
        raise Refused(source.problems)
    return settings


def _decimals(tree: object) -> int:
    """Give the decimals of amounts in the file, before it is known to be in order."""
    currency = tree.get("currency") if isinstance(tree, dict) else None
    return currency_decimals(currency) if isinstance(currency, str) else currency_decimals("")


def open_scheme(folder: Path) -> Scheme:
    """Open a scheme: read its settings and products.

    Raises:
        Refused: with everything that is wrong with them.
    """
    settings = read_settings(folder)
    return Scheme(folder, settings, tuple(read_products(folder / settings.products, settings.decimals)))
