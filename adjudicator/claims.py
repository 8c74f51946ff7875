"""The columns of a batch of claims, in adjudication order, as arrays of integers.

Claims are sorted by unit (the families that belong together) and, within it, in adjudication order (law,
section 3); the lines of a claim stand together, items first, then services, each in line order. So the
order of the rows that came in does not matter any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from adjudicator.compiled import compiled
from adjudicator.encoding import UNKNOWN, Keys, days, group, integers, one_array
from adjudicator.registers import Int8s, Int32s, Int64s, Registers, provision_key
from adjudicator.tables import ACCEPTED_BEFORE, DIAGNOSIS_COLUMNS, REJECTED_BY_RULE
from adjudicator.vocabulary import Kind, ReviewStatus

NOT_GIVEN = -2
"""A diagnosis that was not given, among diagnoses."""

NONE = -1
"""A reviewer's value that was not given."""

REVIEWED = 1
"""A claim that came with a review: it is adjudicated as claimed first."""

REVIEWED_SINCE = 2
"""A claim that was accepted before it was reviewed: it is adjudicated as reviewed only."""


class Batch(NamedTuple):
    """C claims and L lines as columns.

    A facility is an index of the register, an insuree too (-1: unknown). Dates are day numbers,
    ``NO_DATE`` where there is none.
    """

    first_of_unit: Int32s
    """(units + 2,): where each unit's claims begin; the last unit holds the claims of unknown insurees."""
    insuree: Int32s
    facility: Int32s
    date_from: Int32s
    date_to: Int32s
    date_claimed: Int32s
    visit_type: Int8s
    diagnoses: Int32s
    """(C, 5): index of the register, -1 unknown, -2 not given."""
    reviewed: Int8s
    """(C,): :data:`REVIEWED`, :data:`REVIEWED_SINCE`, or 0."""
    first_line: Int64s
    """(C + 1,): where each claim's lines begin."""
    provision: Int32s
    """(L,): index of the register, -1 unknown."""
    quantity: Int64s
    """(L,), hundredths."""
    price_asked: Int64s
    """(L,), minor units."""
    quantity_approved: Int64s
    """(L,), hundredths, -1 for none; (0,) where reviewers said nothing of any line."""
    price_approved: Int64s
    """(L,), minor units, -1 for none; (0,) likewise."""
    rejected_by_reviewer: Int8s
    """(L,); (0,) likewise."""
    rejected_by_rule: Int8s
    """(L,): 1 where a review rule rejects the line; (0,) where none does."""


@dataclass(frozen=True)
class Claims:
    """A batch, with what leads back to the claims as received."""

    batch: Batch
    claim_row: Int64s
    """(C,): the row of ``received`` that each claim was."""
    line_row: Int64s
    """(L,): the row of the lines as received that each line was."""
    line_number: Int64s
    """(L,): the number of each line on its claim."""
    received: pa.Table
    """The claims as received, typed."""
    kind: Int8s
    """(L,), :class:`~adjudicator.vocabulary.Kind`."""
    code: Int32s
    """(L,): the place of each line's code among ``codes``."""
    codes: pa.Array
    """The codes of the register's provisions, then those that it does not have."""


REVIEW_COLUMNS = ("quantity_approved", "price_approved", "review")
"""What reviewers say of a line."""

NAME_PARTS = "\x1f"
"""Stands between the facility and the number in the name of a claim; no code has it."""


def claim_names(rows: pa.Table) -> pa.Array:
    """Name the claims that rows are of: (n,) texts, a facility and its number.

    Args:
        rows: with columns ``facility`` and ``claim``.
    """
    columns = [one_array(rows[name].cast(pa.string())) for name in ("facility", "claim")]
    return pc.binary_join_element_wise(*columns, NAME_PARTS)


def encode(registers: Registers, claims: pa.Table, lines: pa.Table) -> Claims:
    """Encode typed claims and lines and put them in adjudication order.

    Args:
        registers: the scheme's registers.
        claims: typed, see ``tables.CLAIMS``; every facility is in the register.
        lines: typed, see ``tables.CLAIM_LINES``, with ``claim_index`` (rows of ``claims``) for their claim.

    """
    insuree = registers.insuree_keys.encode(claims["insuree"])
    unit = np.where(insuree == UNKNOWN, registers.units, registers.people.unit[insuree]).astype(np.int32)
    order = _adjudication_order(claims, unit)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    claim_of_line = place[integers(lines["claim_index"], np.int32)]
    line_number = integers(lines["line"], np.int64)
    kind = integers(lines["kind"], np.int8)
    first_line, line_order = _line_order(claim_of_line, kind, line_number, len(order))
    provision, code, codes = _provisions(registers.provision_keys, lines, kind)
    reviewed = np.zeros(len(order), np.int8)
    quantity_approved = price_approved = np.zeros(0, np.int64)
    rejected = np.zeros(0, np.int8)
    if any(lines[name].null_count < len(lines) for name in REVIEW_COLUMNS):
        quantity_approved = integers(lines["quantity_approved"], np.int64, NONE)[line_order]
        price_approved = integers(lines["price_approved"], np.int64, NONE)[line_order]
        rejected = (integers(lines["review"], np.int8)[line_order] == ReviewStatus.REJECTED).astype(np.int8)
        line_reviewed = (quantity_approved != NONE) | (price_approved != NONE) | (rejected != 0)
        reviewed[claim_of_line[line_order][line_reviewed]] = REVIEWED
        if ACCEPTED_BEFORE in claims.column_names:
            reviewed[(reviewed != 0) & claims[ACCEPTED_BEFORE].to_numpy()[order]] = REVIEWED_SINCE
    no_rule = np.zeros(0, np.int8)
    batch = Batch(
        first_of_unit=np.concatenate(
            ([0], np.cumsum(np.bincount(unit, minlength=registers.units + 1)))
        ).astype(np.int32),
        insuree=insuree[order],
        facility=registers.facility_keys.encode(claims["facility"])[order],
        date_from=days(claims["date_from"])[order],
        date_to=days(claims["date_to"])[order],
        date_claimed=days(claims["date_claimed"])[order],
        visit_type=integers(claims["visit_type"], np.int8)[order],
        diagnoses=_diagnoses(registers.diagnosis_keys, claims, order),
        reviewed=reviewed,
        first_line=first_line,
        provision=provision[line_order],
        quantity=integers(lines["quantity"], np.int64)[line_order],
        price_asked=integers(lines["price_asked"], np.int64)[line_order],
        quantity_approved=quantity_approved,
        price_approved=price_approved,
        rejected_by_reviewer=rejected,
        rejected_by_rule=_by_rule(lines)[line_order] if REJECTED_BY_RULE in lines.column_names else no_rule,
    )
    return Claims(
        batch,
        claim_row=order,
        line_row=line_order,
        line_number=line_number[line_order],
        received=claims,
        kind=kind[line_order],
        code=code[line_order],
        codes=codes,
    )


