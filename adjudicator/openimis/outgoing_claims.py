"""Claims and their decisions as tables of openIMIS."""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from adjudicator.openimis.ids import Ids
from adjudicator.openimis.outgoing_products import Unsaid
from adjudicator.openimis.rows import HOLDS, Row, Tables, decimal, letter
from adjudicator.openimis.snapshot import Snapshot, target_date
from adjudicator.product.definition import Product
from adjudicator.product.terms import ProvisionTerms, Selectable, resolve
from adjudicator.units import day_number, times_quantity, unscaled
from adjudicator.vocabulary import (
    Category,
    ClaimStatus,
    Cut,
    FacilityLevel,
    HospitalCare,
    Kind,
    Limitation,
    LineStatus,
    PriceOrigin,
    ProvisionType,
    Reason,
    ReviewStatus,
    VisitType,
)
from adjudicator.words import message
from ingest.openimis.names import KINDS
from ingest.openimis.theirs import LINES

RUN: Final = 1
"""The number of the batch run of an export."""

_PASSED, _REJECTED = 1, 2
_IDLE, _DELIVERED = 1, 8


def outgoing_claims(snapshot: Snapshot, ids: Ids) -> tuple[Tables, list[Unsaid]]:
    """Give the claims with their decisions as rows of openIMIS's tables, and what they name without a row."""
    return _Outgoing(snapshot, ids).tables(), list(_without_rows(snapshot, ids))


def _without_rows(snapshot: Snapshot, ids: Ids) -> Iterator[Unsaid]:
    """Name what claims name that is in no register: openIMIS's tables know numbers of rows only."""
    diagnoses = ("diagnosis", *(f"diagnosis_{place}" for place in range(1, 5)))
    for claim in sorted(snapshot.claims, key=_in_turn):
        named = [("tblInsuree", claim["insuree"])]
        named += [("tblICDCodes", claim[name]) for name in diagnoses]
        for line in snapshot.lines.get(_key(claim), []):
            named.append((KINDS[Kind(line["kind"])][0], line["code"]))
        for table, code in named:
            if code is not None and ids.of(table, code) is None:
                yield Unsaid(_name(claim), message("openimis.unsaid.no_row", code=code, table=table))


