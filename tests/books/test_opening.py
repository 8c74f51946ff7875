"""Books that begin with what an earlier system left decide as a run that is opened with it does."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from adjudicator.books.adjudication import adjudicate_books
from adjudicator.books.books import make_books, open_books
from adjudicator.books.claims import load_claims
from adjudicator.books.opening import load_opening
from adjudicator.books.registers import load_registers
from adjudicator.books.verification import verify
from adjudicator.openimis.importing import HISTORY, OPENING, SUBMITTED, Wishes, import_openimis
from adjudicator.problems import Refused
from adjudicator.run import run_month
from adjudicator.store.schema import BALANCES, CLAIM_DECISIONS
from tests.databases import ENGINES, empty_database, engine_of
from tests.ingest.openimis_world import a_claim, an_installation, claim_line, write_tables


def an_import(folder: Path) -> Path:
    """Import an installation whose first insuree has nearly used up the ceiling of 2000."""
    tables = an_installation()
    tables["tblClaimDedRem"][1] |= {"RemG": "1960.00", "RemOP": "1960.00"}
    tables["tblClaim"].append(a_claim(7, "C7", 4))
    tables["tblClaimServices"].append(claim_line(7, 7, "ServiceID", 1, "25.00"))
    import_openimis(str(write_tables(folder / "tables", tables)), folder / "scheme", Wishes(compare=False))
    return folder / "scheme"


@pytest.mark.parametrize("name", ENGINES)
def test_the_books_look_back_on_what_an_earlier_system_left(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme = an_import(tmp_path)
    run = run_month(scheme, [scheme / SUBMITTED], tmp_path / "run", opening_folder=scheme / OPENING)
    # 2000 less 27.50 and 1960.00 leave 12.50 of the 25.00; the child's claim is paid in full.
    assert run.summary.valuated == 3200 + 1250
    with empty_database(engine_of(name), scheme) as url:
        monkeypatch.setenv("ADJUDICATOR_DATABASE", url)
        make_books(scheme, "Awa")
        with open_books(scheme) as books:
            load_registers(books, scheme / "registers", "Awa")
            opened = load_opening(books, scheme / OPENING, "Awa")
            assert (opened.balances, opened.claims, opened.lines) == (1, 2, 3)
            with pytest.raises(Refused, match="opened before"):
                load_opening(books, scheme / OPENING, "Awa")
            load_claims(books, [scheme / SUBMITTED], "Awa")
            # Nobody is paid twice for what openIMIS has accepted; what it rejected may come again.
            again = load_claims(books, [scheme / HISTORY], "Awa")
            assert again.reading.claims["claim"].to_pylist() == ["C5"]
            done = adjudicate_books(books, "Awa")
            assert done is not None
            assert done.summary.valuated == run.summary.valuated
            with books.database.reading() as connection:
                decided = connection.execute(sa.select(sa.func.sum(CLAIM_DECISIONS.c.valuated))).scalar_one()
                used = connection.execute(
                    sa.select(sa.func.max(BALANCES.c.covered_non_hospital))
                ).scalar_one()
            assert (int(decided), int(used)) == (4450, 200000)
            assert not verify(books).findings
            with pytest.raises(Refused, match="a run already"):
                load_opening(books, scheme / OPENING, "Awa")
