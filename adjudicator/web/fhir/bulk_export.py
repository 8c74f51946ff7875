"""An export: what the books hold about the claims and payments of a facility, as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from adjudicator.books.books import Books
from adjudicator.books.fhir.claims import Chosen, claims_of
from adjudicator.books.fhir.payments import payments_of
from adjudicator.books.submission.answers import received_as
from adjudicator.books.submission.jobs import (
    Job,
)
from adjudicator.fhir.claim_response import claim_response
from adjudicator.fhir.decided import DecidedClaim
from adjudicator.fhir.explanation_of_benefit import explanation_of_benefit
from adjudicator.fhir.payments import State as PaymentState
from adjudicator.fhir.payments import payment_notice, payment_reconciliation
from adjudicator.fhir.systems import claim_response_id
from adjudicator.vocabulary import ClaimStatus
from adjudicator.web.fhir.bulk_files import (
    JobFiles,
)
from adjudicator.web.fhir.desk import Desk
from adjudicator.web.fhir.replies import (
    Resource,
)

OF_CLAIMS: Final[Mapping[str, Callable[..., Resource]]] = {
    "ClaimResponse": claim_response,
    "ExplanationOfBenefit": explanation_of_benefit,
}
OF_PAYMENTS: Final = ("PaymentReconciliation", "PaymentNotice")
EXPORTED: Final = (*OF_CLAIMS, *OF_PAYMENTS)
"""The types of resources that can be exported."""

_BATCH: Final = 200
"""Claims that are written together."""


def write_out(desk: Desk, job: Job, writer: JobFiles) -> None:
    """Write what an export asks for.

    Args:
        desk: that has the books.
        job: the export.
        writer: of its files.

    Raises:
        Stopped: it must not go on.
    """
    types = [str(one) for one in job.request["types"]]
    if wanted := [one for one in types if one in OF_CLAIMS]:
        _export_claims(desk, job, writer, wanted)
    if wanted := [one for one in types if one in OF_PAYMENTS]:
        _export_payments(desk, job, writer, wanted)


def _export_claims(desk: Desk, job: Job, writer: JobFiles, types: Sequence[str]) -> None:
    batch: list[tuple[DecidedClaim, str]] = []

    def write() -> None:
        told = _as_received(desk.books, batch)
        for kind in types:
            writer.write(kind, [_made(desk, job, OF_CLAIMS[kind], *one) for one in told])
        batch.clear()

    done = 0
    with desk.books.database.reading() as connection:
        for decided, created in claims_of(desk.books, connection, Chosen([job.facility])):
            done += 1
            if _is_later(job, decided.changed or created):
                batch.append((decided, created))
            if done % _BATCH == 0:
                write()
                writer.progress(f"{done} claims")
    write()


def _as_received(books: Books, batch: Sequence[tuple[DecidedClaim, str]]) -> list[tuple[DecidedClaim, str]]:
    """Let claims be told of in the words of their senders, as the answers to them were."""
    names = [claim_response_id(one.scheme, one.facility, one.claim) for one, _ in batch]
    known = received_as(books, names)
    found = []
    for name, (decided, created) in zip(names, batch, strict=True):
        sent, held = known.get(name, (decided.sent, None))
        held = held if decided.status is ClaimStatus.ENTERED else None
        found.append((replace(decided, sent=sent, held=held), created))
    return found


def _made(
    desk: Desk, job: Job, make: Callable[..., Resource], decided: DecidedClaim, created: str
) -> Resource:
    language = str(job.request["language"])
    return make(decided, created=created, language=language, flavour=desk.settings.flavour)


def _export_payments(desk: Desk, job: Job, writer: JobFiles, types: Sequence[str]) -> None:
    language, flavour = str(job.request["language"]), desk.settings.flavour
    with desk.books.database.reading() as connection:
        paid = payments_of(desk.books, connection, facilities=[job.facility])
    for one in paid:
        made = {"PaymentReconciliation": payment_reconciliation(one, language=language, flavour=flavour)}
        if one.state is not PaymentState.DUE:
            made["PaymentNotice"] = payment_notice(one, language=language, flavour=flavour)
        for kind in types:
            if kind in made and _is_later(job, str(made[kind].get("created", "9"))):
                writer.write(kind, [made[kind]])


def _is_later(job: Job, moment: str) -> bool:
    """Tell whether something is of the time that was asked for; of a day alone, all that day is."""
    since = job.request["since"]
    return since is None or moment >= str(since)[: len(moment)]
