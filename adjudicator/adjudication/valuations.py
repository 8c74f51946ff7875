"""Why an accepted line is paid what it is paid: in sentences, in the order of the law, section 5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from adjudicator.adjudication.reference import ClaimDecision, LineDecision, Option, Step
from adjudicator.adjudication.rejections import quantity_uses, why_line
from adjudicator.adjudication.telling import (
    Sentence,
    Teller,
    asked_of,
    given,
    period,
    sentence,
    term_of,
    this,
)
from adjudicator.product.definition import Product
from adjudicator.units import OPEN_END, OPEN_START, PERCENT_ALL, QUANTITY_ONE
from adjudicator.vocabulary import AgeGroup, Care, Cut, Level, Limitation, PriceOrigin
from adjudicator.words import Amount, Message, Percentage, Quantity, message

Values = dict[str, Any]


def why_amount(claim: ClaimDecision, line: LineDecision, teller: Teller) -> Iterator[Sentence]:
    """Say which policy pays an accepted line and why, and how its amount came about, step by step."""
    yield from _which_policy(claim, line, teller)
    yield _price(line, teller)
    yield from _quantity(line, teller)
    gross = teller.plain(line.gross)
    as_asked = (line.quantity, line.unit_price) == (line.line.quantity, line.line.price_asked)
    if line.gross == 0:
        yield sentence("line.no_gross")
    else:
        if line.quantity != QUANTITY_ONE and not as_asked:
            price = teller.money(given(line.unit_price))
            yield sentence("line.gross", quantity=Quantity(line.quantity), price=price, gross=gross)
        yield from _cuts(line, teller)
    yield _result(line, teller)


# Which policy pays, and which do not.


def _version(version: Product) -> Message:
    if version.valid.start == OPEN_START and version.valid.end == OPEN_END:
        return message("explanation.product", product=version.product)
    valid = period(version.valid.start, version.valid.end)
    return message("explanation.product_version", product=version.product, period=valid)


def _which_policy(claim: ClaimDecision, line: LineDecision, teller: Teller) -> Iterator[Sentence]:
    assert line.version is not None
    options: Sequence[Option] = line.facts["options"]
    yield sentence("policy.pays", policy=line.policy, version=_version(line.version))
    paying = _paying(line)
    amounts = _exact([option.patient_pays for option in options], teller)
    least = amounts[options.index(paying)]
    for option, amount in zip(options, amounts, strict=True):
        values: Values = {
            "policy": option.cover.policy.policy,
            "product": option.version.product,
            "paying": line.policy,
        }
        if option.patient_pays > paying.patient_pays:
            values |= {"more": amount, "least": least, "price": teller.money(line.facts["compared_price"])}
            yield sentence("policy.more", **values)
        elif option is not paying:
            yield sentence(f"policy.tie.{_tie(paying, option)}", **values)
    for struck in line.struck:
        yield from why_line(struck, claim.claim, line.line, teller)


def _paying(line: LineDecision) -> Option:
    """Give the option that was chosen."""
    options: Sequence[Option] = line.facts["options"]
    return next(option for option in options if option.cover is line.facts["cover"])


def _tie(paying: Option, other: Option) -> str:
    """Say what decides between two policies that leave the patient the same (section 4.3)."""
    if paying.limit.limitation is not other.limit.limitation:
        return "fixed"
    if paying.cover.policy.effective != other.cover.policy.effective:
        return "effective"
    return "number"


def _exact(amounts: Sequence[Fraction], teller: Teller) -> list[Amount]:
    """Give amounts with as many decimals as it takes to show all of them unrounded."""
    further = 0
    while any((amount * 10**further).denominator != 1 for amount in amounts):
        further += 1
    return [Amount(int(amount * 10**further), teller.decimals + further) for amount in amounts]


# Price and quantity.


def _price(line: LineDecision, teller: Teller) -> Sentence:
    facts, asked, price = line.facts, line.line.price_asked, given(line.unit_price)
    if facts["price_approved"] is None and line.price_origin is PriceOrigin.CLAIMED:
        return sentence("price.claimed", price=teller.money(price))
    how = "lower" if price < asked else "higher" if price > asked else "same"
    values = {
        "price": teller.money(price),
        "compared": message(f"explanation.price.{how}", asked=teller.plain(asked)),
    }
    if facts["price_approved"] is not None:
        return sentence("price.approved", **values)
    key = "price.listed" if facts["own_price"] else "price.of_register"
    return sentence(key, **values, list=facts["price_list"])


def _quantity(line: LineDecision, teller: Teller) -> Iterator[Sentence]:
    facts, asked = line.facts, Quantity(line.line.quantity)
    if facts["quantity_approved"] is not None:
        key = "quantity.approved_as_asked" if line.quantity == line.line.quantity else "quantity.approved"
        yield sentence(key, quantity=Quantity(line.quantity), asked=asked)
    elif line.quantity < line.line.quantity:
        used, cover = facts["quantity_used"], facts["cover"]
        values = {
            "limit": Quantity(used["limit"]),
            "period": period(cover.effective, cover.end),
            "quantity": Quantity(line.quantity),
            "asked": asked,
            "this": this(line.line),
        }
        term = term_of(line, facts["quantity_path"], teller)
        if uses := quantity_uses(used):
            yield sentence("quantity.cut", term, **values, uses=uses)
        else:
            yield sentence("quantity.cut_unused", term, **values)


# The cuts, one by one.


def _cuts(line: LineDecision, teller: Teller) -> Iterator[Sentence]:
    paying = _paying(line)
    if paying.limit.limitation is Limitation.FIXED and paying.limit.value is None:
        yield sentence("cut.no_limit", term_of(line, paying.path, teller))
    for step in line.steps:
        if step.cut is None or step.before == 0:
            continue
        match step.cut:
            case Cut.LIMIT_EXCESS:
                yield _fixed_limit(line, step, teller)
            case Cut.DEDUCTIBLE:
                yield from _deductible(line, step, teller)
            case Cut.CO_INSURANCE:
                yield _co_insurance(line, step, teller)
            case _:
                yield _ceiling(line, step, teller)
    if (outside := line.facts["outside_path"]) is not None:
        yield sentence("cut.outside_ceiling", term_of(line, outside, teller), this=this(line.line))


def _pays(line: LineDecision, step: Step) -> Message:
    """Say "the product pays", for whom, where adults and children differ."""
    if not step.facts["by_age"]:
        return message("explanation.pays.all")
    group = AgeGroup.ADULT if line.facts["adult"] else AgeGroup.CHILD
    return message(f"explanation.pays.{group.word}")


def _fixed_limit(line: LineDecision, step: Step, teller: Teller) -> Sentence:
    values: Values = {"pays": _pays(line, step), "limit": teller.money(step.facts["limit"])}
    if step.taken == 0:
        return sentence("cut.limit.within", **values)
    values["taken"] = teller.plain(step.taken)
    if line.quantity == QUANTITY_ONE:
        return sentence("cut.limit.above_one", **values)
    most = teller.plain(step.facts["most"])
    return sentence("cut.limit.above", **values, quantity=Quantity(line.quantity), most=most)


def _deductible(line: LineDecision, step: Step, teller: Teller) -> Iterator[Sentence]:
    amount = step.facts["deductible_amount"]
    left_before, left_after = given(step.left_before), given(step.left_after)
    if amount == 0:
        return
    assert step.version is not None
    assert step.version.deductible is not None
    values: Values = {
        "amount": teller.money(amount),
        "per": _per(step.facts["deductible_per"], step.version.deductible.split, line.facts["care"]),
    }
    if left_before == 0:
        yield sentence("cut.deductible.gone", **values)
        return
    values |= {"taken": teller.plain(step.taken), "left_after": teller.plain(left_after)}
    after = "used_up" if left_after == 0 else "some_left"
    if left_before == amount:
        yield sentence(f"cut.deductible.untouched_{after}", **values)
    else:
        yield sentence(f"cut.deductible.{after}", **values, left_before=teller.plain(left_before))


def _co_insurance(line: LineDecision, step: Step, teller: Teller) -> Sentence:
    percentage: int = step.facts["percentage"]
    before = teller.money(step.before)
    if percentage == PERCENT_ALL and step.path is None:
        return sentence("cut.co_insurance.unsaid", before=before)
    values: Values = {"pays": _pays(line, step), "percentage": Percentage(percentage), "before": before}
    if percentage == PERCENT_ALL:
        return sentence("cut.co_insurance.whole", **values)
    if percentage == 0:
        return sentence("cut.co_insurance.nothing", **values)
    values["after"] = teller.plain(step.after)
    if step.taken == 0:
        return sentence("cut.co_insurance.rounded", **values)
    return sentence("cut.co_insurance.part", **values, taken=teller.plain(step.taken))


def _ceiling(line: LineDecision, step: Step, teller: Teller) -> Sentence:
    if step.cut is Cut.CATEGORY_EXCESS:
        amount = step.facts["category_ceiling"]
        per = message("explanation.per.category", category=step.facts["category"])
    else:
        assert step.version is not None
        assert step.version.ceiling is not None
        amount = step.facts["ceiling_amount"]
        per = _per(step.facts["ceiling_per"], step.version.ceiling.split, line.facts["care"])
    left_before, left_after = given(step.left_before), given(step.left_after)
    values: Values = {"amount": teller.money(amount), "per": per}
    if left_before == 0:
        return sentence("cut.ceiling.gone", **values, taken=teller.plain(step.taken))
    values["left_before"] = teller.plain(left_before)
    if step.taken:
        return sentence("cut.ceiling.reached", **values, taken=teller.plain(step.taken))
    if left_after == 0:
        return sentence("cut.ceiling.just_reached", **values)
    return sentence("cut.ceiling.within", **values, left_after=teller.plain(left_after))


def _per(level: Level, split: bool, care: Care) -> Message:
    per = message(f"explanation.per.{level.word}")
    return message("explanation.per.split", per=per, care=care) if split else per


def _result(line: LineDecision, teller: Teller) -> Sentence:
    values: Values = {"valuated": teller.money(line.valuated), "asked": teller.plain(asked_of(line))}
    if line.price_origin is PriceOrigin.RELATIVE:
        return sentence("result.nominal", **values)
    if line.valuated == 0:
        return sentence("result.nothing")
    if line.valuated == asked_of(line):
        return sentence("result.in_full", valuated=values["valuated"])
    return sentence("result.above" if line.valuated > asked_of(line) else "result.paid", **values)
