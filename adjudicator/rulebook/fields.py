"""What rules can speak of: every field with its level, its type and its meaning.

The one list that the checker, both evaluators and the documentation of the language share.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from enum import Enum
from typing import Final

from adjudicator import vocabulary as v


class Level(Enum):
    """What a value belongs to."""

    CLAIM = "claim"
    LINE = "line"


class Type(Enum):
    """What a value is; all are whole numbers when they are computed with."""

    MONEY = "money"
    QUANTITY = "quantity"
    NUMBER = "number"
    PERCENT = "percent"
    DAY = "day"
    TEXT = "text"
    WORD = "word"
    TRUTH = "truth"


@dataclass(frozen=True)
class Field:
    """A field of a claim, a line, or what belongs to them."""

    path: str
    level: Level
    type: Type
    words: builtins.type[v.Word] | None = None
    domain: str | None = None
    """Texts can be compared with texts of the same domain."""
    decided: bool = False
    """Whether it is known only when the claim is decided: a rule that rejects cannot ask for it."""
    several: bool = False
    """Whether a claim has several of them, of which any counts."""


def _of(level: Level, type_: Type, *paths: str, decided: bool = False) -> list[Field]:
    return [Field(path, level, type_, decided=decided) for path in paths]


def _texts(level: Level, **domains: str) -> list[Field]:
    return [
        Field(path.replace("__", "."), level, Type.TEXT, domain=domain) for path, domain in domains.items()
    ]


def _words(level: Level, **words: builtins.type[v.Word]) -> list[Field]:
    return [Field(path.replace("__", "."), level, Type.WORD, word) for path, word in words.items()]


_CLAIM, _LINE = Level.CLAIM, Level.LINE

_ALL: Final = (
    *_texts(
        _CLAIM,
        claim__number="claim",
        claim__facility="facility",
        claim__insuree="insuree",
        claim__diagnosis="diagnosis",
        claim__administrator="administrator",
        claim__guarantee="guarantee",
        claim__referred_from="facility",
        patient__family="family",
        patient__location="location",
        patient__district="location",
        patient__region="location",
        facility__sublevel="sublevel",
        facility__legal_form="legal_form",
        facility__location="location",
        facility__district="location",
        facility__region="location",
    ),
    Field("claim.diagnoses", _CLAIM, Type.TEXT, domain="diagnosis", several=True),
    *_of(_CLAIM, Type.DAY, "claim.date_from", "claim.date_to", "claim.date_claimed", "claim.target_date"),
    *_of(_CLAIM, Type.DAY, "patient.birth_date", "patient.valid_from", "patient.valid_to"),
    *_of(_CLAIM, Type.DAY, "patient.covered_since"),
    *_of(_CLAIM, Type.NUMBER, "claim.nights", "claim.days_to_file", "claim.weekday", "claim.lines"),
    *_of(_CLAIM, Type.NUMBER, "patient.age", "patient.age_days"),
    *_of(_CLAIM, Type.MONEY, "claim.claimed"),
    *_of(_CLAIM, Type.TRUTH, "claim.in_patient", "patient.adult"),
    *_words(
        _CLAIM,
        claim__visit_type=v.VisitType,
        claim__category=v.Category,
        patient__sex=v.Sex,
        facility__level=v.FacilityLevel,
        facility__care_type=v.CareType,
    ),
    *_texts(_LINE, line__code="code"),
    *_words(
        _LINE,
        line__kind=v.Kind,
        provision__category=v.Category,
        provision__type=v.ProvisionType,
        provision__care_type=v.CareType,
        provision__sex=v.Sex,
        provision__age=v.AgeGroup,
    ),
    *_of(_LINE, Type.QUANTITY, "line.quantity", "provision.maximum_quantity"),
    *_of(_LINE, Type.MONEY, "line.price_asked", "line.claimed", "provision.price", "provision.list_price"),
    *_of(_LINE, Type.NUMBER, "line.number", "provision.frequency_days"),
    Field("claim_decision.status", _CLAIM, Type.WORD, v.ClaimStatus, decided=True),
    *_of(_CLAIM, Type.MONEY, "claim_decision.valuated", decided=True),
    *_of(_CLAIM, Type.NUMBER, "claim_decision.reason", decided=True),
    Field("line_decision.status", _LINE, Type.WORD, v.LineStatus, decided=True),
    Field("line_decision.price_origin", _LINE, Type.WORD, v.PriceOrigin, decided=True),
    *_of(_LINE, Type.MONEY, "line_decision.valuated", "line_decision.unit_price", decided=True),
    *_of(_LINE, Type.QUANTITY, "line_decision.quantity", decided=True),
    *_of(_LINE, Type.NUMBER, "line_decision.reason", decided=True),
)

FIELDS: Final = {field.path: field for field in _ALL}
"""Every field by its path."""

IDENTITY: Final = "claim.identity"
PROVISION: Final = "line.provision"
"""Fields that only group: a claim as such, and a provision by kind and code."""

MONTH: Final = Field("claim.month", _CLAIM, Type.NUMBER)
"""The month of the target day: what claims have in common that are looked at in the same month."""

_GROUPING: Final = {
    IDENTITY: Field(IDENTITY, _CLAIM, Type.NUMBER),
    PROVISION: Field(PROVISION, _LINE, Type.NUMBER),
}

SHORT: Final = {
    "insuree": "claim.insuree",
    "family": "patient.family",
    "facility": "claim.facility",
    "administrator": "claim.administrator",
    "diagnosis": "claim.diagnosis",
    "provision": PROVISION,
    "claim": IDENTITY,
}
"""Short names of what claims are grouped by."""


def key_field(name: str) -> Field | None:
    """Give the field that a key of a look stands for."""
    path = SHORT.get(name, name)
    return _GROUPING.get(path) or FIELDS.get(path)
