"""What decides about claims one by one: kept in memory, but for the people, who are read as they come.

A country has millions of insurees and one claim is of one of them. Provisions, prices, facilities, diagnoses,
products and rules are read once and kept until they change; of insurees, families, policies and covers only
the rows that can touch a claim are read from the books for each batch: whoever is of the patients' families,
the policies that cover any of them, and everyone whom these cover. What is decided is the same, because a
family is all that a claim's decision depends on (law, section 5.1; architecture, "The kernel").
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from adjudicator.adjudication.adjudicate import CompiledScheme, compile_scheme
from adjudicator.books.basis import Basis, product_codes
from adjudicator.books.books import Books
from adjudicator.books.registers import registers_at
from adjudicator.books.rules import present_rules
from adjudicator.books.submission.rules import asked_at_once
from adjudicator.manifest import files_below
from adjudicator.problems import Refused, refused
from adjudicator.product.check import RegisterCodes, check_products
from adjudicator.product.read import ProductSource, read_products
from adjudicator.registers import empty, encode_enrolment
from adjudicator.rulebook.read import CompiledRule
from adjudicator.store import bulk, loads
from adjudicator.store.loads import Load
from adjudicator.store.schema import REGISTERS
from adjudicator.tables import ADJUDICATED_BY
from adjudicator.tables import REGISTERS as SHAPES

PEOPLE: Final = ("families", "insurees", "policies", "covers")
"""The registers that grow with the population: read as claims come."""

KEPT: Final = tuple(name for name in ADJUDICATED_BY if name not in PEOPLE)
"""The registers that are kept in memory."""

Marks = tuple[tuple[str, int, int], ...]
"""The files of products and rules with their sizes and times: what tells that one was changed."""


@dataclass(frozen=True)
class Prepared:
    """All that decides about claims, but for the people."""

    load: Load
    """The load that the registers are as of."""
    marks: Marks
    tables: Mapping[str, pa.Table]
    sources: tuple[ProductSource, ...]
    compiled: CompiledScheme
    """With nobody in it."""
    rules: tuple[CompiledRule, ...]
    """Those that are asked about claims one by one."""
    left_out: tuple[str, ...]
    """The names of those that are not, and have to be asked later."""
    adult_age: int

    def basis_for(self, connection: sa.Connection, insurees: Collection[str]) -> Basis:
        """Add the people that claims of some insurees depend on.

        Args:
            connection: of a transaction that sees the registers as of :attr:`load`.
            insurees: the codes on the claims.
        """
        people = read_people(connection, insurees)
        tables = {**self.tables, **people}
        enrolment = encode_enrolment(tables, product_codes(self.sources))
        registers = replace(self.compiled.registers, **vars(enrolment))
        compiled = replace(self.compiled, registers=registers)
        return Basis(compiled, tables, self.sources, self.load.load, self.load.content_hash, self.adult_age)


def prepare(books: Books, connection: sa.Connection) -> Prepared:
    """Read and compile what decides, as it is now.

    Raises:
        Refused: with everything that is wrong with products and rules; or there are no registers.
    """
    marks = present_marks(books)
    sources = tuple(read_products(books.folder / books.settings.products, books.decimals))
    rules = present_rules(books)
    state = last_registers(connection)
    tables = registers_at(connection, state.load, KEPT)
    problems = check_products(sources, RegisterCodes.of(tables))
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise Refused(errors)
    nobody = {name: empty(SHAPES[name]) for name in PEOPLE}
    products = [source.definition for source in sources]
    compiled = compile_scheme({**tables, **nobody}, products, books.settings.adult_age)
    asked = asked_at_once(rules)
    names = {rule.name for rule in asked}
    left_out = tuple(rule.name for rule in rules if rule.name not in names)
    return Prepared(state, marks, tables, sources, compiled, asked, left_out, books.settings.adult_age)


def last_registers(connection: sa.Connection) -> Load:
    """Give the last load of registers.

    Raises:
        Refused: there is none.
    """
    state = loads.last_load(connection, "registers")
    if state is None:
        raise refused("books.no_state")
    return state


def present_marks(books: Books) -> Marks:
    """Look at the files of products and rules, without reading them."""
    folders = (books.folder / books.settings.products, books.folder / books.settings.rules)
    return tuple(_mark(path) for folder in folders if folder.is_dir() for path in sorted(files_below(folder)))


def _mark(path: Path) -> tuple[str, int, int]:
    stat = path.stat()
    return str(path), stat.st_size, stat.st_mtime_ns


def read_people(connection: sa.Connection, insurees: Collection[str]) -> dict[str, pa.Table]:
    """Read the rows of the people's registers, as they are now, that claims of some insurees depend on."""
    patients = _rows(connection, "insurees", "insuree", insurees)
    relatives = _rows(connection, "insurees", "family", _distinct(patients, "family"))
    # Rules may ask since when somebody of the family was covered, by whichever policy.
    asked_about = sorted({*_distinct(relatives, "insuree"), *insurees})
    policies_of = _distinct(_rows(connection, "covers", "insuree", asked_about), "policy")
    covers = _rows(connection, "covers", "policy", policies_of)
    policies = _rows(connection, "policies", "policy", policies_of)
    known = set(_distinct(relatives, "insuree"))
    members = _rows(
        connection,
        "insurees",
        "insuree",
        [code for code in _distinct(covers, "insuree") if code not in known],
    )
    if not len(relatives) and not len(members):
        return {name: _nobody(name) for name in PEOPLE}
    people = pa.concat_tables([relatives, members])
    families = sorted({*_distinct(people, "family"), *_distinct(policies, "family")})
    return {
        "families": _rows(connection, "families", "family", families),
        "insurees": people,
        "policies": policies,
        "covers": covers,
    }


def _nobody(name: str) -> pa.Table:
    """Give a register with somebody in it whom no claim can name: what decides wants there to be people."""
    table = empty(SHAPES[name])
    if name not in ("families", "insurees"):
        return table
    known = {"insuree": "", "family": ""}
    return pa.table({field.name: pa.array([known.get(field.name)], field.type) for field in table.schema})


def _distinct(table: pa.Table, column: str) -> list[str]:
    found: list[str] = pc.unique(table[column]).to_pylist()
    return found


def _rows(connection: sa.Connection, name: str, column: str, values: Collection[str]) -> pa.Table:
    """Read the rows of a register, as it is now, that have one of some values in a column."""
    if not values:
        return empty(SHAPES[name])
    table = REGISTERS[name]
    columns = [table.c[declared.name] for declared in SHAPES[name].columns]
    query = sa.select(*columns).where(table.c[column].in_(list(values)), table.c.until.is_(None))
    return bulk.read(connection, query)
