"""From openIMIS: its tables, its records and its claim XML, in the project's own words.

:mod:`~ingest.openimis.records` is the core, pure functions from records to products and rows. The others
read the tables of a whole installation around it: :mod:`~ingest.openimis.source` reads them from CSV files
or from a database, :mod:`~ingest.openimis.world` tells what holds from what was replaced, and each register
has its module. What was looked up of openIMIS is its published documentation; nothing of it is copied.
"""

from ingest.openimis.records import (
    ADULT,
    CHILD,
    MAN,
    REVIEW_REJECTED,
    WOMAN,
    Imported,
    Record,
    Row,
    covered_terms,
    family_code,
    import_records,
    policy_code,
    product_trees,
)

__all__ = [
    "ADULT",
    "CHILD",
    "MAN",
    "REVIEW_REJECTED",
    "WOMAN",
    "Imported",
    "Record",
    "Row",
    "covered_terms",
    "family_code",
    "import_records",
    "policy_code",
    "product_trees",
]
