"""Decisions and payments out of the books as a folder of FHIR resources, whole or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa

from adjudicator.books.books import Books
from adjudicator.books.closing.periods import month_given
from adjudicator.books.fhir.claims import Chosen, Progress, claims_of, no_progress
from adjudicator.books.fhir.payments import payments_of
from adjudicator.books.reports.about import check_period
from adjudicator.fhir.claim_response import claim_response
from adjudicator.fhir.decided import DecidedClaim
from adjudicator.fhir.explanation_of_benefit import explanation_of_benefit
from adjudicator.fhir.folder import FolderWriter, Form, OfFacility, Written
from adjudicator.fhir.payments import State, payment_notice, payment_reconciliation
from adjudicator.fhir.systems import Flavour
from adjudicator.folders import recover, whole_folder
from adjudicator.manifest import MANIFEST
from adjudicator.problems import Place, Problem, Refused, refused
from adjudicator.remuneration.months import first_day, last_day, month_of
from adjudicator.run_explained import explained_run
from adjudicator.run_folder import read_run
from adjudicator.store.schema import JOURNAL
from adjudicator.units import date_of, day_number
from adjudicator.words import message

CLAIM_RESPONSES = "claim-responses"
EOB = "eob"
PAYMENTS = "payments"

_OF_CLAIM = {CLAIM_RESPONSES: claim_response, EOB: explanation_of_benefit}


@dataclass(frozen=True)
class Wanted:
    """What is to be written, and how."""

    whats: Sequence[str]
    """Of :data:`CLAIM_RESPONSES`, :data:`EOB` and :data:`PAYMENTS`."""
    first: dt.date | None = None
    """Claims claimed from this day on, and statements of its month and later."""
    last: dt.date | None = None
    facilities: Sequence[str] | None = None
    """Their codes; all when left out."""
    form: Form = Form.BUNDLE
    flavour: Flavour = Flavour.STANDARD
    language: str = "en"
    base: str = ""
    """The address that the files will have."""
    explained: bool = False
    """Whether notes explain decisions in full, which only a run can."""

    @staticmethod
    def days(
        month: str | None, first: dt.date | None, last: dt.date | None
    ) -> tuple[dt.date | None, dt.date | None]:
        """Give the first and the last day: those of a month, where one is named.

        Raises:
            Refused: it is no month, or the last day is before the first.
        """
        if month is None:
            check_period(first, last)
            return first, last
        number = month_given(month)
        return date_of(int(first_day(number))), date_of(int(last_day(number)))

    @property
    def request(self) -> str:
        """What was asked for, as a manifest says it."""
        parts = [("what", what) for what in self.whats]
        parts += [("from", self.first.isoformat())] if self.first else []
        parts += [("to", self.last.isoformat())] if self.last else []
        parts += [("facility", code) for code in self.facilities or ()]
        parts += [("form", self.form.value), ("flavour", self.flavour.value), ("lang", self.language)]
        return f"fhir-export?{urlencode(parts)}"


def export_books(
    books: Books, wanted: Wanted, out: Path, replacing: bool = False, progress: Progress = no_progress
) -> Written:
    """Write what the books hold now as FHIR resources into a new folder.

    Args:
        books: the books.
        wanted: what.
        out: the folder.
        replacing: whether an earlier export in ``out`` may be replaced.
        progress: told how far it is.

    Raises:
        Refused: ``out`` holds something, or there is no such facility; nothing was written.
        DoesNotAddUp: amounts do not add up, which must never happen; nothing was written.
    """
    with _new_folder(out, replacing) as folder, books.database.reading() as connection:
        query = sa.select(JOURNAL.c.at).order_by(JOURNAL.c.number.desc()).limit(1)
        as_of = str(connection.execute(query).scalar_one())
        writer = _writer(folder, wanted, books.settings.scheme, as_of)
        chosen = Chosen(wanted.facilities, wanted.first, wanted.last)
        for what in dict.fromkeys(wanted.whats):
            if what == PAYMENTS:
                writer.write(what, _payments(books, connection, wanted))
            else:
                writer.write(what, _claims(what, claims_of(books, connection, chosen, progress), wanted))
        return writer.finish()


def export_run(run: Path, wanted: Wanted, out: Path, replacing: bool = False) -> Written:
    """Write what a run decided as FHIR resources into a new folder.

    Args:
        run: its folder.
        wanted: what; a run knows of no payments.
        out: the folder.
        replacing: whether an earlier export in ``out`` may be replaced.

    Raises:
        Refused: ``out`` holds something, there is no run, what went into it is gone or has changed, or
            payments are wanted; nothing was written.
        DoesNotAddUp: amounts do not add up, which must never happen; nothing was written.
    """
    if PAYMENTS in wanted.whats:
        raise Refused([Problem(message("fhir.run_has_no_payments"), Place(run))])
    with _new_folder(out, replacing) as folder:
        found, notes = read_run(run), explained_run(run) if wanted.explained else {}
        writer = _writer(folder, wanted, found.scheme, found.as_of)
        for what in dict.fromkeys(wanted.whats):
            claims = found.decided(wanted.facilities, wanted.first, wanted.last)
            told = (
                (replace(claim, notes=notes.get((claim.facility, claim.claim))), created)
                for claim, created in claims
            )
            writer.write(what, _claims(what, told, wanted))
        return writer.finish()


@contextmanager
def _new_folder(out: Path, replacing: bool) -> Iterator[Path]:
    """Give a folder to write into; only an earlier export is ever replaced."""
    recover(out)
    if out.is_dir() and any(out.iterdir()):
        key = "fhir.out_exists" if (out / MANIFEST).is_file() else "fhir.out_is_something_else"
        if not replacing or key != "fhir.out_exists":
            raise refused(key, Place(out))
    with whole_folder(out) as folder:
        yield folder


def _writer(folder: Path, wanted: Wanted, scheme: str, as_of: str) -> FolderWriter:
    return FolderWriter(folder, wanted.form, scheme, as_of, wanted.request, wanted.base)


def _claims(what: str, claims: Iterator[tuple[DecidedClaim, str]], wanted: Wanted) -> Iterator[OfFacility]:
    make: Callable[..., dict[str, object]] = _OF_CLAIM[what]
    for decided, created in claims:
        yield (
            decided.facility,
            make(decided, created=created, language=wanted.language, flavour=wanted.flavour),
        )


def _payments(books: Books, connection: sa.Connection, wanted: Wanted) -> Iterator[OfFacility]:
    first, last = (
        None if day is None else int(month_of(day_number(day))) for day in (wanted.first, wanted.last)
    )
    for paid in payments_of(books, connection, first, last, wanted.facilities):
        yield (
            paid.facility,
            payment_reconciliation(paid, language=wanted.language, flavour=wanted.flavour),
        )
        if paid.state is not State.DUE:
            yield paid.facility, payment_notice(paid, language=wanted.language, flavour=wanted.flavour)
