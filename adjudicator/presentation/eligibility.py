"""Eligibility as it is read at the counter, and as a record for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from adjudicator.adjudication.eligibility import (
    Limit,
    OtherCover,
    PolicyStanding,
    ProvisionStanding,
    VisitTerms,
)
from adjudicator.adjudication.records import Cover
from adjudicator.books.eligibility import Answer
from adjudicator.product.definition import Product
from adjudicator.product.facts import term_shown
from adjudicator.product.read import version_name
from adjudicator.units import date_of, unscaled
from adjudicator.vocabulary import Cut, Limitation, VisitType
from adjudicator.words import Amount, Message, Quantity, label, message, say, shown, text

_NAMES: Final = {Cut.DEDUCTIBLE: "deductible", Cut.CEILING_EXCESS: "ceiling"}


def eligibility_view(answer: Answer, decimals: int, currency: str, language: str) -> Group:
    """Lay out what an insuree is covered for."""
    return Group(*_Viewer(answer, decimals, currency, language).view())


class _Viewer:
    def __init__(self, answer: Answer, decimals: int, currency: str, language: str) -> None:
        self._answer = answer
        self._found = answer.eligibility
        self._decimals, self._currency, self._language = decimals, currency, language

    def view(self) -> Iterator[RenderableType]:
        found = self._found
        yield Text(self._title(), style="bold")
        key = "covered" if found.covered else "not_valid" if found.person is None else "not_covered"
        style = "bold green" if found.covered else "bold red"
        yield Text(self._text(f"eligibility.{key}", day=date_of(found.day)), style=style)
        for standing in found.policies:
            yield Text()
            yield from self._policy(standing)
        if found.others:
            yield Text()
            yield Text(self._text("eligibility.others"), style="bold")
            for other in found.others:
                yield Text("  " + self._other(other), style="dim")
        for provision in found.provisions:
            yield Text()
            yield from self._provision(provision)
        yield Text()
        key = "eligibility.as_of" if self._answer.run else "eligibility.as_of_nothing"
        yield Text(self._text(key, run=self._answer.run), style="dim")

    def _text(self, key: str, **values: Any) -> str:
        return text(key, self._language, **values)

    def _title(self) -> str:
        found, person = self._found, self._found.person
        parts: list[Any] = [found.insuree]
        if self._answer.name:
            parts.append(self._answer.name)
        if person is not None:
            parts.append(person.sex)
            if person.birth_date is not None:
                born = date_of(person.birth_date)
                parts.append(message("eligibility.born", born=born, years=found.years))
            parts.append(message("eligibility.adult" if found.adult else "eligibility.child"))
            parts.append(message("eligibility.family", family=person.family))
        return " · ".join(str(shown(part, self._language)) for part in parts)

    # Policies.

    def _policy(self, standing: PolicyStanding) -> Iterator[RenderableType]:
        cover = standing.cover
        yield Text(self._cover(cover, standing.version), style="bold")
        members = self._text("eligibility.members", members=standing.members)
        yield Text("  " + self._period(cover) + " · " + members)
        if standing.version is None:
            yield Text("  " + self._text("eligibility.no_version", product=cover.policy.product), style="red")
            return
        if not standing.limits and not standing.categories:
            yield Text("  " + self._text("eligibility.no_limits"))
            return
        table = self._table()
        for limit in standing.limits:
            style = "" if limit.cut is Cut.DEDUCTIBLE or limit.left else "red"
            cells = (self._amount(limit.amount), self._amount(limit.used), self._amount(limit.left))
            table.add_row("  " + self._limit_name(limit), *cells, self._limit_note(limit), style=style)
        for counted in standing.categories:
            if counted.claims is not None:
                name = self._text("eligibility.claims_of", category=counted.category)
                cells = (str(counted.claims), str(counted.used), str(counted.left))
                table.add_row("  " + name, *cells, "", style="" if counted.left else "red")
        for counted in standing.categories:
            if counted.ceiling is not None:
                name = self._text("product.term.claim_categories.ceiling", category=counted.category)
                note = self._text("eligibility.each_claim")
                table.add_row("  " + name, self._amount(counted.ceiling), "", "", note)
        yield table

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        table.add_column("")
        for name in ("limit", "used", "left"):
            table.add_column(self._text(f"eligibility.column.{name}"), justify="right", no_wrap=True)
        table.add_column("")
        return table

    def _cover(self, cover: Cover, version: Product | None) -> str:
        policy = cover.policy
        name = policy.product
        if version is not None:
            name = version_name(version)
            if version.name is not None:
                name += f" ({version.name.fr if self._language == 'fr' else version.name.en})"
        said = (policy.status, policy.stage)
        return " · ".join([policy.policy, name, *(label(word, self._language) for word in said)])

    def _period(self, cover: Cover) -> str:
        return self._text("eligibility.period", start=date_of(cover.effective), end=date_of(cover.end))

    def _limit_name(self, limit: Limit) -> str:
        term = f"product.term.{_NAMES[limit.cut]}"
        if limit.care is None:
            return self._text(term, level=limit.level)
        care = message(f"product.care.{limit.care.word}")
        return self._text(f"{term}_of_care", level=limit.level, care=care)

    def _limit_note(self, limit: Limit) -> str:
        growth = limit.growth
        if growth is None:
            return ""
        extra = 0 if growth.threshold is None else max(0, growth.members - growth.threshold)
        notes = []
        if extra and growth.extra_member is not None:
            values = {"amount": self._money(growth.amount), "each": self._money(growth.extra_member)}
            notes.append(message("eligibility.grown", extra=extra, **values))
        if growth.maximum is not None:
            notes.append(message("eligibility.at_most", maximum=self._money(growth.maximum)))
        return "; ".join(say(note, self._language) for note in notes)

    def _other(self, other: OtherCover) -> str:
        policy = other.cover.policy
        key = f"eligibility.why.{other.why}"
        start = max(other.cover.effective, policy.effective)
        why = self._text(key, status=policy.status, start=date_of(start), end=date_of(other.cover.end))
        return f"{policy.policy} · {policy.product} · {why}"

    # A provision.

    def _provision(self, standing: ProvisionStanding) -> Iterator[RenderableType]:
        name = self._answer.provision_names.get(standing.kind)
        title = f"{label(standing.kind, self._language)} {standing.code}" + (f" ({name})" if name else "")
        yield Text(title[:1].upper() + title[1:], style="bold")
        for note in self._notes(standing):
            yield Text("  " + say(note, self._language), style="red")
        for of_policy in standing.policies:
            policy = of_policy.policy
            if of_policy.version is None:
                continue
            yield Text(f"  {policy.policy} · {version_name(of_policy.version)}")
            table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
            for column in ("visits", "cover", "price", "waiting", "quantity", "outside_ceiling"):
                name = self._text(f"eligibility.column.{column}")
                table.add_column(("    " if column == "visits" else "") + name)
            for visit in of_policy.visits:
                table.add_row(*self._visit(visit), style="" if visit.payable else "red")
            yield table

    def _notes(self, standing: ProvisionStanding) -> Iterator[Message]:
        if standing.provision is None:
            yield message("eligibility.not_in_register", day=date_of(self._found.day))
        if standing.for_sex is not None:
            yield message("eligibility.for_sex", sex=standing.for_sex)
        if standing.for_age is not None:
            yield message("eligibility.for_age", age=standing.for_age)
        if standing.next_date is not None and standing.last_line is not None:
            assert standing.provision is not None
            yield message(
                "eligibility.frequency",
                days=standing.provision.frequency_days,
                next=date_of(standing.next_date),
                last=date_of(standing.last_line.claim.target_date),
                claim=standing.last_line.claim.claim,
                facility=standing.last_line.claim.facility,
            )

    def _visit(self, visit: VisitTerms) -> Iterator[str]:
        if len(visit.visit_types) == len(VisitType):
            yield "    " + self._text("product.visits_all")
        else:
            words = (self._text(f"product.visits_{one.word}") for one in visit.visit_types)
            yield "    " + ", ".join(words)
        if not visit.covered:
            yield self._text("product.not_covered")
            return
        yield str(shown(term_shown("cover", visit.limit, self._decimals), self._language))
        yield label(visit.price_origin, self._language)
        until = visit.waiting_until
        yield "" if until is None else self._text("eligibility.from_day", day=date_of(until))
        yield (
            ""
            if visit.quantity is None
            else self._text(
                "eligibility.quantity_left",
                left=Quantity(visit.quantity.left),
                limit=Quantity(visit.quantity.limit),
                used=Quantity(visit.quantity.used),
            )
        )
        yield ", ".join(label(care, self._language) for care in visit.outside_ceiling)

    def _money(self, minor: int) -> Amount:
        return Amount(minor, self._decimals)

    def _amount(self, minor: int) -> str:
        return str(shown(self._money(minor), self._language))


# For programs.


def as_record(answer: Answer, decimals: int, currency: str) -> dict[str, Any]:
    """Give eligibility as plain values for JSON.

    Keys and words are the project's own and do not change with a language. Amounts are decimals in major
    units, written as text, as are quantities and percentages; dates are ISO dates. ``null`` is "no limit" or
    "not known".
    """
    return _Recorder(decimals).eligibility(answer, currency)


class _Recorder:
    def __init__(self, decimals: int) -> None:
        self._decimals = decimals

    def eligibility(self, answer: Answer, currency: str) -> dict[str, Any]:
        found = answer.eligibility
        person = found.person
        return {
            "insuree": found.insuree,
            "date": _date(found.day),
            "covered": found.covered,
            "name": answer.name,
            "valid": person is not None,
            "family": person.family if person else None,
            "sex": person.sex.word if person else None,
            "birth_date": _date(person.birth_date) if person else None,
            "years": found.years,
            "adult": found.adult,
            "currency": currency,
            "last_run": answer.run or None,
            "policies": [self._policy(standing) for standing in found.policies],
            "other_policies": [{**self._cover(other.cover), "why": other.why} for other in found.others],
            "provisions": [self._provision(one, answer) for one in found.provisions],
        }

    def _cover(self, cover: Cover) -> dict[str, Any]:
        policy = cover.policy
        return {
            "policy": policy.policy,
            "product": policy.product,
            "status": policy.status.word,
            "stage": policy.stage.word,
            "effective": _date(cover.effective),
            "expiry": _date(cover.end),
        }

    def _policy(self, standing: PolicyStanding) -> dict[str, Any]:
        return {
            **self._cover(standing.cover),
            "version": version_name(standing.version) if standing.version else None,
            "members": standing.members,
            "limits": [self._limit(limit) for limit in standing.limits],
            "categories": [
                {
                    "category": counted.category.word,
                    "claims": counted.claims,
                    "used": counted.used,
                    "left": counted.left,
                    "ceiling_per_claim": self._money(counted.ceiling),
                }
                for counted in standing.categories
            ],
        }

    def _limit(self, limit: Limit) -> dict[str, Any]:
        growth = limit.growth
        return {
            "limit": _NAMES[limit.cut],
            "per": limit.level.word,
            "care": limit.care.word if limit.care is not None else None,
            "amount": self._money(limit.amount),
            "used": self._money(limit.used),
            "left": self._money(limit.left),
            "basic_amount": self._money(growth.amount) if growth else None,
            "threshold": growth.threshold if growth else None,
            "extra_member": self._money(growth.extra_member) if growth else None,
            "maximum": self._money(growth.maximum) if growth else None,
        }

    def _provision(self, standing: ProvisionStanding, answer: Answer) -> dict[str, Any]:
        last = standing.last_line
        return {
            "kind": standing.kind.word,
            "code": standing.code,
            "name": answer.provision_names.get(standing.kind),
            "in_register": standing.provision is not None,
            "only_for_sex": standing.for_sex.word if standing.for_sex is not None else None,
            "only_for_age": standing.for_age.word if standing.for_age is not None else None,
            "next_date": _date(standing.next_date),
            "last_date": _date(last.claim.target_date) if last else None,
            "policies": [
                {
                    "policy": one.policy.policy,
                    "version": version_name(one.version) if one.version else None,
                    "visits": [self._visit(visit) for visit in one.visits],
                }
                for one in standing.policies
            ],
        }

    def _visit(self, visit: VisitTerms) -> dict[str, Any]:
        limit = visit.limit
        fixed = limit is not None and limit.limitation is Limitation.FIXED
        value = limit.value if limit else None
        quantity = visit.quantity
        return {
            "visit_types": [one.word for one in visit.visit_types],
            "covered": visit.covered,
            "payable": visit.payable,
            "price_origin": visit.price_origin.word if visit.covered else None,
            "co_insurance": None if fixed or value is None else _quantity(value),
            "fixed_limit": self._money(value) if fixed else None,
            "waiting_until": _date(visit.waiting_until),
            "quantity_limit": _quantity(quantity.limit) if quantity else None,
            "quantity_used": _quantity(quantity.used) if quantity else None,
            "quantity_left": _quantity(quantity.left) if quantity else None,
            "outside_ceiling": [care.word for care in visit.outside_ceiling],
        }

    def _money(self, minor: int | None) -> str | None:
        return None if minor is None else format(unscaled(minor, self._decimals), "f")


def _quantity(hundredths: int) -> str:
    return format(unscaled(hundredths, 2), "f")


def _date(day: int | None) -> str | None:
    return None if day is None else date_of(day).isoformat()