class _Outgoing:
    """Writes the claims of a snapshot."""

    def __init__(self, snapshot: Snapshot, ids: Ids) -> None:
        self._snapshot, self._ids = snapshot, ids
        self._versions: dict[str, list[Product]] = defaultdict(list)
        for product in snapshot.products:
            self._versions[product.product].append(product)
        self._provisions: dict[tuple[int, str], list[Row]] = defaultdict(list)
        for row in snapshot.registers["provisions"]:
            self._provisions[row["kind"], row["code"]].append(row)
        self._born = {row["insuree"]: row["birth_date"] for row in snapshot.registers["insurees"]}
        self._hospitals = {
            row["code"] for row in snapshot.registers["facilities"] if row["level"] == FacilityLevel.HOSPITAL
        }
        self._resolved: dict[tuple[int, int, str, int], ProvisionTerms] = {}

    def tables(self) -> Tables:
        claims = sorted(self._snapshot.claims, key=_in_turn)
        # Numbers rise in the order of adjudication: that is how openIMIS has them, too.
        for claim in claims:
            self._ids.number("tblClaim", [_name(claim)])
        self._number_lines(claims)
        tables: Tables = {
            "tblClaim": [self._claim(claim) for claim in claims],
            **{LINES[kind][0]: [] for kind in Kind},
            "tblClaimDedRem": [],
        }
        for claim in claims:
            for line in self._snapshot.lines.get(_key(claim), []):
                tables[LINES[Kind(line["kind"])][0]].append(self._line(claim, line))
            tables["tblClaimDedRem"] += self._booked(claim)
        tables["tblClaim"].sort(key=lambda row: int(row["ClaimID"]))
        for kind in Kind:
            table = LINES[kind][0]
            tables[table].sort(key=lambda row: int(next(iter(row.values()))))
        tables["tblClaimDedRem"].sort(key=lambda row: (row["ClaimID"], row["PolicyID"] or 0))
        tables["tblClaimDedRem"] = [
            {"ExpenditureID": number, **row} for number, row in enumerate(tables["tblClaimDedRem"], 1)
        ]
        tables["tblBatchRun"] = self._batch_run()
        admins = {claim["administrator"] for claim in claims} - {None}
        tables["tblClaimAdmin"] = sorted(
            (
                {"ClaimAdminId": self._ids.of("tblClaimAdmin", code), "ClaimAdminCode": code, **HOLDS}
                for code in admins
            ),
            key=lambda row: int(row["ClaimAdminId"]),
        )
        return tables

    def _number_lines(self, claims: Iterable[Row]) -> None:
        """Number lines in the order of claims and lines, not of their names."""
        for claim in claims:
            for line in self._snapshot.lines.get(_key(claim), []):
                self._ids.number(LINES[Kind(line["kind"])][0], [_line_name(claim, line)])

    def _amount(self, value: int | None) -> Decimal | None:
        return decimal(value, self._snapshot.decimals)

    def _claim(self, claim: Row) -> Row:
        ids, decided = self._ids, self._snapshot.claim_decisions.get(_key(claim))
        lines = self._snapshot.lines.get(_key(claim), [])
        status = ClaimStatus.ENTERED if decided is None else ClaimStatus(decided["status"])
        if status is ClaimStatus.PAID:
            status = ClaimStatus.VALUATED
        done = decided is not None and status is not ClaimStatus.REJECTED
        asked = sum(times_quantity(line["price_asked"], line["quantity"]) for line in lines)
        row = {
            "ClaimID": ids.of("tblClaim", _name(claim)),
            "InsureeID": ids.of("tblInsuree", claim["insuree"]),
            "ClaimCode": claim["claim"],
            "DateFrom": claim["date_from"],
            "DateTo": claim["date_to"],
            "ICDID": ids.of("tblICDCodes", claim["diagnosis"]),
            "ClaimStatus": int(status),
            "Claimed": self._amount(asked),
            "Approved": self._amount(self._gross(claim, lines)) if done else None,
            "Valuated": self._amount(decided["valuated"]) if decided and done else None,
            "Remunerated": self._amount(decided["remunerated"]) if decided and done else None,
            "DateClaimed": claim["date_claimed"],
            "DateProcessed": None,
            "Explanation": claim["explanation"],
            "FeedbackStatus": _IDLE,
            "ReviewStatus": _DELIVERED if any(_reviewed(line) for line in lines) else _IDLE,
            "RejectionReason": 0 if decided is None else _theirs(decided["reason"]),
            "HFID": ids.of("tblHF", claim["facility"]),
            "RunID": RUN if decided is not None and decided["remunerated"] is not None and done else None,
            "GuaranteeId": claim["guarantee"],
            "ClaimAdminId": ids.of("tblClaimAdmin", claim["administrator"]),
        }
        for place in range(1, 5):
            row[f"ICDID{place}"] = ids.of("tblICDCodes", claim[f"diagnosis_{place}"])
        row["VisitType"] = letter(VisitType, claim["visit_type"])
        row["ClaimCategory"] = letter(Category, decided["category"]) if decided else None
        row["ReferFrom"] = ids.of("tblHF", claim["referred_from"])
        return row | HOLDS

    def _gross(self, claim: Row, lines: Iterable[Row]) -> int:
        found = (self._snapshot.line_decisions.get((*_key(claim), line["line"])) for line in lines)
        return sum(decided["gross"] for decided in found if decided)

    def _line(self, claim: Row, line: Row) -> Row:
        ids, kind = self._ids, Kind(line["kind"])
        table, status_column = LINES[kind]
        provisions, id_column, _ = KINDS[kind]
        decided = self._snapshot.line_decisions.get((*_key(claim), line["line"]))
        accepted = decided is not None and decided["status"] == LineStatus.ACCEPTED
        approved = line["quantity_approved"]
        if decided is not None and not accepted:
            approved = 0
        elif decided is not None and approved is None and decided["quantity"] != line["quantity"]:
            # What a quantity limit left, where openIMIS notes it.
            approved = decided["quantity"]
        row: Row = {
            status_column.replace("Status", "ID"): ids.of(table, _line_name(claim, line)),
            "ClaimID": ids.of("tblClaim", _name(claim)),
            id_column: ids.of(provisions, line["code"]),
            "ProdID": ids.of("tblProduct", decided["product"]) if decided else None,
            status_column: _REJECTED if decided is not None and not accepted else _PASSED,
            "Availability": 1,
            "QtyProvided": unscaled(line["quantity"], 2),
            "QtyApproved": decimal(approved, 2),
            "PriceAsked": self._amount(line["price_asked"]),
            "PriceAdjusted": self._amount(decided["unit_price"]) if decided else None,
            "PriceApproved": self._amount(line["price_approved"]),
            "PriceValuated": self._amount(decided["valuated"]) if decided and accepted else None,
            "Explanation": line["explanation"],
            "Justification": None,
            "RejectionReason": _reason(line, decided),
            "ValidityFromReview": None,
            "LimitationValue": None,
            "Limitation": None,
            "PolicyID": ids.of("tblPolicy", decided["policy"]) if decided else None,
            "RemuneratedAmount": self._amount(decided["remunerated"]) if decided and accepted else None,
            "DeductableAmount": self._amount(decided["deductible"]) if decided and accepted else None,
            "ExceedCeilingAmount": self._amount(decided["ceiling_excess"]) if decided and accepted else None,
            "PriceOrigin": letter(PriceOrigin, decided["price_origin"]) if decided else None,
            "ExceedCeilingAmountCategory": self._amount(decided["category_excess"])
            if decided and accepted
            else None,
        }
        if decided is not None and accepted and (terms := self._terms(claim, line, decided)) is not None:
            cover = terms.cover.of(self._is_adult(claim))
            row["Limitation"] = letter(Limitation, cover.limitation)
            if cover.value is not None:
                places = self._snapshot.decimals if cover.limitation is Limitation.FIXED else 2
                row["LimitationValue"] = unscaled(cover.value, places)
        return row | HOLDS

    def _product(self, claim: Row, decided: Row) -> Product | None:
        target = target_date(claim)
        if target is None:
            return None
        day = day_number(target)
        return next((one for one in self._versions.get(decided["product"], ()) if one.valid.holds(day)), None)

    def _terms(self, claim: Row, line: Row, decided: Row) -> ProvisionTerms | None:
        """Give the terms that a line was paid by."""
        product, target = self._product(claim, decided), target_date(claim)
        if product is None or target is None:
            return None
        key = id(product), line["kind"], line["code"], claim["visit_type"]
        if key not in self._resolved:
            rows = self._provisions[line["kind"], line["code"]]
            on_day = [
                row for row in rows if (row["valid_from"] or target) <= target <= (row["valid_to"] or target)
            ]
            row = (on_day or rows or [{"type": None, "category": None}])[-1]
            provision = Selectable(
                Kind(line["kind"]),
                line["code"],
                None if row["type"] is None else ProvisionType(row["type"]),
                Category.OTHER if row["category"] is None else Category(row["category"]),
            )
            self._resolved[key] = resolve(product, provision, VisitType(claim["visit_type"]))
        return self._resolved[key]

    def _is_adult(self, claim: Row) -> bool:
        born, target = self._born.get(claim["insuree"]), target_date(claim)
        if born is None or target is None:
            return True
        years = target.year - born.year - ((target.month, target.day) < (born.month, born.day))
        return bool(years >= self._snapshot.adult_age)

    def _booked(self, claim: Row) -> list[Row]:
        """Give what a claim used of each policy's deductible and ceiling."""
        used: dict[str, dict[str, int]] = {}
        for line in self._snapshot.lines.get(_key(claim), []):
            decided = self._snapshot.line_decisions.get((*_key(claim), line["line"]))
            if decided is None or decided["status"] != LineStatus.ACCEPTED:
                continue
            product, terms = self._product(claim, decided), self._terms(claim, line, decided)
            if product is None or terms is None:
                continue
            hospital = self._is_hospital_care(claim, product)
            totals = used.setdefault(decided["policy"], defaultdict(int))
            outside = (terms.outside_ceiling.of(self._is_adult(claim)) >> int(hospital)) & 1
            covered = 0 if outside else decided["valuated"]
            side = "IP" if hospital else "OP"
            for prefix, amount in (("Ded", decided[Cut.DEDUCTIBLE.word]), ("Rem", covered)):
                totals[f"{prefix}G"] += amount
                totals[f"{prefix}{side}"] += amount
        return [
            {
                "PolicyID": self._ids.of("tblPolicy", policy),
                "InsureeID": self._ids.of("tblInsuree", claim["insuree"]),
                "ClaimID": self._ids.of("tblClaim", _name(claim)),
                **{
                    name: self._amount(totals[name]) if name in totals else None
                    for name in ("DedG", "DedOP", "DedIP", "RemG", "RemIP", "RemOP")
                },
                **HOLDS,
            }
            for policy, totals in sorted(used.items())
        ]

    def _is_hospital_care(self, claim: Row, product: Product) -> bool:
        if product.hospital_care is HospitalCare.BY_FACILITY:
            return claim["facility"] in self._hospitals
        start, end = claim["date_from"], claim["date_to"]
        return start is not None and end is not None and end > start

    def _batch_run(self) -> list[Row]:
        month = self._snapshot.month
        if month is None:
            return []
        year, number = (int(part) for part in month.split("-"))
        last = dt.date(year, number, calendar.monthrange(year, number)[1])
        return [
            {"RunID": RUN, "LocationId": None, "RunDate": last, "RunYear": year, "RunMonth": number, **HOLDS}
        ]


