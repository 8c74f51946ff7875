"""The field's fixed words: kinds, categories, statuses, levels and reason codes.

Each vocabulary is an enumeration whose value is what the arrays hold and whose ``word`` is what files
hold. Labels for people, in English and French, are in the catalogue under ``<vocabulary>.<word>``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, Self


class Word(IntEnum):
    """A member of a fixed vocabulary: an integer in arrays, a word in files."""

    @property
    def word(self) -> str:
        """The word that tables and definitions use."""
        return self.name.lower()

    @classmethod
    def words(cls) -> list[str]:
        """All words of the vocabulary, in the order of their integers."""
        return [member.name.lower() for member in cls]

    @classmethod
    def of(cls, word: str) -> Self:
        """Find the member for a word.

        Raises:
            KeyError: the vocabulary has no such word.

        """
        if word != word.lower():
            raise KeyError(word)
        return cls[word.upper()]


class Kind(Word):
    """What a provision is. The order is that in which the lines of a claim are taken (law, section 3)."""

    ITEM = 0
    SERVICE = 1


class ProvisionType(Word):
    """The finer kind of a provision, as registers give it; decides nothing but what a product selects."""

    PREVENTIVE = 0
    CURATIVE = 1
    DRUG = 2
    CONSUMABLE = 3


class Category(Word):
    """The category of a claim and of a service (law, section 3); later ones come before earlier ones."""

    VISIT = 0
    CONSULTATION = 1
    HOSPITALIZATION = 2
    ANTENATAL = 3
    DELIVERY = 4
    SURGERY = 5
    OTHER = 6
    """Only of a service: it gives a claim no category."""


CLAIM_CATEGORIES: Final = tuple(category for category in Category if category is not Category.OTHER)
"""The categories that a claim can have."""


class CareType(Word):
    """The care that a facility gives or a provision is for."""

    BOTH = 0
    IN_PATIENT = 1
    OUT_PATIENT = 2


class Sex(Word):
    """The sex of a person, and the sex that a provision is for (``any`` only there)."""

    ANY = 0
    MALE = 1
    FEMALE = 2
    OTHER = 3


class AgeGroup(Word):
    """The age group that a provision is for."""

    ANY = 0
    ADULT = 1
    CHILD = 2


class FacilityLevel(Word):
    """The level of a facility."""

    HOSPITAL = 0
    HEALTH_CENTRE = 1
    DISPENSARY = 2


class LocationLevel(Word):
    """The level of a location."""

    REGION = 0
    DISTRICT = 1
    WARD = 2
    VILLAGE = 3


class VisitType(Word):
    """How the patient came."""

    OTHER = 0
    REFERRAL = 1
    EMERGENCY = 2


class Stage(Word):
    """Whether a policy is a family's first or continues an earlier one."""

    NEW = 0
    RENEWAL = 1


class PolicyStatus(Word):
    """The status of a policy. Active and expired policies cover (law, section 4.1)."""

    IDLE = 0
    READY = 1
    ACTIVE = 2
    SUSPENDED = 3
    EXPIRED = 4


class Severity(Word):
    """How grave it is what a review rule finds."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    CRITICAL = 3


class Care(Word):
    """The kind of care that splits deductibles and ceilings (law, section 3)."""

    NON_HOSPITAL = 0
    HOSPITAL = 1


class HospitalCare(Word):
    """What makes care hospital care."""

    BY_CLAIM = 0
    BY_FACILITY = 1


class PriceOrigin(Word):
    """Where the unit price of a line comes from (law, section 5, step 1)."""

    PRICE_LIST = 0
    CLAIMED = 1
    RELATIVE = 2


class Limitation(Word):
    """How a product limits what it pays for one unit: a percentage of it, or a fixed amount."""

    FIXED = 0
    CO_INSURANCE = 1


class Level(Word):
    """What a deductible or a ceiling is counted over (law, section 5.1)."""

    NONE = 0
    TREATMENT = 1
    INSUREE = 2
    POLICY = 3


class ClaimStatus(Word):
    """The states of a claim's life (law, section 7)."""

    REJECTED = 1
    ENTERED = 2
    CHECKED = 4
    PROCESSED = 8
    VALUATED = 16
    PAID = 32


class LineStatus(Word):
    """Whether a line passed the checks."""

    ACCEPTED = 1
    REJECTED = 2


class ReviewStatus(Word):
    """What a medical officer decided about a line."""

    ACCEPTED = 1
    REJECTED = 2


