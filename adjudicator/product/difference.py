"""What changed between two versions of a product, in the product's words.

The comparison is of meaning: other shorthand, other order of keys or a term that only repeats what silence
means is no change. Coverage is compared by its effect on each provision of the register and each type of
visit, and equal changes are said once for all provisions that they touch; without a register it is compared
entry by entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, NamedTuple

from adjudicator.product.definition import (
    CoverageEntry,
    Product,
    Selector,
    Terms,
)
from adjudicator.product.effects import Effects
from adjudicator.product.facts import Fact, facts, term_shown
from adjudicator.product.terms import AGES, ProvisionTerms, Selectable
from adjudicator.vocabulary import (
    Category,
    Kind,
    ProvisionType,
    VisitType,
    Word,
)
from adjudicator.words import Message, message

MOST_CODES: Final = 8
"""The most codes that a change lists before it only counts the others."""

BY_AGE: Final = ("cover", "waiting", "quantity", "outside_ceiling")
"""The terms of a provision that differ between adults and children."""


@dataclass(frozen=True)
class Change:
    """One term that differs: what it is, and what it was and is, as values that can be shown.

    ``before`` is None where the term is new, ``after`` is None where it is gone.
    """

    term: Message
    before: Any
    after: Any

    @property
    def said(self) -> Message:
        """The change as one line."""
        absent = message("product.nothing")
        return message(
            "product.change",
            term=self.term,
            before=absent if self.before is None else self.before,
            after=absent if self.after is None else self.after,
        )


def difference(
    old: Product, new: Product, decimals: int, provisions: Sequence[Selectable] | None = None
) -> list[Change]:
    """Say what changed from one version of a product to another.

    Args:
        old: the version before.
        new: the version after.
        decimals: of the scheme's currency.
        provisions: what can be selected of the register, to compare the coverage by its effect.

    Returns:
        The changes, in the order of the product format; the coverage comes last.
    """
    before, after = facts(old, decimals), facts(new, decimals)
    changes = [
        _change(before.get(name), after.get(name))
        for name in dict.fromkeys(_merged(list(before), list(after)))
        if _value(before.get(name)) != _value(after.get(name))
    ]
    if provisions is None:
        return changes + list(_changed_entries(old, new, decimals))
    return changes + list(_changed_provisions(old, new, decimals, provisions))


def _merged(before: list[Any], after: list[Any]) -> Iterator[Any]:
    """Give the names of two versions in one order: what is gone stands before what came in its place."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for _, before_start, before_end, after_start, after_end in matcher.get_opcodes():
        yield from before[before_start:before_end]
        yield from after[after_start:after_end]


def _value(fact: Fact | None) -> Any:
    return None if fact is None else fact.value


def _change(before: Fact | None, after: Fact | None) -> Change:
    known = before or after
    if known is None:
        raise ValueError("a change needs one of its sides")
    return Change(known.term, before and before.shown, after and after.shown)


# Coverage by its effect on each provision.


class _Said(NamedTuple):
    """A change of one term of a provision, with the ages and types of visit that it is for."""

    name: str
    ages: tuple[str, ...]
    visits: tuple[VisitType, ...]
    before: Any
    after: Any


def _changed_provisions(
    old: Product, new: Product, decimals: int, provisions: Sequence[Selectable]
) -> Iterator[Change]:
    before, after = Effects(old), Effects(new)
    touched: dict[tuple[_Said, Kind], list[Selectable]] = {}
    for provision in sorted(set(provisions), key=lambda one: (-one.kind, one.code)):
        for said in _changes_of(before.of(provision), after.of(provision)):
            touched.setdefault((said, provision.kind), []).append(provision)
    for (said, kind), those in touched.items():
        of = _described(those, [provision for provision in provisions if provision.kind is kind])
        yield _coverage_change(said, of, decimals)


def _changes_of(old: Sequence[ProvisionTerms], new: Sequence[ProvisionTerms]) -> Iterator[_Said]:
    """Give the changes of one provision's terms by type of visit, those of several visits and ages as one."""
    values: dict[tuple[str, Any, Any], dict[str, tuple[VisitType, ...]]] = {}
    for visit, before, after in zip(VisitType, old, new, strict=True):
        for name, age, one, other in _terms_apart(before, after):
            ages = values.setdefault((name, one, other), {})
            ages[age] = (*ages.get(age, ()), visit)
    for (name, one, other), ages in values.items():
        together: dict[tuple[VisitType, ...], tuple[str, ...]] = {}
        for age, visits in ages.items():
            together[visits] = (*together.get(visits, ()), age)
        for visits, those in together.items():
            yield _Said(name, those, visits, one, other)


def _terms_apart(before: ProvisionTerms, after: ProvisionTerms) -> Iterator[tuple[str, str, Any, Any]]:
    """Give name, age ("" for both), old and new value of each term that differs."""
    if before.covered != after.covered:
        yield "covered", "", before.covered, after.covered
    if not after.covered:
        return
    unsaid = ProvisionTerms()
    known = before if before.covered else unsaid
    if known.price_origin is not after.price_origin:
        yield "price", "", known.price_origin if before.covered else None, after.price_origin
    for name in BY_AGE:
        for age in AGES:
            one, other = getattr(getattr(known, name), age), getattr(getattr(after, name), age)
            if one != other or (name == "cover" and not before.covered):
                yield name, age, one if before.covered else None, other


