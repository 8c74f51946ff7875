"""Reports from the books: what is read, and by which published runs.

Whatever can be counted by the database is; every sum over the ledger is signed, so that decisions that were
taken back cancel out. Rows of an open run are never seen. One family of reports a file.
"""

from adjudicator.books.reports.ageing import ageing_report
from adjudicator.books.reports.capitation import capitation_report
from adjudicator.books.reports.chosen import Chosen, Dates
from adjudicator.books.reports.claims import claims_report, history_report
from adjudicator.books.reports.contributions import contributions_report
from adjudicator.books.reports.indicators import indicators_report
from adjudicator.books.reports.month import month_figures, month_report
from adjudicator.books.reports.months import Months
from adjudicator.books.reports.process_batch import process_batch_report
from adjudicator.books.reports.rejections import rejections_report

__all__ = [
    "Chosen",
    "Dates",
    "Months",
    "ageing_report",
    "capitation_report",
    "claims_report",
    "contributions_report",
    "history_report",
    "indicators_report",
    "month_figures",
    "month_report",
    "process_batch_report",
    "rejections_report",
]
