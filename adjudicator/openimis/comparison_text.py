"""A comparison of two sets of openIMIS's tables, for people and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from adjudicator.openimis.comparing import Pairing
from adjudicator.openimis.report import cause_of, money
from adjudicator.openimis.report_text import LINES_SHOWN, signed, table
from adjudicator.openimis.written import write_rows
from adjudicator.words import LANGUAGES, Amount, message, say, text
from ingest.openimis.theirs import TheirClaim


def lines_of(pairing: Pairing, decimals: int, language: str) -> Iterator[str]:
    """Tell a comparison, as Markdown."""

    def amount(minor: int) -> Amount:
        return Amount(minor, decimals)

    def shown(minor: int) -> str:
        return say(message("openimis.amount", amount=amount(minor)), language)

    if pairing.same:
        yield text("openimis.compare.same", language, claims=pairing.claims, amount=amount(pairing.ours))
    else:
        yield text(
            "openimis.compare.summary",
            language,
            claims=pairing.claims,
            alike=pairing.alike,
            theirs=amount(pairing.theirs),
            ours=amount(pairing.ours),
            difference=signed(pairing.ours - pairing.theirs, decimals, language),
        )
    for key, claims in (("only_theirs", pairing.only_theirs), ("only_ours", pairing.only_ours)):
        if claims:
            worth = sum(claim.valuated for claim in claims)
            yield text(f"openimis.compare.{key}", language, claims=len(claims), amount=amount(worth))
    if pairing.unmatched:
        names = ["/".join(key) for key in pairing.unmatched[:LINES_SHOWN]]
        yield text("openimis.compare.unmatched", language, claims=names)
    for source in dict.fromkeys(source for source, _ in pairing.set_aside):
        aside = [remark for of, remark in pairing.set_aside if of == source]
        first = f"{aside[0].table} {aside[0].id} {aside[0].field}: {say(aside[0].reason, language)}"
        yield text("openimis.compare.set_aside", language, rows=len(aside), source=source, first=first)
    if not pairing.lines:
        return
    heads = [
        text(f"openimis.report.comparison.{name}", language) for name in ("cause", "lines", "difference")
    ]
    yield ""
    yield from table(
        heads,
        [
            [say(cause_of(cause, reason), language), count, signed(total, decimals, language)]
            for (cause, reason), (count, total) in pairing.totals.items()
        ],
        language,
    )
    yield ""
    header = [text(f"openimis.report.comparison.{key}", language) for key in ("facility", "claim", "line")]
    header += [text(f"openimis.compare.{name}", language) for name in ("theirs", "ours")]
    header += [text(f"openimis.report.comparison.{name}", language) for name in ("difference", "cause")]
    rows: list[Sequence[object]] = [
        [
            pair.facility,
            pair.claim,
            f"{pair.line} {pair.code}",
            shown(pair.theirs),
            shown(pair.ours),
            signed(pair.difference, decimals, language),
            "; ".join(say(part.said, language) for part in pair.parts),
        ]
        for pair in pairing.lines[:LINES_SHOWN]
    ]
    yield from table(header, rows, language)


_COLUMNS = (
    "where",
    "facility",
    "claim",
    "line",
    "kind",
    "code",
    "theirs",
    "ours",
    "difference",
    *(f"cause_{language}" for language in LANGUAGES),
)


def write_pairs(pairing: Pairing, path: Path, decimals: int) -> None:
    """Write every line that differs, and every claim that one side lacks, as a CSV file."""
    rows: list[dict[str, object]] = [
        {
            "where": "both",
            "facility": pair.facility,
            "claim": pair.claim,
            "line": pair.line,
            "kind": pair.kind,
            "code": pair.code,
            "theirs": money(pair.theirs, decimals),
            "ours": money(pair.ours, decimals),
            "difference": money(pair.difference, decimals),
            **{
                f"cause_{language}": "; ".join(say(part.said, language) for part in pair.parts)
                for language in LANGUAGES
            },
        }
        for pair in pairing.lines
    ]
    rows += [_alone("theirs", claim, decimals) for claim in pairing.only_theirs]
    rows += [_alone("ours", claim, decimals) for claim in pairing.only_ours]
    rows += [
        {"where": "other_lines", "facility": facility, "claim": claim}
        for facility, claim in pairing.unmatched
    ]
    write_rows(path, _COLUMNS, rows)


def _alone(where: str, claim: TheirClaim, decimals: int) -> dict[str, object]:
    worth = money(claim.valuated, decimals)
    return {"where": where, "facility": claim.facility, "claim": claim.claim, where: worth}
