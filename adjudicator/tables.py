"""The tables that go in and come out: their columns, the type of each, and which may be left out.

The one place that knows a table's shape. Readers in ``ingest`` turn files into *typed tables* after it:
Arrow tables with one column per declared column, in this order, where

* text is ``string``, a fixed word is ``int8`` (the member's integer), a day is ``date32``,
* money is ``int64`` in minor units, a quantity or a percentage ``int64`` in hundredths,
* a number is ``int64``, a truth value is ``bool``, and "none" is null.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from enum import Enum
from typing import Final

from adjudicator import vocabulary as v


class Type(Enum):
    """How the cells of a column are read."""

    TEXT = "text"
    WORD = "word"
    DATE = "date"
    MONEY = "money"
    QUANTITY = "quantity"
    PERCENTAGE = "percentage"
    NUMBER = "number"
    TRUTH = "truth"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    ``needed``: the column must be there. ``filled``: every row must have a value in it.
    ``words``: the vocabulary of a WORD. ``default``: what an empty or absent cell of a WORD means.
    """

    name: str
    type: Type = Type.TEXT
    needed: bool = True
    filled: bool = True
    words: builtins.type[v.Word] | None = None
    default: v.Word | None = None
    allowed: tuple[v.Word, ...] | None = None
    """The words of the vocabulary that this column admits; None: all."""


