"""Notes what is wrong with one resource, as grave as the profile of its sender takes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from adjudicator.words import Message, message
from ingest.fhir.outcome import Issue, Severity
from ingest.fhir.profile import Profile
from ingest.fhir.thorough import Finding, Steps

USABLE: Final = frozenset(
    f"fhir_intake.{key}"
    for key in ("no_contained", "no_zone", "not_in_value_set", "required", "target", "text")
)
"""What is wrong with elements that can be read all the same, where it is tolerated."""


class Judge:
    """The issues of one resource so far."""

    __slots__ = ("_profile", "issues", "resource_type")

    def __init__(self, profile: Profile, resource_type: str) -> None:
        self._profile = profile
        self.resource_type = resource_type
        self.issues: list[Issue] = []

    @property
    def refuses(self) -> bool:
        """Whether anything was found for which the resource cannot be taken."""
        return any(issue.refuses for issue in self.issues)

    def wrong(self, key: str, code: str, expression: str, value: object = "", **values: Any) -> None:
        """Note a mistake: an error, or a warning where the profile tolerates it.

        Args:
            key: of the catalogue, after ``fhir_intake.``.
            code: FHIR's issue type.
            expression: the element, after the resource's type.
            value: what stands there.
            values: what fills the words.
        """
        self._note(
            code, message(f"fhir_intake.{key}", **values), f"{self.resource_type}.{expression}", str(value)
        )

    def tell(
        self, key: str, code: str, expression: str, severity: Severity = "information", **values: Any
    ) -> None:
        """Note something that is no mistake."""
        what = message(f"fhir_intake.{key}", **values)
        self.issues.append(Issue(severity, code, what, f"{self.resource_type}.{expression}"))

    def found(self, findings: Iterable[Finding]) -> list[Steps]:
        """Note what the thorough way found; give the steps to what is tolerated, which must not be used."""
        tolerated = []
        for finding in findings:
            issue = finding.issue(self.resource_type)
            severity = self._note(issue.code, issue.what, issue.expression, issue.value, finding.inner)
            if severity == "warning" and issue.what.key not in USABLE:
                tolerated.append(finding.steps)
        return tolerated

    def _note(self, code: str, what: Message, expression: str, value: str, inner: str = "") -> Severity:
        tolerated = self._profile.tolerated
        lets_pass = tolerated(what.key, expression) or (inner and tolerated(what.key, inner))
        severity: Severity = "warning" if lets_pass else "error"
        self.issues.append(Issue(severity, code, what, expression, value))
        return severity
