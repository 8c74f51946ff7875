"""The tables of the books. Registers and claims have the columns of :mod:`adjudicator.tables`.

Money is ``BIGINT`` in minor units, a quantity or percentage in hundredths, a fixed word the integer of the
vocabulary (the table ``vocabulary`` says which), a day a date.

What was decided is a ledger: rows are added by a *run* and never changed. A row with ``entry`` +1 books a
decision, one with ``entry`` -1 takes an earlier one back with its amounts negated, so that any sum over the
ledger is right as it stands. A run's rows are written before the run is published, under the number that it
will have: a reader looks at rows up to the last number in ``runs``, and sees a run whole or not at all.

The keys do the book-keeping: a claim has one number at its facility, a version of its decision is booked
once and taken back once, and there is one open run.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, PrimaryKeyConstraint, UniqueConstraint

from adjudicator import tables as shapes
from adjudicator.tables import Type

METADATA: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Whole: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A whole number of 64 bits; SQLite's INTEGER has them, and is quicker as a key."""

_TYPES: Final[dict[Type, sa.types.TypeEngine[Any]]] = {
    Type.TEXT: sa.Text(),
    Type.WORD: sa.SmallInteger(),
    Type.DATE: sa.Date(),
    Type.MONEY: Whole,
    Type.QUANTITY: Whole,
    Type.PERCENTAGE: Whole,
    Type.NUMBER: Whole,
    Type.TRUTH: sa.Boolean(),
}

_NO_ROWID: Final[dict[str, Any]] = {"sqlite_with_rowid": False}
"""For tables that are looked up by their key alone: SQLite keeps their rows in its order."""


def _declared(table: shapes.Table, *left_out: str) -> list[Column[Any]]:
    """Make the columns that a table declares, some left out."""
    return [
        Column(
            column.name,
            _TYPES[column.type],
            nullable=not column.filled and column.default is None,
        )
        for column in table.columns
        if column.name not in left_out
    ]


def _digest() -> Column[int]:
    """Make the column of a row's own digest (see :mod:`adjudicator.store.digests`)."""
    return Column("digest", Whole, nullable=False)


def _entry() -> Column[int]:
    return Column("entry", sa.SmallInteger(), nullable=False)


def _plus_or_minus() -> CheckConstraint:
    return CheckConstraint("entry IN (1, -1)", name="entry")


# Who did what.

JOURNAL: Final = sa.Table(
    "journal",
    METADATA,
    Column("number", Whole, primary_key=True, autoincrement=False),
    Column("at", sa.Text(), nullable=False),
    Column("by", sa.Text(), nullable=False),
    Column("what", sa.Text(), nullable=False),
    Column("content", sa.Text(), nullable=False),
    Column("previous", sa.Text(), nullable=False, unique=True),
    Column("hash", sa.Text(), nullable=False, unique=True),
)
"""Everything that was done to the books, each entry chained by its hash to the one before."""

VOCABULARY: Final = sa.Table(
    "vocabulary",
    METADATA,
    Column("list", sa.Text(), nullable=False),
    Column("number", sa.SmallInteger(), nullable=False),
    Column("word", sa.Text(), nullable=False),
    Column("en", sa.Text(), nullable=False),
    Column("fr", sa.Text(), nullable=False),
    PrimaryKeyConstraint("list", "number"),
)
"""What the integers of fixed words mean, for whoever reads the books with a query of their own."""

LOADS: Final = sa.Table(
    "loads",
    METADATA,
    Column("load", Whole, primary_key=True, autoincrement=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False, unique=True),
    Column("what", sa.Text(), nullable=False),
    Column("content_hash", sa.Text(), nullable=False),
    Column("added", Whole, nullable=False),
    Column("ended", Whole, nullable=False),
    Column("set_aside", Whole, nullable=False),
    Column("summary", sa.Text(), nullable=False),
    CheckConstraint("what IN ('registers', 'claims')", name="what"),
)
"""What came in: each time that registers or claims were loaded and changed anything, or were set aside."""

SET_ASIDE: Final = sa.Table(
    "set_aside",
    METADATA,
    Column("load", Whole, ForeignKey("loads.load"), nullable=False),
    Column("place", Whole, nullable=False),
    Column("table", sa.Text(), nullable=False),
    Column("file", sa.Text(), nullable=False),
    Column("row", Whole, nullable=False),
    Column("field", sa.Text()),
    Column("value", sa.Text()),
    *(
        Column(f"{what}_{language}", sa.Text(), nullable=False)
        for what in ("reason", "remedy")
        for language in ("en", "fr")
    ),
    PrimaryKeyConstraint("load", "place"),
)
"""Rows that a load set aside, and why."""

SET_ASIDE_FILES: Final = sa.Table(
    "set_aside_files",
    METADATA,
    Column("load", Whole, ForeignKey("loads.load"), nullable=False),
    Column("name", sa.Text(), nullable=False),
    Column("content", sa.LargeBinary(), nullable=False),
    PrimaryKeyConstraint("load", "name"),
)
"""The same rows as they came, as files that can be mended and loaded again."""


# Registers.