@dataclass(frozen=True)
class Table:
    """A table: its columns, and the columns that identify a row (a register adds the period to it)."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    period: tuple[str, str] | None = None
    """The columns of the period in which a row holds, where the table has one."""
    keeps_other_columns: bool = False
    """Columns that are not declared are kept as text, not warned about."""

    def column(self, name: str) -> Column:
        """Give the column of a name."""
        return next(column for column in self.columns if column.name == name)


def _text(name: str) -> Column:
    return Column(name)


def _text_or_none(name: str) -> Column:
    return Column(name, needed=False, filled=False)


def _word(name: str, words: type[v.Word], *allowed: v.Word) -> Column:
    return Column(name, Type.WORD, words=words, allowed=allowed or None)


def _word_or(name: str, default: v.Word | None, words: type[v.Word], *allowed: v.Word) -> Column:
    return Column(name, Type.WORD, False, False, words, default, allowed or None)


def _optional(name: str, type_: Type) -> Column:
    return Column(name, type_, needed=False, filled=False)


_VALID: Final = (_optional("valid_from", Type.DATE), _optional("valid_to", Type.DATE))
_VALID_PERIOD: Final = ("valid_from", "valid_to")

REGISTERS: Final = {
    table.name: table
    for table in (
        Table(
            "provisions",
            (
                _word("kind", v.Kind),
                _text("code"),
                _text("name"),
                _word_or("type", None, v.ProvisionType),
                _word_or("category", v.Category.OTHER, v.Category),
                Column("price", Type.MONEY),
                _word_or("care_type", v.CareType.BOTH, v.CareType),
                _word_or("sex", v.Sex.ANY, v.Sex, v.Sex.ANY, v.Sex.MALE, v.Sex.FEMALE),
                _word_or("age", v.AgeGroup.ANY, v.AgeGroup),
                _optional("frequency_days", Type.NUMBER),
                _optional("maximum_quantity", Type.QUANTITY),
                *_VALID,
            ),
            ("kind", "code"),
            _VALID_PERIOD,
        ),
        Table(
            "price_lists",
            (
                _text("price_list"),
                _word("kind", v.Kind),
                _text("code"),
                _optional("price", Type.MONEY),
                *_VALID,
            ),
            ("price_list", "kind", "code"),
            _VALID_PERIOD,
        ),
        Table(
            "locations",
            (
                _text("code"),
                _text("name"),
                _word("level", v.LocationLevel),
                _text_or_none("parent"),
                *(_optional(name, Type.NUMBER) for name in ("male", "female", "other", "families")),
            ),
            ("code",),
        ),
        Table(
            "facilities",
            (
                _text("code"),
                _text("name"),
                _word("level", v.FacilityLevel),
                _text_or_none("sublevel"),
                _word("care_type", v.CareType),
                *(
                    _text_or_none(name)
                    for name in (
                        "legal_form",
                        "location",
                        "service_price_list",
                        "item_price_list",
                        "account_code",
                    )
                ),
                *_VALID,
            ),
            ("code",),
            _VALID_PERIOD,
        ),
        Table(
            "catchments",
            (_text("facility"), _text("location"), Column("percent", Type.PERCENTAGE), *_VALID),
            ("facility", "location"),
            _VALID_PERIOD,
        ),
        Table("diagnoses", (_text("code"), _text("name"), *_VALID), ("code",), _VALID_PERIOD),
        Table("families", (_text("family"), _text_or_none("location")), ("family",), None, True),
        Table(
            "insurees",
            (
                _text("insuree"),
                _text("family"),
                _optional("head", Type.TRUTH),
                Column(
                    "sex", Type.WORD, True, False, v.Sex, v.Sex.OTHER, (v.Sex.MALE, v.Sex.FEMALE, v.Sex.OTHER)
                ),
                Column("birth_date", Type.DATE, filled=False),
                _text_or_none("name"),
                *_VALID,
            ),
            ("insuree",),
            _VALID_PERIOD,
        ),
        Table(
            "policies",
            (
                _text("policy"),
                _text("family"),
                _text("product"),
                _optional("enrolled", Type.DATE),
                Column("effective", Type.DATE),
                Column("expiry", Type.DATE),
                _word("stage", v.Stage),
                _word("status", v.PolicyStatus),
            ),
            ("policy",),
        ),
        Table(
            "covers",
            (_text("policy"), _text("insuree"), Column("effective", Type.DATE), Column("expiry", Type.DATE)),
            ("policy", "insuree"),
            ("effective", "expiry"),
        ),
        Table(
            "contributions",
            (
                _text("contribution"),
                _text("policy"),
                Column("paid", Type.DATE),
                Column("amount", Type.MONEY),
                _text_or_none("payer"),
            ),
            ("contribution",),
        ),
    )
}
"""The registers of a scheme, by name."""

ADJUDICATED_BY: Final = {
    name: REGISTERS[name]
    for name in (
        "provisions",
        "price_lists",
        "locations",
        "facilities",
        "diagnoses",
        "families",
        "insurees",
        "policies",
        "covers",
    )
}
"""The registers that decide about a claim; the others are for closing a period."""

DIAGNOSIS_COLUMNS: Final = ("diagnosis", "diagnosis_1", "diagnosis_2", "diagnosis_3", "diagnosis_4")

CLAIMS: Final = Table(
    "claims",
    (
        _text("claim"),
        _text("facility"),
        _text("insuree"),
        Column("date_from", Type.DATE, filled=False),
        _optional("date_to", Type.DATE),
        Column("date_claimed", Type.DATE),
        _word_or("visit_type", v.VisitType.OTHER, v.VisitType),
        Column("diagnosis", filled=False),
        *(_text_or_none(name) for name in DIAGNOSIS_COLUMNS[1:]),
        _optional("sequence", Type.NUMBER),
        *(_text_or_none(name) for name in ("administrator", "guarantee", "referred_from", "explanation")),
    ),
    ("facility", "claim"),
)

CLAIM_LINES: Final = Table(
    "claim_lines",
    (
        _text("claim"),
        # A claim's number is its facility's own: where two facilities use the same, lines say whose they are.
        _text_or_none("facility"),
        Column("line", Type.NUMBER),
        _word("kind", v.Kind),
        _text("code"),
        Column("quantity", Type.QUANTITY),
        Column("price_asked", Type.MONEY),
        _optional("quantity_approved", Type.QUANTITY),
        _optional("price_approved", Type.MONEY),
        _word_or("review", None, v.ReviewStatus),
        _text_or_none("explanation"),
    ),
    ("facility", "claim", "line"),
)

REJECTED_BY_RULE: Final = "rejected_by_rule"
"""A column of typed lines, after review rules were asked: the rule that rejects the line, or none."""

ACCEPTED_BEFORE: Final = "accepted_before"
"""A column of typed claims that are decided again: whether they were accepted before, so that a review of
them stands whatever became of the balances since."""

BALANCES: Final = Table(
    "balances",
    (
        _text("policy"),
        _text("insuree"),
        Column("deducted_hospital", Type.MONEY),
        Column("deducted_non_hospital", Type.MONEY),
        Column("covered_hospital", Type.MONEY),
        Column("covered_non_hospital", Type.MONEY),
    ),
    ("policy", "insuree"),
)
"""What is used up so far: opening balances of a run, and the closing balances that it gives."""

EARLIER_CLAIMS: Final = Table(
    "earlier_claims",
    (
        _text("facility"),
        _text("claim"),
        _text("insuree"),
        Column("target_date", Type.DATE),
        _word("category", v.Category, *v.CLAIM_CATEGORIES),
    ),
    ("facility", "claim"),
)
"""Accepted claims of earlier runs, which counts of claims look back on."""

EARLIER_LINES: Final = Table(
    "earlier_lines",
    (
        _text("facility"),
        _text("claim"),
        Column("line", Type.NUMBER),
        _text("insuree"),
        Column("target_date", Type.DATE),
        _word("kind", v.Kind),
        _text("code"),
        Column("quantity", Type.QUANTITY),
    ),
    ("facility", "claim", "line"),
)
"""Accepted lines of earlier runs, which frequencies and quantity limits look back on."""

_RUN: Final = _text_or_none("run")

CLAIM_DECISIONS: Final = Table(
    "claim_decisions",
    (
        _text("claim"),
        _text("facility"),
        _word("status", v.ClaimStatus),
        _optional("reason", Type.NUMBER),
        _word("category", v.Category, *v.CLAIM_CATEGORIES),
        _text_or_none("product_versions"),
        Column("claimed", Type.MONEY),
        Column("valuated", Type.MONEY),
        _optional("remunerated", Type.MONEY),
        _text_or_none("flags"),
        _RUN,
    ),
    ("facility", "claim"),
)
"""What was decided about claims. ``remunerated`` is none while a claim waits for its period to be closed."""

LINE_DECISIONS: Final = Table(
    "line_decisions",
    (
        _text("claim"),
        _text("facility"),
        Column("line", Type.NUMBER),
        _word("kind", v.Kind),
        _text("code"),
        _word("status", v.LineStatus),
        _optional("reason", Type.NUMBER),
        _text_or_none("policy"),
        _text_or_none("product"),
        _word_or("price_origin", None, v.PriceOrigin),
        Column("quantity", Type.QUANTITY),
        _optional("unit_price", Type.MONEY),
        Column("gross", Type.MONEY),
        *(Column(cut.word, Type.MONEY) for cut in v.Cut),
        Column("valuated", Type.MONEY),
        _optional("remunerated", Type.MONEY),
        _RUN,
    ),
    ("facility", "claim", "line"),
)
"""What was decided about lines. ``quantity`` is what is valued; a rejected line shows no policy or price."""

FLAGS: Final = Table(
    "flags",
    (
        _text("claim"),
        _text("facility"),
        _optional("line", Type.NUMBER),
        _text("rule"),
        _text("version"),
        _word("severity", v.Severity),
        Column("score", Type.NUMBER),
        _text("queue"),
        _text("explanation"),
        _text("explanation_fr"),
    ),
    ("facility", "claim", "line", "rule"),
)
"""What review rules say about claims and lines."""

DECISIONS: Final = {table.name: table for table in (CLAIM_DECISIONS, LINE_DECISIONS)}
CARRIED: Final = {table.name: table for table in (BALANCES, EARLIER_CLAIMS, EARLIER_LINES)}
"""What a run hands on to the next."""
