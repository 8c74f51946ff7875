"""What the commands of closing say: the page of a month, closings, what is to be paid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.text import Text

from adjudicator.books.books import Books
from adjudicator.books.closing.page import Page
from adjudicator.books.closing.payments import Due, Payment, PaymentFile, PaymentState
from adjudicator.books.closing.periods import CLOSED, ClosedMonth, named
from adjudicator.books.closing.returns import Returned
from adjudicator.books.reconciliation import Found, Reconciliation
from adjudicator.presentation.face import Face
from adjudicator.presentation.tables import at
from adjudicator.remuneration.capitation import CapitationPayment, Figures
from adjudicator.remuneration.index import RelativeIndex
from adjudicator.remuneration.months import written_month
from adjudicator.reporting.month import OfFacility, unusual_ones
from adjudicator.words import Amount, label, number, shown

SHOWN_FACILITIES = 60
"""Facilities that a page shows: all, or the largest and the unusual; the others come together in one row."""


def print_page(console: Console, books: Books, page: Page, language: str) -> None:
    """Show a closing: how it came about, what each facility is owed, and what is held back."""
    face = Face(console, books, language, "closing")
    face.say("title", "bold", month=named(page.month, page.location), products=list(page.products))
    console.print()
    _print_indexes(face, page.closing.indexes)
    for payment in page.closing.capitation:
        _print_capitation(face, payment)
    _print_held_back(face, page)
    _print_late(face, page)
    _print_facilities(face, page)
    values: dict[str, Any] = {
        "claims": page.settled.claims,
        "rejected": page.rejected,
        "facilities": len(page.record["statements"]),
    }
    face.say("settles", **values, total=face.money(page.closing.total), currency=face.currency)
    if page.booked is not None:
        face.say("booked", "bold green", closing=str(page.booked))
    elif page.proposed_by is not None:
        face.say("proposed", "yellow", by=page.proposed_by, month=written_month(page.month))
    else:
        face.say("dry", "yellow")
    if page.others:
        others = [one or face.word("national") for one in page.others]
        face.say("others_open", "dim", month=written_month(page.month), locations=others)


def _months(months: Iterable[int]) -> str:
    written = [written_month(month) for month in months]
    return written[0] if len(written) == 1 else f"{written[0]}…{written[-1][-2:]}"


def _print_indexes(face: Face, indexes: Sequence[RelativeIndex]) -> None:
    if not indexes:
        face.say("no_pools", "dim")
        face.console.print()
        return
    names = ("earned", "share", "for_lines", "lines", "value", "index", "paid")
    table = face.table(
        *(("product", False), ("care", False), ("months", False)),
        *((name, True) for name in names),
        ("", False),
        title="indexes",
    )
    for index in indexes:
        pool = index.pool
        care = label(pool.care, face.language) if pool.care is not None else face.word("all_care")
        remark = face.word("no_lines") if not index.valuated else ""
        if index.capped:
            uncapped = index.uncapped
            remark = face.word("capped", uncapped=_ratio(uncapped.numerator, uncapped.denominator, face))
        for_lines = index.share.numerator // index.share.denominator
        table.add_row(
            *(pool.product, care, _months(pool.months), face.money(index.allocated)),
            *(face.percent(pool.share), face.money(for_lines), face.count(index.lines)),
            *(face.money(index.valuated), str(number(index.shown, 4, face.language))),
            *(face.money(index.remunerated), Text(remark, style="yellow")),
        )
    face.show(table)


def _ratio(numerator: int, denominator: int, face: Face) -> str:
    """Write an exact ratio with four decimals, rounded down: a cap that was passed never shows as reached."""
    scaled = numerator * 10_000 // denominator
    return str(shown(Amount(scaled, 4), face.language))


def _print_capitation(face: Face, payment: CapitationPayment) -> None:
    face.say(
        "capitation",
        "bold",
        product=payment.product,
        earned=face.money(payment.allocated),
        share=face.percent(payment.share),
        pot=face.money(payment.pot),
        paid=face.money(payment.paid),
    )
    criteria = [part.criterion for part in payment.parts]
    table = face.table(("criterion", False), ("share", True), ("amount", True), ("figure", True))
    for part in payment.parts:
        figure = Figures("", {part.criterion: part.total}).shown(part.criterion, face.decimals)
        cells = (face.percent(part.weight), face.money(part.amount), _figure(figure, face))
        table.add_row(label(part.criterion, face.language), *cells)
    face.show(table)
    table = face.table(("facility", False))
    for criterion in criteria:
        table.add_column("\n".join(label(criterion, face.language).split()), justify="right", no_wrap=True)
    table.add_column(face.word("column.paid"), justify="right", no_wrap=True)
    for one in payment.facilities:
        figures = (_figure(one.figures.shown(criterion, face.decimals), face) for criterion in criteria)
        table.add_row(one.facility, *figures, face.money(one.amount))
    face.show(table)
    for part in payment.parts:
        if part.unpaid:
            values = {"criterion": part.criterion, "amount": face.money(part.amount)}
            face.say("criterion_unpaid", "yellow", **values)


def _figure(figure: Decimal, face: Face) -> str:
    digits = max(0, -int(figure.normalize().as_tuple().exponent))
    return str(number(figure, min(digits, 2), face.language))


def _print_held_back(face: Face, page: Page) -> None:
    held = page.held_back
    rows: list[tuple[str, int, int | None, int | None]] = [
        ("in_review", held.in_review.claims, held.in_review.valuated, None),
        ("waiting", held.waiting.claims, held.waiting.valuated, None),
        ("entered", held.entered.claims, None, held.entered.asked),
        ("unread", held.unread.claims, None, held.unread.asked),
    ]
    if not any(claims for _, claims, _, _ in rows):
        face.say("nothing_held", "green")
        face.console.print()
        return
    table = face.table(("", False), ("claims", True), ("value", True), ("asked", True), title="held_back")
    for key, claims, *amounts in rows:
        if claims:
            money = ("" if amount is None else face.money(amount) for amount in amounts)
            table.add_row(face.word(f"held.{key}"), face.count(claims), *money)
    face.show(table)


def _print_late(face: Face, page: Page) -> None:
    if not page.late:
        return
    table = face.table(("origin", False), ("claims", True), ("paid", True), title="late")
    for one in page.late:
        table.add_row(written_month(one.origin), face.count(one.claims), face.money(one.amount))
    face.show(table)


def _print_facilities(face: Face, page: Page) -> None:
    """Show what facilities are owed; where they are many, the largest and the unusual ones by themselves."""
    listed = [OfFacility(one.facility, "", one.before, one.now) for one in page.facilities]
    before, now = sum(one.before for one in listed), sum(one.now for one in listed)
    strange = unusual_ones(listed) if before else ()
    shown_ones = listed
    if len(listed) > SHOWN_FACILITIES:
        largest = sorted(listed, key=lambda one: (-one.now, one.facility))
        shown_ones = largest[: SHOWN_FACILITIES // 2]
        shown_ones += [one for one in strange if one not in shown_ones][: SHOWN_FACILITIES // 2 - 1]
    columns = (("facility", False), ("before", True), ("now", True), ("difference", True), ("", False))
    table = face.table(*columns, title="facilities")

    def add(name: str, earlier: int, later: int, remark: str = "", style: str = "") -> None:
        amounts = (face.money(amount) for amount in (earlier, later, later - earlier))
        table.add_row(name, *amounts, Text(remark, "yellow"), style=style)

    for one in shown_ones:
        add(one.facility, one.before, one.now, face.word("unusual") if one in strange else "")
    if others := [one for one in listed if one not in shown_ones]:
        sums = sum(one.before for one in others), sum(one.now for one in others)
        add(face.word("others", count=len(others)), *sums, style="dim")
    add(face.word("total"), before, now, style="bold")
    face.show(table)


def print_closings(console: Console, books: Books, closings: Sequence[ClosedMonth], language: str) -> None:
    """List closings and reopenings."""
    face = Face(console, books, language, "closing")
    if not closings:
        face.say("none")
        return
    reversed_ones = {one.reverses for one in closings}
    columns = (("", True), ("month", False), ("what", False), ("by", False), ("at", False), ("total", True))
    table = face.table(*columns, ("reason", False))
    for one in closings:
        if one.entry == CLOSED:
            key = "closed_then_reopened" if one.closing in reversed_ones else "closed_now"
        else:
            key = "reopened"
        reason = str(one.record.get("reason", ""))
        cells = (
            str(one.closing),
            one.name,
            face.word(f"state.{key}"),
            one.by,
            at(one.at),
            face.money(one.total),
        )
        table.add_row(*map(Text, (*cells, reason)), style="" if key == "closed_now" else "dim")
    console.print(table)


def print_reopened(console: Console, books: Books, closing: ClosedMonth, language: str) -> None:
    """Say what was reopened."""
    face = Face(console, books, language, "closing")
    values = {"month": closing.name, "closing": str(closing.closing), "total": face.money(closing.total)}
    face.say("reopened", "bold green", **values, currency=face.currency)


def print_payments(
    console: Console, books: Books, payments: Sequence[Payment], waiting: Sequence[Due], language: str
) -> None:
    """List payments with their state, and what is owed and not handed over yet."""
    face = Face(console, books, language, "closing")
    if payments:
        columns = [("payment", True), ("file", True), ("facility", False), ("months", False)]
        columns += [("state", False), ("amount", True), ("reference", False)]
        table = face.table(*columns, title="payments")
        for one in payments:
            months = " ".join(owed.month for owed in one.statements)
            state = face.word(f"payment.{one.state.value}")
            numbers = (str(one.payment), str(one.file), one.facility, months, state)
            cells = (*numbers, face.money(one.amount), one.reference or "")
            style = "red" if one.state is PaymentState.FAILED else ""
            table.add_row(*map(Text, cells), style=style)
        face.show(table)
    if waiting:
        table = face.table(("facility", False), ("months", False), ("amount", True), ("", False), title="due")
        for each in waiting:
            months = " ".join(owed.month for owed in each.statements)
            remark = "" if each.amount > 0 else face.word("carried")
            table.add_row(each.facility, months, face.money(each.amount), Text(remark, style="yellow"))
        face.show(table)
    if not payments and not waiting:
        face.say("nothing_owed")
    for kind in PaymentState:
        mine = [one.amount for one in payments if one.state is kind]
        if mine:
            said = face.word(f"payment.{kind.value}")
            face.say("sum", state=said, count=len(mine), amount=face.money(sum(mine)), currency=face.currency)
    if amounts := [one.amount for one in waiting if one.amount > 0]:
        values = {"amount": face.money(sum(amounts)), "currency": face.currency}
        face.say("sum", state=face.word("payment.due"), count=len(amounts), **values)


def print_export(console: Console, books: Books, file: PaymentFile, language: str) -> None:
    """Say what was handed over."""
    face = Face(console, books, language, "closing")
    key = "copied" if file.copy else "exported"
    style = "yellow" if file.copy else "bold green"
    values = {"file": str(file.file), "total": face.money(file.total), "currency": face.currency}
    face.say(key, style, count=len(file.payments), **values)
    if books.settings.closing.payer is None:
        face.say("no_payer", "yellow")


def print_reconciliation(
    console: Console, books: Books, done: Reconciliation[Returned], language: str
) -> None:
    """Say what a return file came to, row by row where somebody must look at it."""
    face = Face(console, books, language, "closing")
    for row in done.findings:
        values = {"row": str(row.row), "payment": row.payment, "facility": row.facility or "–"}
        face.say(f"returned.{row.found.value}", "red", **values)
    counts = [(found, done.count(found)) for found in Found]
    said = [f"{face.word(f'found.{found.value}')} {face.count(count)}" for found, count in counts if count]
    face.say("reconciled", "bold", counts=said or ["–"], open=done.open)
