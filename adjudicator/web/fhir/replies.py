"""Answers: resources as bytes with their headers, and refusals as ``OperationOutcome``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.responses import Response

from adjudicator.fhir.writing import encoded, laid_out
from adjudicator.words import LANGUAGES, message
from ingest.fhir.outcome import Issue, Severity, operation_outcome

FHIR_JSON: Final = "application/fhir+json; charset=utf-8"
NDJSON: Final = "application/fhir+ndjson"
JSON: Final = "application/json"

Resource = dict[str, Any]


@dataclass
class Reply:
    """What is answered, and what is written down of it."""

    status: int
    resource: Resource | None = None
    headers: dict[str, str] = field(default_factory=dict)
    subject: str | None = None
    """Whom or what it was about, for the list of accesses."""
    written: Response | None = None
    """The response itself, where it is no resource: a file."""


class Declined(Exception):  # noqa: N818 - a request is declined; nothing of the program's is in error
    """A request that cannot be processed, with an HTTP status and the issues that say why."""

    def __init__(
        self,
        status: int,
        issues: Sequence[Issue],
        headers: Mapping[str, str] | None = None,
        subject: str | None = None,
    ) -> None:
        self.status, self.issues = status, list(issues)
        self.headers = dict(headers or {})
        self.subject = subject
        super().__init__(f"{status}: {', '.join(issue.what.key for issue in self.issues)}")

    def reply(self, language: str) -> Reply:
        """Give it as an answer."""
        return Reply(self.status, operation_outcome(self.issues, language), self.headers, self.subject)


def declined(status: int, code: str, key: str, /, **values: Any) -> Declined:
    """Decline a request for one reason.

    Args:
        status: of HTTP.
        code: one of FHIR's issue types.
        key: of the catalogue.
        **values: of its text.
    """
    severity: Severity = "fatal" if status >= 500 else "error"
    return Declined(status, [Issue(severity, code, message(key, **values))])


def come_again(status: int, code: str, key: str, seconds: float, /, **values: Any) -> Declined:
    """Send a request away, to come again."""
    found = declined(status, code, key, **values)
    found.headers["Retry-After"] = str(max(1, round(seconds)))
    return found


def response(reply: Reply, pretty: bool) -> Response:
    """Write an answer."""
    if reply.written is not None:
        reply.written.headers.update(reply.headers)
        return reply.written
    if reply.resource is None:
        return Response(status_code=reply.status, headers=reply.headers)
    content = laid_out(reply.resource) if pretty else encoded(reply.resource)
    headers = dict(reply.headers)
    if language := reply.resource.get("language"):
        headers.setdefault("Content-Language", language)
    return Response(content, reply.status, headers, FHIR_JSON)


def asked_language(accepted: str | None, default: str) -> str:
    """Choose the language of an answer: of those that there are, the one that the reader would rather have.

    Args:
        accepted: the header ``Accept-Language``.
        default: where the reader asks for none of them.
    """
    wishes: list[tuple[float, int, str]] = []
    for place, part in enumerate((accepted or "").split(",")[:20]):
        name, _, weight = part.strip().partition(";")
        language = name.strip()[:2].lower()
        if name.strip() == "*":
            language = default
        if language in LANGUAGES:
            wishes.append((-_weight(weight), place, language))
    wished = [wish for wish in sorted(wishes) if wish[0] < 0]
    return wished[0][2] if wished else default


def _weight(written: str) -> float:
    try:
        return float(written.strip().removeprefix("q=")) if written.strip() else 1.0
    except ValueError:
        return 0.0


def note(number: int, said: str, language: str) -> Resource:
    """Make a process note of an answer."""
    return {
        "number": number,
        "type": "display",
        "text": said,
        "language": {"coding": [{"system": "urn:ietf:bcp:47", "code": language}]},
    }
