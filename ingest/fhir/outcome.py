"""What is wrong with a resource, and how FHIR says so: issues, and the ``OperationOutcome`` of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from adjudicator.words import LANGUAGES, Message, entries, say

Severity = Literal["fatal", "error", "warning", "information"]

SYSTEM: Final = "urn:adjudicator:message"
"""The code system of our messages' keys, in ``issue.details.coding``."""

TRANSLATION: Final = "http://hl7.org/fhir/StructureDefinition/translation"

REFUSING: Final = frozenset(("fatal", "error"))
"""The severities for which a resource is set aside."""


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong with a resource.

    ``code`` is one of FHIR's issue types (``required``, ``structure``, ``invariant``, …); ``expression`` is
    the FHIRPath of the element (``Claim.item[0].net``), empty where it is the resource as a whole.
    """

    severity: Severity
    code: str
    what: Message
    expression: str = ""
    value: str = ""
    """What stands there, shortened."""

    @property
    def refuses(self) -> bool:
        """Whether the resource cannot be taken with it."""
        return self.severity in REFUSING

    @property
    def remedy(self) -> Message | None:
        """What to do about it, where the catalogue has it under the key with ``.remedy``."""
        key = f"{self.what.key}.remedy"
        return Message(key, self.what.values) if key in entries() else None


def operation_outcome(issues: Iterable[Issue], language: str = "en") -> dict[str, Any]:
    """Tell issues as an R4 ``OperationOutcome``, as JSON values.

    ``details.text`` has the words in the asked language, and those of the other languages as translations;
    ``details.coding`` has the key of our catalogue, ``diagnostics`` what to do about it. Without issues it
    says that all is well, as FHIR has it.

    Args:
        issues: in the order in which they are to be told.
        language: of the words.
    """
    told = [_told(issue, language) for issue in issues]
    if not told:
        words = say(Message("fhir_intake.all_well"), language)
        told = [{"severity": "information", "code": "informational", "details": {"text": words}}]
    return {"resourceType": "OperationOutcome", "language": language, "issue": told}


def _told(issue: Issue, language: str) -> dict[str, Any]:
    others = [other for other in LANGUAGES if other != language]
    details = {
        "coding": [{"system": SYSTEM, "code": issue.what.key}],
        "text": say(issue.what, language),
        "_text": {
            "extension": [
                {
                    "url": TRANSLATION,
                    "extension": [
                        {"url": "lang", "valueCode": other},
                        {"url": "content", "valueString": say(issue.what, other)},
                    ],
                }
                for other in others
            ]
        },
    }
    told: dict[str, Any] = {"severity": issue.severity, "code": issue.code, "details": details}
    if remedy := issue.remedy:
        told["diagnostics"] = say(remedy, language)
    if issue.expression:
        told["expression"] = [issue.expression]
    return told
