"""How the server is run: its bounds, and how resources are read and written."""

from __future__ import annotations

from dataclasses import dataclass, field

from adjudicator.fhir.systems import Flavour
from ingest.fhir.profile import Profile, shipped


@dataclass(frozen=True)
class Settings:
    """Bounds and habits of a server."""

    base: str | None = None
    """The address that facilities know it by, without a slash at its end; None: as the request came."""
    profile: Profile = field(default_factory=shipped)
    """How senders write their claims."""
    flavour: Flavour = Flavour.STANDARD
    """How answers are written."""
    language: str = "en"
    """Of readers who ask for none that there is."""
    largest: int = 2 << 20
    """Bytes that a body may have, unpacked."""
    largest_import: int = 256 << 20
    """Bytes that a file of a bulk intake may have, unpacked."""
    deepest: int = 48
    """Levels of nesting; R4's own resources need about fifteen."""
    rate: float = 25.0
    """Requests a second that a token may send, in the long run."""
    burst: int = 100
    """Requests that it may send at once."""
    guesses: int = 30
    """Wrong tokens that an address may try in a minute."""
    waiting: int = 512
    """Requests that may wait at a time; more are sent away."""
    readers: int = 4
    """Threads that read."""
    patience: float = 30.0
    """Seconds after which a request is told to come again."""
    slow_body: float = 30.0
    """Seconds in which a body must have come."""
    gathering: float = 0.004
    """Seconds for which claims are gathered that are decided together."""
    retry: int = 2
    """Seconds after which who was sent away may come again."""
    undecided: float = 5.0
    """Seconds between two looks at claims that wait to be decided."""
    page: int = 20
    """Answers on a page of a search, where nothing else is asked for."""
    largest_page: int = 200
    jobs: int = 4
    """Bulk jobs of a facility that may wait at a time."""
    kept: int = 7
    """Days for which the files of bulk jobs are kept."""
