"""The benefit plans of a scheme: as they are in its folder, and as lists and vouchers were made by them."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeVar

import sqlalchemy as sa

from adjudicator.benefits.read import AnyPlan, CompiledPlan, CompiledVouchers, read_plan, read_plans
from adjudicator.books import texts
from adjudicator.books.books import Books
from adjudicator.problems import Problem, Refused, refused
from adjudicator.product.meant import NEAR_CODE, nearest
from adjudicator.store.schema import PLAN_TEXTS
from adjudicator.words import message

FOLDER: Final = "benefits"
"""The folder of a scheme's benefit plans."""

Kind = TypeVar("Kind", CompiledPlan, CompiledVouchers)


def present_plans(books: Books) -> list[AnyPlan]:
    """Take the plans as they are in the scheme's folder.

    Raises:
        Refused: with everything that is wrong with them.
    """
    return read_plans(books.folder / FOLDER, books.decimals, books.settings.adult_age)


def find_plan(books: Books, code: str, kind: type[Kind]) -> Kind:
    """Find a plan of a kind by its code.

    Raises:
        Refused: there is none (the message names those that there are), or plans are not in order.
    """
    plans = {plan.code: plan for plan in present_plans(books)}
    found = plans.get(code)
    if isinstance(found, kind):
        return found
    known = [plan.code for plan in plans.values() if isinstance(plan, kind)]
    if found is not None:
        key = (
            "benefits.other_kind.cash" if isinstance(found, CompiledPlan) else "benefits.other_kind.vouchers"
        )
        raise refused(key, plan=code)
    if not known:
        raise refused("benefits.no_plans", folder=str(books.folder / FOLDER))
    near = nearest(code, known, NEAR_CODE)
    remedy = (
        message("benefits.no_plan.near", near=near)
        if near
        else message("benefits.no_plan.remedy", known=known)
    )
    raise Refused([Problem(message("benefits.no_plan", plan=code), remedy=remedy)])


def keep_plan(connection: sa.Connection, plan: AnyPlan) -> None:
    """Keep the text of a plan in the books, once."""
    row = {
        "content_hash": plan.content_hash,
        "plan": plan.code,
        "path": plan.source.file.name,
        "text": plan.source.text,
    }
    texts.keep(connection, PLAN_TEXTS, [row])


def recorded_plan(books: Books, connection: sa.Connection, content_hash: str, kind: type[Kind]) -> Kind:
    """Read the plan that something was made by.

    Raises:
        Refused: its text is gone, or no longer says what it said.
    """

    def read(path: Path) -> AnyPlan:
        return read_plan(path, books.decimals, books.settings.adult_age)

    (found,) = texts.recorded(connection, PLAN_TEXTS, [content_hash], read, "benefits.plan_changed")
    assert isinstance(found, kind)
    return found