def _register(table: shapes.Table) -> sa.Table:
    return sa.Table(
        table.name,
        METADATA,
        *_declared(table),
        *([Column("attributes", sa.Text())] if table.keeps_other_columns else []),
        Column("since", Whole, nullable=False),
        Column("until", Whole),
        _digest(),
        Index(f"ix_{table.name}_key", *table.key),
        # A counter asks for the covers of a person.
        *([Index("ix_covers_insuree", "insuree")] if table.name == "covers" else []),
        # And who else is of a family.
        *([Index("ix_insurees_family", "family")] if table.name == "insurees" else []),
    )


REGISTERS: Final = {name: _register(table) for name, table in shapes.REGISTERS.items()}
"""The registers. A row holds in the state of the books from load ``since`` until before load ``until``."""


# Claims as received.

CLAIMS: Final = sa.Table(
    "claims",
    METADATA,
    Column("claim_id", Whole, primary_key=True, autoincrement=False),
    *_declared(shapes.CLAIMS),
    Column("load", Whole, nullable=False),
    _digest(),
    UniqueConstraint("facility", "claim"),
    Index("ix_claims_insuree", "insuree"),
)
"""Claims as received. ``digest`` is of the claim with its lines."""

CLAIM_LINES: Final = sa.Table(
    "claim_lines",
    METADATA,
    Column("claim_id", Whole, nullable=False),
    *_declared(shapes.CLAIM_LINES, "claim", "facility"),
    PrimaryKeyConstraint("claim_id", "line"),
    **_NO_ROWID,
)

UNDECIDED: Final = sa.Table(
    "undecided",
    METADATA,
    Column("claim_id", Whole, primary_key=True, autoincrement=False),
    Column("date_claimed", sa.Date(), nullable=False),
)
"""The work that waits: claims that no published run has decided. It follows from the ledger."""

REVIEWS: Final = sa.Table(
    "reviews",
    METADATA,
    Column("review", Whole, primary_key=True, autoincrement=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False, unique=True),
    Column("claim_id", Whole, ForeignKey("claims.claim_id"), nullable=False),
    Column("officer", sa.Text(), nullable=False),
    Column("reason", sa.Text()),
    Column("explanation", sa.Text()),
    Index("ix_reviews_claim_id", "claim_id"),
)
"""Reviews that medical officers delivered; the last one of a claim holds. ``reason``: a coded reason."""

REVIEW_LINES: Final = sa.Table(
    "review_lines",
    METADATA,
    Column("review", Whole, ForeignKey("reviews.review"), nullable=False),
    Column("line", Whole, nullable=False),
    Column("quantity_approved", Whole),
    Column("price_approved", Whole),
    Column("review_status", sa.SmallInteger()),
    Column("reason", sa.Text()),
    Column("explanation", sa.Text()),
    PrimaryKeyConstraint("review", "line"),
)

APPLIED_REVIEWS: Final = sa.Table(
    "applied_reviews",
    METADATA,
    Column("review", Whole, ForeignKey("reviews.review"), primary_key=True, autoincrement=False),
    Column("run", Whole, nullable=False),
)
"""Reviews by which their claims were decided again; ``run`` is the last run that was published then."""

# Runs.

PRODUCT_TEXTS: Final = sa.Table(
    "product_texts",
    METADATA,
    Column("content_hash", sa.Text(), primary_key=True),
    Column("product", sa.Text(), nullable=False),
    Column("path", sa.Text(), nullable=False),
    Column("text", sa.Text(), nullable=False),
)
"""Every product version that a run has decided by, as it was written."""

RUNS: Final = sa.Table(
    "runs",
    METADATA,
    Column("run", Whole, primary_key=True, autoincrement=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False, unique=True),
    Column("kind", sa.Text(), nullable=False),
    Column("name", sa.Text(), nullable=False),
    Column("claims", Whole, nullable=False),
    Column("lines", Whole, nullable=False),
    Column("claimed", Whole, nullable=False),
    Column("valuated", Whole, nullable=False),
    Column("record", sa.Text(), nullable=False),
    CheckConstraint("kind IN ('adjudication', 'readjudication', 'asking')", name="kind"),
)
"""The published runs. ``record``, canonical JSON: what went in, with hashes, and what came out."""

OPEN_RUN: Final = sa.Table(
    "open_run",
    METADATA,
    Column("one", sa.SmallInteger(), primary_key=True, autoincrement=False),
    Column("run", Whole, nullable=False),
    Column("plan", sa.Text(), nullable=False),
    CheckConstraint("one = 1", name="one"),
)
"""The run that is under way, or was when its machine stopped; ``plan``: all that decides what it gives."""

PARTITIONS: Final = sa.Table(
    "partitions",
    METADATA,
    Column("run", Whole, nullable=False),
    Column("partition", Whole, nullable=False),
    Column("claims", Whole, nullable=False),
    Column("lines", Whole, nullable=False),
    Column("hash", sa.Text(), nullable=False),
    PrimaryKeyConstraint("run", "partition"),
)
"""The groups of families whose decisions a run has written, each in one transaction."""