def _coverage_change(said: _Said, provisions: Message, decimals: int) -> Change:
    for_age = len(said.ages) == 1 and said.ages[0] != ""
    for_visits = len(said.visits) < len(VisitType)
    age = message(f"product.for_{said.ages[0]}") if for_age else None
    visits = [message(f"product.visits_{visit.word}") for visit in said.visits] if for_visits else None
    term = message(
        "product.coverage" + ("_age" if for_age else "") + ("_visits" if for_visits else ""),
        term=message(f"product.term.coverage.{said.name}"),
        provisions=provisions,
        age=age,
        visits=visits,
    )
    before, after = (
        None if value is None else term_shown(said.name, value, decimals)
        for value in (said.before, said.after)
    )
    return Change(term, before, after)


def _described(those: Sequence[Selectable], all_of_kind: Sequence[Selectable]) -> Message:
    """Describe some provisions of one kind as shortly as it can be done exactly."""
    kind = those[0].kind
    codes = {provision.code for provision in those}
    if codes == {provision.code for provision in all_of_kind}:
        return _of_selector(kind, Selector.model_construct(all=True))
    for name, words in (("category", Category), ("type", ProvisionType)):
        for word in words:
            if codes == {provision.code for provision in all_of_kind if getattr(provision, name) is word}:
                return message(f"product.{kind.word}s_of", word=word)
    return _codes(kind, sorted(codes))


def _codes(kind: Kind, codes: Sequence[str]) -> Message:
    if len(codes) == 1:
        return message(f"product.{kind.word}_code", code=codes[0])
    if len(codes) <= MOST_CODES:
        return message(f"product.{kind.word}s_codes", codes=list(codes))
    listed, others = list(codes[: MOST_CODES - 1]), len(codes) - MOST_CODES + 1
    return message(f"product.{kind.word}s_codes_and_more", codes=listed, number=others)


# Coverage entry by entry.


def _changed_entries(old: Product, new: Product, decimals: int) -> Iterator[Change]:
    def about(entry: CoverageEntry) -> tuple[Selector | None, Selector | None]:
        return entry.services, entry.items

    matcher = SequenceMatcher(
        None,
        [about(entry) for entry in old.coverage],
        [about(entry) for entry in new.coverage],
        autojunk=False,
    )
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            for one, other in zip(old.coverage[i1:i2], new.coverage[j1:j2], strict=True):
                yield from _entry_changes(one, other, decimals)
        else:
            for entry in old.coverage[i1:i2]:
                yield from _entry_changes(entry, None, decimals)
            for entry in new.coverage[j1:j2]:
                yield from _entry_changes(None, entry, decimals)


def _entry_changes(one: CoverageEntry | None, other: CoverageEntry | None, decimals: int) -> Iterator[Change]:
    before, after = (_entry_terms(entry) if entry else {} for entry in (one, other))
    known = one or other
    if known is None:
        raise ValueError("a change needs one of its sides")
    provisions = _of_entry(known)
    for name, visit in dict.fromkeys((name, visit) for name, visit, _ in (*before, *after)):
        ages = {
            age: (before.get((name, visit, age)), after.get((name, visit, age)))
            for age in ("", *AGES)
            if before.get((name, visit, age)) != after.get((name, visit, age))
        }
        visits = tuple(VisitType) if visit is None else (visit,)
        together: dict[tuple[Any, Any], tuple[str, ...]] = {}
        for age, values in ages.items():
            together[values] = (*together.get(values, ()), age)
        for (value, value_after), those in together.items():
            yield _coverage_change(_Said(name, those, visits, value, value_after), provisions, decimals)


def _entry_terms(entry: CoverageEntry) -> dict[tuple[str, VisitType | None, str], Any]:
    """Give what an entry says: by name, type of visit (None: all) and age ("" for both)."""
    said: dict[tuple[str, VisitType | None, str], Any] = {}
    blocks: Iterable[tuple[VisitType | None, Terms | None]] = (
        (None, entry),
        (VisitType.REFERRAL, entry.referral),
        (VisitType.EMERGENCY, entry.emergency),
    )
    # An entry that only names provisions covers them all the same.
    if entry.covered is None:
        said["covered", None, ""] = True
    for visit, terms in blocks:
        if terms is None:
            continue
        for name in ("covered", "price"):
            if (value := getattr(terms, name)) is not None:
                said[name, visit, ""] = value
        for name in BY_AGE:
            for age in AGES:
                if (by_age := getattr(terms, name)) and (value := getattr(by_age, age)) is not None:
                    said[name, visit, age] = value
    return said


def _of_entry(entry: CoverageEntry) -> Message:
    described = [
        _of_selector(kind, selector)
        for kind, selector in ((Kind.SERVICE, entry.services), (Kind.ITEM, entry.items))
        if selector is not None
    ]
    return described[0] if len(described) == 1 else message("product.both_of", provisions=described)


def _of_selector(kind: Kind, selector: Selector) -> Message:
    if selector.codes:
        return _codes(kind, selector.codes)
    words: Mapping[str, Word | None] = {"category": selector.category, "type": selector.type}
    chosen = [word for word in words.values() if word is not None]
    if not chosen:
        return message(f"product.all_{kind.word}s")
    return message(f"product.{kind.word}s_of", word=chosen)
