"""The tables of openIMIS that are read, and the columns of them that mean something here.

Columns that an installation lacks are taken as empty, unless they are needed. Names are compared without
regard to case: SQL Server's scripts, PostgreSQL's and the exports of people differ in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Shape:
    """A table: the column of its numbers, and the columns that are read."""

    name: str
    id: str
    columns: tuple[str, ...]
    needed: tuple[str, ...] = ()
    """Columns without which the table says nothing."""

    @property
    def all_columns(self) -> tuple[str, ...]:
        """Every column that is read, those of openIMIS's own history among them."""
        return (self.id, *self.columns, "ValidityFrom", "ValidityTo", "LegacyID")


def _shape(name: str, id_: str, needed: str, others: str = "") -> Shape:
    return Shape(name, id_, tuple((needed + " " + others).split()), tuple(needed.split()))


def _by_visit(name: str) -> str:
    return f"{name} {name}R {name}E"


_SIDES: Final = ("", "OP", "IP")
_COVERAGE: Final = " ".join(
    (
        "PriceOrigin",
        *(_by_visit(name) for name in ("LimitationType", "LimitAdult", "LimitChild")),
        "WaitingPeriodAdult WaitingPeriodChild LimitNoAdult LimitNoChild",
        "CeilingExclusionAdult CeilingExclusionChild",
    )
)
_LIMITS: Final = " ".join(
    f"{prefix}{side}{level}"
    for prefix in ("Ded", "Max")
    for side in _SIDES
    for level in ("Treatment", "Insuree", "Policy")
)
_GROWTH: Final = " ".join(
    f"{name}{side}" for name in ("MaxPolicyExtraMember", "MaxCeilingPolicy") for side in ("", "IP", "OP")
)
_COUNTS: Final = (
    "MaxNoConsultation MaxNoSurgery MaxNoDelivery MaxNoHospitalizaion MaxNoVisits MaxNoAntenatal "
    "MaxAmountConsultation MaxAmountSurgery MaxAmountDelivery MaxAmountHospitalization MaxAmountAntenatal"
)
_ENROLMENT: Final = (
    "InsurancePeriod AdministrationPeriod MemberCount Threshold GracePeriod GracePeriodRenewal WaitingPeriod "
    "Recurrence StartCycle1 StartCycle2 StartCycle3 StartCycle4 LumpSum PremiumAdult PremiumChild "
    "RegistrationLumpSum RegistrationFee GeneralAssemblyLumpSum GeneralAssemblyFee MaxInstallments "
    "EnrolmentDiscountPerc EnrolmentDiscountPeriod RenewalDiscountPerc RenewalDiscountPeriod"
)
_PAYING: Final = (
    "PeriodRelPrices PeriodRelPricesOP PeriodRelPricesIP AccCodePremiums AccCodeRemuneration "
    "Level1 Sublevel1 Level2 Sublevel2 Level3 Sublevel3 Level4 Sublevel4 ShareContribution WeightPopulation "
    "WeightNumberFamilies WeightInsuredPopulation WeightNumberInsuredFamilies WeightNumberVisits "
    "WeightAdjustedAmount"
)
_LINE: Final = (
    "ProdID QtyProvided QtyApproved PriceAsked PriceAdjusted PriceApproved PriceValuated Explanation "
    "Justification RejectionReason ValidityFromReview LimitationValue Limitation PolicyID RemuneratedAmount "
    "DeductableAmount ExceedCeilingAmount PriceOrigin ExceedCeilingAmountCategory"
)

