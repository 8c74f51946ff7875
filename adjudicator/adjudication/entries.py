"""What each accepted claim used of the deductibles and ceilings of the policies that paid for it.

The kernel keeps running balances; the books keep what each claim added to them, so that a claim can be
taken back, and so that every balance is the sum of its entries (law, sections 5 and 5.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjudicator.adjudication.adjudicate import CompiledScheme, Decided
from adjudicator.claims import Claims
from adjudicator.product.terms import ADULT, CHILD
from adjudicator.registers import Int32s, Int64s
from adjudicator.vocabulary import Care, Reason


@dataclass(frozen=True)
class Entries:
    """N entries, one for each claim and policy that paid for it, in the order of the claims."""

    claim: Int64s
    """(N,): place in the batch."""
    policy: Int32s
    """(N,): index of the policy."""
    used: Int64s
    """(N, 2, care), minor units: deducted and covered."""


def balance_entries(scheme: CompiledScheme, claims: Claims, decided: Decided) -> Entries:
    """Derive the entries of a group of decisions from its lines.

    A line uses up the deductible by what was deducted from it, and the ceiling by what was valuated, unless
    its product leaves it outside ceilings for this patient and this care (law, section 5, steps 5 and 8).
    """
    batch, terms, facts, results = claims.batch, scheme.products.terms, decided.facts, decided.results
    line = np.flatnonzero(results.line_reason == Reason.ACCEPTED)
    lines_of = np.diff(batch.first_line[decided.first_claim : decided.end_claim + 1])
    claim = np.repeat(np.arange(len(lines_of)), lines_of)[line]
    version = results.version[line]
    hospital = np.where(terms.by_facility[version] == 1, facts.at_hospital[claim], facts.in_patient[claim])
    care = np.where(hospital == 1, int(Care.HOSPITAL), int(Care.NON_HOSPITAL))
    age = np.where(facts.adult[claim] == 1, ADULT, CHILD)
    visit_type = batch.visit_type[decided.first_claim + claim]
    term = terms.coverage[version, facts.row[line], visit_type]
    inside = (terms.outside[term, age] >> care) & 1 == 0
    covered = np.where(inside, results.valuated[line], 0)
    # The policies of a claim are few: its entries are found by sorting pairs that are nearly in order.
    policy = results.policy[line]
    order = np.lexsort((policy, claim))
    changes = (np.diff(claim[order]) != 0) | (np.diff(policy[order]) != 0)
    first = np.concatenate((np.zeros(min(len(order), 1), np.int64), np.flatnonzero(changes) + 1))
    used = np.zeros((len(first), 2, len(Care)), np.int64)
    if len(first):
        for what, amounts in enumerate((results.deductible[line], covered)):
            for kind in Care:
                of_kind = np.where(care == kind, amounts, 0)[order]
                used[:, what, kind] = np.add.reduceat(of_kind, first)
    return Entries(claim[order][first] + decided.first_claim, policy[order][first], used)
