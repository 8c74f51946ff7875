"""The message for a bank, held against what ISO 20022 says of pain.001.001.09: order, lengths, letters.

The standard's own schema is not here; what is used of it is told in a table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator.books.books import Books
from adjudicator.presentation.credit_transfers import NAMESPACE, Transfer, credit_transfers
from adjudicator.scheme import Payer, Settings

# Each element: what may stand in it, in this order; "?" may be missing, "+" comes once or more, "|" chooses.
ELEMENTS: dict[str, str] = {
    "Document": "CstmrCdtTrfInitn",
    "CstmrCdtTrfInitn": "GrpHdr PmtInf+ SplmtryData?",
    "GrpHdr": "MsgId CreDtTm Authstn? NbOfTxs CtrlSum? InitgPty FwdgAgt? InitnSrc?",
    "InitgPty": "Nm? PstlAdr? Id? CtryOfRes? CtctDtls?",
    "PmtInf": (
        "PmtInfId PmtMtd ReqdAdvcTp? BtchBookg? NbOfTxs? CtrlSum? PmtTpInf? ReqdExctnDt PoolgAdjstmntDt? "
        "Dbtr DbtrAcct DbtrAgt DbtrAgtAcct? InstrForDbtrAgt? UltmtDbtr? ChrgBr? ChrgsAcct? ChrgsAcctAgt? "
        "CdtTrfTxInf+"
    ),
    "ReqdExctnDt": "Dt|DtTm",
    "Dbtr": "Nm? PstlAdr? Id? CtryOfRes? CtctDtls?",
    "DbtrAcct": "Id? Tp? Ccy? Nm? Prxy?",
    "DbtrAgt": "FinInstnId BrnchId?",
    "FinInstnId": "BICFI? ClrSysMmbId? LEI? Nm? PstlAdr? Othr?",
    "CdtTrfTxInf": (
        "PmtId PmtTpInf? Amt XchgRateInf? ChrgBr? ChqInstr? UltmtDbtr? IntrmyAgt1? IntrmyAgt1Acct? "
        "IntrmyAgt2? IntrmyAgt2Acct? IntrmyAgt3? IntrmyAgt3Acct? CdtrAgt? CdtrAgtAcct? Cdtr? CdtrAcct? "
        "UltmtCdtr? InstrForCdtrAgt? InstrForDbtrAgt? Purp? RgltryRptg? Tax? RltdRmtInf? RmtInf? SplmtryData?"
    ),
    "PmtId": "InstrId? EndToEndId UETR?",
    "Amt": "InstdAmt|EqvtAmt",
    "Cdtr": "Nm? PstlAdr? Id? CtryOfRes? CtctDtls?",
    "CdtrAcct": "Id? Tp? Ccy? Nm? Prxy?",
    "RmtInf": "Ustrd? Strd?",
    "Othr": "Id SchmeNm? Issr?",
}

LETTERS = r"[A-Za-z0-9/\-?:().,'+ ]"
"""What every bank takes in texts."""

LEAVES: dict[str, str] = {
    "MsgId": rf"{LETTERS}{{1,35}}",
    "PmtInfId": rf"{LETTERS}{{1,35}}",
    "EndToEndId": rf"{LETTERS}{{1,35}}",
    "Nm": rf"{LETTERS}{{1,140}}",
    "Ustrd": rf"{LETTERS}{{1,140}}",
    "Id": rf"{LETTERS}{{1,34}}",
    "CreDtTm": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?",
    "NbOfTxs": r"[0-9]{1,15}",
    "CtrlSum": r"\d{1,18}(\.\d{1,17})?",
    "PmtMtd": r"CHK|TRF|TRA",
    "Dt": r"\d{4}-\d\d-\d\d",
    "BICFI": r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?",
    "IBAN": r"[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}",
    "InstdAmt": r"\d{1,13}(\.\d{1,5})?",
}


def name_of(element: Tree.Element) -> str:
    assert element.tag.startswith(f"{{{NAMESPACE}}}")
    return element.tag.removeprefix(f"{{{NAMESPACE}}}")


def check(element: Tree.Element) -> None:
    """Make sure that an element and all in it are as the standard has them."""
    name, children = name_of(element), [name_of(child) for child in element]
    if name == "Id" and children:
        assert children in (["IBAN"], ["Othr"])
    elif children:
        pattern = "".join(_part(part) for part in ELEMENTS[name].split())
        assert re.fullmatch(pattern, "".join(f"{child} " for child in children)), (name, children)
    else:
        assert element.text is not None
        assert re.fullmatch(LEAVES[name], element.text), (name, element.text)
        assert element.text == element.text.strip()
    if name == "InstdAmt":
        assert re.fullmatch(r"[A-Z]{3}", element.attrib["Ccy"])
        assert Decimal(element.text or "0") > 0
    else:
        assert not element.attrib
    for child in element:
        check(child)


def _part(part: str) -> str:
    bare = part.rstrip("?+")
    one = f"(?:{'|'.join(f'{choice} ' for choice in bare.split('|'))})"
    return one + part[len(bare) :]


@dataclass(frozen=True)
class _Desk:
    """What a message needs of books."""

    settings: Settings

    @property
    def decimals(self) -> int:
        return self.settings.decimals


def books(currency: str) -> Books:
    desk: Any = _Desk(Settings.model_validate({"scheme": "S", "currency": currency}))
    return desk  # type: ignore[no-any-return]


words = st.text(min_size=1, max_size=200)


@st.composite
def payers(draw: st.DrawFn) -> Payer:
    """Draw who pays: with an IBAN or another account, a BIC, the bank's own code, or no bank."""
    account = draw(words) if draw(st.booleans()) else "GB33 BUKB 2020 1555 5555 55"
    bank = draw(st.sampled_from([None, "bukbgb22", "no bic"]))
    return Payer.model_construct(name=draw(words), account=account, bank=bank)