SHAPES: Final = {
    shape.name: shape
    for shape in (
        _shape(
            "tblLocations",
            "LocationId",
            "LocationCode LocationName ParentLocationId LocationType",
            "MalePopulation FemalePopulation OtherPopulation Families",
        ),
        _shape(
            "tblHF",
            "HfID",
            "HFCode HFName HFLevel LocationId HFCareType",
            "LegalForm HFSublevel PLServiceID PLItemID AccCode",
        ),
        _shape("tblHFCatchment", "HFCatchmentId", "HFID LocationId Catchment"),
        _shape(
            "tblItems",
            "ItemID",
            "ItemCode ItemName ItemPrice",
            "ItemType ItemCareType ItemFrequency ItemPatCat",
        ),
        _shape(
            "tblServices",
            "ServiceID",
            "ServCode ServName ServPrice",
            "ServType ServCareType ServFrequency ServPatCat ServCategory ServPackageType",
        ),
        _shape("tblPLItems", "PLItemID", "PLItemName"),
        _shape("tblPLItemsDetail", "PLItemDetailID", "PLItemID ItemID", "PriceOverule"),
        _shape("tblPLServices", "PLServiceID", "PLServName"),
        _shape("tblPLServicesDetail", "PLServiceDetailID", "PLServiceID ServiceID", "PriceOverule"),
        _shape(
            "tblProduct",
            "ProdID",
            "ProductCode ProductName LocationId",
            " ".join(
                (
                    "DateFrom DateTo ConversionProdID CeilingInterpretation",
                    _ENROLMENT,
                    _LIMITS,
                    _GROWTH,
                    _COUNTS,
                    _PAYING,
                )
            ),
        ),
        _shape("tblProductItems", "ProdItemID", "ProdID ItemID", _COVERAGE),
        _shape("tblProductServices", "ProdServiceID", "ProdID ServiceID", _COVERAGE),
        _shape("tblRelDistr", "DistrID", "DistrType DistrCareType ProdID Period DistrPerc"),
        _shape("tblICDCodes", "ICDID", "ICDCode ICDName"),
        _shape("tblFamilies", "FamilyID", "InsureeID", "LocationId Poverty FamilyType FamilyAddress"),
        _shape("tblInsuree", "InsureeID", "FamilyID CHFID", "LastName OtherNames DOB Gender IsHead"),
        _shape(
            "tblPolicy",
            "PolicyID",
            "FamilyID ProdID ExpiryDate PolicyStatus",
            "EnrollDate StartDate EffectiveDate PolicyStage",
        ),
        _shape("tblInsureePolicy", "InsureePolicyId", "InsureeId PolicyId", "EffectiveDate ExpiryDate"),
        _shape("tblPayer", "PayerID", "PayerName"),
        _shape("tblPremium", "PremiumId", "PolicyID Amount PayDate", "PayerID isPhotoFee"),
        _shape("tblClaimAdmin", "ClaimAdminId", "ClaimAdminCode"),
        _shape(
            "tblClaim",
            "ClaimID",
            "InsureeID ClaimCode DateFrom ICDID ClaimStatus DateClaimed HFID",
            "DateTo Claimed Approved Valuated Remunerated DateProcessed Explanation FeedbackStatus "
            "ReviewStatus RejectionReason RunID SubmitStamp ProcessStamp GuaranteeId ClaimAdminId "
            "ICDID1 ICDID2 ICDID3 ICDID4 VisitType ClaimCategory ReferFrom",
        ),
        _shape("tblClaimItems", "ClaimItemID", "ClaimID ItemID", "ClaimItemStatus " + _LINE),
        _shape("tblClaimServices", "ClaimServiceID", "ClaimID ServiceID", "ClaimServiceStatus " + _LINE),
        _shape(
            "tblClaimDedRem",
            "ExpenditureID",
            "PolicyID InsureeID ClaimID",
            "DedG DedOP DedIP RemG RemIP RemOP",
        ),
    )
}
"""The tables that are read, by name."""

NO_ROOM: Final = (
    "tblBatchRun",
    "tblExtracts",
    "tblFeedback",
    "tblFeedbackPrompt",
    "tblOfficer",
    "tblOfficerVillages",
    "tblPolicyRenewals",
    "tblRelIndex",
    "tblUsers",
    "tblUserRole",
    "tblUsersDistricts",
)
"""Tables that decide about no claim here: they are counted, and left where they are."""
