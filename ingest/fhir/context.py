"""What resources refer to: who is meant by ``Patient/17`` or ``urn:uuid:…``, in the scheme's own codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol

from ingest.fhir.profile import Profile, Wanted
from ingest.fhir.thorough import Unreadable, contained_id, tree_of
from ingest.fhir.views import View

KIND_OF: Final = {
    "Patient": "patient",
    "Organization": "facility",
    "Practitioner": "practitioner",
    "PractitionerRole": "practitioner",
    "ActivityDefinition": "provision",
    "ChargeItemDefinition": "provision",
    "Medication": "provision",
    "Group": "group",
    "Coverage": "policy",
}
"""What the identifiers of a type of resource identify, as profiles name it."""


class Known(NamedTuple):
    """A resource that was sent, as far as others need to know it."""

    resource_type: str
    code: str | None
    """Its code in the scheme; of a condition, the diagnosis."""
    group: str | None = None
    """Of a patient: the reference to its family, where it has one."""


class Lookup(Protocol):
    """Finds resources by what references say."""

    def find(self, reference: str) -> Known | None:
        """Give the resource that a reference leads to, if it was sent."""

    def group_of(self, reference: str) -> str | None:
        """Give the code of the group that has a resource among its members."""


class Nothing:
    """Nothing was sent beside."""

    def find(self, reference: str) -> Known | None:
        """Find nothing."""
        return None

    def group_of(self, reference: str) -> str | None:
        """Find nothing."""
        return None


class Given:
    """Resources that a caller holds, as JSON values or bytes, by their references."""

    def __init__(self, held: Mapping[str, Any], profile: Profile) -> None:
        self._held = held
        self._profile = profile

    def find(self, reference: str) -> Known | None:
        """Give the resource that a reference leads to."""
        held = self._held.get(reference)
        if isinstance(held, bytes):
            try:
                held = tree_of(held)
            except Unreadable:
                return None
        return known_of(View(held), self._profile) if isinstance(held, dict) else None

    def group_of(self, reference: str) -> str | None:
        """Say nothing: what a caller holds is asked for by its reference."""
        return None


class Index:
    """Resources that were met in files; where two differ that go by one reference, none is meant by it."""

    def __init__(self, beside: Lookup | None = None) -> None:
        self._beside = beside or Nothing()
        self._known: dict[str, Known | None] = {}
        self._groups: dict[str, str] = {}

    def add(self, resource: Any, resource_type: str, profile: Profile, full_url: str | None = None) -> None:
        """Take a resource in, whether it is a struct or a view."""
        known = known_of(resource, profile, resource_type)
        for reference in _references(resource, resource_type, full_url):
            if self._known.setdefault(reference, known) != known:
                self._known[reference] = None
        if resource_type == "Group" and known.code is not None:
            for member in resource.member or ():
                if member.entity is not None and member.entity.reference:
                    self._groups.setdefault(member.entity.reference, known.code)

    def find(self, reference: str) -> Known | None:
        """Give the resource that a reference leads to, wherever it says that it is."""
        for name in (reference, _relative(reference)):
            if name in self._known:
                return self._known[name]
        return self._beside.find(reference)

    def group_of(self, reference: str) -> str | None:
        """Give the code of the group that has a resource among its members."""
        return self._groups.get(reference) or self._beside.group_of(reference)


def _relative(reference: str) -> str:
    """Give the end of a reference that names type and id."""
    return "/".join(reference.partition("/_history/")[0].split("/")[-2:])


class Within:
    """What a resource contains, before what was sent beside it."""

    def __init__(self, contained: list[Any], profile: Profile, beside: Lookup) -> None:
        self._beside = beside
        self._held = {one.id: known_of(one, profile) for one in contained if isinstance(one, View) and one.id}

    def find(self, reference: str) -> Known | None:
        """Give the resource that a reference leads to."""
        if reference.startswith("#"):
            return self._held.get(contained_id(reference))
        return self._beside.find(reference)

    def group_of(self, reference: str) -> str | None:
        """Give the code of the group that has a resource among its members."""
        return self._beside.group_of(reference)


def known_of(resource: Any, profile: Profile, resource_type: str | None = None) -> Known:
    """Say what others need to know of a resource."""
    name = resource_type or resource.resource_type
    if name == "Condition":
        concept = resource.code
        return Known(name, coded(concept.coding if concept else None, profile.diagnoses.systems))
    kind = "location" if name == "Location" else KIND_OF.get(name)
    if kind is None:
        return Known(str(name), None)
    group = None
    if name == "Patient":
        reference = extended(resource.extension, profile.extensions.group, "value_reference")
        group = reference.reference if reference is not None else None
    return Known(name, code_of(resource, kind, profile), group)


def extended(extensions: Any, endings: tuple[str, ...], attribute: str) -> Any:
    """Give the value of the first extension whose URL ends as is wanted."""
    for extension in extensions or () if endings else ():
        if extension.url is not None and extension.url.endswith(endings):
            return getattr(extension, attribute)
    return None


def code_of(resource: Any, kind: str, profile: Profile) -> str | None:
    """Give the code of a resource by its identifiers; else its id, where the profile knows it by that."""
    found = identified(resource.identifier, getattr(profile.identifiers, kind))
    if found is None and kind in profile.known_by_id:
        found = resource.id
    return found


def identified(identifiers: Any, wanted: tuple[Wanted, ...]) -> str | None:
    """Give the value of the first identifier that is wanted."""
    if identifiers is None:
        return None
    if type(identifiers) is not list and len(wanted) == 1:
        return matching(identifiers, wanted[0])
    held = identifiers if type(identifiers) is list else (identifiers,)
    for one in wanted:
        for identifier in held:
            if (value := matching(identifier, one)) is not None:
                return value
    return None


def matching(identifier: Any, wanted: Wanted) -> str | None:
    """Give an identifier's value, if it is the one wanted."""
    if wanted.system is not None and identifier.system != wanted.system:
        return None
    if wanted.type is not None:
        concept = identifier.type
        for coding in (concept.coding or ()) if concept is not None else ():
            if coding.code == wanted.type:
                break
        else:
            return None
    value: str | None = identifier.value
    return value


def coded(codings: Any, systems: tuple[str, ...]) -> str | None:
    """Give the code of a concept: of the first system that is wanted, else the first."""
    if not codings:
        return None
    for system in systems:
        for coding in codings:
            if coding.system == system and coding.code is not None:
                return str(coding.code)
    return next((str(coding.code) for coding in codings if coding.code is not None), None)


def _references(resource: Any, resource_type: str, full_url: str | None) -> Iterator[str]:
    if full_url:
        yield full_url
    if resource.id:
        yield f"{resource_type}/{resource.id}"
        yield f"urn:uuid:{resource.id}"