RUN_CLAIMS: Final = sa.Table(
    "run_claims",
    METADATA,
    Column("run", Whole, nullable=False),
    Column("claim_id", Whole, nullable=False),
    PrimaryKeyConstraint("run", "claim_id"),
    **_NO_ROWID,
)
"""The claims that a readjudication looked at, or that rules were asked about, whatever came of it."""

HOLDER: Final = sa.Table(
    "holder",
    METADATA,
    Column("one", sa.SmallInteger(), primary_key=True, autoincrement=False),
    Column("by", sa.Text(), nullable=False),
    Column("host", sa.Text(), nullable=False),
    Column("process", Whole, nullable=False),
    Column("what", sa.Text(), nullable=False),
    Column("since", sa.Text(), nullable=False),
    CheckConstraint("one = 1", name="one"),
)
"""Who has taken the lock of the books last. The lock itself is the database's or the system's."""


# The ledger.

CLAIM_DECISIONS: Final = sa.Table(
    "claim_decisions",
    METADATA,
    Column("run", Whole, nullable=False),
    Column("claim_id", Whole, nullable=False),
    _entry(),
    Column("version", sa.Integer(), nullable=False),
    *_declared(shapes.CLAIM_DECISIONS, "claim", "facility", "run", "flags"),
    _digest(),
    PrimaryKeyConstraint("run", "claim_id", "entry"),
    UniqueConstraint("claim_id", "version", "entry"),
    _plus_or_minus(),
    **_NO_ROWID,
)

LINE_DECISIONS: Final = sa.Table(
    "line_decisions",
    METADATA,
    Column("run", Whole, nullable=False),
    Column("claim_id", Whole, nullable=False),
    _entry(),
    *_declared(shapes.LINE_DECISIONS, "claim", "facility", "run", "gross"),
    _digest(),
    PrimaryKeyConstraint("run", "claim_id", "entry", "line"),
    _plus_or_minus(),
    **_NO_ROWID,
)

BALANCE_ENTRIES: Final = sa.Table(
    "balance_entries",
    METADATA,
    Column("run", Whole, nullable=False),
    Column("claim_id", Whole, nullable=False),
    _entry(),
    *_declared(shapes.BALANCES),
    _digest(),
    PrimaryKeyConstraint("run", "claim_id", "entry", "policy"),
    _plus_or_minus(),
    **_NO_ROWID,
)
"""What each accepted claim used of the deductibles and ceilings of the policies that paid for it."""

BALANCES: Final = sa.Table(
    "balances",
    METADATA,
    *_declared(shapes.BALANCES),
    Column("run", Whole, nullable=False),
    _digest(),
    PrimaryKeyConstraint("policy", "insuree", "run"),
    **_NO_ROWID,
)
"""What is used after a run, of each cover that it touched: always the sum of the entries up to it."""

ACCEPTED_CLAIMS: Final = sa.Table(
    "accepted_claims",
    METADATA,
    Column("insuree", sa.Text(), nullable=False),
    Column("claim_id", Whole, nullable=False),
    Column("run", Whole, nullable=False),
    _entry(),
    Column("target_date", sa.Date(), nullable=False),
    Column("category", sa.SmallInteger(), nullable=False),
    PrimaryKeyConstraint("insuree", "claim_id", "run", "entry"),
    _plus_or_minus(),
    **_NO_ROWID,
)
"""Accepted claims by insuree: what counts of claims look back on."""

ACCEPTED_LINES: Final = sa.Table(
    "accepted_lines",
    METADATA,
    Column("insuree", sa.Text(), nullable=False),
    Column("claim_id", Whole, nullable=False),
    Column("line", Whole, nullable=False),
    Column("run", Whole, nullable=False),
    _entry(),
    Column("target_date", sa.Date(), nullable=False),
    Column("kind", sa.SmallInteger(), nullable=False),
    Column("code", sa.Text(), nullable=False),
    Column("quantity", Whole, nullable=False),
    PrimaryKeyConstraint("insuree", "claim_id", "line", "run", "entry"),
    _plus_or_minus(),
    **_NO_ROWID,
)
"""Accepted lines by insuree, of the provisions that a frequency or quantity limit looks back on."""

REMEMBERED: Final = sa.Table(
    "remembered",
    METADATA,
    Column("kind", sa.SmallInteger(), nullable=False),
    Column("code", sa.Text(), nullable=False),
    Column("run", Whole, nullable=False),
    PrimaryKeyConstraint("kind", "code"),
)
"""The provisions whose accepted lines are kept in ``accepted_lines``, since which run on."""

# What deserves a look.

FLAGS: Final = sa.Table(
    "flags",
    METADATA,
    Column("run", Whole, nullable=False),
    Column("claim_id", Whole, nullable=False),
    Column("line", Whole, nullable=False),
    Column("rule", sa.Text(), nullable=False),
    Column("version", sa.Text(), nullable=False),
    Column("severity", sa.SmallInteger(), nullable=False),
    Column("score", sa.Integer(), nullable=False),
    Column("values", sa.Text(), nullable=False),
    _digest(),
    PrimaryKeyConstraint("run", "claim_id", "line", "rule"),
    **_NO_ROWID,
)
"""What rules said about the decisions of a run; ``line`` is 0 where a rule speaks of the whole claim.

``values``, canonical JSON: what made the rule fire, from which its explanation is told in any language.
"""

