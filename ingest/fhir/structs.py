"""The types of R4 that are read, strictly. Written by ``python -m ingest.fhir.generate``.

Elements are in the order of R4, attributes are their names in snake case; ``*_ext`` holds the extensions of a
primitive. Nothing is said about one of many, targets of references and the look of texts: the tables at the
end, :mod:`ingest.fhir.primitives` and :mod:`ingest.fhir.thorough` do.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Raw, Struct, field

from ingest.fhir.primitives import (
    Base64Binary,
    Boolean,
    Canonical,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Markdown,
    Oid,
    PositiveInt,
    String,
    Time,
    UnsignedInt,
    Uri,
    Url,
    Uuid,
    Xhtml,
)


class Element(Struct, kw_only=True, forbid_unknown_fields=True, gc=False):
    """What a primitive may have beside its value."""

    id: String | None = None
    extension: list[Extension] | None = None


class ActivityDefinition(
    Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    gc=False,
    rename="camel",
    tag="ActivityDefinition",
    tag_field="resourceType",
):
    """R4 ActivityDefinition."""

    id: Id | None = None
    meta: Meta | None = None
    implicit_rules: Uri | None = None
    implicit_rules_ext: Element | None = field(default=None, name="_implicitRules")
    language: Code | None = None
    language_ext: Element | None = field(default=None, name="_language")
    text: Narrative | None = None
    contained: list[Raw] | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    url: Uri | None = None
    url_ext: Element | None = field(default=None, name="_url")
    identifier: list[Identifier] | None = None
    version: String | None = None
    version_ext: Element | None = field(default=None, name="_version")
    name: String | None = None
    name_ext: Element | None = field(default=None, name="_name")
    title: String | None = None
    title_ext: Element | None = field(default=None, name="_title")
    subtitle: String | None = None
    subtitle_ext: Element | None = field(default=None, name="_subtitle")
    status: Literal["draft", "active", "retired", "unknown"]
    status_ext: Element | None = field(default=None, name="_status")
    experimental: Boolean | None = None
    experimental_ext: Element | None = field(default=None, name="_experimental")
    subject_codeable_concept: CodeableConcept | None = None
    subject_reference: Reference | None = None
    subject_canonical: Canonical | None = None
    subject_canonical_ext: Element | None = field(default=None, name="_subjectCanonical")
    date: DateTime | None = None
    date_ext: Element | None = field(default=None, name="_date")
    publisher: String | None = None
    publisher_ext: Element | None = field(default=None, name="_publisher")
    contact: list[ContactDetail] | None = None
    description: Markdown | None = None
    description_ext: Element | None = field(default=None, name="_description")
    use_context: list[UsageContext] | None = None
    jurisdiction: list[CodeableConcept] | None = None
    purpose: Markdown | None = None
    purpose_ext: Element | None = field(default=None, name="_purpose")
    usage: String | None = None
    usage_ext: Element | None = field(default=None, name="_usage")
    copyright: Markdown | None = None
    copyright_ext: Element | None = field(default=None, name="_copyright")
    approval_date: Date | None = None
    approval_date_ext: Element | None = field(default=None, name="_approvalDate")
    last_review_date: Date | None = None
    last_review_date_ext: Element | None = field(default=None, name="_lastReviewDate")
    effective_period: Period | None = None
    topic: list[CodeableConcept] | None = None
    author: list[ContactDetail] | None = None
    editor: list[ContactDetail] | None = None
    reviewer: list[ContactDetail] | None = None
    endorser: list[ContactDetail] | None = None
    related_artifact: list[RelatedArtifact] | None = None
    library: list[Canonical | None] | None = None
    library_ext: list[Element | None] | None = field(default=None, name="_library")
    kind: Code | None = None
    kind_ext: Element | None = field(default=None, name="_kind")
    profile: Canonical | None = None
    profile_ext: Element | None = field(default=None, name="_profile")
    code: CodeableConcept | None = None
    intent: (
        Literal[
            "proposal",
            "plan",
            "directive",
            "order",
            "original-order",
            "reflex-order",
            "filler-order",
            "instance-order",
            "option",
        ]
        | None
    ) = None
    intent_ext: Element | None = field(default=None, name="_intent")
    priority: Literal["routine", "urgent", "asap", "stat"] | None = None
    priority_ext: Element | None = field(default=None, name="_priority")
    do_not_perform: Boolean | None = None
    do_not_perform_ext: Element | None = field(default=None, name="_doNotPerform")
    timing_timing: Timing | None = None
    timing_date_time: DateTime | None = None
    timing_date_time_ext: Element | None = field(default=None, name="_timingDateTime")
    timing_age: Age | None = None
    timing_period: Period | None = None
    timing_range: Range | None = None
    timing_duration: Duration | None = None
    location: Reference | None = None
    participant: list[ActivityDefinitionParticipant] | None = None
    product_reference: Reference | None = None
    product_codeable_concept: CodeableConcept | None = None
    quantity: Quantity | None = None
    dosage: list[Dosage] | None = None
    body_site: list[CodeableConcept] | None = None
    specimen_requirement: list[Reference] | None = None
    observation_requirement: list[Reference] | None = None
    observation_result_requirement: list[Reference] | None = None
    transform: Canonical | None = None
    transform_ext: Element | None = field(default=None, name="_transform")
    dynamic_value: list[ActivityDefinitionDynamicValue] | None = None


class ActivityDefinitionDynamicValue(
    Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"
):
    """R4 ActivityDefinitionDynamicValue."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    path: String
    path_ext: Element | None = field(default=None, name="_path")
    expression: Expression


class ActivityDefinitionParticipant(
    Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"
):
    """R4 ActivityDefinitionParticipant."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    type: Literal["patient", "practitioner", "related-person", "device"]
    type_ext: Element | None = field(default=None, name="_type")
    role: CodeableConcept | None = None


class Address(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Address."""

    id: String | None = None
    extension: list[Extension] | None = None
    use: Literal["home", "work", "temp", "old", "billing"] | None = None
    use_ext: Element | None = field(default=None, name="_use")
    type: Literal["postal", "physical", "both"] | None = None
    type_ext: Element | None = field(default=None, name="_type")
    text: String | None = None
    text_ext: Element | None = field(default=None, name="_text")
    line: list[String | None] | None = None
    line_ext: list[Element | None] | None = field(default=None, name="_line")
    city: String | None = None
    city_ext: Element | None = field(default=None, name="_city")
    district: String | None = None
    district_ext: Element | None = field(default=None, name="_district")
    state: String | None = None
    state_ext: Element | None = field(default=None, name="_state")
    postal_code: String | None = None
    postal_code_ext: Element | None = field(default=None, name="_postalCode")
    country: String | None = None
    country_ext: Element | None = field(default=None, name="_country")
    period: Period | None = None


