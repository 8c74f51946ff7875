"""``ClaimResponse``: what was decided about a claim, line by line, so that every amount adds up.

Of each line, *submitted* less every adjustment is *benefit* (or *waiting-for-index*); *eligible* stands
between price and product. Every line is there with its number as it was sent, rejected or not.

R4 keeps two things apart that both end in nothing being paid, and so do we:

* A claim that cannot be adjudicated as it was sent: its dates contradict each other or are missing, nobody
  of the scheme is the patient, a diagnosis is none, or there are no lines. The outcome is ``error``,
  ``error`` says what to mend, and as R4 has it there is nothing of an adjudication beside it: no ``item``,
  no ``total``, no ``payment``.
* A claim that was adjudicated, with the result that the law does not pay some of it or any of it. The
  outcome is ``complete`` (``partial`` before its amounts are known), and each rejection is an adjudication
  of its line, with the reason; ``error`` is not there. Whoever finds ``error`` has a claim to send again,
  whoever finds a rejected line has the answer.

openIMIS has lines and errors side by side, and calls either ``complete``; its flavour does as well.
"""

from __future__ import annotations

from typing import Any, Final

from adjudicator.fhir import elements as e
from adjudicator.fhir import openimis
from adjudicator.fhir.account import ADJUSTMENTS, Part, account_of, reason_of, totals_of
from adjudicator.fhir.decided import DecidedClaim, DecidedLine
from adjudicator.fhir.notes import Account, Numbered, numbered
from adjudicator.fhir.systems import (
    CLAIM_TYPE,
    OUR_CATEGORY,
    PAYEE_TYPE,
    PAYMENT_OF_CLAIM,
    Flavour,
    claim_response_id,
    identifier_system,
)
from adjudicator.vocabulary import ClaimStatus, Kind, Reason
from adjudicator.words import Amount, Message, label, message, say, text

Resource = dict[str, Any]

OUTCOMES: Final = {
    ClaimStatus.ENTERED: "queued",
    ClaimStatus.CHECKED: "partial",
    ClaimStatus.PROCESSED: "partial",
    ClaimStatus.VALUATED: "complete",
    ClaimStatus.PAID: "complete",
    ClaimStatus.REJECTED: "complete",
}
"""R4's outcome for each state of a claim's life (law, section 7), where the claim could be adjudicated."""

OF_THE_CLAIM: Final = (Reason.INSUREE, Reason.DIAGNOSIS, Reason.TARGET_DATE, Reason.NO_COVERAGE)
"""Reasons that reject a claim before its lines are looked at (law, section 4.1)."""

NOT_ADJUDICATED: Final = (Reason.TARGET_DATE, Reason.INSUREE, Reason.DIAGNOSIS)
"""Those of them that are errors of the claim itself, of which nothing can be adjudicated."""


