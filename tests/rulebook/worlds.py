"""Random conditions and random handfuls of claims, small enough that everything meets everything."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from adjudicator.rulebook.fields import Level
from adjudicator.rulebook.rows import ClaimRow, completed

DAY = 20_000

_CLAIM_PARTS = (
    "patient.sex = female",
    "patient.sex != male",
    'claim.facility = "F1"',
    "claim.facility = claim.referred_from",
    "claim.facility != claim.referred_from",
    "claim.diagnosis in [A00..A09, B*]",
    "claim.diagnoses in [A01, C3]",
    "claim.diagnoses not in [A01, B2]",
    'claim.diagnoses = "A01"',
    'claim.diagnoses != "B2"',
    "claim.diagnoses is missing",
    "claim.date_to is missing",
    "claim.date_claimed - claim.target_date < -1",
    "2 + claim.target_date >= claim.date_claimed",
    "claim.claimed > 3.5",
    "2 * claim.claimed <= 7",
    "claim.claimed < 1.5 * average(claim.claimed, claims of facility, at least 1)",
    "claim.nights >= 1",
    "claim.in_patient",
    "claim.weekday in [6, 7]",
    "claim.date_claimed - claim.target_date > 1",
    "claim.target_date in [2024-10-05, 10-04]",
    "patient.age between 5 and 40",
    "count(claims of insuree, within 2 days before) >= 1",
    "count(claims of insuree and claim.diagnosis, within 1 days around, other facility) >= 1",
    "count(claims of insuree, within 3 days after, this claim too) > 1",
    "exists(claims of insuree and facility and claim.date_from, filed earlier)",
    "absent(claims of insuree, within 5 days before, where claim.diagnosis in [A*])",
    "exists(claims of insuree, overlapping)",
    "exists(claims of insuree, overlapping, other facility)",
    "count(patients of facility, same day) >= 2",
    "count(days of insuree and facility) >= 2",
    "count(facilities of family, same month) >= 2",
    "sum(claim.claimed, claims of family, same month) > 5",
    "sum(line.claimed, lines of insuree, within 2 days before, where line.kind = service) >= 2",
    "days_since(claims of insuree) <= 2",
    "days_since(claims of insuree and claim.diagnosis, within 3 days before) is given",
    "share(patient.sex = female, claims of facility, at least 1) > 40%",
    "percentile(75, claim.claimed, claims of claim.diagnosis, at least 1) < 4",
    "typical(claim.claimed, claims of facility.level, at least 1) >= claim.claimed",
    "peers(count(claims of facility) by facility among facility.level, 50) <= 2",
    "peers(count(claims of claim.claimed) by claim.claimed among facility.level, 50) <= 1",
    "peers(sum(claim.claimed, claims of facility) by facility among facility.level, 40) > 3.5",
    "count(claims of insuree, within 0 days before) >= 1",
    "count(lines of insuree, within 1 days around, this claim too, where line.quantity > 1) >= 2",
    "days_since(claims of insuree, where claim.in_patient) - claim.nights <= 1",
    "peers(share(patient.sex = male, claims of facility, at least 1)"
    " by facility among facility.level, 90) >= 50%",
    "exists(lines of claim, where line.quantity > 1)",
    'count(lines of claim, where line.code = "S1") >= 1',
    "count(claims of insuree, same day, same facility) >= 1",
)

_LINE_PARTS = (
    *_CLAIM_PARTS,
    "line.quantity * line.price_asked > 2",
    "line.quantity > claim.nights + 1",
    "line.quantity - claim.nights >= 1",
    "line.price_asked > 2 * provision.price",
    "provision.category in [surgery, delivery]",
    'line.code in ["S1", S2]',
    "count(lines of insuree and provision, within 2 days before) >= 1",
    "sum(line.quantity, lines of insuree and provision, same month, this claim too) > 2",
    "exists(lines of claim, where line.kind = item)",
    "typical(line.price_asked, lines of provision, at least 1) < line.price_asked",
    "count(lines of facility and line.code, same day, other facility) = 0",
    "days_since(lines of insuree and line.code) < 3",
    "exists(lines of insuree and provision, filed earlier)",
)


def conditions(level: Level) -> st.SearchStrategy[str]:
    """Make conditions of a level."""
    part = st.sampled_from(_LINE_PARTS if level is Level.LINE else _CLAIM_PARTS)
    return st.recursive(
        part,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(("and", "or")), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
            inner.map(lambda text: f"not ({text})"),
        ),
        max_leaves=4,
    )


_WORD = re.compile(r"\[[^\]]*\]|\"[^\"]*\"|[\w.]+%?|[<>!=]+|\S")
_ALIKE = (
    ("=", "!=", "<", "<=", ">", ">="),
    ("+", "-", "*"),
    ("and", "or"),
    ("0", "1", "7", "1.5", "50%", "200%", "-2", "2024-10-05", '"A01"', '"B*"', "female", "even", "(1 = 1)"),
    ("[A01, B*]", "[6]", "[female]", "[C3..B1]", "[2024-10-05, 10-04]", '["S1"]', "[]"),
    ("count", "exists", "absent", "sum", "typical", "average", "share", "peers", "days_since"),
    ("claims", "lines", "patients", "facilities", "days"),
    (
        "insuree",
        "family",
        "facility",
        "provision",
        "claim",
        "diagnosis",
        "claim.diagnosis",
        "claim.diagnoses",
    ),
    (
        "claim.diagnoses",
        "claim.nights",
        "claim.claimed",
        "claim.in_patient",
        "claim.target_date",
        "patient.sex",
    ),
    ("line.quantity", "line.code", "line.claimed", "provision.price", "claim.claimed", "facility.level"),
    ("before", "after", "around"),
    ("same", "other"),
    ("day", "month", "facility"),
    (
        "where",
        "same day",
        "filed earlier",
        "overlapping",
        "this claim too",
        "at least 1",
        "within 2 days around",
    ),
    ("not", "in", "is", "missing", "given", "between", "by", "among", "of", "(", ")", ",", "…"),
)
"""Words that stand in one another's places."""