class Age(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Age."""

    id: String | None = None
    extension: list[Extension] | None = None
    value: Decimal | None = None
    value_ext: Element | None = field(default=None, name="_value")
    comparator: Code | None = None
    comparator_ext: Element | None = field(default=None, name="_comparator")
    unit: String | None = None
    unit_ext: Element | None = field(default=None, name="_unit")
    system: Uri | None = None
    system_ext: Element | None = field(default=None, name="_system")
    code: Code | None = None
    code_ext: Element | None = field(default=None, name="_code")


class Annotation(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Annotation."""

    id: String | None = None
    extension: list[Extension] | None = None
    author_reference: Reference | None = None
    author_string: String | None = None
    author_string_ext: Element | None = field(default=None, name="_authorString")
    time: DateTime | None = None
    time_ext: Element | None = field(default=None, name="_time")
    text: Markdown
    text_ext: Element | None = field(default=None, name="_text")


class Attachment(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Attachment."""

    id: String | None = None
    extension: list[Extension] | None = None
    content_type: Code | None = None
    content_type_ext: Element | None = field(default=None, name="_contentType")
    language: Code | None = None
    language_ext: Element | None = field(default=None, name="_language")
    data: Base64Binary | None = None
    data_ext: Element | None = field(default=None, name="_data")
    url: Url | None = None
    url_ext: Element | None = field(default=None, name="_url")
    size: UnsignedInt | None = None
    size_ext: Element | None = field(default=None, name="_size")
    hash: Base64Binary | None = None
    hash_ext: Element | None = field(default=None, name="_hash")
    title: String | None = None
    title_ext: Element | None = field(default=None, name="_title")
    creation: DateTime | None = None
    creation_ext: Element | None = field(default=None, name="_creation")


class Bundle(
    Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    gc=False,
    rename="camel",
    tag="Bundle",
    tag_field="resourceType",
):
    """R4 Bundle."""

    id: Id | None = None
    meta: Meta | None = None
    implicit_rules: Uri | None = None
    implicit_rules_ext: Element | None = field(default=None, name="_implicitRules")
    language: Code | None = None
    language_ext: Element | None = field(default=None, name="_language")
    identifier: Identifier | None = None
    type: Literal[
        "document",
        "message",
        "transaction",
        "transaction-response",
        "batch",
        "batch-response",
        "history",
        "searchset",
        "collection",
    ]
    type_ext: Element | None = field(default=None, name="_type")
    timestamp: Instant | None = None
    timestamp_ext: Element | None = field(default=None, name="_timestamp")
    total: UnsignedInt | None = None
    total_ext: Element | None = field(default=None, name="_total")
    link: list[BundleLink] | None = None
    entry: list[BundleEntry] | None = None
    signature: Signature | None = None


class BundleEntry(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 BundleEntry."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    link: list[BundleLink] | None = None
    full_url: Uri | None = None
    full_url_ext: Element | None = field(default=None, name="_fullUrl")
    resource: Raw = Raw()
    search: BundleEntrySearch | None = None
    request: BundleEntryRequest | None = None
    response: BundleEntryResponse | None = None


class BundleEntryRequest(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 BundleEntryRequest."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    method: Literal["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]
    method_ext: Element | None = field(default=None, name="_method")
    url: Uri
    url_ext: Element | None = field(default=None, name="_url")
    if_none_match: String | None = None
    if_none_match_ext: Element | None = field(default=None, name="_ifNoneMatch")
    if_modified_since: Instant | None = None
    if_modified_since_ext: Element | None = field(default=None, name="_ifModifiedSince")
    if_match: String | None = None
    if_match_ext: Element | None = field(default=None, name="_ifMatch")
    if_none_exist: String | None = None
    if_none_exist_ext: Element | None = field(default=None, name="_ifNoneExist")


class BundleEntryResponse(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 BundleEntryResponse."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    status: String
    status_ext: Element | None = field(default=None, name="_status")
    location: Uri | None = None
    location_ext: Element | None = field(default=None, name="_location")
    etag: String | None = None
    etag_ext: Element | None = field(default=None, name="_etag")
    last_modified: Instant | None = None
    last_modified_ext: Element | None = field(default=None, name="_lastModified")
    outcome: Raw = Raw()


class BundleEntrySearch(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 BundleEntrySearch."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    mode: Literal["match", "include", "outcome"] | None = None
    mode_ext: Element | None = field(default=None, name="_mode")
    score: Decimal | None = None
    score_ext: Element | None = field(default=None, name="_score")


class BundleLink(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 BundleLink."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    relation: String
    relation_ext: Element | None = field(default=None, name="_relation")
    url: Uri
    url_ext: Element | None = field(default=None, name="_url")


class ChargeItemDefinition(
    Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    gc=False,
    rename="camel",
    tag="ChargeItemDefinition",
    tag_field="resourceType",
):
    """R4 ChargeItemDefinition."""

    id: Id | None = None
    meta: Meta | None = None
    implicit_rules: Uri | None = None
    implicit_rules_ext: Element | None = field(default=None, name="_implicitRules")
    language: Code | None = None
    language_ext: Element | None = field(default=None, name="_language")
    text: Narrative | None = None
    contained: list[Raw] | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    url: Uri
    url_ext: Element | None = field(default=None, name="_url")
    identifier: list[Identifier] | None = None
    version: String | None = None
    version_ext: Element | None = field(default=None, name="_version")
    title: String | None = None
    title_ext: Element | None = field(default=None, name="_title")
    derived_from_uri: list[Uri | None] | None = None
    derived_from_uri_ext: list[Element | None] | None = field(default=None, name="_derivedFromUri")
    part_of: list[Canonical | None] | None = None
    part_of_ext: list[Element | None] | None = field(default=None, name="_partOf")
    replaces: list[Canonical | None] | None = None
    replaces_ext: list[Element | None] | None = field(default=None, name="_replaces")
    status: Literal["draft", "active", "retired", "unknown"]
    status_ext: Element | None = field(default=None, name="_status")
    experimental: Boolean | None = None
    experimental_ext: Element | None = field(default=None, name="_experimental")
    date: DateTime | None = None
    date_ext: Element | None = field(default=None, name="_date")
    publisher: String | None = None
    publisher_ext: Element | None = field(default=None, name="_publisher")
    contact: list[ContactDetail] | None = None
    description: Markdown | None = None
    description_ext: Element | None = field(default=None, name="_description")
    use_context: list[UsageContext] | None = None
    jurisdiction: list[CodeableConcept] | None = None
    copyright: Markdown | None = None
    copyright_ext: Element | None = field(default=None, name="_copyright")
    approval_date: Date | None = None
    approval_date_ext: Element | None = field(default=None, name="_approvalDate")
    last_review_date: Date | None = None
    last_review_date_ext: Element | None = field(default=None, name="_lastReviewDate")
    effective_period: Period | None = None
    code: CodeableConcept | None = None
    instance: list[Reference] | None = None
    applicability: list[ChargeItemDefinitionApplicability] | None = None
    property_group: list[ChargeItemDefinitionPropertyGroup] | None = None


class ChargeItemDefinitionApplicability(
    Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"
):
    """R4 ChargeItemDefinitionApplicability."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    description: String | None = None
    description_ext: Element | None = field(default=None, name="_description")
    language: String | None = None
    language_ext: Element | None = field(default=None, name="_language")
    expression: String | None = None
    expression_ext: Element | None = field(default=None, name="_expression")


class ChargeItemDefinitionPropertyGroup(
    Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"
):
    """R4 ChargeItemDefinitionPropertyGroup."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    applicability: list[ChargeItemDefinitionApplicability] | None = None
    price_component: list[ChargeItemDefinitionPropertyGroupPriceComponent] | None = None


class ChargeItemDefinitionPropertyGroupPriceComponent(
    Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"
):
    """R4 ChargeItemDefinitionPropertyGroupPriceComponent."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    type: Literal["base", "surcharge", "deduction", "discount", "tax", "informational"]
    type_ext: Element | None = field(default=None, name="_type")
    code: CodeableConcept | None = None
    factor: Decimal | None = None
    factor_ext: Element | None = field(default=None, name="_factor")
    amount: Money | None = None


class Claim(
    Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    gc=False,
    rename="camel",
    tag="Claim",
    tag_field="resourceType",
):
    """R4 Claim."""

    id: Id | None = None
    meta: Meta | None = None
    implicit_rules: Uri | None = None
    implicit_rules_ext: Element | None = field(default=None, name="_implicitRules")
    language: Code | None = None
    language_ext: Element | None = field(default=None, name="_language")
    text: Narrative | None = None
    contained: list[Raw] | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    identifier: list[Identifier] | None = None
    status: Literal["active", "cancelled", "draft", "entered-in-error"]
    status_ext: Element | None = field(default=None, name="_status")
    type: CodeableConcept
    sub_type: CodeableConcept | None = None
    use: Literal["claim", "preauthorization", "predetermination"]
    use_ext: Element | None = field(default=None, name="_use")
    patient: Reference
    billable_period: Period | None = None
    created: DateTime
    created_ext: Element | None = field(default=None, name="_created")
    enterer: Reference | None = None
    insurer: Reference | None = None
    provider: Reference
    priority: CodeableConcept
    funds_reserve: CodeableConcept | None = None
    related: list[ClaimRelated] | None = None
    prescription: Reference | None = None
    original_prescription: Reference | None = None
    payee: ClaimPayee | None = None
    referral: Reference | None = None
    facility: Reference | None = None
    care_team: list[ClaimCareTeam] | None = None
    supporting_info: list[ClaimSupportingInfo] | None = None
    diagnosis: list[ClaimDiagnosis] | None = None
    procedure: list[ClaimProcedure] | None = None
    insurance: list[ClaimInsurance]
    accident: ClaimAccident | None = None
    item: list[ClaimItem] | None = None
    total: Money | None = None


class ClaimAccident(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 ClaimAccident."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    date: Date
    date_ext: Element | None = field(default=None, name="_date")
    type: CodeableConcept | None = None
    location_address: Address | None = None
    location_reference: Reference | None = None


class ClaimCareTeam(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 ClaimCareTeam."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    sequence: PositiveInt
    sequence_ext: Element | None = field(default=None, name="_sequence")
    provider: Reference
    responsible: Boolean | None = None
    responsible_ext: Element | None = field(default=None, name="_responsible")
    role: CodeableConcept | None = None
    qualification: CodeableConcept | None = None


class ClaimDiagnosis(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 ClaimDiagnosis."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    sequence: PositiveInt
    sequence_ext: Element | None = field(default=None, name="_sequence")
    diagnosis_codeable_concept: CodeableConcept | None = None
    diagnosis_reference: Reference | None = None
    type: list[CodeableConcept] | None = None
    on_admission: CodeableConcept | None = None
    package_code: CodeableConcept | None = None


class ClaimInsurance(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 ClaimInsurance."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    sequence: PositiveInt
    sequence_ext: Element | None = field(default=None, name="_sequence")
    focal: Boolean
    focal_ext: Element | None = field(default=None, name="_focal")
    identifier: Identifier | None = None
    coverage: Reference
    business_arrangement: String | None = None
    business_arrangement_ext: Element | None = field(default=None, name="_businessArrangement")
    pre_auth_ref: list[String | None] | None = None
    pre_auth_ref_ext: list[Element | None] | None = field(default=None, name="_preAuthRef")
    claim_response: Reference | None = None


class ClaimItem(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 ClaimItem."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    sequence: PositiveInt
    sequence_ext: Element | None = field(default=None, name="_sequence")
    care_team_sequence: list[PositiveInt | None] | None = None
    care_team_sequence_ext: list[Element | None] | None = field(default=None, name="_careTeamSequence")
    diagnosis_sequence: list[PositiveInt | None] | None = None
    diagnosis_sequence_ext: list[Element | None] | None = field(default=None, name="_diagnosisSequence")
    procedure_sequence: list[PositiveInt | None] | None = None
    procedure_sequence_ext: list[Element | None] | None = field(default=None, name="_procedureSequence")
    information_sequence: list[PositiveInt | None] | None = None
    information_sequence_ext: list[Element | None] | None = field(default=None, name="_informationSequence")
    revenue: CodeableConcept | None = None
    category: CodeableConcept | None = None
    product_or_service: CodeableConcept
    modifier: list[CodeableConcept] | None = None
    program_code: list[CodeableConcept] | None = None
    serviced_date: Date | None = None
    serviced_date_ext: Element | None = field(default=None, name="_servicedDate")
    serviced_period: Period | None = None
    location_codeable_concept: CodeableConcept | None = None
    location_address: Address | None = None
    location_reference: Reference | None = None
    quantity: Quantity | None = None
    unit_price: Money | None = None
    factor: Decimal | None = None
    factor_ext: Element | None = field(default=None, name="_factor")
    net: Money | None = None
    udi: list[Reference] | None = None
    body_site: CodeableConcept | None = None
    sub_site: list[CodeableConcept] | None = None
    encounter: list[Reference] | None = None
    detail: list[ClaimItemDetail] | None = None


class ClaimItemDetail(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 ClaimItemDetail."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    sequence: PositiveInt
    sequence_ext: Element | None = field(default=None, name="_sequence")
    revenue: CodeableConcept | None = None
    category: CodeableConcept | None = None
    product_or_service: CodeableConcept
    modifier: list[CodeableConcept] | None = None
    program_code: list[CodeableConcept] | None = None
    quantity: Quantity | None = None
    unit_price: Money | None = None
    factor: Decimal | None = None
    factor_ext: Element | None = field(default=None, name="_factor")
    net: Money | None = None
    udi: list[Reference] | None = None
    sub_detail: list[ClaimItemDetailSubDetail] | None = None


class ClaimItemDetailSubDetail(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 ClaimItemDetailSubDetail."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    sequence: PositiveInt
    sequence_ext: Element | None = field(default=None, name="_sequence")
    revenue: CodeableConcept | None = None
    category: CodeableConcept | None = None
    product_or_service: CodeableConcept
    modifier: list[CodeableConcept] | None = None
    program_code: list[CodeableConcept] | None = None
    quantity: Quantity | None = None
    unit_price: Money | None = None
    factor: Decimal | None = None
    factor_ext: Element | None = field(default=None, name="_factor")
    net: Money | None = None
    udi: list[Reference] | None = None


class ClaimPayee(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 ClaimPayee."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    type: CodeableConcept
    party: Reference | None = None


class ClaimProcedure(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 ClaimProcedure."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    sequence: PositiveInt
    sequence_ext: Element | None = field(default=None, name="_sequence")
    type: list[CodeableConcept] | None = None
    date: DateTime | None = None
    date_ext: Element | None = field(default=None, name="_date")
    procedure_codeable_concept: CodeableConcept | None = None
    procedure_reference: Reference | None = None
    udi: list[Reference] | None = None


class ClaimRelated(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 ClaimRelated."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    claim: Reference | None = None
    relationship: CodeableConcept | None = None
    reference: Identifier | None = None


class ClaimSupportingInfo(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 ClaimSupportingInfo."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    sequence: PositiveInt
    sequence_ext: Element | None = field(default=None, name="_sequence")
    category: CodeableConcept
    code: CodeableConcept | None = None
    timing_date: Date | None = None
    timing_date_ext: Element | None = field(default=None, name="_timingDate")
    timing_period: Period | None = None
    value_boolean: Boolean | None = None
    value_boolean_ext: Element | None = field(default=None, name="_valueBoolean")
    value_string: String | None = None
    value_string_ext: Element | None = field(default=None, name="_valueString")
    value_quantity: Quantity | None = None
    value_attachment: Attachment | None = None
    value_reference: Reference | None = None
    reason: CodeableConcept | None = None


class CodeableConcept(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 CodeableConcept."""

    id: String | None = None
    extension: list[Extension] | None = None
    coding: list[Coding] | None = None
    text: String | None = None
    text_ext: Element | None = field(default=None, name="_text")


class Coding(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Coding."""

    id: String | None = None
    extension: list[Extension] | None = None
    system: Uri | None = None
    system_ext: Element | None = field(default=None, name="_system")
    version: String | None = None
    version_ext: Element | None = field(default=None, name="_version")
    code: Code | None = None
    code_ext: Element | None = field(default=None, name="_code")
    display: String | None = None
    display_ext: Element | None = field(default=None, name="_display")
    user_selected: Boolean | None = None
    user_selected_ext: Element | None = field(default=None, name="_userSelected")


class ContactDetail(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 ContactDetail."""

    id: String | None = None
    extension: list[Extension] | None = None
    name: String | None = None
    name_ext: Element | None = field(default=None, name="_name")
    telecom: list[ContactPoint] | None = None


class ContactPoint(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 ContactPoint."""

    id: String | None = None
    extension: list[Extension] | None = None
    system: Literal["phone", "fax", "email", "pager", "url", "sms", "other"] | None = None
    system_ext: Element | None = field(default=None, name="_system")
    value: String | None = None
    value_ext: Element | None = field(default=None, name="_value")
    use: Literal["home", "work", "temp", "old", "mobile"] | None = None
    use_ext: Element | None = field(default=None, name="_use")
    rank: PositiveInt | None = None
    rank_ext: Element | None = field(default=None, name="_rank")
    period: Period | None = None


class Contributor(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Contributor."""

    id: String | None = None
    extension: list[Extension] | None = None
    type: Literal["author", "editor", "reviewer", "endorser"]
    type_ext: Element | None = field(default=None, name="_type")
    name: String
    name_ext: Element | None = field(default=None, name="_name")
    contact: list[ContactDetail] | None = None


class Count(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Count."""

    id: String | None = None
    extension: list[Extension] | None = None
    value: Decimal | None = None
    value_ext: Element | None = field(default=None, name="_value")
    comparator: Code | None = None
    comparator_ext: Element | None = field(default=None, name="_comparator")
    unit: String | None = None
    unit_ext: Element | None = field(default=None, name="_unit")
    system: Uri | None = None
    system_ext: Element | None = field(default=None, name="_system")
    code: Code | None = None
    code_ext: Element | None = field(default=None, name="_code")


class Coverage(
    Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    gc=False,
    rename="camel",
    tag="Coverage",
    tag_field="resourceType",
):
    """R4 Coverage."""

    id: Id | None = None
    meta: Meta | None = None
    implicit_rules: Uri | None = None
    implicit_rules_ext: Element | None = field(default=None, name="_implicitRules")
    language: Code | None = None
    language_ext: Element | None = field(default=None, name="_language")
    text: Narrative | None = None
    contained: list[Raw] | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    identifier: list[Identifier] | None = None
    status: Literal["active", "cancelled", "draft", "entered-in-error"]
    status_ext: Element | None = field(default=None, name="_status")
    type: CodeableConcept | None = None
    policy_holder: Reference | None = None
    subscriber: Reference | None = None
    subscriber_id: String | None = None
    subscriber_id_ext: Element | None = field(default=None, name="_subscriberId")
    beneficiary: Reference
    dependent: String | None = None
    dependent_ext: Element | None = field(default=None, name="_dependent")
    relationship: CodeableConcept | None = None
    period: Period | None = None
    payor: list[Reference]
    class_: list[CoverageClass] | None = field(default=None, name="class")
    order: PositiveInt | None = None
    order_ext: Element | None = field(default=None, name="_order")
    network: String | None = None
    network_ext: Element | None = field(default=None, name="_network")
    cost_to_beneficiary: list[CoverageCostToBeneficiary] | None = None
    subrogation: Boolean | None = None
    subrogation_ext: Element | None = field(default=None, name="_subrogation")
    contract: list[Reference] | None = None


class CoverageClass(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 CoverageClass."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    type: CodeableConcept
    value: String
    value_ext: Element | None = field(default=None, name="_value")
    name: String | None = None
    name_ext: Element | None = field(default=None, name="_name")


class CoverageCostToBeneficiary(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 CoverageCostToBeneficiary."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    type: CodeableConcept | None = None
    value_quantity: Quantity | None = None
    value_money: Money | None = None
    exception: list[CoverageCostToBeneficiaryException] | None = None


class CoverageCostToBeneficiaryException(
    Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"
):
    """R4 CoverageCostToBeneficiaryException."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    type: CodeableConcept
    period: Period | None = None


class CoverageEligibilityRequest(
    Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    gc=False,
    rename="camel",
    tag="CoverageEligibilityRequest",
    tag_field="resourceType",
):
    """R4 CoverageEligibilityRequest."""

    id: Id | None = None
    meta: Meta | None = None
    implicit_rules: Uri | None = None
    implicit_rules_ext: Element | None = field(default=None, name="_implicitRules")
    language: Code | None = None
    language_ext: Element | None = field(default=None, name="_language")
    text: Narrative | None = None
    contained: list[Raw] | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    identifier: list[Identifier] | None = None
    status: Literal["active", "cancelled", "draft", "entered-in-error"]
    status_ext: Element | None = field(default=None, name="_status")
    priority: CodeableConcept | None = None
    purpose: list[Literal["auth-requirements", "benefits", "discovery", "validation"] | None]
    purpose_ext: list[Element | None] | None = field(default=None, name="_purpose")
    patient: Reference
    serviced_date: Date | None = None
    serviced_date_ext: Element | None = field(default=None, name="_servicedDate")
    serviced_period: Period | None = None
    created: DateTime
    created_ext: Element | None = field(default=None, name="_created")
    enterer: Reference | None = None
    provider: Reference | None = None
    insurer: Reference
    facility: Reference | None = None
    supporting_info: list[CoverageEligibilityRequestSupportingInfo] | None = None
    insurance: list[CoverageEligibilityRequestInsurance] | None = None
    item: list[CoverageEligibilityRequestItem] | None = None


class CoverageEligibilityRequestInsurance(
    Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"
):
    """R4 CoverageEligibilityRequestInsurance."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    focal: Boolean | None = None
    focal_ext: Element | None = field(default=None, name="_focal")
    coverage: Reference
    business_arrangement: String | None = None
    business_arrangement_ext: Element | None = field(default=None, name="_businessArrangement")


class CoverageEligibilityRequestItem(
    Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"
):
    """R4 CoverageEligibilityRequestItem."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    supporting_info_sequence: list[PositiveInt | None] | None = None
    supporting_info_sequence_ext: list[Element | None] | None = field(
        default=None, name="_supportingInfoSequence"
    )
    category: CodeableConcept | None = None
    product_or_service: CodeableConcept | None = None
    modifier: list[CodeableConcept] | None = None
    provider: Reference | None = None
    quantity: Quantity | None = None
    unit_price: Money | None = None
    facility: Reference | None = None
    diagnosis: list[CoverageEligibilityRequestItemDiagnosis] | None = None
    detail: list[Reference] | None = None


class CoverageEligibilityRequestItemDiagnosis(
    Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"
):
    """R4 CoverageEligibilityRequestItemDiagnosis."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    diagnosis_codeable_concept: CodeableConcept | None = None
    diagnosis_reference: Reference | None = None


class CoverageEligibilityRequestSupportingInfo(
    Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"
):
    """R4 CoverageEligibilityRequestSupportingInfo."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    sequence: PositiveInt
    sequence_ext: Element | None = field(default=None, name="_sequence")
    information: Reference
    applies_to_all: Boolean | None = None
    applies_to_all_ext: Element | None = field(default=None, name="_appliesToAll")


class DataRequirement(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 DataRequirement."""

    id: String | None = None
    extension: list[Extension] | None = None
    type: Code
    type_ext: Element | None = field(default=None, name="_type")
    profile: list[Canonical | None] | None = None
    profile_ext: list[Element | None] | None = field(default=None, name="_profile")
    subject_codeable_concept: CodeableConcept | None = None
    subject_reference: Reference | None = None
    must_support: list[String | None] | None = None
    must_support_ext: list[Element | None] | None = field(default=None, name="_mustSupport")
    code_filter: list[DataRequirementCodeFilter] | None = None
    date_filter: list[DataRequirementDateFilter] | None = None
    limit: PositiveInt | None = None
    limit_ext: Element | None = field(default=None, name="_limit")
    sort: list[DataRequirementSort] | None = None


class DataRequirementCodeFilter(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 DataRequirementCodeFilter."""

    id: String | None = None
    extension: list[Extension] | None = None
    path: String | None = None
    path_ext: Element | None = field(default=None, name="_path")
    search_param: String | None = None
    search_param_ext: Element | None = field(default=None, name="_searchParam")
    value_set: Canonical | None = None
    value_set_ext: Element | None = field(default=None, name="_valueSet")
    code: list[Coding] | None = None


class DataRequirementDateFilter(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 DataRequirementDateFilter."""

    id: String | None = None
    extension: list[Extension] | None = None
    path: String | None = None
    path_ext: Element | None = field(default=None, name="_path")
    search_param: String | None = None
    search_param_ext: Element | None = field(default=None, name="_searchParam")
    value_date_time: DateTime | None = None
    value_date_time_ext: Element | None = field(default=None, name="_valueDateTime")
    value_period: Period | None = None
    value_duration: Duration | None = None


class DataRequirementSort(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 DataRequirementSort."""

    id: String | None = None
    extension: list[Extension] | None = None
    path: String
    path_ext: Element | None = field(default=None, name="_path")
    direction: Literal["ascending", "descending"]
    direction_ext: Element | None = field(default=None, name="_direction")


class Distance(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Distance."""

    id: String | None = None
    extension: list[Extension] | None = None
    value: Decimal | None = None
    value_ext: Element | None = field(default=None, name="_value")
    comparator: Code | None = None
    comparator_ext: Element | None = field(default=None, name="_comparator")
    unit: String | None = None
    unit_ext: Element | None = field(default=None, name="_unit")
    system: Uri | None = None
    system_ext: Element | None = field(default=None, name="_system")
    code: Code | None = None
    code_ext: Element | None = field(default=None, name="_code")


class Dosage(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Dosage."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    sequence: Integer | None = None
    sequence_ext: Element | None = field(default=None, name="_sequence")
    text: String | None = None
    text_ext: Element | None = field(default=None, name="_text")
    additional_instruction: list[CodeableConcept] | None = None
    patient_instruction: String | None = None
    patient_instruction_ext: Element | None = field(default=None, name="_patientInstruction")
    timing: Timing | None = None
    as_needed_boolean: Boolean | None = None
    as_needed_boolean_ext: Element | None = field(default=None, name="_asNeededBoolean")
    as_needed_codeable_concept: CodeableConcept | None = None
    site: CodeableConcept | None = None
    route: CodeableConcept | None = None
    method: CodeableConcept | None = None
    dose_and_rate: list[DosageDoseAndRate] | None = None
    max_dose_per_period: Ratio | None = None
    max_dose_per_administration: Quantity | None = None
    max_dose_per_lifetime: Quantity | None = None


class DosageDoseAndRate(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 DosageDoseAndRate."""

    id: String | None = None
    extension: list[Extension] | None = None
    type: CodeableConcept | None = None
    dose_range: Range | None = None
    dose_quantity: Quantity | None = None
    rate_ratio: Ratio | None = None
    rate_range: Range | None = None
    rate_quantity: Quantity | None = None


class Duration(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Duration."""

    id: String | None = None
    extension: list[Extension] | None = None
    value: Decimal | None = None
    value_ext: Element | None = field(default=None, name="_value")
    comparator: Code | None = None
    comparator_ext: Element | None = field(default=None, name="_comparator")
    unit: String | None = None
    unit_ext: Element | None = field(default=None, name="_unit")
    system: Uri | None = None
    system_ext: Element | None = field(default=None, name="_system")
    code: Code | None = None
    code_ext: Element | None = field(default=None, name="_code")


class Expression(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Expression."""

    id: String | None = None
    extension: list[Extension] | None = None
    description: String | None = None
    description_ext: Element | None = field(default=None, name="_description")
    name: Id | None = None
    name_ext: Element | None = field(default=None, name="_name")
    language: Code
    language_ext: Element | None = field(default=None, name="_language")
    expression: String | None = None
    expression_ext: Element | None = field(default=None, name="_expression")
    reference: Uri | None = None
    reference_ext: Element | None = field(default=None, name="_reference")


class Extension(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Extension."""

    id: String | None = None
    extension: list[Extension] | None = None
    url: Uri
    url_ext: Element | None = field(default=None, name="_url")
    value_base64_binary: Base64Binary | None = None
    value_base64_binary_ext: Element | None = field(default=None, name="_valueBase64Binary")
    value_boolean: Boolean | None = None
    value_boolean_ext: Element | None = field(default=None, name="_valueBoolean")
    value_canonical: Canonical | None = None
    value_canonical_ext: Element | None = field(default=None, name="_valueCanonical")
    value_code: Code | None = None
    value_code_ext: Element | None = field(default=None, name="_valueCode")
    value_date: Date | None = None
    value_date_ext: Element | None = field(default=None, name="_valueDate")
    value_date_time: DateTime | None = None
    value_date_time_ext: Element | None = field(default=None, name="_valueDateTime")
    value_decimal: Decimal | None = None
    value_decimal_ext: Element | None = field(default=None, name="_valueDecimal")
    value_id: Id | None = None
    value_id_ext: Element | None = field(default=None, name="_valueId")
    value_instant: Instant | None = None
    value_instant_ext: Element | None = field(default=None, name="_valueInstant")
    value_integer: Integer | None = None
    value_integer_ext: Element | None = field(default=None, name="_valueInteger")
    value_markdown: Markdown | None = None
    value_markdown_ext: Element | None = field(default=None, name="_valueMarkdown")
    value_oid: Oid | None = None
    value_oid_ext: Element | None = field(default=None, name="_valueOid")
    value_positive_int: PositiveInt | None = None
    value_positive_int_ext: Element | None = field(default=None, name="_valuePositiveInt")
    value_string: String | None = None
    value_string_ext: Element | None = field(default=None, name="_valueString")
    value_time: Time | None = None
    value_time_ext: Element | None = field(default=None, name="_valueTime")
    value_unsigned_int: UnsignedInt | None = None
    value_unsigned_int_ext: Element | None = field(default=None, name="_valueUnsignedInt")
    value_uri: Uri | None = None
    value_uri_ext: Element | None = field(default=None, name="_valueUri")
    value_url: Url | None = None
    value_url_ext: Element | None = field(default=None, name="_valueUrl")
    value_uuid: Uuid | None = None
    value_uuid_ext: Element | None = field(default=None, name="_valueUuid")
    value_address: Address | None = None
    value_age: Age | None = None
    value_annotation: Annotation | None = None
    value_attachment: Attachment | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_coding: Coding | None = None
    value_contact_point: ContactPoint | None = None
    value_count: Count | None = None
    value_distance: Distance | None = None
    value_duration: Duration | None = None
    value_human_name: HumanName | None = None
    value_identifier: Identifier | None = None
    value_money: Money | None = None
    value_period: Period | None = None
    value_quantity: Quantity | None = None
    value_range: Range | None = None
    value_ratio: Ratio | None = None
    value_reference: Reference | None = None
    value_sampled_data: SampledData | None = None
    value_signature: Signature | None = None
    value_timing: Timing | None = None
    value_contact_detail: ContactDetail | None = None
    value_contributor: Contributor | None = None
    value_data_requirement: DataRequirement | None = None
    value_expression: Expression | None = None
    value_parameter_definition: ParameterDefinition | None = None
    value_related_artifact: RelatedArtifact | None = None
    value_trigger_definition: TriggerDefinition | None = None
    value_usage_context: UsageContext | None = None
    value_dosage: Dosage | None = None


class Group(
    Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    gc=False,
    rename="camel",
    tag="Group",
    tag_field="resourceType",
):
    """R4 Group."""

    id: Id | None = None
    meta: Meta | None = None
    implicit_rules: Uri | None = None
    implicit_rules_ext: Element | None = field(default=None, name="_implicitRules")
    language: Code | None = None
    language_ext: Element | None = field(default=None, name="_language")
    text: Narrative | None = None
    contained: list[Raw] | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    identifier: list[Identifier] | None = None
    active: Boolean | None = None
    active_ext: Element | None = field(default=None, name="_active")
    type: Literal["person", "animal", "practitioner", "device", "medication", "substance"]
    type_ext: Element | None = field(default=None, name="_type")
    actual: Boolean
    actual_ext: Element | None = field(default=None, name="_actual")
    code: CodeableConcept | None = None
    name: String | None = None
    name_ext: Element | None = field(default=None, name="_name")
    quantity: UnsignedInt | None = None
    quantity_ext: Element | None = field(default=None, name="_quantity")
    managing_entity: Reference | None = None
    characteristic: list[GroupCharacteristic] | None = None
    member: list[GroupMember] | None = None


class GroupCharacteristic(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 GroupCharacteristic."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    code: CodeableConcept
    value_codeable_concept: CodeableConcept | None = None
    value_boolean: Boolean | None = None
    value_boolean_ext: Element | None = field(default=None, name="_valueBoolean")
    value_quantity: Quantity | None = None
    value_range: Range | None = None
    value_reference: Reference | None = None
    exclude: Boolean
    exclude_ext: Element | None = field(default=None, name="_exclude")
    period: Period | None = None


class GroupMember(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 GroupMember."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    entity: Reference
    period: Period | None = None
    inactive: Boolean | None = None
    inactive_ext: Element | None = field(default=None, name="_inactive")


class HumanName(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 HumanName."""

    id: String | None = None
    extension: list[Extension] | None = None
    use: Literal["usual", "official", "temp", "nickname", "anonymous", "old", "maiden"] | None = None
    use_ext: Element | None = field(default=None, name="_use")
    text: String | None = None
    text_ext: Element | None = field(default=None, name="_text")
    family: String | None = None
    family_ext: Element | None = field(default=None, name="_family")
    given: list[String | None] | None = None
    given_ext: list[Element | None] | None = field(default=None, name="_given")
    prefix: list[String | None] | None = None
    prefix_ext: list[Element | None] | None = field(default=None, name="_prefix")
    suffix: list[String | None] | None = None
    suffix_ext: list[Element | None] | None = field(default=None, name="_suffix")
    period: Period | None = None


class Identifier(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Identifier."""

    id: String | None = None
    extension: list[Extension] | None = None
    use: Literal["usual", "official", "temp", "secondary", "old"] | None = None
    use_ext: Element | None = field(default=None, name="_use")
    type: CodeableConcept | None = None
    system: Uri | None = None
    system_ext: Element | None = field(default=None, name="_system")
    value: String | None = None
    value_ext: Element | None = field(default=None, name="_value")
    period: Period | None = None
    assigner: Reference | None = None


class Location(
    Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    gc=False,
    rename="camel",
    tag="Location",
    tag_field="resourceType",
):
    """R4 Location."""

    id: Id | None = None
    meta: Meta | None = None
    implicit_rules: Uri | None = None
    implicit_rules_ext: Element | None = field(default=None, name="_implicitRules")
    language: Code | None = None
    language_ext: Element | None = field(default=None, name="_language")
    text: Narrative | None = None
    contained: list[Raw] | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    identifier: list[Identifier] | None = None
    status: Literal["active", "suspended", "inactive"] | None = None
    status_ext: Element | None = field(default=None, name="_status")
    operational_status: Coding | None = None
    name: String | None = None
    name_ext: Element | None = field(default=None, name="_name")
    alias: list[String | None] | None = None
    alias_ext: list[Element | None] | None = field(default=None, name="_alias")
    description: String | None = None
    description_ext: Element | None = field(default=None, name="_description")
    mode: Literal["instance", "kind"] | None = None
    mode_ext: Element | None = field(default=None, name="_mode")
    type: list[CodeableConcept] | None = None
    telecom: list[ContactPoint] | None = None
    address: Address | None = None
    physical_type: CodeableConcept | None = None
    position: LocationPosition | None = None
    managing_organization: Reference | None = None
    part_of: Reference | None = None
    hours_of_operation: list[LocationHoursOfOperation] | None = None
    availability_exceptions: String | None = None
    availability_exceptions_ext: Element | None = field(default=None, name="_availabilityExceptions")
    endpoint: list[Reference] | None = None


class LocationHoursOfOperation(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 LocationHoursOfOperation."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    days_of_week: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] | None] | None = None
    days_of_week_ext: list[Element | None] | None = field(default=None, name="_daysOfWeek")
    all_day: Boolean | None = None
    all_day_ext: Element | None = field(default=None, name="_allDay")
    opening_time: Time | None = None
    opening_time_ext: Element | None = field(default=None, name="_openingTime")
    closing_time: Time | None = None
    closing_time_ext: Element | None = field(default=None, name="_closingTime")


class LocationPosition(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 LocationPosition."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    longitude: Decimal
    longitude_ext: Element | None = field(default=None, name="_longitude")
    latitude: Decimal
    latitude_ext: Element | None = field(default=None, name="_latitude")
    altitude: Decimal | None = None
    altitude_ext: Element | None = field(default=None, name="_altitude")


class Medication(
    Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    gc=False,
    rename="camel",
    tag="Medication",
    tag_field="resourceType",
):
    """R4 Medication."""

    id: Id | None = None
    meta: Meta | None = None
    implicit_rules: Uri | None = None
    implicit_rules_ext: Element | None = field(default=None, name="_implicitRules")
    language: Code | None = None
    language_ext: Element | None = field(default=None, name="_language")
    text: Narrative | None = None
    contained: list[Raw] | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    identifier: list[Identifier] | None = None
    code: CodeableConcept | None = None
    status: Literal["active", "inactive", "entered-in-error"] | None = None
    status_ext: Element | None = field(default=None, name="_status")
    manufacturer: Reference | None = None
    form: CodeableConcept | None = None
    amount: Ratio | None = None
    ingredient: list[MedicationIngredient] | None = None
    batch: MedicationBatch | None = None


class MedicationBatch(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 MedicationBatch."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    lot_number: String | None = None
    lot_number_ext: Element | None = field(default=None, name="_lotNumber")
    expiration_date: DateTime | None = None
    expiration_date_ext: Element | None = field(default=None, name="_expirationDate")


class MedicationIngredient(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 MedicationIngredient."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    item_codeable_concept: CodeableConcept | None = None
    item_reference: Reference | None = None
    is_active: Boolean | None = None
    is_active_ext: Element | None = field(default=None, name="_isActive")
    strength: Ratio | None = None


class Meta(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Meta."""

    id: String | None = None
    extension: list[Extension] | None = None
    version_id: Id | None = None
    version_id_ext: Element | None = field(default=None, name="_versionId")
    last_updated: Instant | None = None
    last_updated_ext: Element | None = field(default=None, name="_lastUpdated")
    source: Uri | None = None
    source_ext: Element | None = field(default=None, name="_source")
    profile: list[Canonical | None] | None = None
    profile_ext: list[Element | None] | None = field(default=None, name="_profile")
    security: list[Coding] | None = None
    tag: list[Coding] | None = None


class Money(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Money."""

    id: String | None = None
    extension: list[Extension] | None = None
    value: Decimal | None = None
    value_ext: Element | None = field(default=None, name="_value")
    currency: Code | None = None
    currency_ext: Element | None = field(default=None, name="_currency")


class Narrative(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Narrative."""

    id: String | None = None
    extension: list[Extension] | None = None
    status: Literal["generated", "extensions", "additional", "empty"]
    status_ext: Element | None = field(default=None, name="_status")
    div: Xhtml


class Organization(
    Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    gc=False,
    rename="camel",
    tag="Organization",
    tag_field="resourceType",
):
    """R4 Organization."""

    id: Id | None = None
    meta: Meta | None = None
    implicit_rules: Uri | None = None
    implicit_rules_ext: Element | None = field(default=None, name="_implicitRules")
    language: Code | None = None
    language_ext: Element | None = field(default=None, name="_language")
    text: Narrative | None = None
    contained: list[Raw] | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    identifier: list[Identifier] | None = None
    active: Boolean | None = None
    active_ext: Element | None = field(default=None, name="_active")
    type: list[CodeableConcept] | None = None
    name: String | None = None
    name_ext: Element | None = field(default=None, name="_name")
    alias: list[String | None] | None = None
    alias_ext: list[Element | None] | None = field(default=None, name="_alias")
    telecom: list[ContactPoint] | None = None
    address: list[Address] | None = None
    part_of: Reference | None = None
    contact: list[OrganizationContact] | None = None
    endpoint: list[Reference] | None = None


class OrganizationContact(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 OrganizationContact."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    purpose: CodeableConcept | None = None
    name: HumanName | None = None
    telecom: list[ContactPoint] | None = None
    address: Address | None = None


class ParameterDefinition(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 ParameterDefinition."""

    id: String | None = None
    extension: list[Extension] | None = None
    name: Code | None = None
    name_ext: Element | None = field(default=None, name="_name")
    use: Literal["in", "out"]
    use_ext: Element | None = field(default=None, name="_use")
    min: Integer | None = None
    min_ext: Element | None = field(default=None, name="_min")
    max: String | None = None
    max_ext: Element | None = field(default=None, name="_max")
    documentation: String | None = None
    documentation_ext: Element | None = field(default=None, name="_documentation")
    type: Code
    type_ext: Element | None = field(default=None, name="_type")
    profile: Canonical | None = None
    profile_ext: Element | None = field(default=None, name="_profile")


class Patient(
    Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    gc=False,
    rename="camel",
    tag="Patient",
    tag_field="resourceType",
):
    """R4 Patient."""

    id: Id | None = None
    meta: Meta | None = None
    implicit_rules: Uri | None = None
    implicit_rules_ext: Element | None = field(default=None, name="_implicitRules")
    language: Code | None = None
    language_ext: Element | None = field(default=None, name="_language")
    text: Narrative | None = None
    contained: list[Raw] | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    identifier: list[Identifier] | None = None
    active: Boolean | None = None
    active_ext: Element | None = field(default=None, name="_active")
    name: list[HumanName] | None = None
    telecom: list[ContactPoint] | None = None
    gender: Literal["male", "female", "other", "unknown"] | None = None
    gender_ext: Element | None = field(default=None, name="_gender")
    birth_date: Date | None = None
    birth_date_ext: Element | None = field(default=None, name="_birthDate")
    deceased_boolean: Boolean | None = None
    deceased_boolean_ext: Element | None = field(default=None, name="_deceasedBoolean")
    deceased_date_time: DateTime | None = None
    deceased_date_time_ext: Element | None = field(default=None, name="_deceasedDateTime")
    address: list[Address] | None = None
    marital_status: CodeableConcept | None = None
    multiple_birth_boolean: Boolean | None = None
    multiple_birth_boolean_ext: Element | None = field(default=None, name="_multipleBirthBoolean")
    multiple_birth_integer: Integer | None = None
    multiple_birth_integer_ext: Element | None = field(default=None, name="_multipleBirthInteger")
    photo: list[Attachment] | None = None
    contact: list[PatientContact] | None = None
    communication: list[PatientCommunication] | None = None
    general_practitioner: list[Reference] | None = None
    managing_organization: Reference | None = None
    link: list[PatientLink] | None = None


class PatientCommunication(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 PatientCommunication."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    language: CodeableConcept
    preferred: Boolean | None = None
    preferred_ext: Element | None = field(default=None, name="_preferred")


class PatientContact(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 PatientContact."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    relationship: list[CodeableConcept] | None = None
    name: HumanName | None = None
    telecom: list[ContactPoint] | None = None
    address: Address | None = None
    gender: Literal["male", "female", "other", "unknown"] | None = None
    gender_ext: Element | None = field(default=None, name="_gender")
    organization: Reference | None = None
    period: Period | None = None


class PatientLink(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 PatientLink."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    other: Reference
    type: Literal["replaced-by", "replaces", "refer", "seealso"]
    type_ext: Element | None = field(default=None, name="_type")


class Period(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Period."""

    id: String | None = None
    extension: list[Extension] | None = None
    start: DateTime | None = None
    start_ext: Element | None = field(default=None, name="_start")
    end: DateTime | None = None
    end_ext: Element | None = field(default=None, name="_end")


class Practitioner(
    Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    gc=False,
    rename="camel",
    tag="Practitioner",
    tag_field="resourceType",
):
    """R4 Practitioner."""

    id: Id | None = None
    meta: Meta | None = None
    implicit_rules: Uri | None = None
    implicit_rules_ext: Element | None = field(default=None, name="_implicitRules")
    language: Code | None = None
    language_ext: Element | None = field(default=None, name="_language")
    text: Narrative | None = None
    contained: list[Raw] | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    identifier: list[Identifier] | None = None
    active: Boolean | None = None
    active_ext: Element | None = field(default=None, name="_active")
    name: list[HumanName] | None = None
    telecom: list[ContactPoint] | None = None
    address: list[Address] | None = None
    gender: Literal["male", "female", "other", "unknown"] | None = None
    gender_ext: Element | None = field(default=None, name="_gender")
    birth_date: Date | None = None
    birth_date_ext: Element | None = field(default=None, name="_birthDate")
    photo: list[Attachment] | None = None
    qualification: list[PractitionerQualification] | None = None
    communication: list[CodeableConcept] | None = None


class PractitionerQualification(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 PractitionerQualification."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    identifier: list[Identifier] | None = None
    code: CodeableConcept
    period: Period | None = None
    issuer: Reference | None = None


class PractitionerRole(
    Struct,
    kw_only=True,
    forbid_unknown_fields=True,
    gc=False,
    rename="camel",
    tag="PractitionerRole",
    tag_field="resourceType",
):
    """R4 PractitionerRole."""

    id: Id | None = None
    meta: Meta | None = None
    implicit_rules: Uri | None = None
    implicit_rules_ext: Element | None = field(default=None, name="_implicitRules")
    language: Code | None = None
    language_ext: Element | None = field(default=None, name="_language")
    text: Narrative | None = None
    contained: list[Raw] | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    identifier: list[Identifier] | None = None
    active: Boolean | None = None
    active_ext: Element | None = field(default=None, name="_active")
    period: Period | None = None
    practitioner: Reference | None = None
    organization: Reference | None = None
    code: list[CodeableConcept] | None = None
    specialty: list[CodeableConcept] | None = None
    location: list[Reference] | None = None
    healthcare_service: list[Reference] | None = None
    telecom: list[ContactPoint] | None = None
    available_time: list[PractitionerRoleAvailableTime] | None = None
    not_available: list[PractitionerRoleNotAvailable] | None = None
    availability_exceptions: String | None = None
    availability_exceptions_ext: Element | None = field(default=None, name="_availabilityExceptions")
    endpoint: list[Reference] | None = None


class PractitionerRoleAvailableTime(
    Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"
):
    """R4 PractitionerRoleAvailableTime."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    days_of_week: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] | None] | None = None
    days_of_week_ext: list[Element | None] | None = field(default=None, name="_daysOfWeek")
    all_day: Boolean | None = None
    all_day_ext: Element | None = field(default=None, name="_allDay")
    available_start_time: Time | None = None
    available_start_time_ext: Element | None = field(default=None, name="_availableStartTime")
    available_end_time: Time | None = None
    available_end_time_ext: Element | None = field(default=None, name="_availableEndTime")


class PractitionerRoleNotAvailable(
    Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"
):
    """R4 PractitionerRoleNotAvailable."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    description: String
    description_ext: Element | None = field(default=None, name="_description")
    during: Period | None = None


class Quantity(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Quantity."""

    id: String | None = None
    extension: list[Extension] | None = None
    value: Decimal | None = None
    value_ext: Element | None = field(default=None, name="_value")
    comparator: Literal["<", "<=", ">=", ">"] | None = None
    comparator_ext: Element | None = field(default=None, name="_comparator")
    unit: String | None = None
    unit_ext: Element | None = field(default=None, name="_unit")
    system: Uri | None = None
    system_ext: Element | None = field(default=None, name="_system")
    code: Code | None = None
    code_ext: Element | None = field(default=None, name="_code")


class Range(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Range."""

    id: String | None = None
    extension: list[Extension] | None = None
    low: Quantity | None = None
    high: Quantity | None = None


class Ratio(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Ratio."""

    id: String | None = None
    extension: list[Extension] | None = None
    numerator: Quantity | None = None
    denominator: Quantity | None = None


class Reference(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Reference."""

    id: String | None = None
    extension: list[Extension] | None = None
    reference: String | None = None
    reference_ext: Element | None = field(default=None, name="_reference")
    type: Uri | None = None
    type_ext: Element | None = field(default=None, name="_type")
    identifier: Identifier | None = None
    display: String | None = None
    display_ext: Element | None = field(default=None, name="_display")


class RelatedArtifact(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 RelatedArtifact."""

    id: String | None = None
    extension: list[Extension] | None = None
    type: Literal[
        "documentation",
        "justification",
        "citation",
        "predecessor",
        "successor",
        "derived-from",
        "depends-on",
        "composed-of",
    ]
    type_ext: Element | None = field(default=None, name="_type")
    label: String | None = None
    label_ext: Element | None = field(default=None, name="_label")
    display: String | None = None
    display_ext: Element | None = field(default=None, name="_display")
    citation: Markdown | None = None
    citation_ext: Element | None = field(default=None, name="_citation")
    url: Url | None = None
    url_ext: Element | None = field(default=None, name="_url")
    document: Attachment | None = None
    resource: Canonical | None = None
    resource_ext: Element | None = field(default=None, name="_resource")


class SampledData(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 SampledData."""

    id: String | None = None
    extension: list[Extension] | None = None
    origin: Quantity
    period: Decimal
    period_ext: Element | None = field(default=None, name="_period")
    factor: Decimal | None = None
    factor_ext: Element | None = field(default=None, name="_factor")
    lower_limit: Decimal | None = None
    lower_limit_ext: Element | None = field(default=None, name="_lowerLimit")
    upper_limit: Decimal | None = None
    upper_limit_ext: Element | None = field(default=None, name="_upperLimit")
    dimensions: PositiveInt
    dimensions_ext: Element | None = field(default=None, name="_dimensions")
    data: String | None = None
    data_ext: Element | None = field(default=None, name="_data")


class Signature(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Signature."""

    id: String | None = None
    extension: list[Extension] | None = None
    type: list[Coding]
    when: Instant
    when_ext: Element | None = field(default=None, name="_when")
    who: Reference
    on_behalf_of: Reference | None = None
    target_format: Code | None = None
    target_format_ext: Element | None = field(default=None, name="_targetFormat")
    sig_format: Code | None = None
    sig_format_ext: Element | None = field(default=None, name="_sigFormat")
    data: Base64Binary | None = None
    data_ext: Element | None = field(default=None, name="_data")


class Timing(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 Timing."""

    id: String | None = None
    extension: list[Extension] | None = None
    modifier_extension: list[Extension] | None = None
    event: list[DateTime | None] | None = None
    event_ext: list[Element | None] | None = field(default=None, name="_event")
    repeat: TimingRepeat | None = None
    code: CodeableConcept | None = None


class TimingRepeat(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 TimingRepeat."""

    id: String | None = None
    extension: list[Extension] | None = None
    bounds_duration: Duration | None = None
    bounds_range: Range | None = None
    bounds_period: Period | None = None
    count: PositiveInt | None = None
    count_ext: Element | None = field(default=None, name="_count")
    count_max: PositiveInt | None = None
    count_max_ext: Element | None = field(default=None, name="_countMax")
    duration: Decimal | None = None
    duration_ext: Element | None = field(default=None, name="_duration")
    duration_max: Decimal | None = None
    duration_max_ext: Element | None = field(default=None, name="_durationMax")
    duration_unit: Literal["s", "min", "h", "d", "wk", "mo", "a"] | None = None
    duration_unit_ext: Element | None = field(default=None, name="_durationUnit")
    frequency: PositiveInt | None = None
    frequency_ext: Element | None = field(default=None, name="_frequency")
    frequency_max: PositiveInt | None = None
    frequency_max_ext: Element | None = field(default=None, name="_frequencyMax")
    period: Decimal | None = None
    period_ext: Element | None = field(default=None, name="_period")
    period_max: Decimal | None = None
    period_max_ext: Element | None = field(default=None, name="_periodMax")
    period_unit: Literal["s", "min", "h", "d", "wk", "mo", "a"] | None = None
    period_unit_ext: Element | None = field(default=None, name="_periodUnit")
    day_of_week: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] | None] | None = None
    day_of_week_ext: list[Element | None] | None = field(default=None, name="_dayOfWeek")
    time_of_day: list[Time | None] | None = None
    time_of_day_ext: list[Element | None] | None = field(default=None, name="_timeOfDay")
    when: list[Code | None] | None = None
    when_ext: list[Element | None] | None = field(default=None, name="_when")
    offset: UnsignedInt | None = None
    offset_ext: Element | None = field(default=None, name="_offset")


class TriggerDefinition(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 TriggerDefinition."""

    id: String | None = None
    extension: list[Extension] | None = None
    type: Literal[
        "named-event",
        "periodic",
        "data-changed",
        "data-added",
        "data-modified",
        "data-removed",
        "data-accessed",
        "data-access-ended",
    ]
    type_ext: Element | None = field(default=None, name="_type")
    name: String | None = None
    name_ext: Element | None = field(default=None, name="_name")
    timing_timing: Timing | None = None
    timing_reference: Reference | None = None
    timing_date: Date | None = None
    timing_date_ext: Element | None = field(default=None, name="_timingDate")
    timing_date_time: DateTime | None = None
    timing_date_time_ext: Element | None = field(default=None, name="_timingDateTime")
    data: list[DataRequirement] | None = None
    condition: Expression | None = None


class UsageContext(Struct, kw_only=True, forbid_unknown_fields=True, gc=False, rename="camel"):
    """R4 UsageContext."""

    id: String | None = None
    extension: list[Extension] | None = None
    code: Coding
    value_codeable_concept: CodeableConcept | None = None
    value_quantity: Quantity | None = None
    value_range: Range | None = None
    value_reference: Reference | None = None


RESOURCES: Final = {
    "ActivityDefinition": ActivityDefinition,
    "Bundle": Bundle,
    "ChargeItemDefinition": ChargeItemDefinition,
    "Claim": Claim,
    "Coverage": Coverage,
    "CoverageEligibilityRequest": CoverageEligibilityRequest,
    "Group": Group,
    "Location": Location,
    "Medication": Medication,
    "Organization": Organization,
    "Patient": Patient,
    "Practitioner": Practitioner,
    "PractitionerRole": PractitionerRole,
}
"""The resources that are read, by name."""

CHOICES: Final[dict[str, dict[str, tuple[bool, tuple[str, ...]]]]] = {
    "ActivityDefinition": {
        "subject": (
            False,
            (
                "subjectCodeableConcept",
                "subjectReference",
                "subjectCanonical",
            ),
        ),
        "timing": (
            False,
            (
                "timingTiming",
                "timingDateTime",
                "timingAge",
                "timingPeriod",
                "timingRange",
                "timingDuration",
            ),
        ),
        "product": (
            False,
            (
                "productReference",
                "productCodeableConcept",
            ),
        ),
    },
    "Annotation": {
        "author": (
            False,
            (
                "authorReference",
                "authorString",
            ),
        ),
    },
    "ClaimAccident": {
        "location": (
            False,
            (
                "locationAddress",
                "locationReference",
            ),
        ),
    },
    "ClaimDiagnosis": {
        "diagnosis": (
            True,
            (
                "diagnosisCodeableConcept",
                "diagnosisReference",
            ),
        ),
    },
    "ClaimItem": {
        "serviced": (
            False,
            (
                "servicedDate",
                "servicedPeriod",
            ),
        ),
        "location": (
            False,
            (
                "locationCodeableConcept",
                "locationAddress",
                "locationReference",
            ),
        ),
    },
    "ClaimProcedure": {
        "procedure": (
            True,
            (
                "procedureCodeableConcept",
                "procedureReference",
            ),
        ),
    },
    "ClaimSupportingInfo": {
        "timing": (
            False,
            (
                "timingDate",
                "timingPeriod",
            ),
        ),
        "value": (
            False,
            (
                "valueBoolean",
                "valueString",
                "valueQuantity",
                "valueAttachment",
                "valueReference",
            ),
        ),
    },
    "CoverageCostToBeneficiary": {
        "value": (
            True,
            (
                "valueQuantity",
                "valueMoney",
            ),
        ),
    },
    "CoverageEligibilityRequest": {
        "serviced": (
            False,
            (
                "servicedDate",
                "servicedPeriod",
            ),
        ),
    },
    "CoverageEligibilityRequestItemDiagnosis": {
        "diagnosis": (
            False,
            (
                "diagnosisCodeableConcept",
                "diagnosisReference",
            ),
        ),
    },
    "DataRequirement": {
        "subject": (
            False,
            (
                "subjectCodeableConcept",
                "subjectReference",
            ),
        ),
    },
    "DataRequirementDateFilter": {
        "value": (
            False,
            (
                "valueDateTime",
                "valuePeriod",
                "valueDuration",
            ),
        ),
    },
    "Dosage": {
        "asNeeded": (
            False,
            (
                "asNeededBoolean",
                "asNeededCodeableConcept",
            ),
        ),
    },
    "DosageDoseAndRate": {
        "dose": (
            False,
            (
                "doseRange",
                "doseQuantity",
            ),
        ),
        "rate": (
            False,
            (
                "rateRatio",
                "rateRange",
                "rateQuantity",
            ),
        ),
    },
    "Extension": {
        "value": (
            False,
            (
                "valueBase64Binary",
                "valueBoolean",
                "valueCanonical",
                "valueCode",
                "valueDate",
                "valueDateTime",
                "valueDecimal",
                "valueId",
                "valueInstant",
                "valueInteger",
                "valueMarkdown",
                "valueOid",
                "valuePositiveInt",
                "valueString",
                "valueTime",
                "valueUnsignedInt",
                "valueUri",
                "valueUrl",
                "valueUuid",
                "valueAddress",
                "valueAge",
                "valueAnnotation",
                "valueAttachment",
                "valueCodeableConcept",
                "valueCoding",
                "valueContactPoint",
                "valueCount",
                "valueDistance",
                "valueDuration",
                "valueHumanName",
                "valueIdentifier",
                "valueMoney",
                "valuePeriod",
                "valueQuantity",
                "valueRange",
                "valueRatio",
                "valueReference",
                "valueSampledData",
                "valueSignature",
                "valueTiming",
                "valueContactDetail",
                "valueContributor",
                "valueDataRequirement",
                "valueExpression",
                "valueParameterDefinition",
                "valueRelatedArtifact",
                "valueTriggerDefinition",
                "valueUsageContext",
                "valueDosage",
            ),
        ),
    },
    "GroupCharacteristic": {
        "value": (
            True,
            (
                "valueCodeableConcept",
                "valueBoolean",
                "valueQuantity",
                "valueRange",
                "valueReference",
            ),
        ),
    },
    "MedicationIngredient": {
        "item": (
            True,
            (
                "itemCodeableConcept",
                "itemReference",
            ),
        ),
    },
    "Patient": {
        "deceased": (
            False,
            (
                "deceasedBoolean",
                "deceasedDateTime",
            ),
        ),
        "multipleBirth": (
            False,
            (
                "multipleBirthBoolean",
                "multipleBirthInteger",
            ),
        ),
    },
    "TimingRepeat": {
        "bounds": (
            False,
            (
                "boundsDuration",
                "boundsRange",
                "boundsPeriod",
            ),
        ),
    },
    "TriggerDefinition": {
        "timing": (
            False,
            (
                "timingTiming",
                "timingReference",
                "timingDate",
                "timingDateTime",
            ),
        ),
    },
    "UsageContext": {
        "value": (
            True,
            (
                "valueCodeableConcept",
                "valueQuantity",
                "valueRange",
                "valueReference",
            ),
        ),
    },
}
"""Elements of which one may be there, or must be: by type and by the beginning of their names."""

TARGETS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "ActivityDefinition": {
        "subjectReference": ("Group",),
        "library": ("Library",),
        "profile": ("StructureDefinition",),
        "location": ("Location",),
        "productReference": (
            "Medication",
            "Substance",
            "Ingredient",
        ),
        "specimenRequirement": ("SpecimenDefinition",),
        "observationRequirement": ("ObservationDefinition",),
        "observationResultRequirement": ("ObservationDefinition",),
        "transform": ("StructureMap",),
    },
    "Annotation": {
        "authorReference": (
            "Practitioner",
            "Patient",
            "RelatedPerson",
            "Organization",
        ),
    },
    "ChargeItemDefinition": {
        "partOf": ("ChargeItemDefinition",),
        "replaces": ("ChargeItemDefinition",),
        "instance": (
            "Medication",
            "Substance",
            "Device",
        ),
    },
    "Claim": {
        "patient": ("Patient",),
        "enterer": (
            "Practitioner",
            "PractitionerRole",
        ),
        "insurer": ("Organization",),
        "provider": (
            "Practitioner",
            "PractitionerRole",
            "Organization",
        ),
        "prescription": (
            "DeviceRequest",
            "MedicationRequest",
            "VisionPrescription",
        ),
        "originalPrescription": (
            "DeviceRequest",
            "MedicationRequest",
            "VisionPrescription",
        ),
        "referral": ("ServiceRequest",),
        "facility": ("Location",),
    },
    "ClaimAccident": {
        "locationReference": ("Location",),
    },
    "ClaimCareTeam": {
        "provider": (
            "Practitioner",
            "PractitionerRole",
            "Organization",
        ),
    },
    "ClaimDiagnosis": {
        "diagnosisReference": ("Condition",),
    },
    "ClaimInsurance": {
        "coverage": ("Coverage",),
        "claimResponse": ("ClaimResponse",),
    },
    "ClaimItem": {
        "locationReference": ("Location",),
        "udi": ("Device",),
        "encounter": ("Encounter",),
    },
    "ClaimItemDetail": {
        "udi": ("Device",),
    },
    "ClaimItemDetailSubDetail": {
        "udi": ("Device",),
    },
    "ClaimPayee": {
        "party": (
            "Practitioner",
            "PractitionerRole",
            "Organization",
            "Patient",
            "RelatedPerson",
        ),
    },
    "ClaimProcedure": {
        "procedureReference": ("Procedure",),
        "udi": ("Device",),
    },
    "ClaimRelated": {
        "claim": ("Claim",),
    },
    "Coverage": {
        "policyHolder": (
            "Patient",
            "RelatedPerson",
            "Organization",
        ),
        "subscriber": (
            "Patient",
            "RelatedPerson",
        ),
        "beneficiary": ("Patient",),
        "payor": (
            "Organization",
            "Patient",
            "RelatedPerson",
        ),
        "contract": ("Contract",),
    },
    "CoverageEligibilityRequest": {
        "patient": ("Patient",),
        "enterer": (
            "Practitioner",
            "PractitionerRole",
        ),
        "provider": (
            "Practitioner",
            "PractitionerRole",
            "Organization",
        ),
        "insurer": ("Organization",),
        "facility": ("Location",),
    },
    "CoverageEligibilityRequestInsurance": {
        "coverage": ("Coverage",),
    },
    "CoverageEligibilityRequestItem": {
        "provider": (
            "Practitioner",
            "PractitionerRole",
        ),
        "facility": (
            "Location",
            "Organization",
        ),
    },
    "CoverageEligibilityRequestItemDiagnosis": {
        "diagnosisReference": ("Condition",),
    },
    "DataRequirement": {
        "profile": ("StructureDefinition",),
        "subjectReference": ("Group",),
    },
    "DataRequirementCodeFilter": {
        "valueSet": ("ValueSet",),
    },
    "Group": {
        "managingEntity": (
            "Organization",
            "RelatedPerson",
            "Practitioner",
            "PractitionerRole",
        ),
    },
    "GroupMember": {
        "entity": (
            "Patient",
            "RelatedPerson",
            "Practitioner",
            "PractitionerRole",
            "Device",
            "Medication",
            "Substance",
            "Group",
        ),
    },
    "Identifier": {
        "assigner": ("Organization",),
    },
    "Location": {
        "managingOrganization": ("Organization",),
        "partOf": ("Location",),
        "endpoint": ("Endpoint",),
    },
    "Medication": {
        "manufacturer": ("Organization",),
    },
    "MedicationIngredient": {
        "itemReference": (
            "Substance",
            "Medication",
        ),
    },
    "Meta": {
        "profile": ("StructureDefinition",),
    },
    "Organization": {
        "partOf": ("Organization",),
        "endpoint": ("Endpoint",),
    },
    "ParameterDefinition": {
        "profile": ("StructureDefinition",),
    },
    "Patient": {
        "generalPractitioner": (
            "Organization",
            "Practitioner",
            "PractitionerRole",
        ),
        "managingOrganization": ("Organization",),
    },
    "PatientContact": {
        "organization": ("Organization",),
    },
    "PatientLink": {
        "other": (
            "Patient",
            "RelatedPerson",
        ),
    },
    "PractitionerQualification": {
        "issuer": ("Organization",),
    },
    "PractitionerRole": {
        "practitioner": ("Practitioner",),
        "organization": ("Organization",),
        "location": ("Location",),
        "healthcareService": ("HealthcareService",),
        "endpoint": ("Endpoint",),
    },
    "Signature": {
        "who": (
            "Practitioner",
            "PractitionerRole",
            "RelatedPerson",
            "Patient",
            "Device",
            "Organization",
        ),
        "onBehalfOf": (
            "Practitioner",
            "PractitionerRole",
            "RelatedPerson",
            "Patient",
            "Device",
            "Organization",
        ),
    },
    "TriggerDefinition": {
        "timingReference": ("Schedule",),
    },
    "UsageContext": {
        "valueReference": (
            "PlanDefinition",
            "ResearchStudy",
            "InsurancePlan",
            "HealthcareService",
            "Group",
            "Location",
            "Organization",
        ),
    },
}
"""The resources that a reference may lead to, by type and element; any, where it is not here."""
