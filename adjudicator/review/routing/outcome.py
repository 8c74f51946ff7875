"""What the routing of a case comes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from adjudicator.review.routing.facts import Field, Type, Value
from adjudicator.review.routing.plain import Firing
from adjudicator.review.routing.rules import Routing, Rule
from adjudicator.vocabulary import Category, ClaimStatus, FacilityLevel, Severity, VisitType, Word
from adjudicator.words import Amount, Message, fill, message

_VOCABULARIES: dict[str, type[Word]] = {
    kind.__name__: kind for kind in (Category, ClaimStatus, FacilityLevel, Severity, VisitType)
}


@dataclass(frozen=True)
class Routed:
    """Where a case should go, and why. Proposals: an officer, or a person who sets officers to work, acts."""

    queue: str | None
    """The queue that it belongs into; None leaves it where it is."""
    escalate: bool
    second_officer: bool
    returns: tuple[str, ...]
    """The coded reasons for which the facility should complete the claim."""
    fast_track: bool
    """Nothing speaks against closing it without a long look: never together with any of the above but a
    queue."""
    findings: tuple[str, ...]
    why: tuple[Firing, ...]
    """The rules that spoke, with the facts that made them, in the order of their names."""
    back_end: str
    """What evaluated the rules: ``plain`` or ``durable``."""
    replaced: Message | None = None
    """Why the plain evaluation answered although another back end was asked for."""


def routed(routing: Routing, why: tuple[Firing, ...], back_end: str, replaced: Message | None) -> Routed:
    """Put together what the rules that spoke conclude.

    A queue with the highest priority wins, among equals the one whose name comes first. A case that anything
    else is proposed for has no fast track.
    """
    conclusions = [routing.by_name[firing.rule].definition.then for firing in why]
    acts = {then.act for then in conclusions if then.act is not None}
    queues = [then.queue for then in conclusions if then.queue is not None]
    returns = tuple(sorted({then.returned.reason for then in conclusions if then.returned is not None}))
    findings = tuple(sorted({then.finding for then in conclusions if then.finding is not None}))
    held = bool(returns) or not acts <= {"fast_track"}
    return Routed(
        min(queues, key=lambda queue: (-queue.priority, queue.name)).name if queues else None,
        "escalate" in acts,
        "second_officer" in acts,
        returns,
        "fast_track" in acts and not held,
        findings,
        why,
        back_end,
        replaced,
    )


def explanation(rule: Rule, firing: Firing, decimals: int, language: str) -> str:
    """Tell why a rule spoke, in a language.

    Args:
        rule: the rule.
        firing: of it.
        decimals: of the currency.
        language: of the reader.
    """
    values = {
        name: _value(place.field, firing.facts[place.pattern].get(place.field.name), decimals)
        for name, place in rule.told.items()
    }
    return fill(getattr(rule.definition.explanation, language), values, language)


def _value(field: Field, value: Value | None, decimals: int) -> Any:
    if value is None:
        return "–"
    match field.type:
        case Type.MONEY:
            return Amount(int(value), decimals)
        case Type.NUMBER:
            return int(value)
        case Type.WORD if field.list in _VOCABULARIES:
            return _VOCABULARIES[field.list](int(value))
        case Type.WORD:
            return message(_label_of(field.list, str(value)))
        case _:
            return str(value)


def _label_of(words: str, value: str) -> str:
    return f"review.event.{value}" if words == "What" else f"routing.outcome.{value}"


def proposals(result: Routed) -> Iterable[Message]:
    """Tell what is proposed for a case, one message each; nothing where the rules are silent."""
    facts: Mapping[str, bool] = {
        "escalate": result.escalate,
        "second_officer": result.second_officer,
        "fast_track": result.fast_track,
    }
    if result.queue is not None:
        yield message("routing.then.queue", queue=result.queue)
    yield from (message(f"routing.then.{act}") for act, asked in facts.items() if asked)
    for reason in result.returns:
        said = message(f"review.reason.{reason.lower().replace('-', '_')}")
        yield message("routing.then.return", reason=reason, label=said)
