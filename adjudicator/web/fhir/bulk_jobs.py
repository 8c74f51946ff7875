"""The thread that does jobs, one after the other, beside what the server answers."""

from __future__ import annotations

import datetime as dt
import threading

from adjudicator.books.submission.jobs import (
    DONE,
    FAILED,
    IMPORT,
    Job,
    note_job,
    old_jobs,
    waiting_jobs,
)
from adjudicator.store.journal import now
from adjudicator.web.fhir.bulk_export import write_out
from adjudicator.web.fhir.bulk_files import (
    JobFiles,
    Stopped,
    forgotten,
    sweep,
)
from adjudicator.web.fhir.bulk_intake import take_in
from adjudicator.web.fhir.desk import LOG, Desk


class Jobs:
    """A thread that does jobs, one after the other.

    Args:
        desk: that they ask.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin; jobs that were under way when the server stopped are begun again."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way is gone on with next time."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        tidied = ""
        while not self._ended.wait(0.2):
            try:
                if tidied != (today := now()[:10]):
                    self._tidy()
                    tidied = today
                for job in waiting_jobs(self._desk.books)[:1]:
                    self._do(job)
            except Exception:
                LOG.exception("jobs could not be looked at")
                self._ended.wait(5)

    def _tidy(self) -> None:
        kept = dt.timedelta(days=self._desk.settings.kept)
        before = (dt.datetime.now(dt.UTC) - kept).isoformat(timespec="seconds")
        for job in old_jobs(self._desk.books, before):
            forgotten(self._desk.books, job)
        sweep(self._desk.books)

    def _do(self, job: Job) -> None:
        writer = JobFiles(self._desk.books, job, self._ended)
        try:
            (take_in if job.kind == IMPORT else write_out)(self._desk, job, writer)
        except Stopped:
            return
        except Exception:
            LOG.exception("job %s", job.job)
            note_job(self._desk.books, job.job, FAILED, {})
            return
        note_job(self._desk.books, job.job, DONE, {"manifest": writer.manifest()})