def claim_response(
    decided: DecidedClaim, *, created: str, language: str = "en", flavour: Flavour = Flavour.STANDARD
) -> Resource:
    """Make the response to a claim.

    Amounts are ``Decimal`` with the currency's digits; write the resource with
    :func:`adjudicator.fhir.writing.encoded`, which keeps them.

    Args:
        decided: the claim.
        created: when it was decided, as an ISO 8601 date, or time with its zone.
        language: of notes, labels and the disposition: ``en`` or ``fr``.
        flavour: R4 as it is written, or as openIMIS reads it.

    Raises:
        DoesNotAddUp: the amounts of a line do not lead to what it is paid.
    """
    accounts = [account_of(line) for line in decided.lines]
    sums = totals_of(accounts)
    notes = numbered(decided, accounts, language)
    scheme = decided.scheme
    resource: Resource = {
        "resourceType": "ClaimResponse",
        "id": claim_response_id(scheme, decided.facility, decided.claim),
        "meta": e.meta(version_id(decided), decided.changed or created),
        "language": language,
        "identifier": [
            e.identifier(
                identifier_system(scheme, "claim-response", decided.facility),
                f"{decided.claim}/{decided.version}",
            )
        ],
        "status": "active",
        "type": claim_type(decided),
        "subType": sub_type(decided, language),
        "use": decided.use,
        "patient": patient(decided, flavour),
        "created": created,
        "insurer": decided.sent.insurer or e.insurer(scheme, flavour),
        "requestor": requestor(decided, flavour),
        "request": request(decided),
        "outcome": outcome(decided),
        "disposition": say(disposition(decided, sums), language),
        "payeeType": e.concept(e.coding(PAYEE_TYPE, "provider")),
        "item": [
            {
                "itemSequence": line.line,
                **note_numbers(line, notes),
                "adjudication": adjudications(decided, line, account, language),
            }
            for line, account in zip(decided.lines, accounts, strict=True)
        ],
        "total": totals(decided, sums, language),
        "payment": payment(decided, language),
        "processNote": notes.elements,
        "error": errors(decided, language),
    }
    if flavour is Flavour.OPENIMIS:
        openimis.adapt(resource, decided)
    elif has_error(decided):
        for name in ("item", "total", "payment"):
            del resource[name]
    else:
        del resource["error"]
    # R4 knows no empty lists, and no null.
    return {name: value for name, value in resource.items() if value not in (None, [])}


# What the header says.


def has_error(decided: DecidedClaim) -> bool:
    """Tell whether a claim could not be adjudicated as it was sent."""
    rejected = decided.status is ClaimStatus.REJECTED
    return rejected and (decided.reason in NOT_ADJUDICATED or not decided.lines)


def outcome(decided: DecidedClaim) -> str:
    """Give R4's outcome of a claim."""
    return "error" if has_error(decided) else OUTCOMES[decided.status]


def version_id(decided: DecidedClaim) -> str:
    """Name what is told of a claim: its decision by number, with its state where that is another than then.

    What changes without a new decision, when a month is closed or paid, is a new version of the resource too.
    """
    if decided.status is ClaimStatus.ENTERED or decided.changed is not None:
        return f"{decided.version}-{decided.status.word}"
    return str(decided.version)


def claim_type(decided: DecidedClaim) -> Resource:
    """Give the type of a claim: the sender's, or what follows from its dates and lines."""
    if decided.sent.type is not None:
        return dict(decided.sent.type)
    if decided.in_patient:
        code = "institutional"
    elif all(line.kind is Kind.ITEM for line in decided.lines):
        code = "pharmacy"
    else:
        code = "professional"
    return e.concept(e.coding(CLAIM_TYPE, code))


def sub_type(decided: DecidedClaim, language: str) -> Resource | None:
    """Give the category of a claim (law, section 3), where it was decided."""
    if decided.category is None:
        return None
    return e.concept(e.coding(OUR_CATEGORY, decided.category.word, label(decided.category, language)))


def patient(decided: DecidedClaim, flavour: Flavour) -> Resource:
    """Refer to the patient as the sender did, else by the insuree's code."""
    return dict(decided.sent.patient or e.insuree(decided.scheme, decided.insuree, flavour))


def requestor(decided: DecidedClaim, flavour: Flavour) -> Resource:
    """Refer to who claims."""
    return dict(decided.sent.provider or e.facility(decided.scheme, decided.facility, flavour))


def request(decided: DecidedClaim) -> Resource:
    """Refer to the claim by its number at the facility, and as the sender did."""
    ours = e.claim_identifier(decided.scheme, decided.facility, decided.claim)
    found = {"type": "Claim", "identifier": dict(decided.sent.identifier or ours)}
    return found | dict(decided.sent.claim or {})