LEDGER: Final[tuple[sa.Table, ...]] = (
    CLAIM_DECISIONS,
    LINE_DECISIONS,
    BALANCE_ENTRIES,
    BALANCES,
    ACCEPTED_CLAIMS,
    ACCEPTED_LINES,
    FLAGS,
)
"""The tables that a run adds to, each with its number in the column ``run``."""


RULE_TEXTS: Final = sa.Table(
    "rule_texts",
    METADATA,
    Column("content_hash", sa.Text(), primary_key=True),
    Column("rule", sa.Text(), nullable=False),
    Column("path", sa.Text(), nullable=False),
    Column("text", sa.Text(), nullable=False),
)
"""Every rule that a run was flagged by, as it was written."""

SELECTIONS: Final = sa.Table(
    "selections",
    METADATA,
    Column("selection", Whole, primary_key=True, autoincrement=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False, unique=True),
    Column("purpose", sa.Text(), nullable=False),
    Column("method", sa.Text(), nullable=False),
    Column("record", sa.Text(), nullable=False),
    CheckConstraint("purpose IN ('review', 'feedback')", name="purpose"),
)
"""Draws of claims for review or feedback. ``record``: seed, parameters, the hash of what was drawn from."""

SELECTED: Final = sa.Table(
    "selected",
    METADATA,
    Column("selection", Whole, nullable=False),
    Column("claim_id", Whole, nullable=False),
    Column("stratum", sa.Text()),
    Column("probability", Whole, nullable=False),
    Column("of", Whole, nullable=False),
    PrimaryKeyConstraint("selection", "claim_id"),
    Index("ix_selected_claim_id", "claim_id"),
    **_NO_ROWID,
)
"""Claims that were drawn, each with its probability: a fraction of two whole numbers."""

CASES: Final = sa.Table(
    "cases",
    METADATA,
    Column("case", Whole, primary_key=True, autoincrement=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False),
    Column("claim_id", Whole, ForeignKey("claims.claim_id"), nullable=False),
    Column("round", sa.Integer(), nullable=False),
    Column("run", Whole, nullable=False),
    Column("why", sa.Text(), nullable=False),
    Column("score", sa.Integer(), nullable=False),
    Column("saving", Whole, nullable=False),
    Column("minutes", sa.Integer(), nullable=False),
    Column("due", sa.Date(), nullable=False),
    UniqueConstraint("claim_id", "round"),
)
"""Claims that wait for a medical officer: why, and what a look is expected to save, as graded last.

``run`` and ``journal`` are of that grading; ``due`` is the day by which it was due when it was opened.
"""

CASE_EVENTS: Final = sa.Table(
    "case_events",
    METADATA,
    Column("case", Whole, ForeignKey("cases.case"), nullable=False),
    Column("number", sa.Integer(), nullable=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False),
    Column("at", sa.Text(), nullable=False),
    Column("by", sa.Text(), nullable=False),
    Column("what", sa.Text(), nullable=False),
    Column("content", sa.Text(), nullable=False),
    PrimaryKeyConstraint("case", "number"),
)
"""What happened to a case, in order; the last event says in which state it is."""

CASE_STATES: Final = sa.Table(
    "case_states",
    METADATA,
    Column("case", Whole, ForeignKey("cases.case"), primary_key=True, autoincrement=False),
    Column("claim_id", Whole, nullable=False, unique=True),
    Column("state", sa.Text(), nullable=False),
    Column("officer", sa.Text()),
    Column("since", sa.Text(), nullable=False),
    Column("until", sa.Text()),
    Column("rank", Whole, nullable=False),
    Column("due", sa.Date(), nullable=False),
    Column("claim", sa.Text(), nullable=False),
    Column("queue", sa.Text(), nullable=False),
    Index("ix_case_states_rank", "rank", "due", "claim", "case"),
)
"""The queue: open cases, one of a claim, with who has each. It follows from the events.

``until`` is the moment at which a hold runs out, or the facility's time to answer. The lower the ``rank``,
the sooner. ``queue`` is that of the rule that is surest, else the way in which the claim was selected.
"""

FEEDBACK: Final = sa.Table(
    "feedback",
    METADATA,
    Column("claim_id", Whole, ForeignKey("claims.claim_id"), primary_key=True, autoincrement=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False, unique=True),
    Column("care_rendered", sa.Boolean()),
    Column("payment_asked", sa.Boolean()),
    Column("drugs_prescribed", sa.Boolean()),
    Column("drugs_received", sa.Boolean()),
    Column("mark", sa.SmallInteger()),
    Column("words", sa.Text()),
    CheckConstraint("mark BETWEEN 0 AND 5", name="mark"),
)
"""What patients say about a claim."""


# Closing.