def _in_turn(claim: Row) -> tuple[Any, ...]:
    """Order claims as they were adjudicated (law, section 3)."""
    sequence = claim["sequence"]
    return sequence is None, sequence or 0, claim["date_claimed"], claim["claim"], claim["facility"]


def _key(claim: Mapping[str, Any]) -> tuple[str, str]:
    return claim["facility"], claim["claim"]


def _name(claim: Mapping[str, Any]) -> str:
    return f"{claim['facility']}/{claim['claim']}"


def _line_name(claim: Mapping[str, Any], line: Mapping[str, Any]) -> str:
    return f"{_name(claim)}/{line['line']}"


def _reviewed(line: Row) -> bool:
    return any(line[name] is not None for name in ("quantity_approved", "price_approved", "review"))


def _reason(line: Row, decided: Row | None) -> int:
    """Give the reason of a rejection; an officer's stands also where nothing was decided yet."""
    if decided is not None:
        return _theirs(decided["reason"])
    return int(Reason.MEDICAL_OFFICER) if line["review"] == ReviewStatus.REJECTED else 0


def _theirs(reason: int | None) -> int:
    """Give a reason as openIMIS numbers it: it knows no rules, so that what one rejects a person rejected."""
    if reason is None:
        return 0
    return int(Reason.MEDICAL_OFFICER if reason == Reason.RULE else reason)
