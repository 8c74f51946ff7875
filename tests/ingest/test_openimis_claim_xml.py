"""Claims as the phone application sends them: the good are read, the others set aside, nothing hurts."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.openimis.claim_xml import (
    DEEPEST,
    LARGEST,
    LONGEST_TEXT,
    MOST_ELEMENTS,
    NotReadable,
    find_documents,
    read_document,
)
from ingest.tables import read_claims

GOOD = """<?xml version="1.0" encoding="utf-8"?>
<Claim>
 <Details>
  <ClaimDate>02/03/2025</ClaimDate><HFCode>H1</HFCode><ClaimAdmin>CA1</ClaimAdmin><ClaimCode>P001</ClaimCode>
  <GuaranteeNo/><CHFID>100001</CHFID><StartDate>01/03/2025</StartDate><EndDate>2025-03-02</EndDate>
  <ICDCode>A00</ICDCode><ICDCode1>B00</ICDCode1><Comment>fever &amp; chills</Comment><Total>27.50</Total>
  <VisitType>E</VisitType>
 </Details>
 <Items><Item><ItemCode>0001</ItemCode><ItemPrice>2.50</ItemPrice><ItemQuantity>1</ItemQuantity></Item></Items>
 <Services>
  <Service><ServiceCode>A1</ServiceCode><ServicePrice>25.00</ServicePrice><ServiceQuantity>1</ServiceQuantity></Service>
 </Services>
</Claim>
"""

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=12)


def test_a_claim_is_read_with_its_lines(tmp_path: Path) -> None:
    (tmp_path / "P001.xml").write_text(GOOD, "utf-8")

    reading = read_claims([tmp_path], 2, None)

    (claim,), lines = reading.claims.to_pylist(), reading.lines.to_pylist()
    assert {
        name: str(claim[name]) for name in ("claim", "facility", "insuree", "diagnosis", "diagnosis_1")
    } == {
        "claim": "P001",
        "facility": "H1",
        "insuree": "100001",
        "diagnosis": "A00",
        "diagnosis_1": "B00",
    }
    assert [str(claim[name]) for name in ("date_from", "date_to", "date_claimed")] == [
        "2025-03-01",
        "2025-03-02",
        "2025-03-02",
    ]
    assert claim["explanation"] == "fever & chills"
    assert [(line["line"], line["code"], line["quantity"], line["price_asked"]) for line in lines] == [
        (1, "0001", 100, 250),
        (2, "A1", 100, 2500),
    ]
    assert reading.warnings == []
    assert len(reading.set_aside) == 0


@given(st.binary(max_size=200) | st.integers(0, len(GOOD)).map(lambda end: GOOD[:end].encode()))
@example(b"<Claim>" * (DEEPEST + 1))
@example(b'<!DOCTYPE Claim [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Claim><Details>&b;</Details></Claim>')
@example(b'<!DOCTYPE Claim SYSTEM "file:///etc/passwd"><Claim/>')
@example(b"<Claim><Details/>" + b"<Items/>" * (MOST_ELEMENTS + 1) + b"</Claim>")
@example(b"<Claim><Details><Comment>" + b"a" * (LONGEST_TEXT + 1) + b"</Comment></Details></Claim>")
@example(b" " * (LARGEST + 1))
@example(b'<?xml version="1.0" encoding="nowhere"?><Claim/>')
@example(GOOD.encode("utf-16"))
def test_whatever_comes_it_is_read_or_there_is_a_reason(data: bytes) -> None:
    with suppress(NotReadable):
        assert len(read_document(data)) >= 0


@given(st.data())
def test_a_changed_document_is_read_or_there_is_a_reason(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(start + 30, len(GOOD))))
    changed = (
        GOOD[:start] + data.draw(TEXT | st.sampled_from(["<Item>", "</Item>", "<a/>", "&x;"])) + GOOD[end:]
    )
    with suppress(NotReadable):
        read_document(changed.encode())


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Item", "Service"]),
            TEXT.filter(str.strip),
            st.decimals(0, 1000, places=2),
            st.decimals(0, 10**6, places=2),
        ),
        max_size=6,
    )
)
def test_what_was_written_is_read_again(lines: list[tuple[str, str, Decimal, Decimal]]) -> None:
    written = {"Item": "", "Service": ""}
    for kind, code, quantity, price in lines:
        written[kind] += (
            f"<{kind}><{kind}Code>{escape(code)}</{kind}Code><{kind}Quantity>{quantity}</{kind}Quantity>"
            f"<{kind}Price>{price}</{kind}Price></{kind}>"
        )
    body = "".join(f"<{kind}s>{text}</{kind}s>" for kind, text in written.items())

    (claim,) = read_document(f"<Claim><Details><ClaimCode>1</ClaimCode></Details>{body}</Claim>".encode())

    ordered = sorted(lines, key=lambda line: line[0])
    found = [(line["kind"], line["code"], line["quantity"], line["price_asked"]) for line in claim.lines]
    expected = [
        (k.lower(), c.strip(), str(q), str(p)) for k, c, q, p in ordered if c.strip() not in NULL_TEXTS
    ]
    assert [line for line in found if line[1] is not None] == expected


NULL_TEXTS = ("NULL", r"\N", "(null)", "<NULL>")


def test_bad_documents_are_set_aside_with_their_reason_and_copied_whole(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "good.xml").write_text(GOOD, "utf-8")
    (folder / "cut.xml").write_text(GOOD[:200], "utf-8")
    number = GOOD.replace("P001", "P002").replace("<ItemQuantity>1", "<ItemQuantity>one")
    (folder / "number.xml").write_text(number, "utf-8")
    package = GOOD.replace("P001", "P003").replace(
        "<ServicePrice>", "<ServiceItemSet><a/></ServiceItemSet><ServicePrice>"
    )
    (folder / "package.xml").write_text(package, "utf-8")

    reading = read_claims([folder], 2, None)
    reading.set_aside.write(tmp_path / "aside")

    assert reading.claims["claim"].to_pylist() == ["P001"]
    named = {(fault.file.name, fault.reason.key) for fault in reading.set_aside}
    assert named >= {("cut.xml", "openimis.xml.not_xml"), ("package.xml", "openimis.xml.package")}
    assert "number.xml" in {name for name, _ in named}
    for name in ("cut.xml", "number.xml", "package.xml"):
        assert (tmp_path / "aside" / name).read_bytes() == (folder / name).read_bytes()
    assert not (tmp_path / "aside" / "good.xml").exists()


def test_elements_that_mean_nothing_are_told_of(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(GOOD.replace("<GuaranteeNo/>", "<Program>x</Program>"), "utf-8")

    (warning,) = find_documents([tmp_path]).warnings

    assert "Details/Program" in warning.told()


@pytest.mark.parametrize("root", ["Claims", "x:Claims"])
def test_a_document_may_hold_several_claims(root: str) -> None:
    body = GOOD.partition("?>")[2]
    head = f"<{root} xmlns:x='x'>" if ":" in root else f"<{root}>"

    assert len(read_document(f"{head}{body}{body}</{root}>".encode())) == 2