CLOSINGS: Final = sa.Table(
    "closings",
    METADATA,
    Column("closing", Whole, primary_key=True, autoincrement=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False, unique=True),
    Column("month", sa.Text(), nullable=False),
    Column("location", sa.Text(), nullable=False),
    Column("version", sa.Integer(), nullable=False),
    _entry(),
    Column("reverses", Whole, ForeignKey("closings.closing"), unique=True),
    Column("total", Whole, nullable=False),
    Column("record", sa.Text(), nullable=False),
    UniqueConstraint("month", "location", "version", "entry"),
    _plus_or_minus(),
)
"""Months that were closed (``entry`` +1) and reopened (-1), by location of their products; "" is national.

``reverses``: the closing that a reopening takes back. ``record``, canonical JSON: how it came about.
"""

CLOSED_MONTHS: Final = sa.Table(
    "closed_months",
    METADATA,
    Column("location", sa.Text(), nullable=False),
    Column("month", sa.Text(), nullable=False),
    Column("closing", Whole, ForeignKey("closings.closing"), nullable=False, unique=True),
    PrimaryKeyConstraint("location", "month"),
)
"""The months that are closed now: none is closed twice. It follows from the closings."""

CLOSING_PROPOSALS: Final = sa.Table(
    "closing_proposals",
    METADATA,
    Column("location", sa.Text(), nullable=False),
    Column("month", sa.Text(), nullable=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False, unique=True),
    Column("by", sa.Text(), nullable=False),
    Column("hash", sa.Text(), nullable=False),
    PrimaryKeyConstraint("location", "month"),
)
"""Closings that wait for a second person; ``hash`` is of the record that was proposed."""

REMUNERATIONS: Final = sa.Table(
    "remunerations",
    METADATA,
    Column("closing", Whole, nullable=False),
    Column("claim_id", Whole, nullable=False),
    Column("line", Whole, nullable=False),
    _entry(),
    Column("facility", sa.Text(), nullable=False),
    Column("product", sa.Text(), nullable=False),
    Column("part", sa.SmallInteger(), nullable=False),
    Column("origin", sa.Text(), nullable=False),
    Column("valuated", Whole, nullable=False),
    Column("amount", Whole, nullable=False),
    PrimaryKeyConstraint("closing", "claim_id", "line", "entry", "facility", "product"),
    Index("ix_remunerations_claim_id", "claim_id"),
    _plus_or_minus(),
    **_NO_ROWID,
)
"""What closings owe: a row a line, and one of claim 0 for the capitation of a facility by a product.

``entry`` -1 takes back what an earlier closing owed. ``part``: of the statement; ``origin``: the month that
the claim is of.
"""

SHARES_HELD: Final = sa.Table(
    "shares_held",
    METADATA,
    Column("claim_id", Whole, nullable=False),
    Column("line", Whole, nullable=False),
    Column("run", Whole, nullable=False),
    Column("closing", Whole, ForeignKey("closings.closing"), nullable=False),
    Column("part", sa.SmallInteger(), nullable=False),
    Column("amount", Whole, nullable=False),
    PrimaryKeyConstraint("claim_id", "line", "run"),
    Index("ix_shares_held_closing", "closing"),
)
"""What a closing gave lines, as run ``run`` decided them, whose claim waits for another product's pool."""

SETTLEMENTS: Final = sa.Table(
    "settlements",
    METADATA,
    Column("claim_id", Whole, nullable=False),
    Column("run", Whole, nullable=False),
    Column("closing", Whole, ForeignKey("closings.closing"), nullable=False),
    PrimaryKeyConstraint("claim_id", "run"),
    Index("ix_settlements_closing", "closing"),
)
"""The decisions about claims that stand on a statement: none on two. The last one of a claim holds."""

UNSETTLED: Final = sa.Table(
    "unsettled",
    METADATA,
    Column("claim_id", Whole, nullable=False),
    Column("run", Whole, nullable=False),
    PrimaryKeyConstraint("claim_id", "run"),
    **_NO_ROWID,
)
"""What the last closing left: decisions up to the run that it went by that are on no statement.

Later decisions are not in it, whatever becomes of them. It follows from the ledger and the closings, so that
a closing need not look at all that was ever decided.
"""

STATEMENTS: Final = sa.Table(
    "statements",
    METADATA,
    Column("closing", Whole, ForeignKey("closings.closing"), nullable=False),
    Column("facility", sa.Text(), nullable=False),
    Column("account", sa.Text()),
    Column("amount", Whole, nullable=False),
    PrimaryKeyConstraint("closing", "facility"),
)
"""What a closed month owes each facility; negative where the facility owes it."""

STATEMENT_ROWS: Final = sa.Table(
    "statement_rows",
    METADATA,
    Column("closing", Whole, nullable=False),
    Column("facility", sa.Text(), nullable=False),
    Column("product", sa.Text(), nullable=False),
    Column("part", sa.SmallInteger(), nullable=False),
    Column("origin", sa.Text(), nullable=False),
    Column("account", sa.Text()),
    Column("claims", Whole, nullable=False),
    Column("lines", Whole, nullable=False),
    Column("valuated", Whole, nullable=False),
    Column("amount", Whole, nullable=False),
    PrimaryKeyConstraint("closing", "facility", "product", "part", "origin"),
)
"""The rows of statements: by product, part and the month that they are of."""

