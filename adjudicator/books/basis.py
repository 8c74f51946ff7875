"""What decides, besides claims and balances: the registers and products of a run, now or as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from adjudicator.adjudication.adjudicate import CompiledScheme, compile_scheme
from adjudicator.books import texts
from adjudicator.books.books import Books
from adjudicator.books.registers import registers_at
from adjudicator.prepared import prepare_state
from adjudicator.problems import Refused, refused
from adjudicator.product.check import RegisterCodes, check_products
from adjudicator.product.read import ProductSource, read_product, read_products, version_name
from adjudicator.registers import Enrolment
from adjudicator.store import loads
from adjudicator.store.schema import PRODUCT_TEXTS
from adjudicator.tables import ADJUDICATED_BY


@dataclass(frozen=True)
class Basis:
    """Registers and products, compiled, and how a run's record names them."""

    compiled: CompiledScheme
    tables: Mapping[str, pa.Table]
    """The registers that decide, typed."""
    sources: tuple[ProductSource, ...]
    registers_load: int
    registers_hash: str
    adult_age: int

    @property
    def content_hashes(self) -> list[str]:
        """The content hash of each product version, in the order of the compiled versions."""
        by_version = {(s.definition.product, s.definition.valid.start): s.content_hash for s in self.sources}
        return [by_version[v.product, v.valid.start] for v in self.compiled.products.versions]

    def record(self) -> dict[str, Any]:
        """Give what a run's record says of its basis."""
        return {
            "registers": {"load": self.registers_load, "hash": self.registers_hash},
            "adult_age": self.adult_age,
            "products": sorted(
                [version_name(source.definition), source.content_hash] for source in self.sources
            ),
        }


def present_basis(books: Books, connection: sa.Connection) -> Basis:
    """Take the products as they are in the scheme's folder, and the registers as they were loaded last.

    Raises:
        Refused: with everything that is wrong with the products; or there are no registers.
    """
    settings = books.settings
    sources = tuple(read_products(books.folder / settings.products, books.decimals))
    state = loads.last_load(connection, "registers")
    if state is None:
        raise refused("books.no_state")
    codes = product_codes(sources)

    def read() -> dict[str, pa.Table]:
        return registers_at(connection, state.load, tuple(ADJUDICATED_BY))

    tables, enrolment = prepare_state(books.folder, state.content_hash, books.decimals, codes, read)
    return _basis(tables, sources, state, settings.adult_age, enrolment)


def product_codes(sources: Sequence[ProductSource]) -> tuple[str, ...]:
    """Give the codes of products, sorted."""
    return tuple(sorted({source.definition.product for source in sources}))


def recorded_basis(books: Books, connection: sa.Connection, record: dict[str, Any]) -> Basis:
    """Take the products and registers that a run was decided by.

    Raises:
        Refused: a product's text is gone, or no longer says what it said.
    """
    hashes = [content_hash for _, content_hash in record["products"]]

    def read(path: Path) -> ProductSource:
        return read_product(path, books.decimals)

    sources = texts.recorded(connection, PRODUCT_TEXTS, hashes, read, "books.product_changed")
    state = loads.load_of(connection, record["registers"]["load"])
    if state is None:
        raise refused("books.no_load", load=record["registers"]["load"])
    tables = registers_at(connection, state.load, tuple(ADJUDICATED_BY))
    return _basis(tables, sources, state, record["adult_age"], None)


def _basis(
    tables: Mapping[str, pa.Table],
    sources: tuple[ProductSource, ...],
    state: loads.Load,
    adult_age: int,
    enrolment: Enrolment | None,
) -> Basis:
    problems = check_products(sources, RegisterCodes.of(tables))
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise Refused(errors)
    products = [source.definition for source in sources]
    compiled = compile_scheme(tables, products, adult_age, enrolment)
    return Basis(compiled, tables, sources, state.load, state.content_hash, adult_age)


def keep_products(connection: sa.Connection, sources: Sequence[ProductSource], folder: Path) -> None:
    """Keep the texts of products in the books, each once."""
    rows = (
        {
            "content_hash": source.content_hash,
            "product": source.definition.product,
            "path": source.path.relative_to(folder).as_posix(),
            "text": source.path.read_text("utf-8"),
        }
        for source in sources
    )
    texts.keep(connection, PRODUCT_TEXTS, rows)
