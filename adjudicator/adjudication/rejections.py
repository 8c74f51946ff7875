"""Why a claim, a line, or a policy that could have paid it, was turned down: in sentences.

One function for each check of the law, section 4, in its order. Each gives the values that made the check
fail, and what the facility can do where there is something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from adjudicator.adjudication.records import Claim, ClaimLine, Cover
from adjudicator.adjudication.reference import EarlierClaim, EarlierLine, Struck
from adjudicator.adjudication.telling import (
    Sentence,
    Teller,
    counted,
    day,
    period,
    periods,
    sentence,
    this,
)
from adjudicator.units import date_of
from adjudicator.vocabulary import (
    COUNT_REASON,
    AgeGroup,
    PolicyStatus,
    Reason,
    Sex,
    Stage,
)
from adjudicator.words import Message, Quantity, message

MOST_LISTED: Final = 4
"""How many earlier claims or policies are told one by one; those before them are left out."""


def why_claim(struck: Struck, claim: Claim, teller: Teller) -> tuple[Sentence, ...]:
    """Say why a claim was turned down as a whole (section 4.1)."""
    return tuple(_OF_CLAIM[struck.reason](struck, claim, teller))


def why_line(struck: Struck, claim: Claim, line: ClaimLine, teller: Teller) -> tuple[Sentence, ...]:
    """Say why a line, or a policy that could have paid it, was turned down (section 4.2)."""
    return tuple(_OF_LINE[struck.reason](struck, claim, line, teller))


# Checks on the claim.


def _target_date(struck: Struck, claim: Claim, teller: Teller) -> Iterator[Sentence]:
    match struck.facts["why"]:
        case "no_date":
            yield sentence("dates.no_date")
        case "ends_before_start":
            yield sentence("dates.ends_before_start", start=day(claim.date_from), end=day(claim.date_to))
        case _:
            dates = {"claimed": day(claim.date_claimed), "start": day(claim.date_from)}
            yield sentence("dates.claimed_before_start", **dates)


def _insuree(struck: Struck, claim: Claim, teller: Teller) -> Iterator[Sentence]:
    if struck.facts["why"] == "unknown":
        yield sentence("insuree.unknown", insuree=claim.insuree)
    else:
        held = periods(struck.facts["rows"])
        yield sentence("insuree.not_valid", insuree=claim.insuree, date=day(claim.target_date), periods=held)


def _diagnosis(struck: Struck, claim: Claim, teller: Teller) -> Iterator[Sentence]:
    code, rows = struck.facts["diagnosis"], struck.facts["rows"]
    if rows:
        yield sentence("diagnosis.not_valid", code=code, date=day(claim.target_date), periods=periods(rows))
    else:
        yield sentence("diagnosis.unknown", code=code)


def _no_coverage(struck: Struck, claim: Claim, teller: Teller) -> Iterator[Sentence]:
    def order(cover: Cover) -> tuple[int, str, int]:
        return cover.policy.effective, cover.policy.policy, cover.effective

    covers = sorted(struck.facts["covers"], key=order)
    target = day(claim.target_date)
    if not covers:
        yield sentence("coverage.no_policy", insuree=claim.insuree)
    else:
        yield sentence("coverage.none", insuree=claim.insuree, date=target)
        for cover in covers[-MOST_LISTED:]:
            yield _why_not_in_force(cover, claim)
    yield sentence("coverage.ask", date=target)


def _why_not_in_force(cover: Cover, claim: Claim) -> Sentence:
    """Say the first that keeps a policy from covering the patient; where dates do, no status would help."""
    policy, target = cover.policy, claim.target_date
    assert target is not None
    values = {"policy": policy.policy, "product": policy.product}
    if target < policy.effective:
        return sentence("coverage.policy_later", **values, date=date_of(policy.effective))
    if target > policy.expiry:
        return sentence("coverage.policy_ended", **values, date=date_of(policy.expiry))
    if target < cover.effective:
        return sentence("coverage.cover_later", **values, date=date_of(cover.effective))
    if target > cover.expiry:
        return sentence("coverage.cover_ended", **values, date=date_of(cover.expiry))
    assert policy.status not in (PolicyStatus.ACTIVE, PolicyStatus.EXPIRED)
    return sentence(f"coverage.{policy.status.word}", **values)


def _no_lines(struck: Struck, claim: Claim, teller: Teller) -> Iterator[Sentence]:
    yield sentence("no_lines")


# Checks on the line.


def _medical_officer(struck: Struck, claim: Claim, line: ClaimLine, teller: Teller) -> Iterator[Sentence]:
    yield sentence("medical_officer")


def _rule(struck: Struck, claim: Claim, line: ClaimLine, teller: Teller) -> Iterator[Sentence]:
    yield sentence("rule", rule=line.rejected_by_rule)


def _not_in_register(struck: Struck, claim: Claim, line: ClaimLine, teller: Teller) -> Iterator[Sentence]:
    facts = struck.facts
    if facts["why"] == "not_valid":
        held = periods(facts["rows"])
        yield sentence("register.not_valid", code=line.code, date=day(claim.target_date), periods=held)
    elif facts["known_as"] is not None:
        yield sentence(f"register.known_as_{facts['known_as'].word}", code=line.code)
    else:
        yield sentence(f"register.no_{line.kind.word}", code=line.code)


def _not_in_price_list(struck: Struck, claim: Claim, line: ClaimLine, teller: Teller) -> Iterator[Sentence]:
    price_list, rows = struck.facts["price_list"], struck.facts["rows"]
    if price_list is None:
        yield sentence(f"price_list.no_list_of_{line.kind.word}s")
        return
    values = {"list": price_list, "this": this(line)}
    if rows:
        yield sentence("price_list.not_valid", **values, date=day(claim.target_date), periods=periods(rows))
    else:
        yield sentence("price_list.not_listed", **values)
    yield sentence("price_list.ask")


def _care_type(struck: Struck, claim: Claim, line: ClaimLine, teller: Teller) -> Iterator[Sentence]:
    values: dict[str, Any] = {"this": this(line)}
    if claim.in_patient:
        values |= {"start": day(claim.date_from), "end": day(claim.date_to)}
    yield sentence(f"care.{struck.facts['why']}", **values)


def _patient_category(struck: Struck, claim: Claim, line: ClaimLine, teller: Teller) -> Iterator[Sentence]:
    facts = struck.facts
    if facts["sex"] is Sex.MALE:
        yield sentence("patient.men_only", this=this(line))
    elif facts["sex"] is Sex.FEMALE:
        known = facts["patient_sex"] is Sex.MALE
        yield sentence("patient.women_only" if known else "patient.women_only_sex_unknown", this=this(line))
    if facts["age"] is not None:
        yield _not_of_age(facts, claim, line)
    yield sentence("patient.ask")


def _not_of_age(facts: Mapping[str, Any], claim: Claim, line: ClaimLine) -> Sentence:
    values: dict[str, Any] = {"this": this(line), "adult_age": counted("years", facts["adult_age"])}
    if facts["patient_years"] is None:
        # Who is of unknown age is an adult, whom nothing for adults is refused.
        return sentence("patient.children_only_age_unknown", **values)
    values |= {"years": counted("years", facts["patient_years"]), "date": day(claim.target_date)}
    group = "adults" if facts["age"] is AgeGroup.ADULT else "children"
    return sentence(f"patient.{group}_only", **values)


def _frequency(struck: Struck, claim: Claim, line: ClaimLine, teller: Teller) -> Iterator[Sentence]:
    other: EarlierClaim = struck.facts["other"]
    days: int = struck.facts["days"]
    values = {"this": this(line), **_earlier(other)}
    if days == 1:
        yield sentence("frequency.same_day", **values)
        return
    yield sentence("frequency.days", **values, days=days)
    if claim.target_date is not None and other.target_date <= claim.target_date:
        yield sentence("frequency.from", date=date_of(other.target_date + days))


def _earlier(claim: EarlierClaim) -> dict[str, Any]:
    return {"claim": claim.claim, "facility": claim.facility, "date": date_of(claim.target_date)}


def _not_covered(struck: Struck, claim: Claim, line: ClaimLine, teller: Teller) -> Iterator[Sentence]:
    assert struck.cover is not None
    values = {**_policy(struck), "this": this(line), "date": day(claim.target_date)}
    if struck.version is None:
        yield sentence("covered.no_version", **values)
        return
    term = teller.term(struck.version, struck.path)
    yield sentence(f"covered.{struck.facts['why']}", term, **values)
    if visits := struck.facts["visit_types"]:
        yield sentence("covered.other_visits", this=this(line), visits=visits)


# Checks on each policy that could pay.


def _policy(struck: Struck) -> dict[str, str]:
    assert struck.cover is not None
    return {"policy": struck.cover.policy.policy, "product": struck.cover.policy.product}


def _insurance_period(struck: Struck) -> Message:
    assert struck.cover is not None
    return period(struck.cover.effective, struck.cover.end)


def _waiting(struck: Struck, claim: Claim, line: ClaimLine, teller: Teller) -> Iterator[Sentence]:
    facts = struck.facts
    assert struck.cover is not None
    assert struck.version is not None
    because = "new" if struck.cover.policy.stage is Stage.NEW else "joined_later"
    yield sentence(
        f"waiting.{because}",
        teller.term(struck.version, struck.path),
        **_policy(struck),
        this=this(line),
        months=counted("months", facts["months"]),
        start=date_of(facts["from"]),
        until=date_of(facts["until"]),
    )


def _quantity(struck: Struck, claim: Claim, line: ClaimLine, teller: Teller) -> Iterator[Sentence]:
    assert struck.version is not None
    term = teller.term(struck.version, struck.path)
    limit = struck.facts["limit"]
    values = {**_policy(struck), "this": this(line), "period": _insurance_period(struck)}
    if limit == 0:
        yield sentence("quantity.none", term, **values)
    else:
        uses = quantity_uses(struck.facts)
        yield sentence("quantity.used_up", term, **values, limit=Quantity(limit), uses=uses)


def quantity_uses(facts: Mapping[str, Any]) -> list[Message]:
    """List what used a quantity limit: earlier claims, and earlier lines of the same claim."""
    earlier: Sequence[EarlierLine] = facts["earlier"]
    uses = []
    if before := earlier[:-MOST_LISTED]:
        total = sum(line.quantity for line in before)
        uses.append(message("explanation.use.before", quantity=Quantity(total)))
    for line in earlier[-MOST_LISTED:]:
        values = {"quantity": Quantity(line.quantity), **_earlier(line.claim)}
        uses.append(message("explanation.use.claim", **values))
    if facts["here"]:
        uses.append(message("explanation.use.here", quantity=Quantity(facts["here"])))
    return uses


def _count(struck: Struck, claim: Claim, line: ClaimLine, teller: Teller) -> Iterator[Sentence]:
    assert struck.version is not None
    term = teller.term(struck.version, struck.path)
    limit, claims = struck.facts["limit"], struck.facts["claims"]
    values = {**_policy(struck), "category": struck.facts["category"]}
    if limit == 0:
        yield sentence("count.none", term, **values)
        return
    values |= {"limit": counted("claims", limit), "period": _insurance_period(struck)}
    listed = [message("explanation.count.claim", **_earlier(other)) for other in claims[-MOST_LISTED:]]
    if left_out := len(claims) - len(listed):
        listed.insert(0, counted("count.before", left_out))
    yield sentence("count.reached", term, **values, claims=listed)


_OF_CLAIM: Final[Mapping[Reason, Callable[[Struck, Claim, Teller], Iterator[Sentence]]]] = {
    Reason.TARGET_DATE: _target_date,
    Reason.INSUREE: _insuree,
    Reason.DIAGNOSIS: _diagnosis,
    Reason.NO_COVERAGE: _no_coverage,
    Reason.NOT_IN_REGISTER: _no_lines,
}

_OF_LINE: Final[Mapping[Reason, Callable[[Struck, Claim, ClaimLine, Teller], Iterator[Sentence]]]] = {
    Reason.RULE: _rule,
    Reason.MEDICAL_OFFICER: _medical_officer,
    Reason.NOT_IN_REGISTER: _not_in_register,
    Reason.NOT_IN_PRICE_LIST: _not_in_price_list,
    Reason.CARE_TYPE: _care_type,
    Reason.PATIENT_CATEGORY: _patient_category,
    Reason.FREQUENCY: _frequency,
    Reason.NOT_COVERED: _not_covered,
    Reason.WAITING_PERIOD: _waiting,
    Reason.QUANTITY: _quantity,
    **dict.fromkeys(COUNT_REASON.values(), _count),
}