PAYMENT_FILES: Final = sa.Table(
    "payment_files",
    METADATA,
    Column("file", Whole, primary_key=True, autoincrement=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False, unique=True),
    Column("payments", Whole, nullable=False),
    Column("total", Whole, nullable=False),
    Column("hash", sa.Text(), nullable=False),
)
"""What was handed to the payer; ``hash`` is of the payment list."""

PAYMENTS: Final = sa.Table(
    "payments",
    METADATA,
    Column("payment", Whole, primary_key=True, autoincrement=False),
    Column("facility", sa.Text(), nullable=False),
    Column("amount", Whole, nullable=False),
    CheckConstraint("amount > 0", name="amount"),
)
"""Payments to facilities. A payment keeps its number when it failed and is handed to the payer again."""

PAID_STATEMENTS: Final = sa.Table(
    "paid_statements",
    METADATA,
    Column("closing", Whole, nullable=False),
    Column("facility", sa.Text(), nullable=False),
    Column("payment", Whole, ForeignKey("payments.payment"), nullable=False),
    PrimaryKeyConstraint("closing", "facility"),
    sa.ForeignKeyConstraint(["closing", "facility"], ["statements.closing", "statements.facility"]),
    Index("ix_paid_statements_payment", "payment"),
)
"""Which payment settles a statement: one, for good."""

PAYMENT_EVENTS: Final = sa.Table(
    "payment_events",
    METADATA,
    Column("payment", Whole, ForeignKey("payments.payment"), nullable=False),
    Column("number", sa.Integer(), nullable=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False),
    Column("what", sa.Text(), nullable=False),
    Column("file", Whole, ForeignKey("payment_files.file")),
    Column("reference", sa.Text()),
    PrimaryKeyConstraint("payment", "number"),
    CheckConstraint("what IN ('exported', 'paid', 'failed')", name="what"),
)
"""What happened to a payment, in order; the last event says in which state it is."""


# The counter: claims that facilities send one by one, and who asked for what.

SUBMISSIONS: Final = sa.Table(
    "submissions",
    METADATA,
    Column("claim_id", Whole, ForeignKey("claims.claim_id"), primary_key=True, autoincrement=False),
    Column("response", sa.Text(), nullable=False, unique=True),
    Column("at", sa.Text(), nullable=False),
    Column("token", sa.Text()),
    Column("echo", sa.Text(), nullable=False),
    Column("held", sa.Text()),
)
"""Claims that were sent to be answered at once. ``response``: the id that the answer goes by; ``echo``: what
it repeats of what was sent, as JSON; ``held``: why it cannot be decided as it is, a key of the catalogue.

A claim of these that is also in ``undecided`` is decided as soon as the books are free.
"""

UNASKED: Final = sa.Table(
    "unasked",
    METADATA,
    Column("claim_id", Whole, primary_key=True, autoincrement=False),
)
"""Claims that were decided one at a time while some rules were left out, and wait until these are asked.

It follows from the runs: their records say which rules they left out, and which claims were asked about
since.
"""

FACILITY_TOKENS: Final = sa.Table(
    "facility_tokens",
    METADATA,
    Column("token", sa.Text(), primary_key=True),
    Column("facility", sa.Text(), nullable=False),
    Column("hash", sa.Text(), nullable=False, unique=True),
    Column("note", sa.Text()),
    Column("expires", sa.Date()),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False, unique=True),
    Column("revoked", Whole, ForeignKey("journal.number")),
)
"""By what facilities are known when they send or ask. ``hash``: SHA-256 of the secret, which is kept nowhere.

``revoked``: the entry of the journal by which it was taken back.
"""

ACCESSES: Final = sa.Table(
    "accesses",
    METADATA,
    Column("number", Whole, primary_key=True, autoincrement=True),
    Column("at", sa.Text(), nullable=False),
    Column("facility", sa.Text()),
    Column("token", sa.Text()),
    Column("what", sa.Text(), nullable=False),
    Column("resource", sa.Text(), nullable=False),
    Column("subject", sa.Text()),
    Column("status", sa.Integer(), nullable=False),
    Column("request", sa.Text(), nullable=False),
    Index("ix_accesses_facility", "facility"),
    Index("ix_accesses_subject", "subject"),
)
"""Who read or wrote what, and with which answer; ``subject``: the claims or the insuree that it was about."""

BULK_JOBS: Final = sa.Table(
    "bulk_jobs",
    METADATA,
    Column("job", sa.Text(), primary_key=True),
    Column("kind", sa.Text(), nullable=False),
    Column("facility", sa.Text(), nullable=False),
    Column("token", sa.Text(), nullable=False),
    Column("at", sa.Text(), nullable=False),
    Column("state", sa.Text(), nullable=False),
    Column("request", sa.Text(), nullable=False),
    Column("record", sa.Text(), nullable=False),
    CheckConstraint("kind IN ('import', 'export')", name="kind"),
    CheckConstraint("state IN ('waiting', 'done', 'failed', 'cancelled')", name="state"),
)
"""Large intakes and exports that facilities asked for; ``record``: how far it is, or what came of it."""


# Benefits: cash for families, and vouchers.

