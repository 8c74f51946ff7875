"""The first books: journal, registers, claims, runs and the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "accepted_claims",
        sa.Column("insuree", sa.Text(), nullable=False),
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.Column("run", WHOLE, nullable=False),
        sa.Column("entry", sa.SmallInteger(), nullable=False),
        sa.Column("target_date", sa.Date(), nullable=False),
        sa.Column("category", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("entry IN (1, -1)", name=op.f("ck_accepted_claims_entry")),
        sa.PrimaryKeyConstraint("insuree", "claim_id", "run", "entry", name=op.f("pk_accepted_claims")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "accepted_lines",
        sa.Column("insuree", sa.Text(), nullable=False),
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.Column("line", WHOLE, nullable=False),
        sa.Column("run", WHOLE, nullable=False),
        sa.Column("entry", sa.SmallInteger(), nullable=False),
        sa.Column("target_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("quantity", WHOLE, nullable=False),
        sa.CheckConstraint("entry IN (1, -1)", name=op.f("ck_accepted_lines_entry")),
        sa.PrimaryKeyConstraint(
            "insuree", "claim_id", "line", "run", "entry", name=op.f("pk_accepted_lines")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "accesses",
        sa.Column("number", WHOLE, autoincrement=True, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("facility", sa.Text(), nullable=True),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_accesses")),
    )
    op.create_index("ix_accesses_facility", "accesses", ["facility"], unique=False)
    op.create_index("ix_accesses_subject", "accesses", ["subject"], unique=False)
    op.create_table(
        "balance_entries",
        sa.Column("run", WHOLE, nullable=False),
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.Column("entry", sa.SmallInteger(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("insuree", sa.Text(), nullable=False),
        sa.Column("deducted_hospital", WHOLE, nullable=False),
        sa.Column("deducted_non_hospital", WHOLE, nullable=False),
        sa.Column("covered_hospital", WHOLE, nullable=False),
        sa.Column("covered_non_hospital", WHOLE, nullable=False),
        sa.Column("digest", WHOLE, nullable=False),
        sa.CheckConstraint("entry IN (1, -1)", name=op.f("ck_balance_entries_entry")),
        sa.PrimaryKeyConstraint("run", "claim_id", "entry", "policy", name=op.f("pk_balance_entries")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "balances",
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("insuree", sa.Text(), nullable=False),
        sa.Column("deducted_hospital", WHOLE, nullable=False),
        sa.Column("deducted_non_hospital", WHOLE, nullable=False),
        sa.Column("covered_hospital", WHOLE, nullable=False),
        sa.Column("covered_non_hospital", WHOLE, nullable=False),
        sa.Column("run", WHOLE, nullable=False),
        sa.Column("digest", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("policy", "insuree", "run", name=op.f("pk_balances")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "bulk_jobs",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('import', 'export')", name=op.f("ck_bulk_jobs_kind")),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'failed', 'cancelled')", name=op.f("ck_bulk_jobs_state")
        ),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_bulk_jobs")),
    )
    op.create_table(
        "catchments",
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("percent", WHOLE, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("since", WHOLE, nullable=False),
        sa.Column("until", WHOLE, nullable=True),
        sa.Column("digest", WHOLE, nullable=False),
    )
    op.create_index("ix_catchments_key", "catchments", ["facility", "location"], unique=False)
    op.create_table(
        "claim_decisions",
        sa.Column("run", WHOLE, nullable=False),
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.Column("entry", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("reason", WHOLE, nullable=True),
        sa.Column("category", sa.SmallInteger(), nullable=False),
        sa.Column("product_versions", sa.Text(), nullable=True),
        sa.Column("claimed", WHOLE, nullable=False),
        sa.Column("valuated", WHOLE, nullable=False),
        sa.Column("remunerated", WHOLE, nullable=True),
        sa.Column("digest", WHOLE, nullable=False),
        sa.CheckConstraint("entry IN (1, -1)", name=op.f("ck_claim_decisions_entry")),
        sa.PrimaryKeyConstraint("run", "claim_id", "entry", name=op.f("pk_claim_decisions")),
        sa.UniqueConstraint(
            "claim_id", "version", "entry", name=op.f("uq_claim_decisions_claim_id_version_entry")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "claim_lines",
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.Column("line", WHOLE, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("quantity", WHOLE, nullable=False),
        sa.Column("price_asked", WHOLE, nullable=False),
        sa.Column("quantity_approved", WHOLE, nullable=True),
        sa.Column("price_approved", WHOLE, nullable=True),
        sa.Column("review", sa.SmallInteger(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("claim_id", "line", name=op.f("pk_claim_lines")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "claims",
        sa.Column("claim_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("insuree", sa.Text(), nullable=False),
        sa.Column("date_from", sa.Date(), nullable=True),
        sa.Column("date_to", sa.Date(), nullable=True),
        sa.Column("date_claimed", sa.Date(), nullable=False),
        sa.Column("visit_type", sa.SmallInteger(), nullable=False),
        sa.Column("diagnosis", sa.Text(), nullable=True),
        sa.Column("diagnosis_1", sa.Text(), nullable=True),
        sa.Column("diagnosis_2", sa.Text(), nullable=True),
        sa.Column("diagnosis_3", sa.Text(), nullable=True),
        sa.Column("diagnosis_4", sa.Text(), nullable=True),
        sa.Column("sequence", WHOLE, nullable=True),
        sa.Column("administrator", sa.Text(), nullable=True),
        sa.Column("guarantee", sa.Text(), nullable=True),
        sa.Column("referred_from", sa.Text(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("load", WHOLE, nullable=False),
        sa.Column("digest", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_claims")),
        sa.UniqueConstraint("facility", "claim", name=op.f("uq_claims_facility_claim")),
    )
    op.create_index("ix_claims_insuree", "claims", ["insuree"], unique=False)
    op.create_table(
        "contributions",
        sa.Column("contribution", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("paid", sa.Date(), nullable=False),
        sa.Column("amount", WHOLE, nullable=False),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("since", WHOLE, nullable=False),
        sa.Column("until", WHOLE, nullable=True),
        sa.Column("digest", WHOLE, nullable=False),
    )
    op.create_index("ix_contributions_key", "contributions", ["contribution"], unique=False)
    op.create_table(
        "covers",
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("insuree", sa.Text(), nullable=False),
        sa.Column("effective", sa.Date(), nullable=False),
        sa.Column("expiry", sa.Date(), nullable=False),
        sa.Column("since", WHOLE, nullable=False),
        sa.Column("until", WHOLE, nullable=True),
        sa.Column("digest", WHOLE, nullable=False),
    )
    op.create_index("ix_covers_insuree", "covers", ["insuree"], unique=False)
    op.create_index("ix_covers_key", "covers", ["policy", "insuree"], unique=False)
    op.create_table(
        "diagnoses",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("since", WHOLE, nullable=False),
        sa.Column("until", WHOLE, nullable=True),
        sa.Column("digest", WHOLE, nullable=False),
    )
    op.create_index("ix_diagnoses_key", "diagnoses", ["code"], unique=False)
    op.create_table(
        "facilities",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("sublevel", sa.Text(), nullable=True),
        sa.Column("care_type", sa.SmallInteger(), nullable=False),
        sa.Column("legal_form", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("service_price_list", sa.Text(), nullable=True),
        sa.Column("item_price_list", sa.Text(), nullable=True),
        sa.Column("account_code", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("since", WHOLE, nullable=False),
        sa.Column("until", WHOLE, nullable=True),
        sa.Column("digest", WHOLE, nullable=False),
    )
    op.create_index("ix_facilities_key", "facilities", ["code"], unique=False)
    op.create_table(
        "families",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=True),
        sa.Column("since", WHOLE, nullable=False),
        sa.Column("until", WHOLE, nullable=True),
        sa.Column("digest", WHOLE, nullable=False),
    )
    op.create_index("ix_families_key", "families", ["family"], unique=False)
    op.create_table(
        "flags",
        sa.Column("run", WHOLE, nullable=False),
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.Column("line", WHOLE, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("digest", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("run", "claim_id", "line", "rule", name=op.f("pk_flags")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "holder",
        sa.Column("one", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("process", WHOLE, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_holder_one")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_holder")),
    )
    op.create_table(
        "insurees",
        sa.Column("insuree", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("head", sa.Boolean(), nullable=True),
        sa.Column("sex", sa.SmallInteger(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("since", WHOLE, nullable=False),
        sa.Column("until", WHOLE, nullable=True),
        sa.Column("digest", WHOLE, nullable=False),
    )
    op.create_index("ix_insurees_family", "insurees", ["family"], unique=False)
    op.create_index("ix_insurees_key", "insurees", ["insuree"], unique=False)
    op.create_table(
        "journal",
        sa.Column("number", WHOLE, autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_journal")),
        sa.UniqueConstraint("hash", name=op.f("uq_journal_hash")),
        sa.UniqueConstraint("previous", name=op.f("uq_journal_previous")),
    )
    op.create_table(
        "line_decisions",
        sa.Column("run", WHOLE, nullable=False),
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.Column("entry", sa.SmallInteger(), nullable=False),
        sa.Column("line", WHOLE, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("reason", WHOLE, nullable=True),
        sa.Column("policy", sa.Text(), nullable=True),
        sa.Column("product", sa.Text(), nullable=True),
        sa.Column("price_origin", sa.SmallInteger(), nullable=True),
        sa.Column("quantity", WHOLE, nullable=False),
        sa.Column("unit_price", WHOLE, nullable=True),
        sa.Column("limit_excess", WHOLE, nullable=False),
        sa.Column("deductible", WHOLE, nullable=False),
        sa.Column("co_insurance", WHOLE, nullable=False),
        sa.Column("category_excess", WHOLE, nullable=False),
        sa.Column("ceiling_excess", WHOLE, nullable=False),
        sa.Column("valuated", WHOLE, nullable=False),
        sa.Column("remunerated", WHOLE, nullable=True),
        sa.Column("digest", WHOLE, nullable=False),
        sa.CheckConstraint("entry IN (1, -1)", name=op.f("ck_line_decisions_entry")),
        sa.PrimaryKeyConstraint("run", "claim_id", "entry", "line", name=op.f("pk_line_decisions")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "locations",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("male", WHOLE, nullable=True),
        sa.Column("female", WHOLE, nullable=True),
        sa.Column("other", WHOLE, nullable=True),
        sa.Column("families", WHOLE, nullable=True),
        sa.Column("since", WHOLE, nullable=False),
        sa.Column("until", WHOLE, nullable=True),
        sa.Column("digest", WHOLE, nullable=False),
    )
    op.create_index("ix_locations_key", "locations", ["code"], unique=False)
    op.create_table(
        "open_run",
        sa.Column("one", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("run", WHOLE, nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_open_run_one")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_open_run")),
    )
    op.create_table(
        "opening_claims",
        sa.Column("claim_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_opening_claims")),
        sa.UniqueConstraint("facility", "claim", name=op.f("uq_opening_claims_facility_claim")),
    )
    op.create_table(
        "partitions",
        sa.Column("run", WHOLE, nullable=False),
        sa.Column("partition", WHOLE, nullable=False),
        sa.Column("claims", WHOLE, nullable=False),
        sa.Column("lines", WHOLE, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run", "partition", name=op.f("pk_partitions")),
    )
    op.create_table(
        "payments",
        sa.Column("payment", WHOLE, autoincrement=False, nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("amount", WHOLE, nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount")),
        sa.PrimaryKeyConstraint("payment", name=op.f("pk_payments")),
    )
    op.create_table(
        "plan_texts",
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_plan_texts")),
    )
    op.create_table(
        "policies",
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("enrolled", sa.Date(), nullable=True),
        sa.Column("effective", sa.Date(), nullable=False),
        sa.Column("expiry", sa.Date(), nullable=False),
        sa.Column("stage", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("since", WHOLE, nullable=False),
        sa.Column("until", WHOLE, nullable=True),
        sa.Column("digest", WHOLE, nullable=False),
    )
    op.create_index("ix_policies_key", "policies", ["policy"], unique=False)
    op.create_table(
        "price_lists",
        sa.Column("price_list", sa.Text(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("price", WHOLE, nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("since", WHOLE, nullable=False),
        sa.Column("until", WHOLE, nullable=True),
        sa.Column("digest", WHOLE, nullable=False),
    )
    op.create_index("ix_price_lists_key", "price_lists", ["price_list", "kind", "code"], unique=False)
    op.create_table(
        "product_texts",
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_product_texts")),
    )
    op.create_table(
        "provisions",
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=True),
        sa.Column("category", sa.SmallInteger(), nullable=False),
        sa.Column("price", WHOLE, nullable=False),
        sa.Column("care_type", sa.SmallInteger(), nullable=False),
        sa.Column("sex", sa.SmallInteger(), nullable=False),
        sa.Column("age", sa.SmallInteger(), nullable=False),
        sa.Column("frequency_days", WHOLE, nullable=True),
        sa.Column("maximum_quantity", WHOLE, nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("since", WHOLE, nullable=False),
        sa.Column("until", WHOLE, nullable=True),
        sa.Column("digest", WHOLE, nullable=False),
    )
    op.create_index("ix_provisions_key", "provisions", ["kind", "code"], unique=False)
    op.create_table(
        "remembered",
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("run", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("kind", "code", name=op.f("pk_remembered")),
    )
    op.create_table(
        "remunerations",
        sa.Column("closing", WHOLE, nullable=False),
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.Column("line", WHOLE, nullable=False),
        sa.Column("entry", sa.SmallInteger(), nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("valuated", WHOLE, nullable=False),
        sa.Column("amount", WHOLE, nullable=False),
        sa.CheckConstraint("entry IN (1, -1)", name=op.f("ck_remunerations_entry")),
        sa.PrimaryKeyConstraint(
            "closing", "claim_id", "line", "entry", "facility", "product", name=op.f("pk_remunerations")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_remunerations_claim_id", "remunerations", ["claim_id"], unique=False)
    op.create_table(
        "rule_texts",
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_rule_texts")),
    )
    op.create_table(
        "run_claims",
        sa.Column("run", WHOLE, nullable=False),
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("run", "claim_id", name=op.f("pk_run_claims")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "selected",
        sa.Column("selection", WHOLE, nullable=False),
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.Column("stratum", sa.Text(), nullable=True),
        sa.Column("probability", WHOLE, nullable=False),
        sa.Column("of", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("selection", "claim_id", name=op.f("pk_selected")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_selected_claim_id", "selected", ["claim_id"], unique=False)
    op.create_table(
        "statement_rows",
        sa.Column("closing", WHOLE, nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("claims", WHOLE, nullable=False),
        sa.Column("lines", WHOLE, nullable=False),
        sa.Column("valuated", WHOLE, nullable=False),
        sa.Column("amount", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint(
            "closing", "facility", "product", "part", "origin", name=op.f("pk_statement_rows")
        ),
    )
    op.create_table(
        "unasked",
        sa.Column("claim_id", WHOLE, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_unasked")),
    )
    op.create_table(
        "undecided",
        sa.Column("claim_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("date_claimed", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_undecided")),
    )
    op.create_table(
        "unsettled",
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.Column("run", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("claim_id", "run", name=op.f("pk_unsettled")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "vocabulary",
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("fr", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("list", "number", name=op.f("pk_vocabulary")),
    )
    op.create_table(
        "cases",
        sa.Column("case", WHOLE, autoincrement=False, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("run", WHOLE, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("saving", WHOLE, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.claim_id"], name=op.f("fk_cases_claim_id")),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_cases_journal")),
        sa.PrimaryKeyConstraint("case", name=op.f("pk_cases")),
        sa.UniqueConstraint("claim_id", "round", name=op.f("uq_cases_claim_id_round")),
    )
    op.create_table(
        "closing_proposals",
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_closing_proposals_journal")),
        sa.PrimaryKeyConstraint("location", "month", name=op.f("pk_closing_proposals")),
        sa.UniqueConstraint("journal", name=op.f("uq_closing_proposals_journal")),
    )
    op.create_table(
        "closings",
        sa.Column("closing", WHOLE, autoincrement=False, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entry", sa.SmallInteger(), nullable=False),
        sa.Column("reverses", WHOLE, nullable=True),
        sa.Column("total", WHOLE, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.CheckConstraint("entry IN (1, -1)", name=op.f("ck_closings_entry")),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_closings_journal")),
        sa.ForeignKeyConstraint(["reverses"], ["closings.closing"], name=op.f("fk_closings_reverses")),
        sa.PrimaryKeyConstraint("closing", name=op.f("pk_closings")),
        sa.UniqueConstraint("journal", name=op.f("uq_closings_journal")),
        sa.UniqueConstraint(
            "month", "location", "version", "entry", name=op.f("uq_closings_month_location_version_entry")
        ),
        sa.UniqueConstraint("reverses", name=op.f("uq_closings_reverses")),
    )
    op.create_table(
        "facility_tokens",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("expires", sa.Date(), nullable=True),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("revoked", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_facility_tokens_journal")),
        sa.ForeignKeyConstraint(["revoked"], ["journal.number"], name=op.f("fk_facility_tokens_revoked")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_facility_tokens")),
        sa.UniqueConstraint("hash", name=op.f("uq_facility_tokens_hash")),
        sa.UniqueConstraint("journal", name=op.f("uq_facility_tokens_journal")),
    )
    op.create_table(
        "feedback",
        sa.Column("claim_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("care_rendered", sa.Boolean(), nullable=True),
        sa.Column("payment_asked", sa.Boolean(), nullable=True),
        sa.Column("drugs_prescribed", sa.Boolean(), nullable=True),
        sa.Column("drugs_received", sa.Boolean(), nullable=True),
        sa.Column("mark", sa.SmallInteger(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.CheckConstraint("mark BETWEEN 0 AND 5", name=op.f("ck_feedback_mark")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.claim_id"], name=op.f("fk_feedback_claim_id")),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_feedback_journal")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("journal", name=op.f("uq_feedback_journal")),
    )
    op.create_table(
        "loads",
        sa.Column("load", WHOLE, autoincrement=False, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("added", WHOLE, nullable=False),
        sa.Column("ended", WHOLE, nullable=False),
        sa.Column("set_aside", WHOLE, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.CheckConstraint("what IN ('registers', 'claims')", name=op.f("ck_loads_what")),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_loads_journal")),
        sa.PrimaryKeyConstraint("load", name=op.f("pk_loads")),
        sa.UniqueConstraint("journal", name=op.f("uq_loads_journal")),
    )
    op.create_table(
        "officer_events",
        sa.Column("journal", WHOLE, autoincrement=False, nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_officer_events_journal")),
        sa.PrimaryKeyConstraint("journal", name=op.f("pk_officer_events")),
    )
    op.create_table(
        "payment_files",
        sa.Column("file", WHOLE, autoincrement=False, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("payments", WHOLE, nullable=False),
        sa.Column("total", WHOLE, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_payment_files_journal")),
        sa.PrimaryKeyConstraint("file", name=op.f("pk_payment_files")),
        sa.UniqueConstraint("journal", name=op.f("uq_payment_files_journal")),
    )
    op.create_table(
        "payrolls",
        sa.Column("payroll", WHOLE, autoincrement=False, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("transactions", WHOLE, nullable=False),
        sa.Column("total", WHOLE, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('families', 'facilities')", name=op.f("ck_payrolls_kind")),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_payrolls_journal")),
        sa.PrimaryKeyConstraint("payroll", name=op.f("pk_payrolls")),
        sa.UniqueConstraint("journal", name=op.f("uq_payrolls_journal")),
        sa.UniqueConstraint("payroll", "by", name=op.f("uq_payrolls_payroll_by")),
    )
    op.create_table(
        "reviews",
        sa.Column("review", WHOLE, autoincrement=False, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.claim_id"], name=op.f("fk_reviews_claim_id")),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_reviews_journal")),
        sa.PrimaryKeyConstraint("review", name=op.f("pk_reviews")),
        sa.UniqueConstraint("journal", name=op.f("uq_reviews_journal")),
    )
    op.create_index("ix_reviews_claim_id", "reviews", ["claim_id"], unique=False)
    op.create_table(
        "runs",
        sa.Column("run", WHOLE, autoincrement=False, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("claims", WHOLE, nullable=False),
        sa.Column("lines", WHOLE, nullable=False),
        sa.Column("claimed", WHOLE, nullable=False),
        sa.Column("valuated", WHOLE, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('adjudication', 'readjudication', 'asking')", name=op.f("ck_runs_kind")),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_runs_journal")),
        sa.PrimaryKeyConstraint("run", name=op.f("pk_runs")),
        sa.UniqueConstraint("journal", name=op.f("uq_runs_journal")),
    )
    op.create_table(
        "selections",
        sa.Column("selection", WHOLE, autoincrement=False, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.CheckConstraint("purpose IN ('review', 'feedback')", name=op.f("ck_selections_purpose")),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_selections_journal")),
        sa.PrimaryKeyConstraint("selection", name=op.f("pk_selections")),
        sa.UniqueConstraint("journal", name=op.f("uq_selections_journal")),
    )
    op.create_table(
        "submissions",
        sa.Column("claim_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("echo", sa.Text(), nullable=False),
        sa.Column("held", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.claim_id"], name=op.f("fk_submissions_claim_id")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_submissions")),
        sa.UniqueConstraint("response", name=op.f("uq_submissions_response")),
    )
    op.create_table(
        "voucher_issues",
        sa.Column("issue", WHOLE, autoincrement=False, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("insuree", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["content_hash"], ["plan_texts.content_hash"], name=op.f("fk_voucher_issues_content_hash")
        ),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_voucher_issues_journal")),
        sa.PrimaryKeyConstraint("issue", name=op.f("pk_voucher_issues")),
        sa.UniqueConstraint("journal", name=op.f("uq_voucher_issues_journal")),
        sa.UniqueConstraint("plan", "insuree", "round", name=op.f("uq_voucher_issues_plan_insuree_round")),
    )
    op.create_index("ix_voucher_issues_insuree", "voucher_issues", ["insuree"], unique=False)
    op.create_table(
        "voucher_seed",
        sa.Column("one", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_voucher_seed_one")),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_voucher_seed_journal")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_voucher_seed")),
    )
    op.create_table(
        "applied_reviews",
        sa.Column("review", WHOLE, autoincrement=False, nullable=False),
        sa.Column("run", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["review"], ["reviews.review"], name=op.f("fk_applied_reviews_review")),
        sa.PrimaryKeyConstraint("review", name=op.f("pk_applied_reviews")),
    )
    op.create_table(
        "benefit_transactions",
        sa.Column("transaction", WHOLE, autoincrement=False, nullable=False),
        sa.Column("payroll", WHOLE, nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("amount", WHOLE, nullable=False),
        sa.Column("digest", WHOLE, nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_benefit_transactions_amount")),
        sa.ForeignKeyConstraint(
            ["payroll"], ["payrolls.payroll"], name=op.f("fk_benefit_transactions_payroll")
        ),
        sa.PrimaryKeyConstraint("transaction", name=op.f("pk_benefit_transactions")),
    )
    op.create_index("ix_benefit_transactions_payee", "benefit_transactions", ["payee"], unique=False)
    op.create_index("ix_benefit_transactions_payroll", "benefit_transactions", ["payroll"], unique=False)
    op.create_table(
        "case_events",
        sa.Column("case", WHOLE, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.case"], name=op.f("fk_case_events_case")),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_case_events_journal")),
        sa.PrimaryKeyConstraint("case", "number", name=op.f("pk_case_events")),
    )
    op.create_table(
        "case_states",
        sa.Column("case", WHOLE, autoincrement=False, nullable=False),
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=True),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=True),
        sa.Column("rank", WHOLE, nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.case"], name=op.f("fk_case_states_case")),
        sa.PrimaryKeyConstraint("case", name=op.f("pk_case_states")),
        sa.UniqueConstraint("claim_id", name=op.f("uq_case_states_claim_id")),
    )
    op.create_index("ix_case_states_rank", "case_states", ["rank", "due", "claim", "case"], unique=False)
    op.create_table(
        "closed_months",
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("closing", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["closing"], ["closings.closing"], name=op.f("fk_closed_months_closing")),
        sa.PrimaryKeyConstraint("location", "month", name=op.f("pk_closed_months")),
        sa.UniqueConstraint("closing", name=op.f("uq_closed_months_closing")),
    )
    op.create_table(
        "payment_events",
        sa.Column("payment", WHOLE, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("file", WHOLE, nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.CheckConstraint("what IN ('exported', 'paid', 'failed')", name=op.f("ck_payment_events_what")),
        sa.ForeignKeyConstraint(["file"], ["payment_files.file"], name=op.f("fk_payment_events_file")),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_payment_events_journal")),
        sa.ForeignKeyConstraint(["payment"], ["payments.payment"], name=op.f("fk_payment_events_payment")),
        sa.PrimaryKeyConstraint("payment", "number", name=op.f("pk_payment_events")),
    )
    op.create_table(
        "payroll_approvals",
        sa.Column("payroll", WHOLE, autoincrement=False, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint("maker <> by", name=op.f("ck_payroll_approvals_four_eyes")),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_payroll_approvals_journal")),
        sa.ForeignKeyConstraint(
            ["payroll", "maker"],
            ["payrolls.payroll", "payrolls.by"],
            name=op.f("fk_payroll_approvals_payroll_maker"),
        ),
        sa.PrimaryKeyConstraint("payroll", name=op.f("pk_payroll_approvals")),
        sa.UniqueConstraint("journal", name=op.f("uq_payroll_approvals_journal")),
    )
    op.create_table(
        "payroll_cancellations",
        sa.Column("payroll", WHOLE, autoincrement=False, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["journal"], ["journal.number"], name=op.f("fk_payroll_cancellations_journal")
        ),
        sa.ForeignKeyConstraint(
            ["payroll"], ["payrolls.payroll"], name=op.f("fk_payroll_cancellations_payroll")
        ),
        sa.PrimaryKeyConstraint("payroll", name=op.f("pk_payroll_cancellations")),
        sa.UniqueConstraint("journal", name=op.f("uq_payroll_cancellations_journal")),
    )
    op.create_table(
        "review_lines",
        sa.Column("review", WHOLE, nullable=False),
        sa.Column("line", WHOLE, nullable=False),
        sa.Column("quantity_approved", WHOLE, nullable=True),
        sa.Column("price_approved", WHOLE, nullable=True),
        sa.Column("review_status", sa.SmallInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["review"], ["reviews.review"], name=op.f("fk_review_lines_review")),
        sa.PrimaryKeyConstraint("review", "line", name=op.f("pk_review_lines")),
    )
    op.create_table(
        "set_aside",
        sa.Column("load", WHOLE, nullable=False),
        sa.Column("place", WHOLE, nullable=False),
        sa.Column("table", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("row", WHOLE, nullable=False),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("reason_en", sa.Text(), nullable=False),
        sa.Column("reason_fr", sa.Text(), nullable=False),
        sa.Column("remedy_en", sa.Text(), nullable=False),
        sa.Column("remedy_fr", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["load"], ["loads.load"], name=op.f("fk_set_aside_load")),
        sa.PrimaryKeyConstraint("load", "place", name=op.f("pk_set_aside")),
    )
    op.create_table(
        "set_aside_files",
        sa.Column("load", WHOLE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["load"], ["loads.load"], name=op.f("fk_set_aside_files_load")),
        sa.PrimaryKeyConstraint("load", "name", name=op.f("pk_set_aside_files")),
    )
    op.create_table(
        "settlements",
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.Column("run", WHOLE, nullable=False),
        sa.Column("closing", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["closing"], ["closings.closing"], name=op.f("fk_settlements_closing")),
        sa.PrimaryKeyConstraint("claim_id", "run", name=op.f("pk_settlements")),
    )
    op.create_index("ix_settlements_closing", "settlements", ["closing"], unique=False)
    op.create_table(
        "shares_held",
        sa.Column("claim_id", WHOLE, nullable=False),
        sa.Column("line", WHOLE, nullable=False),
        sa.Column("run", WHOLE, nullable=False),
        sa.Column("closing", WHOLE, nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("amount", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["closing"], ["closings.closing"], name=op.f("fk_shares_held_closing")),
        sa.PrimaryKeyConstraint("claim_id", "line", "run", name=op.f("pk_shares_held")),
    )
    op.create_index("ix_shares_held_closing", "shares_held", ["closing"], unique=False)
    op.create_table(
        "statements",
        sa.Column("closing", WHOLE, nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("amount", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["closing"], ["closings.closing"], name=op.f("fk_statements_closing")),
        sa.PrimaryKeyConstraint("closing", "facility", name=op.f("pk_statements")),
    )
    op.create_table(
        "vouchers",
        sa.Column("voucher", WHOLE, autoincrement=False, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issue", WHOLE, nullable=False),
        sa.Column("visit", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("amount", WHOLE, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_vouchers_amount")),
        sa.ForeignKeyConstraint(["issue"], ["voucher_issues.issue"], name=op.f("fk_vouchers_issue")),
        sa.PrimaryKeyConstraint("voucher", name=op.f("pk_vouchers")),
        sa.UniqueConstraint("issue", "visit", "place", name=op.f("uq_vouchers_issue_visit_place")),
        sa.UniqueConstraint("number", name=op.f("uq_vouchers_number")),
    )
    op.create_table(
        "entitled",
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("transaction", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction"], ["benefit_transactions.transaction"], name=op.f("fk_entitled_transaction")
        ),
        sa.PrimaryKeyConstraint("plan", "cycle", "payee", name=op.f("pk_entitled")),
        sa.UniqueConstraint("transaction", name=op.f("uq_entitled_transaction")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "paid_statements",
        sa.Column("closing", WHOLE, nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.Column("payment", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["closing", "facility"],
            ["statements.closing", "statements.facility"],
            name=op.f("fk_paid_statements_closing_facility"),
        ),
        sa.ForeignKeyConstraint(["payment"], ["payments.payment"], name=op.f("fk_paid_statements_payment")),
        sa.PrimaryKeyConstraint("closing", "facility", name=op.f("pk_paid_statements")),
    )
    op.create_index("ix_paid_statements_payment", "paid_statements", ["payment"], unique=False)
    op.create_table(
        "payroll_files",
        sa.Column("file", WHOLE, autoincrement=False, nullable=False),
        sa.Column("payroll", WHOLE, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("attempts", WHOLE, nullable=False),
        sa.Column("total", WHOLE, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_payroll_files_journal")),
        sa.ForeignKeyConstraint(
            ["payroll"], ["payroll_approvals.payroll"], name=op.f("fk_payroll_files_payroll")
        ),
        sa.PrimaryKeyConstraint("file", name=op.f("pk_payroll_files")),
        sa.UniqueConstraint("journal", name=op.f("uq_payroll_files_journal")),
    )
    op.create_table(
        "voucher_ends",
        sa.Column("voucher", WHOLE, autoincrement=False, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("facility", sa.Text(), nullable=True),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("claim", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "what = 'cancelled' OR (facility IS NOT NULL AND date IS NOT NULL)",
            name=op.f("ck_voucher_ends_used"),
        ),
        sa.CheckConstraint("what IN ('used', 'cancelled')", name=op.f("ck_voucher_ends_what")),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_voucher_ends_journal")),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.voucher"], name=op.f("fk_voucher_ends_voucher")),
        sa.PrimaryKeyConstraint("voucher", name=op.f("pk_voucher_ends")),
        sa.UniqueConstraint(
            "voucher", "what", "facility", name=op.f("uq_voucher_ends_voucher_what_facility")
        ),
    )
    op.create_table(
        "benefit_events",
        sa.Column("transaction", WHOLE, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("file", WHOLE, nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("came_to", sa.Text(), nullable=True),
        sa.CheckConstraint("(file IS NOT NULL) = (what = 'exported')", name=op.f("ck_benefit_events_file")),
        sa.CheckConstraint(
            "(number = 1 AND what = 'exported' AND attempt = 1 AND before IS NULL AND came_to IS NULL) OR (before IS NOT NULL AND came_to IS NOT NULL AND before = number - 1 AND ((what = 'exported' AND came_to = 'failed') OR (what = 'failed' AND came_to = 'exported') OR (what = 'paid' AND came_to IN ('exported', 'failed'))))",
            name=op.f("ck_benefit_events_order"),
        ),
        sa.ForeignKeyConstraint(["file"], ["payroll_files.file"], name=op.f("fk_benefit_events_file")),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_benefit_events_journal")),
        sa.ForeignKeyConstraint(
            ["transaction", "before", "came_to"],
            ["benefit_events.transaction", "benefit_events.number", "benefit_events.what"],
            name="fk_benefit_events_before",
        ),
        sa.ForeignKeyConstraint(
            ["transaction"], ["entitled.transaction"], name=op.f("fk_benefit_events_transaction")
        ),
        sa.PrimaryKeyConstraint("transaction", "number", name=op.f("pk_benefit_events")),
        sa.UniqueConstraint(
            "transaction", "number", "what", name=op.f("uq_benefit_events_transaction_number_what")
        ),
    )
    op.create_index("ix_benefit_events_file", "benefit_events", ["file"], unique=False)
    op.create_table(
        "voucher_claims",
        sa.Column("voucher", WHOLE, autoincrement=False, nullable=False),
        sa.Column("journal", WHOLE, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("facility", sa.Text(), nullable=False),
        sa.CheckConstraint("what = 'used'", name=op.f("ck_voucher_claims_used")),
        sa.ForeignKeyConstraint(["journal"], ["journal.number"], name=op.f("fk_voucher_claims_journal")),
        sa.ForeignKeyConstraint(
            ["voucher", "what", "facility"],
            ["voucher_ends.voucher", "voucher_ends.what", "voucher_ends.facility"],
            name=op.f("fk_voucher_claims_voucher_what_facility"),
        ),
        sa.PrimaryKeyConstraint("voucher", name=op.f("pk_voucher_claims")),
    )
    op.create_table(
        "settled_vouchers",
        sa.Column("voucher", WHOLE, autoincrement=False, nullable=False),
        sa.Column("transaction", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction"], ["entitled.transaction"], name=op.f("fk_settled_vouchers_transaction")
        ),
        sa.ForeignKeyConstraint(
            ["voucher"], ["voucher_claims.voucher"], name=op.f("fk_settled_vouchers_voucher")
        ),
        sa.PrimaryKeyConstraint("voucher", name=op.f("pk_settled_vouchers")),
    )
    op.create_index("ix_settled_vouchers_transaction", "settled_vouchers", ["transaction"], unique=False)