def disposition(decided: DecidedClaim, sums: Account) -> Message:
    """Say in a sentence what became of the claim."""

    def money(part: Part) -> Message:
        amount = Amount(sums.get(part, 0), decided.decimals)
        return message("explanation.money", currency=decided.currency, amount=amount)

    if decided.status is ClaimStatus.REJECTED:
        if decided.reason not in OF_THE_CLAIM and len({line.reason for line in decided.lines}) > 1:
            # The law gives such a claim code 1, which says nothing of its lines.
            return message("fhir.disposition.rejected_lines")
        return message("fhir.disposition.rejected", reason=decided.reason)
    if decided.status is ClaimStatus.ENTERED:
        return message("fhir.disposition.held" if decided.held else "fhir.disposition.entered")
    asked = money(Part.SUBMITTED)
    if Part.WAITING in sums:
        return message("fhir.disposition.waiting", asked=asked, amount=money(Part.WAITING))
    key = "fhir.disposition.paid" if decided.status is ClaimStatus.PAID else "fhir.disposition.valuated"
    return message(key, asked=asked, amount=money(Part.BENEFIT))


# What the lines say.


def adjudications(
    decided: DecidedClaim, line: DecidedLine, account: Account, language: str
) -> list[Resource]:
    """Give a line's account as adjudications, an adjustment with its reason.

    Where quantity or price was cut, what is paid instead follows: it is part of no sum.
    """
    decimals, currency = decided.decimals, decided.currency
    found = []
    for part, amount in account.items():
        one: Resource = {"category": e.part_concept(part, language)}
        if part in ADJUSTMENTS:
            reason = e.reason_concept(part, reason_of(part, line), language, line.ground)
            if reason is not None:
                one["reason"] = reason
        one["amount"] = e.money(amount, decimals, currency)
        found.append(one)
        if part is Part.QUANTITY_CUT:
            # R4 has an amount or a value in an adjudication, not both.
            found.append({"category": e.paid_concept("quantity", language), "value": e.number(line.quantity)})
        if part is Part.PRICE_CUT and line.unit_price is not None:
            price = e.money(line.unit_price, decimals, currency)
            found.append({"category": e.paid_concept("price", language), "amount": price})
    return found


def note_numbers(line: DecidedLine, notes: Numbered) -> Resource:
    """Name the notes that speak of a line."""
    found = notes.of_line.get(line.line)
    return {"noteNumber": found} if found else {}


def totals(decided: DecidedClaim, sums: Account, language: str) -> list[Resource]:
    """Add the lines up by category."""
    return [
        {
            "category": e.part_concept(part, language),
            "amount": e.money(amount, decided.decimals, decided.currency),
        }
        for part, amount in sums.items()
    ]


def errors(decided: DecidedClaim, language: str) -> list[Resource]:
    """Name what was rejected: the claim where it was not looked into, else its lines."""
    rejected = decided.status is ClaimStatus.REJECTED
    if rejected and (decided.reason in OF_THE_CLAIM or not decided.lines):
        return [{"code": e.reason_concept(Part.REJECTED, decided.reason, language, decided.ground)}]
    return [
        {
            "itemSequence": line.line,
            "code": e.reason_concept(Part.REJECTED, line.reason, language, line.ground),
        }
        for line in decided.lines
        if line.status is not None and not line.accepted
    ]


def payment(decided: DecidedClaim, language: str) -> Resource | None:
    """Tell of the payment that the claim is in; None where none holds anything for it."""
    paid = decided.paid
    if paid is None or not (paid.amount or paid.corrected):
        return None
    decimals, currency = decided.decimals, decided.currency
    found: Resource = {"type": e.concept(e.coding(PAYMENT_OF_CLAIM, "complete"))}
    if paid.corrected:
        found["adjustment"] = e.money(paid.corrected, decimals, currency)
        found["adjustmentReason"] = {"text": text("fhir.payment.correction", language)}
    return found | {
        "date": paid.date.isoformat(),
        "amount": e.money(paid.amount, decimals, currency),
        "identifier": e.identifier(identifier_system(decided.scheme, "payment"), paid.payment),
    }