def _by_rule(lines: pa.Table) -> Int8s:
    rejected: Int8s = lines[REJECTED_BY_RULE].is_valid().to_numpy().astype(np.int8)
    return rejected


def _adjudication_order(claims: pa.Table, unit: Int32s) -> Int64s:
    """Order claims by unit, by sequence where each has one, then by date claimed, number and facility."""
    sequence = claims["sequence"]
    claimed = days(claims["date_claimed"])
    if len(claims) and sequence.null_count == 0:
        keys = [unit, integers(sequence, np.int64), claimed]
        order = np.lexsort(keys[::-1])
    else:
        keys = [unit, claimed]
        packed = (unit.astype(np.int64) << 32) + claimed
        order = np.argsort(packed, kind="stable")
    same = np.ones(max(0, len(order) - 1), bool)
    for key in keys:
        same &= np.diff(key[order]) == 0
    if same.any():
        # Only among claims that are still equal do the texts of their numbers have to be compared.
        tied = np.zeros(len(order), bool)
        tied[:-1] |= same
        tied[1:] |= same
        places = np.flatnonzero(tied)
        rows = order[places]
        texts = [claims[name].take(pa.array(rows)) for name in ("claim", "facility")]
        run = np.cumsum(np.concatenate(([True], ~same)))[places]
        table = pa.table({"run": run, "claim": _text(texts[0]), "facility": _text(texts[1])})
        by_text = pc.sort_indices(table, [(name, "ascending") for name in table.column_names])
        order[places] = rows[by_text.to_numpy()]
    return order


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _line_order(
    claim_of_line: Int32s,
    kind: npt.NDArray[np.signedinteger],
    number: npt.NDArray[np.signedinteger],
    count: int,
) -> tuple[Int64s, Int64s]:
    """Order lines by claim, kind and number; give where each claim's lines begin, and the order."""
    first, order = group(len(Kind) * claim_of_line + kind, len(Kind) * count)
    if not _rise(number, order, first):
        # Facilities number the lines in the order in which they send them, so that this is rare.
        order = np.lexsort((number, kind, claim_of_line))
    return first[:: len(Kind)].astype(np.int64), order


@compiled
def _rise(values: npt.NDArray[np.signedinteger], order: Int64s, first: Int32s) -> bool:
    """Tell whether ordered values never fall within a group; groups begin at ``first``. *Compiled.*"""
    for key in range(len(first) - 1):
        for place in range(first[key] + 1, first[key + 1]):
            if values[order[place]] < values[order[place - 1]]:
                return False
    return True


def _diagnoses(keys: Keys, claims: pa.Table, order: Int64s) -> Int32s:
    diagnoses = np.empty((len(order), len(DIAGNOSIS_COLUMNS)), np.int32)
    for place, name in enumerate(DIAGNOSIS_COLUMNS):
        code = keys.encode(claims[name])
        code[claims[name].is_null().to_numpy()] = NOT_GIVEN
        diagnoses[:, place] = code[order]
    return diagnoses


def _provisions(
    keys: Keys, lines: pa.Table, kind: npt.NDArray[np.signedinteger]
) -> tuple[Int32s, Int32s, pa.Array]:
    """Encode the provision of each line.

    Returns:
        (L,) provisions, -1 where unknown; (L,) places among the codes; and the codes: those of the
        register in its order, then those that it does not have.

    """
    code = lines["code"].unify_dictionaries().combine_chunks()
    if isinstance(code, pa.ChunkedArray):
        code = pa.concat_arrays(code.chunks or [pa.array([], code.type)])
    if not pa.types.is_dictionary(code.type):
        code = code.dictionary_encode()
    distinct = len(code.dictionary)
    # Two keys for each distinct code, one for items and one for services, stand for all the lines.
    index = integers(code.indices, np.int32)
    both = [provision_key(pa.array([k] * distinct, pa.int8()), code.dictionary) for k in (0, 1)]
    provision: Int32s = np.stack([keys.encode(column) for column in both])[kind, index]
    codes = pa.concat_arrays([pc.utf8_slice_codeunits(keys.values, 2), code.dictionary.cast(pa.string())])
    place: Int32s = np.where(provision == UNKNOWN, index + np.int32(len(keys)), provision)
    return provision, place, codes
