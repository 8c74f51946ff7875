"""What the commands of cash transfers say: plans, lists, what came back, and a family traced."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from adjudicator.benefits.definition import MONTHS_OF_CYCLE
from adjudicator.benefits.fields import FIELDS
from adjudicator.benefits.numbers import payment_number
from adjudicator.benefits.read import AnyPlan, CompiledPlan
from adjudicator.books.benefits.handing import BenefitFile
from adjudicator.books.benefits.payrolls import FAMILIES, Payroll, Proposal, State
from adjudicator.books.benefits.returns import Returned
from adjudicator.books.benefits.tracing import Trace
from adjudicator.books.benefits.why import Cell, Why
from adjudicator.books.books import Books
from adjudicator.books.reconciliation import Found, Reconciliation
from adjudicator.presentation.benefit_files import handed_number
from adjudicator.presentation.face import Face
from adjudicator.presentation.rules import in_language
from adjudicator.presentation.tables import at, plain_table
from adjudicator.rulebook.fields import Field, Level, Type
from adjudicator.units import date_of, unscaled
from adjudicator.words import label, moment, shown, text

SHOWN_ROWS: Final = 30
"""Payments that a page shows; all of them are in the CSV."""

SHOWN_AMOUNTS: Final = 12
"""Different amounts that a page counts one by one."""

NAMED: Final = 8
"""Families that are named where there are many."""

_STYLES: Final = {
    State.MADE: "yellow",
    State.APPROVED: "",
    State.CANCELLED: "dim",
    State.EXPORTED: "",
    State.SETTLED: "green",
}


class BenefitView(Face):
    """A console, and the language and currency of its reader.

    Args:
        console: where it is printed.
        books: whose currency it is.
        language: of the reader.
    """

    def __init__(self, console: Console, books: Books, language: str) -> None:
        super().__init__(console, books, language, "benefits")

    def day(self, day: int) -> str:
        """Write a day number."""
        return str(shown(date_of(day), self.language))

    # Plans.

    def plans(self, plans: Sequence[AnyPlan]) -> None:
        """List the plans of a scheme."""
        if not plans:
            self.say("none")
            return
        table = self.table(("plan", False), ("title", False), ("rhythm", False), ("how", False))
        for plan in plans:
            title = in_language(plan.definition.title, self.language)
            if isinstance(plan, CompiledPlan):
                payment = plan.definition.payment
                how = self.word(f"provider.{payment.by}")
                how = f"{how} ({payment.name})" if payment.name else how
                table.add_row(*map(Text, (plan.code, title, self.rhythm(plan), how)))
            else:
                visits = sum(visit.times for visit in plan.definition.visits)
                table.add_row(*map(Text, (plan.code, title, self.word("vouchers_each", count=visits), "")))
        self.console.print(table)

    def rhythm(self, plan: CompiledPlan) -> str:
        """Say how often a plan pays."""
        every = plan.definition.cycle.every
        if every in MONTHS_OF_CYCLE:
            return self.word(f"every.{every}")
        return self.word("every.dates", count=len(plan.definition.cycle.dates))

    # Lists.

    def proposal(self, proposal: Proposal) -> None:
        """Show what making a list comes to."""
        definition, cycle = proposal.plan.definition, proposal.cycle
        title = in_language(definition.title, self.language)
        values = {"plan": definition.plan, "cycle": cycle.name, "title": title}
        self.say("title", "bold", **values)
        span = {
            "first": self.day(cycle.first),
            "last": self.day(cycle.last),
            "judged": self.day(cycle.judged),
        }
        self.say("span", "dim", **span, load=proposal.load.load)
        self.console.print()
        table = self.table(("", False), ("families", True))
        steps = [
            ("families", proposal.families),
            ("qualifying", proposal.qualifying),
            ("worthless", -proposal.worthless),
            ("listed", -proposal.listed),
            ("unpayable", -len(proposal.unpayable)),
        ]
        for key, count in steps:
            if count or key in ("families", "qualifying"):
                table.add_row(self.word(f"step.{key}"), self.count(count))
        table.add_row(self.word("step.to_pay"), self.count(len(proposal.rows)), style="bold")
        self.show(table)
        self.amounts(proposal.rows["amount"].to_pylist())
        if proposal.unpayable:
            named = [*proposal.unpayable[:NAMED], *(["…"] if len(proposal.unpayable) > NAMED else [])]
            account = definition.payment.account or ""
            self.say("unpayable", "yellow", families=named, account=account)
        for one in proposal.unreadable:
            counted = {"families": one.families}
            self.say("unreadable", "yellow", attribute=one.attribute, example=one.example, **counted)
        if proposal.payroll is not None:
            self.say("made", "bold green", payroll=str(proposal.payroll))
        elif len(proposal.rows):
            self.say("dry", "yellow")
        else:
            self.say("nobody_left", "yellow")

    def amounts(self, amounts: Sequence[int]) -> None:
        """Count who receives how much."""
        counts = Counter(amounts)
        if not counts:
            return
        table = self.table(("amount", True), ("families", True), ("sum", True))
        if len(counts) <= SHOWN_AMOUNTS:
            for amount, count in sorted(counts.items()):
                table.add_row(self.money(amount), self.count(count), self.money(amount * count))
        else:
            span = f"{self.money(min(counts))} … {self.money(max(counts))}"
            table.add_row(span, self.count(len(amounts)), self.money(sum(amounts)))
        total = (self.word("total"), self.count(len(amounts)), self.money(sum(amounts)))
        table.add_row(*total, style="bold")
        self.show(table)

    def payrolls(self, payrolls: Sequence[Payroll]) -> None:
        """List lists."""
        if not payrolls:
            self.say("no_payrolls")
            return
        columns = (("list", True), ("plan", False), ("cycle", False), ("state", False), ("made_by", False))
        numbers = (("payments", True), ("sum", True), ("paid", True), ("failed", True), ("open", True))
        table = self.table(*columns, *numbers)
        for one in payrolls:
            tallies = [one.tallies.get(name) for name in ("paid", "failed", "exported")]
            counts = [self.count(tally.count) if tally else "" for tally in tallies]
            who = (str(one.payroll), one.plan, one.cycle, self.word(f"state.{one.state.value}"), one.made.by)
            cells = (*who, self.count(one.transactions), self.money(one.total), *counts)
            table.add_row(*map(Text, cells), style=_STYLES[one.state])
        self.console.print(table)

    def payroll(self, payroll: Payroll, rows: Any, files: Sequence[Any]) -> None:
        """Show a list: how far it is, what was handed over, and its payments."""
        heading = {"payroll": str(payroll.payroll), "plan": payroll.plan, "cycle": payroll.cycle}
        self.say("payroll", "bold", **heading, state=self.word(f"state.{payroll.state.value}"))
        self.steps(payroll)
        self.console.print()
        if files:
            table = self.table(
                ("file", True), ("at", False), ("by", False), ("payments", True), ("sum", True)
            )
            for one in files:
                counts = (self.count(one.attempts), self.money(one.total))
                table.add_row(str(one.file), at(one.at), one.by, *counts)
            self.show(table)
            table = self.table(("state", False), ("payments", True), ("sum", True))
            for name, tally in sorted(payroll.tallies.items()):
                table.add_row(self.word(f"event.{name}"), self.count(tally.count), self.money(tally.amount))
            self.show(table)
        self.rows(payroll, rows)

    def steps(self, payroll: Payroll) -> None:
        """Say who made, approved and cancelled a list."""
        acts = (("made", payroll.made), ("approved", payroll.approved), ("cancelled", payroll.cancelled))
        for what, done in acts:
            if done:
                self.say(f"by.{what}", "dim", by=done.by, at=moment(done.at), reason=done.reason or "")

    def rows(self, payroll: Payroll, rows: Any) -> None:
        """Show the payments of a list, the first of them where there are many."""
        payee = "family" if payroll.kind == FAMILIES else "facility"
        columns = (("number", False), (payee, False), ("name", False), ("account", False))
        table = self.table(*columns, ("amount", True), ("state", False), ("reference", False))
        # What failed is what people look for.
        listed = sorted(rows.to_pylist(), key=lambda row: (row["what"] != "failed", row["transaction"]))
        for row in listed[:SHOWN_ROWS]:
            number = handed_number(row["transaction"], row["attempt"] or 1)
            state = self.word(f"event.{row['what']}") if row["what"] else ""
            said = " ".join(part for part in (row["reference"], row["reason"]) if part)
            who = (number, row["payee"], row["name"] or "", row["account"] or "")
            cells = (*who, self.money(row["amount"]), state, said)
            table.add_row(*map(Text, cells), style="red" if row["what"] == "failed" else "")
        self.console.print(table)
        if len(listed) > SHOWN_ROWS:
            self.say("more_rows", "dim", count=len(listed) - SHOWN_ROWS)
        values = {"count": self.count(len(listed)), "total": self.money(payroll.total)}
        self.say("sum", "bold", **values, currency=self.currency)

    def approved(self, payroll: Payroll) -> None:
        """Say that a list was approved."""
        values = {"payroll": str(payroll.payroll), "total": self.money(payroll.total)}
        self.say("was_approved", "bold green", **values, currency=self.currency, count=payroll.transactions)

    def cancelled(self, payroll: Payroll) -> None:
        """Say that a list was cancelled."""
        self.say("was_cancelled", "bold green", payroll=str(payroll.payroll), count=payroll.transactions)

    def exported(self, file: BenefitFile, no_payer: bool) -> None:
        """Say what was handed over."""
        key = "copied" if file.copy else "exported_again" if file.again else "exported"
        style = "yellow" if file.copy else "bold green"
        values = {"file": str(file.file), "payroll": str(file.payroll.payroll), "count": len(file.rows)}
        self.say(key, style, **values, total=self.money(file.total), currency=self.currency)
        if no_payer:
            self.say("no_payer", "dim")

    def reconciled(self, done: Reconciliation[Returned]) -> None:
        """Say what a return file came to, row by row where somebody must look at it."""
        for row in done.findings:
            values = {"row": row.row, "transaction": row.transaction, "payee": row.payee or "–"}
            self.say(f"returned.{row.found.value}", "red", **values)
        table = self.table(("", False), ("payments", True), ("sum", True))
        for found in Found:
            if count := done.count(found):
                table.add_row(
                    self.word(f"found.{found.value}"), self.count(count), self.money(done.amount(found))
                )
        if done.rows:
            self.show(table)
        else:
            self.say("empty_return", "yellow")
        self.say("still_open", "bold", open=done.open)

    # One family.

    def traces(self, traces: Sequence[Trace]) -> None:
        """Show all that happened to the payments of a family."""
        for one in traces:
            name = f" {one.name}" if one.name else ""
            values = {"number": one.number, "plan": one.payroll.plan, "cycle": one.payroll.cycle}
            amount = f"{self.money(one.amount)} {self.currency}"
            who = f"{one.payee}{name}"
            state = self.word(f"event.{one.state}")
            self.say("traced", "bold", **values, who=who, amount=amount, state=state)
            table = self.table(("", False), ("at", False), ("by", False), ("what", False), ("", False))
            for step in one.steps:
                what = self.word(f"event.{step.what}")
                if step.attempt and step.attempt > 1:
                    what = self.word("attempt", what=what, attempt=step.attempt)
                file = self.word("in_file", file=str(step.file)) if step.file else ""
                cells = (at(step.at), step.by, what, " ".join(part for part in (file, step.detail) if part))
                table.add_row("", *map(Text, cells), style="red" if step.what == "failed" else "")
            self.show(table)
        paid = [one.amount for one in traces if one.state == "paid"]
        counts = {"payments": len(traces), "paid": len(paid)}
        self.say("traced_sum", "bold", **counts, total=self.money(sum(paid)), currency=self.currency)

    def why(self, why: Why) -> None:
        """Say why a family receives what it receives."""
        told = why.answer
        values = {"family": why.family, "plan": why.plan.code, "cycle": why.cycle.name}
        if told.amount:
            self.say(
                "why.receives", "bold green", **values, amount=self.money(told.amount), currency=self.currency
            )
        else:
            self.say("why.nothing", "bold yellow", **values)
        self.console.print()
        definition = why.plan.definition
        self._condition("why.criteria", definition.criteria, told.criteria)
        if definition.with_member is not None:
            self._condition("why.with_member", definition.with_member, told.with_member)
        table = self.table(("field", False), ("value", False))
        for field, cell in why.seen:
            table.add_row(field.path, self.cell(field, cell))
        self.show(table)
        table = self.table(("member", False), ("sex", False), ("age", True), ("head", False))
        for member in why.members:
            head = self.word("yes") if member.get("member.head") == 1 else ""
            sex = self.cell(FIELDS["member.sex"], member.get("member.sex"))
            age = str(member.get("member.age", "–"))
            table.add_row(str(member["member.insuree"]), sex, age, head)
        self.show(table)
        if told.shares:
            table = self.table(("part", False), ("times", True), ("each", True), ("amount", True))
            for share in told.shares:
                cells = (self.count(share.count), self.money(share.each), self.money(share.amount))
                table.add_row(self.word(f"share.{share.what}"), *cells)
            before = sum(share.amount for share in told.shares)
            if before != told.amount:
                table.add_row(self.word("share.cap"), "", "", self.money(told.amount - before))
            table.add_row(self.word("total"), "", "", self.money(told.amount), style="bold")
            self.console.print(table)

    def _condition(self, key: str, condition: str, held: bool) -> None:
        verdict = self.word("why.holds" if held else "why.fails")
        self.say(key, "green" if held else "red", verdict=verdict)
        for line in condition.strip().splitlines():
            self.console.print(Text(f"  {line.strip()}"), style="dim")

    def cell(self, field: Field, cell: Cell) -> str:
        """Write the value of a field."""
        if cell is None:
            return self.word("unknown")
        if isinstance(cell, str):
            return cell
        if field.words is not None:
            return label(field.words(cell), self.language)
        if field.type is Type.DAY:
            return self.day(cell)
        if field.type is Type.TRUTH:
            return self.word("yes" if cell else "no")
        return self.count(cell)


def payroll_csv(books: Books, payroll: Payroll, rows: Any) -> str:
    """Write the payments of a list with their states as CSV."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    about = ["transaction", "payee", "name", "account", "amount", "currency", "plan", "cycle"]
    writer.writerow([*about, "state", "attempt", "reference", "reason"])
    for row in rows.to_pylist():
        amount = format(unscaled(row["amount"], books.decimals), "f")
        who = [payment_number(row["transaction"]), row["payee"], row["name"] or "", row["account"] or ""]
        how = [row["what"] or "", row["attempt"] or "", row["reference"] or "", row["reason"] or ""]
        writer.writerow([*who, amount, books.settings.currency, payroll.plan, payroll.cycle, *how])
    return target.getvalue()


def print_fields(console: Console, language: str) -> None:
    """List what plans can speak of."""
    headings = (text(f"benefits.column.{name}", language) for name in ("field", "of", "type", "words"))
    table = plain_table(*((heading, False) for heading in headings))
    for path, field in FIELDS.items():
        whose = "member" if field.level is Level.LINE else "family"
        kind = text(f"rules.type.{field.type.value}", language)
        words = ", ".join(word for word in field.words.words() if word != "any") if field.words else ""
        table.add_row(path, text(f"benefits.of.{whose}", language), kind, words)
    console.print(table)
    console.print(text("benefits.attributes", language), style="dim", soft_wrap=True)
