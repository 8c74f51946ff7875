"""What must hold of a claim beyond types: sequences that are linked to, sums, one currency that exists."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any, Final

from babel import Locale

from ingest.fhir.judge import Judge
from ingest.fhir.profile import Profile

ZERO: Final = Decimal(0)

_LINKS: Final = (
    ("care_team_sequence", "careTeamSequence", "care_team", "careTeam"),
    ("diagnosis_sequence", "diagnosisSequence", "diagnosis", "diagnosis"),
    ("procedure_sequence", "procedureSequence", "procedure", "procedure"),
    ("information_sequence", "informationSequence", "supporting_info", "supportingInfo"),
)
"""An item's links: attribute and name, and the list that they lead to."""

_LISTS: Final = (
    ("care_team", "careTeam"),
    ("diagnosis", "diagnosis"),
    ("procedure", "procedure"),
    ("supporting_info", "supportingInfo"),
    ("insurance", "insurance"),
    ("item", "item"),
)


@cache
def currencies() -> frozenset[str]:
    """Give the codes of all currencies (ISO 4217)."""
    return frozenset(Locale("en").currencies)


def check_claim(claim: Any, profile: Profile, judge: Judge) -> None:
    """Check a claim.

    Args:
        claim: a struct or a view of one.
        profile: of its sender.
        judge: notes what is wrong.
    """
    _check_sequences(claim, judge)
    _check_modifiers(claim, judge)
    _check_amounts(claim, profile, judge)


def asked(item: Any) -> Decimal | None:
    """Give what is asked for an item: its net, else quantity × unit price × factor, else none."""
    net = item.net
    if net is not None and net.value is not None:
        amount: Decimal = net.value
        return amount
    return _reckoned(item)


def _reckoned(item: Any) -> Decimal | None:
    price = item.unit_price
    if price is None or price.value is None:
        return None
    amount: Decimal = price.value
    quantity = item.quantity
    if quantity is not None and quantity.value is not None:
        amount = amount * quantity.value
    if item.factor is not None:
        amount = amount * item.factor
    return amount


def _check_sequences(claim: Any, judge: Judge) -> None:
    for attribute, name in _LISTS:
        entries = getattr(claim, attribute)
        if entries is not None and len(entries) > 1:
            numbers = [entry.sequence for entry in entries]
            if len(set(numbers)) != len(numbers):
                place = next(at for at, number in enumerate(numbers) if number in numbers[:at])
                judge.wrong("sequence_twice", "invariant", f"{name}[{place}].sequence", numbers[place])
    for place, item in enumerate(claim.item or ()):
        if (
            item.care_team_sequence is None
            and item.diagnosis_sequence is None
            and item.procedure_sequence is None
            and item.information_sequence is None
        ):
            continue
        for attribute, name, target, target_name in _LINKS:
            links = getattr(item, attribute)
            if links is None:
                continue
            known = {entry.sequence for entry in getattr(claim, target) or ()}
            for at, link in enumerate(links):
                if link not in known:
                    expression = f"item[{place}].{name}[{at}]"
                    judge.wrong("sequence_link", "invariant", expression, link, number=link, list=target_name)


def _check_modifiers(claim: Any, judge: Judge) -> None:
    """A modifier may turn a meaning round: what has one that is not known must not be used."""
    if claim.modifier_extension is not None:
        judge.wrong(
            "unknown_modifier", "not-supported", "modifierExtension[0]", claim.modifier_extension[0].url
        )
    for place, item in enumerate(claim.item or ()):
        if item.modifier_extension is not None:
            expression = f"item[{place}].modifierExtension[0]"
            judge.wrong("unknown_modifier", "not-supported", expression, item.modifier_extension[0].url)


def _check_amounts(claim: Any, profile: Profile, judge: Judge) -> None:
    first: str | None = None
    total: Decimal | None = ZERO
    for place, item in enumerate(claim.item or ()):
        price, net, quantity = item.unit_price, item.net, item.quantity
        if price is not None:
            first = _check_money(price, "unitPrice", place, first, profile, judge)
        if net is not None:
            first = _check_money(net, "net", place, first, profile, judge)
            if net.value is not None and quantity is not None:
                reckoned = _reckoned(item)
                if reckoned is not None and reckoned != net.value:
                    name = f"item[{place}].net"
                    judge.wrong("net_differs", "invariant", name, net.value, reckoned=_plain(reckoned))
        if quantity is not None and quantity.value is not None and quantity.value < 0:
            judge.wrong("negative", "value", f"item[{place}].quantity.value", quantity.value)
        if total is not None:
            amount = asked(item)
            total = None if amount is None else total + amount
    said = claim.total
    if said is None:
        return
    _check_money(said, "total", None, first, profile, judge)
    if total is not None and claim.item and said.value is not None and said.value != total:
        judge.wrong("total_differs", "invariant", "total", said.value, reckoned=_plain(total))


def _check_money(
    money: Any, name: str, place: int | None, first: str | None, profile: Profile, judge: Judge
) -> str | None:
    """Check an amount by itself and against the claim's first currency; give that."""
    value, given = money.value, money.currency
    if (value is None or value >= 0) and (given is None or given == first):
        return first
    name = name if place is None else f"item[{place}].{name}"
    if value is not None and value < 0:
        judge.wrong("negative", "value", f"{name}.value", value)
    if given is None or given == first:
        return first
    if first is None and _is_currency(given, profile.currencies):
        return str(given)
    _wrong_currency(given, profile.currencies, first, f"{name}.currency", judge)
    return first


def _is_currency(given: str, names: Any) -> bool:
    return given in names or given in currencies()


def _wrong_currency(given: str, names: Any, first: str | None, expression: str, judge: Judge) -> None:
    if not _is_currency(given, names):
        judge.wrong("currency_unknown", "code-invalid", expression, given)
    elif names.get(given, given) != names.get(first, first):
        judge.wrong("currency_mixed", "invariant", expression, given, first=first)


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
