"""``PaymentReconciliation`` and ``PaymentNotice``: what a facility is paid, claim by claim.

There is one reconciliation for each payment, with all statements that it settles, so that its amount is the
one that the bank shows; and one, *queued*, for each statement that no payment settles yet. The details add up
to the amount: one for each claim of a statement, one for what is taken back of an earlier statement, one for
capitation.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from adjudicator.fhir import elements as e
from adjudicator.fhir.systems import (
    OUR_PAYMENT_STATE,
    OUR_STATEMENT_PART,
    PAYMENT_STATUS,
    PAYMENT_TYPE,
    Flavour,
    claim_response_id,
    identifier_system,
    resource_id,
)
from adjudicator.problems import DoesNotAddUp
from adjudicator.units import currency_decimals
from adjudicator.words import Amount, Message, message, say, text

Resource = dict[str, Any]

RECONCILIATION: Final = "PaymentReconciliation"


class State(Enum):
    """How far the payment of a statement is."""

    DUE = "due"
    """No payment settles it yet."""
    EXPORTED = "exported"
    """It was handed to the payer."""
    PAID = "paid"
    FAILED = "failed"
    """The payer could not pay; it is handed over again."""


class What(Enum):
    """What a part of a payment is."""

    CLAIM = "claim"
    TAKEN_BACK = "taken-back"
    """What an earlier statement had for a claim that was decided again."""
    CAPITATION = "capitation"


@dataclass(frozen=True, slots=True)
class Detail:
    """A part of a payment. Amount in minor units, below zero where something is taken back."""

    closing: int
    """The closing whose statement it stands on."""
    month: str
    what: What
    amount: int
    claim: str | None = None
    """The number of the claim at its facility; None for capitation."""
    product: str | None = None
    """Of capitation."""
    committed: dt.date | None = None
    """The day of the closing, which commits to pay it."""


@dataclass(frozen=True, slots=True)
class FacilityPayment:
    """What a facility is paid, or is owed. Amounts in minor units."""

    scheme: str
    currency: str
    facility: str
    name: str | None
    payment: str | None
    """The number of the payment; None where a statement waits for one."""
    state: State
    date: dt.date
    """The day of the payment; of the closing while there is none."""
    changed: str
    """When its state was reached, as an ISO 8601 date or time."""
    amount: int
    statements: tuple[tuple[int, str], ...]
    """The closings whose statements it settles, each with its month."""
    details: tuple[Detail, ...]
    reference: str | None = None
    """Of the payer."""

    @property
    def key(self) -> tuple[str, ...]:
        """What it is, for ever: a payment, or the statement of a closing."""
        if self.payment is not None:
            return ("payment", self.payment)
        return ("statement", str(self.statements[0][0]), self.facility)

    @property
    def months(self) -> list[str]:
        """The months whose statements it settles, in order."""
        return sorted({month for _, month in self.statements})


_OUTCOMES: Final = {
    State.DUE: "queued",
    State.EXPORTED: "partial",
    State.PAID: "complete",
    State.FAILED: "error",
}


def payment_reconciliation(
    paid: FacilityPayment, *, language: str = "en", flavour: Flavour = Flavour.STANDARD
) -> Resource:
    """Make the reconciliation of a payment.

    Args:
        paid: the payment.
        language: of labels and the disposition: ``en`` or ``fr``.
        flavour: R4 as it is written, or as openIMIS reads it.

    Raises:
        DoesNotAddUp: its parts do not come to its amount.
    """
    total = sum(detail.amount for detail in paid.details)
    if total != paid.amount:
        raise DoesNotAddUp(f"{paid.facility}: details come to {total}, {paid.amount} is paid")
    scheme, decimals = paid.scheme, currency_decimals(paid.currency)
    facility = e.facility(scheme, paid.facility, flavour, paid.name)
    resource: Resource = {
        "resourceType": RECONCILIATION,
        "id": resource_id(RECONCILIATION, scheme, *paid.key),
        "meta": e.meta(paid.state.value, paid.changed),
        "language": language,
        "identifier": [e.identifier(identifier_system(scheme, paid.key[0]), "/".join(paid.key[1:]))],
        "status": "active",
        "period": _period(paid.months),
        "created": paid.changed,
        "paymentIssuer": e.insurer(scheme, flavour),
        "requestor": facility,
        "outcome": _OUTCOMES[paid.state],
        "disposition": say(_disposition(paid, decimals), language),
        "paymentDate": paid.date.isoformat(),
        "paymentAmount": e.money(paid.amount, decimals, paid.currency),
    }
    if paid.reference or paid.payment is not None:
        system = identifier_system(scheme, "payer-reference" if paid.reference else "payment")
        resource["paymentIdentifier"] = e.identifier(system, paid.reference or str(paid.payment))
    details = [_detail(paid, one, facility, decimals, language) for one in paid.details]
    return resource | ({"detail": details} if details else {})


def payment_notice(
    paid: FacilityPayment, *, language: str = "en", flavour: Flavour = Flavour.STANDARD
) -> Resource:
    """Make the notice that tells a facility how far its payment is.

    Args:
        paid: a payment that was handed over, at least.
        language: of labels: ``en`` or ``fr``.
        flavour: R4 as it is written, or as openIMIS reads it.
    """
    scheme, decimals = paid.scheme, currency_decimals(paid.currency)
    facility = e.facility(scheme, paid.facility, flavour, paid.name)
    ours = e.coding(OUR_PAYMENT_STATE, paid.state.value)
    codings = [e.coding(PAYMENT_STATUS, "paid"), ours] if paid.state is State.PAID else [ours]
    return {
        "resourceType": "PaymentNotice",
        "id": resource_id("PaymentNotice", scheme, *paid.key),
        "meta": e.meta(paid.state.value, paid.changed),
        "language": language,
        "identifier": [e.identifier(identifier_system(scheme, "payment-notice"), "/".join(paid.key[1:]))],
        "status": "active",
        "created": paid.changed,
        "provider": facility,
        "payment": e.to_resource(RECONCILIATION, resource_id(RECONCILIATION, scheme, *paid.key)),
        "paymentDate": paid.date.isoformat(),
        "payee": facility,
        "recipient": facility,
        "amount": e.money(paid.amount, decimals, paid.currency),
        "paymentStatus": e.concept(*codings, text=text(f"fhir.payment.{paid.state.value}", language)),
    }


def _disposition(paid: FacilityPayment, decimals: int) -> Message:
    amount = message("explanation.money", currency=paid.currency, amount=Amount(paid.amount, decimals))
    key = f"fhir.payment.disposition.{paid.state.value}"
    if paid.state is State.DUE and paid.amount < 0:
        key = "fhir.payment.disposition.owed"
    return message(key, amount=amount, months=paid.months, date=paid.date)


def _period(months: Sequence[str]) -> Resource:
    """Give the months as days; a location may follow a month's name after a slash."""
    plain = sorted(month.partition("/")[0] for month in months)
    return {"start": plain[0], "end": plain[-1]}


_TYPES: Final = {What.CLAIM: "payment", What.TAKEN_BACK: "adjustment", What.CAPITATION: "payment"}


def _detail(paid: FacilityPayment, one: Detail, facility: Resource, decimals: int, language: str) -> Resource:
    scheme = paid.scheme
    number = "/".join((str(one.closing), one.what.value, one.claim or one.product or ""))
    found: Resource = {
        "identifier": e.identifier(identifier_system(scheme, "payment-detail", paid.facility), number),
        "type": e.concept(
            e.coding(PAYMENT_TYPE, _TYPES[one.what]),
            e.coding(OUR_STATEMENT_PART, one.what.value),
            text=text(f"fhir.payment.detail.{one.what.name.lower()}", language, month=one.month),
        ),
    }
    if one.claim is not None:
        response = e.to_resource("ClaimResponse", claim_response_id(scheme, paid.facility, one.claim))
        found |= {
            "request": {
                "type": "Claim",
                "identifier": e.claim_identifier(scheme, paid.facility, one.claim),
            },
            "submitter": facility,
            "response": response,
        }
    if one.committed is not None:
        found["date"] = one.committed.isoformat()
    return found | {"payee": facility, "amount": e.money(one.amount, decimals, paid.currency)}