PLAN_TEXTS: Final = sa.Table(
    "plan_texts",
    METADATA,
    Column("content_hash", sa.Text(), primary_key=True),
    Column("plan", sa.Text(), nullable=False),
    Column("path", sa.Text(), nullable=False),
    Column("text", sa.Text(), nullable=False),
)
"""Every benefit plan that a list was made by or vouchers were issued by, as it was written."""

PAYROLLS: Final = sa.Table(
    "payrolls",
    METADATA,
    Column("payroll", Whole, primary_key=True, autoincrement=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False, unique=True),
    Column("by", sa.Text(), nullable=False),
    Column("kind", sa.Text(), nullable=False),
    Column("plan", sa.Text(), nullable=False),
    Column("cycle", sa.Text(), nullable=False),
    Column("first", sa.Date(), nullable=False),
    Column("last", sa.Date(), nullable=False),
    Column("transactions", Whole, nullable=False),
    Column("total", Whole, nullable=False),
    Column("record", sa.Text(), nullable=False),
    UniqueConstraint("payroll", "by"),
    CheckConstraint("kind IN ('families', 'facilities')", name="kind"),
)
"""Lists of payments of a plan for a cycle: to families, or to facilities for vouchers.

``record``, canonical JSON: what the list was made by, with hashes, and what it came to.
"""

BENEFIT_TRANSACTIONS: Final = sa.Table(
    "benefit_transactions",
    METADATA,
    Column("transaction", Whole, primary_key=True, autoincrement=False),
    Column("payroll", Whole, ForeignKey("payrolls.payroll"), nullable=False),
    Column("payee", sa.Text(), nullable=False),
    Column("name", sa.Text()),
    Column("account", sa.Text()),
    Column("amount", Whole, nullable=False),
    _digest(),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_benefit_transactions_payee", "payee"),
    Index("ix_benefit_transactions_payroll", "payroll"),
)
"""What a family, or a facility, receives by a list; its number stays for good."""

ENTITLED: Final = sa.Table(
    "entitled",
    METADATA,
    Column("plan", sa.Text(), nullable=False),
    Column("cycle", sa.Text(), nullable=False),
    Column("payee", sa.Text(), nullable=False),
    Column(
        "transaction",
        Whole,
        ForeignKey("benefit_transactions.transaction"),
        nullable=False,
        unique=True,
    ),
    PrimaryKeyConstraint("plan", "cycle", "payee"),
    **_NO_ROWID,
)
"""Which transaction pays whom for a cycle of a plan: one. Those of a list that was cancelled are gone."""

