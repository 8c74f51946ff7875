"""A decided claim as the resources need it: what was asked, what was decided, what is paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adjudicator.fhir.grounds import Ground
from adjudicator.units import currency_decimals
from adjudicator.vocabulary import (
    Category,
    ClaimStatus,
    Cut,
    Kind,
    LineStatus,
    PriceOrigin,
    Reason,
    VisitType,
)
from adjudicator.words import Message

Element = Mapping[str, Any]
"""A FHIR element that a sender gave, to be echoed as it came."""


@dataclass(frozen=True, slots=True)
class DecidedLine:
    """A line: as it was asked and as it was decided (``adjudicator.tables.LINE_DECISIONS``).

    Money in minor units, quantities in hundredths. A line that was not decided has the status None.
    """

    line: int
    """Its number as the sender has it: ``itemSequence``."""
    kind: Kind
    code: str
    quantity_asked: int
    price_asked: int
    asked: int
    """Quantity × price, rounded once (law, section 2)."""
    status: LineStatus | None = None
    reason: Reason = Reason.ACCEPTED
    policy: str | None = None
    product: str | None = None
    price_origin: PriceOrigin | None = None
    quantity: int = 0
    unit_price: int | None = None
    cuts: Mapping[Cut, int] = field(default_factory=dict)
    """What section 5 took off; a cut that took nothing may be left out."""
    valuated: int = 0
    remunerated: int | None = None
    """What the line is paid; None while it waits for its period to be closed."""
    by_head: bool = False
    """Whether the facility is paid by capitation for it."""
    name: str | None = None
    """Of the provision, where the register has one."""
    quantity_reviewed: bool = False
    """Whether a medical officer set the quantity."""
    price_reviewed: bool = False
    """Whether a medical officer set the unit price."""
    ground: Ground | None = None
    """What its reason speaks of, where that is known."""

    @property
    def accepted(self) -> bool:
        """Whether it passed the checks."""
        return self.status is LineStatus.ACCEPTED

    @property
    def gross(self) -> int:
        """Quantity × unit price as decided (law, section 5, step 3)."""
        return self.valuated + sum(self.cuts.values())


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is said to the facility: about a line, or about the claim where ``line`` is None."""

    line: int | None
    said: Message


@dataclass(frozen=True, slots=True)
class Paid:
    """The payment that a claim is in. Amounts in minor units."""

    payment: str
    """Its number."""
    date: dt.date
    amount: int
    """What the payment holds for the claim."""
    corrected: int = 0
    """What earlier payments had for the claim and this one takes back: not above zero."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a FHIR sender called things in its Claim, to be echoed; whatever is None is made from codes."""

    claim: Element | None = None
    """A Reference to the Claim."""
    patient: Element | None = None
    provider: Element | None = None
    insurer: Element | None = None
    coverage: Element | None = None
    type: Element | None = None
    """A CodeableConcept."""
    identifier: Element | None = None
    """The Identifier that the sender gave the claim."""


@dataclass(frozen=True, slots=True)
class DecidedClaim:
    """A claim: as it was received and as it was decided (``adjudicator.tables.CLAIM_DECISIONS``).

    A claim that waits to be decided, or is held, has the status *entered* and lines without one.
    """

    scheme: str
    """The code of the scheme."""
    currency: str
    """ISO 4217."""
    facility: str
    claim: str
    insuree: str
    date_from: dt.date | None
    date_to: dt.date | None
    date_claimed: dt.date
    status: ClaimStatus
    lines: tuple[DecidedLine, ...]
    """In the order of their numbers."""
    visit_type: VisitType = VisitType.OTHER
    diagnoses: tuple[str, ...] = ()
    reason: Reason = Reason.ACCEPTED
    category: Category | None = None
    product_versions: str | None = None
    version: int = 1
    """Which decision about the claim this is; each takes the place of the one before."""
    use: str = "claim"
    """``claim``, ``preauthorization`` or ``predetermination``."""
    administrator: str | None = None
    guarantee: str | None = None
    held: Message | None = None
    """Why a claim is held, where it is."""
    notes: tuple[Note, ...] | None = None
    """What is said to the facility; None: what the amounts and reasons themselves say."""
    paid: Paid | None = None
    changed: str | None = None
    """When its state changed last, where that was after the decision: it was closed, or paid."""
    sent: Sent = Sent()
    ground: Ground | None = None
    """What its reason speaks of, where that is known."""

    @property
    def decimals(self) -> int:
        """How many decimals the currency's amounts have."""
        return currency_decimals(self.currency)

    @property
    def in_patient(self) -> bool:
        """Whether there was at least one night (law, section 3)."""
        if self.date_from is None or self.date_to is None:
            return False
        return self.date_to > self.date_from
