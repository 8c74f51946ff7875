"""The account of a policy for people and for programs: what is owed and why, what was paid, what follows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from adjudicator.books.books import Books
from adjudicator.books.policies import PARTS, PolicyAccount
from adjudicator.presentation.tables import plain_table
from adjudicator.remuneration.months import written_month
from adjudicator.units import date_of, unscaled
from adjudicator.vocabulary import PolicyStatus
from adjudicator.words import Amount, label, shown, text

_STYLE = {
    PolicyStatus.ACTIVE: "green",
    PolicyStatus.READY: "green",
    PolicyStatus.SUSPENDED: "red",
    PolicyStatus.IDLE: "yellow",
    PolicyStatus.EXPIRED: "dim",
}


def print_account(console: Console, books: Books, one: PolicyAccount, day: dt.date, language: str) -> None:
    """Print the account of a policy."""
    console.print(_Account(books, one, day, language).view())


class _Account:
    """An account in the words of its reader."""

    def __init__(self, books: Books, one: PolicyAccount, day: dt.date, language: str) -> None:
        self._one, self._day, self._language = one, day, language
        self._decimals, self._currency = books.decimals, books.settings.currency

    def view(self) -> Group:
        one = self._one
        head = Text(self._say("title", policy=one.policy, family=one.family, product=one.product), "bold")
        parts: list[Any] = [head, self._facts(), Text(), self._owed(), Text(), self._paid()]
        if len(one.instalments) > 1:
            equal = [self._money(amount) for amount in one.instalments]
            parts.append(Text(self._say("instalments", count=len(equal), amounts=" + ".join(equal)), "dim"))
        parts += [Text(), self._status()]
        if one.earned:
            parts += [Text(), Text(self._say("earned", currency=self._currency), "bold"), self._earned()]
        if one.too_many:
            parts += [Text(), Text(self._say("too_many"), "yellow")]
        if one.late:
            parts += [Text(), Text(self._say("late", count=one.late), "yellow")]
        return Group(*parts, Text())

    def _say(self, key: str, **values: Any) -> str:
        return text(f"policies.{key}", self._language, **values)

    def _money(self, minor: int) -> str:
        return str(shown(Amount(minor, self._decimals), self._language))

    @staticmethod
    def _plain() -> Table:
        return Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))

    def _titled(self, title: str, *columns: tuple[str, bool]) -> Table:
        headed = ((self._say(key) if key else "", right) for key, right in columns)
        table = plain_table(*headed, title=self._say(title, currency=self._currency))
        table.show_header = any(key for key, _ in columns)
        return table

    def _facts(self) -> Table:
        one, table = self._one, self._plain()
        members = self._say("members", adults=one.adults, children=one.children)
        facts = [
            ("stage", label(one.stage, self._language)),
            ("enrolled", shown(one.enrolled, self._language)),
            ("period", self._say("from_to", start=one.effective, end=one.expiry)),
            ("who", members),
        ]
        if one.valid_from is not None:
            facts.append(("version", shown(one.valid_from, self._language)))
        if one.start != one.effective:
            facts.append(("starts", shown(one.start, self._language)))
        for key, value in facts:
            table.add_row(Text(self._say(f"fact.{key}"), "dim"), str(value))
        return table

    def _owed(self) -> Table:
        table = self._titled("owed", ("", False), ("", True))
        for name in PARTS:
            amount = self._one.owed[name]
            if amount:
                sign = -1 if name == "discount" else 1
                table.add_row(self._say(f"part.{name}"), self._money(sign * amount))
        table.add_row(Text(self._say("total"), "bold"), Text(self._money(self._one.total), "bold"))
        return table

    def _paid(self) -> Table:
        table = self._titled("paid", ("", False), ("", True), ("", False))
        for each in self._one.contributions:
            later = "dim" if each.paid > self._day else ""
            said = " · ".join(filter(None, (each.contribution, each.payer)))
            day = str(shown(each.paid, self._language))
            table.add_row(Text(day, later), Text(self._money(each.amount), later), Text(said, "dim"))
        upto = self._say("upto", day=self._day)
        table.add_row(Text(upto, "bold"), Text(self._money(self._one.paid), "bold"), "")
        if self._one.missing:
            missing = self._money(self._one.missing)
            table.add_row(Text(self._say("missing"), "bold red"), Text(missing, "bold red"), "")
        return table

    def _status(self) -> Table:
        one, table = self._one, self._plain()
        said = Text(label(one.status, self._language), _STYLE[one.status])
        table.add_row(Text(self._say("status", day=self._day), "bold"), said)
        if one.registered is not one.status:
            registered = self._say("registered", status=one.registered)
            table.add_row("", Text(registered, "yellow"))
        if one.in_full_on is not None:
            table.add_row(Text(self._say("in_full"), "dim"), str(shown(one.in_full_on, self._language)))
        if one.grace_until is not None:
            table.add_row(Text(self._say("grace"), "dim"), str(shown(one.grace_until, self._language)))
        for change in one.changes:
            day = self._say("since", day=date_of(change.day))
            table.add_row(Text(day, "dim"), Text(label(change.status, self._language), _STYLE[change.status]))
        return table

    def _earned(self) -> Table:
        table = self._plain()
        table.add_column()
        table.add_column(justify="right")
        for month, amount in self._one.earned:
            table.add_row(written_month(month), self._money(amount))
        total = sum(amount for _, amount in self._one.earned)
        table.add_row(Text(self._say("total"), "bold"), Text(self._money(total), "bold"))
        return table


def as_record(one: PolicyAccount, decimals: int, currency: str) -> dict[str, Any]:
    """Give an account for programs: the project's own names, amounts as exact decimals."""

    def money(minor: int) -> str:
        return format(unscaled(minor, decimals), "f")

    def date(given: dt.date | None) -> str | None:
        return given.isoformat() if given else None

    return {
        "policy": one.policy,
        "family": one.family,
        "location": one.location,
        "product": one.product,
        "product_valid_from": date(one.valid_from),
        "currency": currency,
        "stage": one.stage.word,
        "enrolled": date(one.enrolled),
        "effective": date(one.effective),
        "expiry": date(one.expiry),
        "starts_by_terms": date(one.start),
        "adults": one.adults,
        "children": one.children,
        "joined_later": one.late,
        "too_many_members": one.too_many,
        "owed": {name: money(one.owed[name]) for name in PARTS} | {"total": money(one.total)},
        "instalments": [money(amount) for amount in one.instalments],
        "paid": money(one.paid),
        "missing": money(one.missing),
        "contributions": [
            {
                "contribution": each.contribution,
                "paid": date(each.paid),
                "amount": money(each.amount),
                "payer": each.payer,
            }
            for each in one.contributions
        ],
        "paid_in_full_on": date(one.in_full_on),
        "grace_until": date(one.grace_until),
        "status": one.status.word,
        "status_in_register": one.registered.word,
        "changes": [
            {"since": date_of(change.day).isoformat(), "status": change.status.word} for change in one.changes
        ],
        "allocated": [
            {"month": written_month(month), "amount": money(amount)} for month, amount in one.earned
        ],
    }