class Reason(Word):
    """Why a claim or a line was rejected (law, section 4); the number is the code that facilities know."""

    RULE = -2
    MEDICAL_OFFICER = -1
    ACCEPTED = 0
    NOT_IN_REGISTER = 1
    NOT_IN_PRICE_LIST = 2
    NOT_COVERED = 3
    PATIENT_CATEGORY = 4
    FREQUENCY = 5
    INSUREE = 7
    DIAGNOSIS = 8
    TARGET_DATE = 9
    CARE_TYPE = 10
    HOSPITALIZATION_COUNT = 11
    VISIT_COUNT = 12
    CONSULTATION_COUNT = 13
    SURGERY_COUNT = 14
    DELIVERY_COUNT = 15
    QUANTITY = 16
    WAITING_PERIOD = 17
    ANTENATAL_COUNT = 19
    NO_COVERAGE = 21


COUNT_REASON: Final = {
    Category.VISIT: Reason.VISIT_COUNT,
    Category.CONSULTATION: Reason.CONSULTATION_COUNT,
    Category.HOSPITALIZATION: Reason.HOSPITALIZATION_COUNT,
    Category.ANTENATAL: Reason.ANTENATAL_COUNT,
    Category.DELIVERY: Reason.DELIVERY_COUNT,
    Category.SURGERY: Reason.SURGERY_COUNT,
}
"""The code of a claim-count rejection, by the claim's category (law, section 4.2)."""


class Cut(Word):
    """What is taken off a line's gross amount before it is valuated, in the order of section 5."""

    LIMIT_EXCESS = 0
    DEDUCTIBLE = 1
    CO_INSURANCE = 2
    CATEGORY_EXCESS = 3
    CEILING_EXCESS = 4


CARC_OF_REASON: Final = {
    Reason.RULE: ("CO", "272"),
    Reason.MEDICAL_OFFICER: ("CO", "50"),
    Reason.NOT_IN_REGISTER: ("CO", "181"),
    Reason.NOT_IN_PRICE_LIST: ("CO", "96"),
    Reason.NOT_COVERED: ("PR", "204"),
    Reason.PATIENT_CATEGORY: ("CO", "6"),
    Reason.FREQUENCY: ("CO", "119"),
    Reason.INSUREE: ("PR", "31"),
    Reason.DIAGNOSIS: ("CO", "146"),
    Reason.TARGET_DATE: ("CO", "110"),
    Reason.CARE_TYPE: ("CO", "5"),
    Reason.HOSPITALIZATION_COUNT: ("PR", "119"),
    Reason.VISIT_COUNT: ("PR", "119"),
    Reason.CONSULTATION_COUNT: ("PR", "119"),
    Reason.SURGERY_COUNT: ("PR", "119"),
    Reason.DELIVERY_COUNT: ("PR", "119"),
    Reason.QUANTITY: ("CO", "119"),
    Reason.WAITING_PERIOD: ("PR", "179"),
    Reason.ANTENATAL_COUNT: ("PR", "119"),
    Reason.NO_COVERAGE: ("PR", "27"),
}
"""Group code and claim adjustment reason code (CARC, X12) of each rejection."""

CARC_OF_CUT: Final = {
    Cut.LIMIT_EXCESS: ("CO", "45"),
    Cut.DEDUCTIBLE: ("PR", "1"),
    Cut.CO_INSURANCE: ("PR", "2"),
    Cut.CATEGORY_EXCESS: ("PR", "119"),
    Cut.CEILING_EXCESS: ("PR", "119"),
}
"""Group code and claim adjustment reason code (CARC, X12) of each cut."""

OPENIMIS_LETTERS: Final[dict[type[Word], dict[str, Word]]] = {
    Category: {
        "S": Category.SURGERY,
        "D": Category.DELIVERY,
        "A": Category.ANTENATAL,
        "H": Category.HOSPITALIZATION,
        "C": Category.CONSULTATION,
        "O": Category.OTHER,
        "V": Category.VISIT,
    },
    CareType: {"B": CareType.BOTH, "I": CareType.IN_PATIENT, "O": CareType.OUT_PATIENT},
    Sex: {"M": Sex.MALE, "F": Sex.FEMALE, "O": Sex.OTHER},
    FacilityLevel: {
        "H": FacilityLevel.HOSPITAL,
        "C": FacilityLevel.HEALTH_CENTRE,
        "D": FacilityLevel.DISPENSARY,
    },
    VisitType: {"O": VisitType.OTHER, "R": VisitType.REFERRAL, "E": VisitType.EMERGENCY},
    Stage: {"N": Stage.NEW, "R": Stage.RENEWAL},
    HospitalCare: {"I": HospitalCare.BY_CLAIM, "H": HospitalCare.BY_FACILITY},
    PriceOrigin: {"P": PriceOrigin.PRICE_LIST, "O": PriceOrigin.CLAIMED, "R": PriceOrigin.RELATIVE},
    Limitation: {"C": Limitation.CO_INSURANCE, "F": Limitation.FIXED},
}
"""openIMIS's letters for the words above."""