transfers_drawn = st.builds(Transfer, words, st.integers(1, 10**13 - 1), words, words, words)


@given(
    st.sampled_from(["KES", "XAF", "TND"]), words, payers(), st.lists(transfers_drawn, min_size=1, max_size=4)
)
def test_whatever_names_and_numbers_there_are(
    currency: str, number: str, payer: Payer, transfers: list[Transfer]
) -> None:
    content = credit_transfers(books(currency), number, "2026-02-01T10:00:00+00:00", payer, transfers)
    root = Tree.fromstring(content)
    assert name_of(root) == "Document"
    check(root)
    space = {"x": NAMESPACE}
    amounts = [Decimal(one.text or "") for one in root.findall(".//x:InstdAmt", space)]
    assert {one.text for one in root.findall(".//x:NbOfTxs", space)} == {str(len(transfers))}
    for one in root.findall(".//x:CtrlSum", space):
        assert Decimal(one.text or "") == sum(amounts)


@pytest.mark.parametrize(("bank", "written"), [("bukb gb 22", "BICFI"), ("12-34", "Othr"), (None, "Othr")])
def test_a_bank_is_known_by_its_bic_or_its_own_code(bank: str | None, written: str) -> None:
    payer = Payer.model_construct(name="N", account="1", bank=bank)
    content = credit_transfers(
        books("KES"), "1", "2026-02-01T10:00:00+00:00", payer, [Transfer("1", 1, "N", "1", "R")]
    )
    (institution,) = Tree.fromstring(content).findall(".//x:DbtrAgt/x:FinInstnId", {"x": NAMESPACE})
    assert [name_of(child) for child in institution] == [written]


def test_the_table_finds_what_is_wrong(tmp_path: Path) -> None:
    content = credit_transfers(
        books("KES"),
        *("1", "2026-02-01T10:00:00+00:00", Payer.model_construct(name="N", account="1", bank=None)),
        [Transfer("1", 1, "N", "1", "R")],
    ).decode()
    for right, wrong in (
        ("<PmtMtd>TRF</PmtMtd>", ""),
        (">0.01<", ">-0.01<"),
        ("<NbOfTxs>1</NbOfTxs>", "<NbOfTxs>one</NbOfTxs>"),
    ):
        assert right in content
        with pytest.raises(AssertionError):
            check(Tree.fromstring(content.replace(right, wrong)))
