"""What the commands of vouchers say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from rich.text import Text

from adjudicator.books.benefits.voucher_claims import Claimed, Taken, VoucherList
from adjudicator.books.benefits.vouchers import Issue, Voucher
from adjudicator.presentation.benefits import BenefitView
from adjudicator.presentation.rules import in_language
from adjudicator.words import moment, shown

SHOWN: Final = 50
"""Vouchers that a list shows."""

_STYLES: Final = {"cancelled": "dim", "expired": "dim", "paid": "green"}


class VoucherView(BenefitView):
    """A console, and the language and currency of its reader."""

    def date(self, day: dt.date) -> str:
        """Write a day."""
        return str(shown(day, self.language))

    def issued(self, issue: Issue) -> None:
        """Show the vouchers that a woman was given, to be written down for her."""
        name = f" {issue.name}" if issue.name else ""
        title = in_language(issue.plan.definition.title, self.language)
        self.say("voucher.issued", "bold green", who=f"{issue.insuree}{name}", title=title)
        titles = {
            visit.visit: in_language(visit.title, self.language) for visit in issue.plan.definition.visits
        }
        self.console.print()
        table = self.table(("number", False), ("visit", False), ("until", False), ("amount", True))
        for one in issue.vouchers:
            kind = titles[one.visit]
            times = sum(other.visit == one.visit for other in issue.vouchers)
            visit = f"{kind} {one.place}/{times}" if times > 1 else kind
            table.add_row(Text(one.number, style="bold"), visit, self.date(one.until), self.money(one.amount))
        self.console.print(table)

    def used(self, voucher: Voucher) -> None:
        """Say that a voucher was taken."""
        values = {"number": voucher.number, "visit": voucher.visit, "insuree": voucher.insuree}
        amount = f"{self.money(voucher.amount)} {self.currency}"
        self.say("voucher.taken", "bold green", **values, facility=voucher.facility or "", amount=amount)

    def cancelled_vouchers(self, cancelled: Sequence[Voucher]) -> None:
        """Say which vouchers were cancelled."""
        self.say("voucher.were_cancelled", "bold green", numbers=[one.number for one in cancelled])

    def voucher(self, voucher: Voucher, acts: Sequence[tuple[str, str, str]], today: dt.date) -> None:
        """Show a voucher and what was done to it."""
        state = self.word(f"voucher.state.{voucher.state(today)}")
        self.say("voucher.title", "bold", number=voucher.number, plan=voucher.plan, state=state)
        rows = [
            ("insuree", voucher.insuree),
            ("visit", f"{voucher.visit} {voucher.place}"),
            ("amount", f"{self.money(voucher.amount)}"),
            ("valid", f"{self.date(voucher.since)} – {self.date(voucher.until)}"),
            ("facility", voucher.facility),
            ("date", self.date(voucher.date) if voucher.date else None),
            ("claim", voucher.claim),
            ("reason", voucher.reason),
            ("list", str(voucher.payroll) if voucher.payroll is not None else None),
        ]
        table = self.table(("", False), ("", False))
        for key, value in rows:
            if value:
                heading = self.word(f"column.{key}", currency=self.currency)
                table.add_row(Text(heading, style="dim"), Text(value))
        self.show(table)
        for what, by, at in acts:
            self.say(f"voucher.act.{what.replace(' ', '_')}", "dim", by=by, at=moment(at))

    def vouchers(self, listed: Sequence[Voucher], today: dt.date) -> None:
        """List vouchers."""
        if not listed:
            self.say("voucher.none")
            return
        names = ("number", "insuree", "visit", "until", "state", "facility", "date")
        table = self.table(*((name, False) for name in names), ("amount", True))
        for one in listed[:SHOWN]:
            state = one.state(today)
            told = self.word(f"voucher.state.{state}")
            when = (one.facility or "", self.date(one.date) if one.date else "")
            cells = (one.number, one.insuree, f"{one.visit} {one.place}", self.date(one.until), told, *when)
            table.add_row(*map(Text, (*cells, self.money(one.amount))), style=_STYLES.get(state, ""))
        self.console.print(table)
        if len(listed) > SHOWN:
            self.say("voucher.more", "dim", count=len(listed) - SHOWN)

    def claimed(self, claimed: Claimed) -> None:
        """Say what a facility's file came to, row by row where it must be told."""
        for row in claimed.findings:
            one = row.voucher
            values = {"row": row.row, "number": row.number, "facility": (one and one.facility) or "–"}
            since = self.date(one.since) if one else ""
            until = self.date(one.until) if one else ""
            self.say(f"voucher.row.{row.taken.value}", "red", **values, since=since, until=until)
        counts = [
            f"{self.word(f'voucher.taken.{taken.value}')} {self.count(claimed.count(taken))}"
            for taken in Taken
            if claimed.count(taken)
        ]
        values = {"facility": claimed.facility, "counts": counts or ["–"]}
        self.say(
            "voucher.claimed", "bold", **values, amount=self.money(claimed.amount), currency=self.currency
        )

    def due(self, listed: VoucherList) -> None:
        """Show what facilities are owed for vouchers."""
        if not listed.due:
            self.say("voucher.nothing_due")
            return
        columns = (("facility", False), ("name", False), ("account", False))
        table = self.table(*columns, ("vouchers", True), ("amount", True))
        for one in listed.due:
            who = (one.facility, one.name, one.account or "")
            table.add_row(*map(Text, who), self.count(one.vouchers), self.money(one.amount))
        count = sum(one.vouchers for one in listed.due)
        table.add_row(self.word("total"), "", "", self.count(count), self.money(listed.total), style="bold")
        self.show(table)
        if listed.payroll is not None:
            self.say("made", "bold green", payroll=str(listed.payroll))
        else:
            self.say("dry", "yellow")