@st.composite
def slips(draw: st.DrawFn) -> str:
    """Make a condition in which a word or two were forgotten, doubled or written by mistake."""
    words = _WORD.findall(draw(st.sampled_from(_LINE_PARTS)))
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.integers(0, len(words) - 1))
        alike = [group for group in _ALIKE if words[place] in group]
        kind = draw(st.sampled_from(("alike", "alike", "alike", "alike", "forgotten", "before", "doubled")))
        if kind == "alike" and alike:
            words[place] = draw(st.sampled_from(draw(st.sampled_from(alike))))
        elif kind == "forgotten" and len(words) > 1:
            del words[place]
        elif kind == "doubled":
            words.insert(place, words[place])
        else:
            words.insert(place, draw(st.sampled_from(draw(st.sampled_from(_ALIKE)))))
    return " ".join(words)


def _maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(strategy, strategy, strategy, st.none())


def _row(cells: dict[str, st.SearchStrategy[object]]) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({path: _maybe(strategy) for path, strategy in cells.items()}).map(
        lambda row: {path: cell for path, cell in row.items() if cell is not None}
    )


_CLAIM = _row(
    {
        "claim.facility": st.sampled_from(["F1", "F2", "F3"]),
        "claim.referred_from": st.sampled_from(["F1", "F2"]),
        "claim.insuree": st.sampled_from(["I1", "I2"]),
        "patient.family": st.sampled_from(["A", "B"]),
        "claim.diagnosis": st.sampled_from(["A01", "A09.1", "B2", "C3"]),
        "claim.date_from": st.integers(DAY, DAY + 5),
        "claim.date_claimed": st.integers(DAY, DAY + 8),
        "claim.claimed": st.integers(0, 600),
        "patient.sex": st.integers(1, 3),
        "patient.birth_date": st.integers(DAY - 20_000, DAY),
        "facility.level": st.integers(0, 1),
    }
)
_LINE = _row(
    {
        "line.kind": st.integers(0, 1),
        "line.code": st.sampled_from(["S1", "S2"]),
        "line.quantity": st.integers(0, 300),
        "line.price_asked": st.integers(0, 300),
        "line.claimed": st.integers(0, 300),
        "provision.price": st.integers(0, 200),
        "provision.category": st.integers(0, 5),
    }
)


@st.composite
def claims(draw: st.DrawFn) -> list[ClaimRow]:
    """Make some claims, of the past and of now, with a few gaps."""
    count = draw(st.integers(1, 7))
    order = draw(st.permutations(range(count)))
    made = []
    for place in range(count):
        fields = dict(draw(_CLAIM))
        begin = fields.get("claim.date_from")
        if isinstance(begin, int) and draw(st.booleans()):
            fields["claim.date_to"] = begin + draw(st.integers(0, 3))
        several = draw(
            st.sampled_from([{}, {"claim.diagnoses": ("A01", "C3")}, {"claim.diagnoses": ("B2",)}])
        )
        row, diagnoses = completed(fields, several)  # type: ignore[arg-type]
        lines = tuple(draw(st.lists(_LINE, max_size=3)))
        made.append(ClaimRow(row, lines, order[place], draw(st.booleans()), diagnoses))  # type: ignore[arg-type]
    return made