PAYROLL_APPROVALS: Final = sa.Table(
    "payroll_approvals",
    METADATA,
    Column("payroll", Whole, primary_key=True, autoincrement=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False, unique=True),
    Column("maker", sa.Text(), nullable=False),
    Column("by", sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(["payroll", "maker"], ["payrolls.payroll", "payrolls.by"]),
    CheckConstraint("maker <> by", name="four_eyes"),
)
"""Lists that somebody else than their maker approved: only these are handed over."""

PAYROLL_CANCELLATIONS: Final = sa.Table(
    "payroll_cancellations",
    METADATA,
    Column("payroll", Whole, ForeignKey("payrolls.payroll"), primary_key=True, autoincrement=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False, unique=True),
    Column("reason", sa.Text(), nullable=False),
)
"""Lists that were cancelled before they were handed over."""

PAYROLL_FILES: Final = sa.Table(
    "payroll_files",
    METADATA,
    Column("file", Whole, primary_key=True, autoincrement=False),
    Column("payroll", Whole, ForeignKey("payroll_approvals.payroll"), nullable=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False, unique=True),
    Column("attempts", Whole, nullable=False),
    Column("total", Whole, nullable=False),
    Column("hash", sa.Text(), nullable=False),
)
"""What was handed to the payer of a list; ``hash`` is of its rows."""

BENEFIT_EVENTS: Final = sa.Table(
    "benefit_events",
    METADATA,
    Column("transaction", Whole, ForeignKey("entitled.transaction"), nullable=False),
    Column("number", sa.Integer(), nullable=False),
    Column("what", sa.Text(), nullable=False),
    Column("attempt", sa.Integer(), nullable=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False),
    Column("file", Whole, ForeignKey("payroll_files.file")),
    Column("account", sa.Text()),
    Column("reference", sa.Text()),
    Column("reason", sa.Text()),
    Column("before", sa.Integer()),
    Column("came_to", sa.Text()),
    PrimaryKeyConstraint("transaction", "number"),
    UniqueConstraint("transaction", "number", "what"),
    sa.ForeignKeyConstraint(
        ["transaction", "before", "came_to"],
        ["benefit_events.transaction", "benefit_events.number", "benefit_events.what"],
        name="fk_benefit_events_before",
    ),
    CheckConstraint(
        "(number = 1 AND what = 'exported' AND attempt = 1 AND before IS NULL AND came_to IS NULL)"
        " OR (before IS NOT NULL AND came_to IS NOT NULL AND before = number - 1"
        " AND ((what = 'exported' AND came_to = 'failed')"
        " OR (what = 'failed' AND came_to = 'exported')"
        " OR (what = 'paid' AND came_to IN ('exported', 'failed'))))",
        name="order",
    ),
    CheckConstraint("(file IS NOT NULL) = (what = 'exported')", name="file"),
    Index("ix_benefit_events_file", "file"),
)
"""What happened to a transaction, in order; the last event says in which state it is.

The keys keep the order: it is handed over again only right after it failed, and nothing follows once it was
paid. So it is paid at most once, whatever a program does.
"""

VOUCHER_SEED: Final = sa.Table(
    "voucher_seed",
    METADATA,
    Column("one", sa.SmallInteger(), primary_key=True, autoincrement=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False),
    Column("seed", sa.Text(), nullable=False),
    CheckConstraint("one = 1", name="one"),
)
"""What the numbers of vouchers are made from, with their serials."""

VOUCHER_ISSUES: Final = sa.Table(
    "voucher_issues",
    METADATA,
    Column("issue", Whole, primary_key=True, autoincrement=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False, unique=True),
    Column("plan", sa.Text(), nullable=False),
    Column("content_hash", sa.Text(), ForeignKey("plan_texts.content_hash"), nullable=False),
    Column("insuree", sa.Text(), nullable=False),
    Column("round", sa.Integer(), nullable=False),
    Column("date", sa.Date(), nullable=False),
    UniqueConstraint("plan", "insuree", "round"),
    Index("ix_voucher_issues_insuree", "insuree"),
)
"""Each time that a woman was given the vouchers of a plan; ``round``: her first time, her second …"""

VOUCHERS: Final = sa.Table(
    "vouchers",
    METADATA,
    Column("voucher", Whole, primary_key=True, autoincrement=False),
    Column("number", sa.Text(), nullable=False, unique=True),
    Column("issue", Whole, ForeignKey("voucher_issues.issue"), nullable=False),
    Column("visit", sa.Text(), nullable=False),
    Column("place", sa.Integer(), nullable=False),
    Column("amount", Whole, nullable=False),
    Column("until", sa.Date(), nullable=False),
    UniqueConstraint("issue", "visit", "place"),
    CheckConstraint("amount > 0", name="amount"),
)
"""Vouchers, each for one visit: ``place`` is which one of its kind, from 1."""

VOUCHER_ENDS: Final = sa.Table(
    "voucher_ends",
    METADATA,
    Column("voucher", Whole, ForeignKey("vouchers.voucher"), primary_key=True, autoincrement=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False),
    Column("what", sa.Text(), nullable=False),
    Column("facility", sa.Text()),
    Column("date", sa.Date()),
    Column("claim", sa.Text()),
    Column("reason", sa.Text()),
    CheckConstraint("what IN ('used', 'cancelled')", name="what"),
    CheckConstraint("what = 'cancelled' OR (facility IS NOT NULL AND date IS NOT NULL)", name="used"),
    UniqueConstraint("voucher", "what", "facility"),
)
"""What became of a voucher: it was used once, or cancelled."""

VOUCHER_CLAIMS: Final = sa.Table(
    "voucher_claims",
    METADATA,
    Column("voucher", Whole, primary_key=True, autoincrement=False),
    Column("journal", Whole, ForeignKey("journal.number"), nullable=False),
    Column("what", sa.Text(), nullable=False),
    Column("facility", sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(
        ["voucher", "what", "facility"],
        ["voucher_ends.voucher", "voucher_ends.what", "voucher_ends.facility"],
    ),
    CheckConstraint("what = 'used'", name="used"),
)
"""Used vouchers that their facility has claimed: each once, by the facility that took it."""

SETTLED_VOUCHERS: Final = sa.Table(
    "settled_vouchers",
    METADATA,
    Column("voucher", Whole, ForeignKey("voucher_claims.voucher"), primary_key=True, autoincrement=False),
    Column("transaction", Whole, ForeignKey("entitled.transaction"), nullable=False),
    Index("ix_settled_vouchers_transaction", "transaction"),
)
"""Which transaction pays a facility for a voucher: one."""


# Officers.

OFFICER_EVENTS: Final = sa.Table(
    "officer_events",
    METADATA,
    Column("journal", Whole, ForeignKey("journal.number"), primary_key=True, autoincrement=False),
    Column("officer", sa.Text(), nullable=False),
    Column("what", sa.Text(), nullable=False),
    Column("roles", sa.Text()),
    Column("since", sa.Date()),
    Column("until", sa.Date()),
    Column("hash", sa.Text()),
)
"""What happened to the register of officers: they were added, got another key, were closed. Rows are added.

``roles``: their names with blanks between them; ``hash``: a salted slow hash of the key, which is kept
nowhere.
"""


# What an earlier system left.

OPENING_CLAIMS: Final = sa.Table(
    "opening_claims",
    METADATA,
    Column("claim_id", Whole, primary_key=True, autoincrement=False),
    Column("facility", sa.Text(), nullable=False),
    Column("claim", sa.Text(), nullable=False),
    UniqueConstraint("facility", "claim"),
)
"""Claims that an earlier system accepted before the books began; their numbers are below zero.

What they used, and that they were accepted, stands in the ledger under run 0, which every run looks back on.
"""
