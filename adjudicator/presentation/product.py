"""Products as a person reads them: what a version says, what it pays for each provision, what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from adjudicator.product.definition import Product
from adjudicator.product.difference import Change
from adjudicator.product.effects import Effects
from adjudicator.product.facts import facts, term_shown
from adjudicator.product.read import ProductSource, version_name
from adjudicator.product.scalars import NO_LIMIT
from adjudicator.product.terms import ByAge, ProvisionTerms, Selectable
from adjudicator.vocabulary import VisitType
from adjudicator.words import label, say, shown, text

_NAMES: Final = ("cover", "waiting", "quantity", "outside_ceiling")
_ORDINARY: Final = {"waiting": 0, "quantity": NO_LIMIT, "outside_ceiling": 0}
"""What holds where a product says nothing, as far as a table of terms leaves it out."""


def difference_table(changes: Sequence[Change], language: str) -> Table | Text:
    """Lay out what changed between two versions: one line a term, before and after beside it."""
    if not changes:
        return Text(text("product.no_change", language))
    table = _table()
    for column in ("term", "before", "after"):
        table.add_column(text(f"product.column.{column}", language), overflow="fold")
    for change in changes:
        table.add_row(
            Text(say(change.term, language)),
            Text(_cell(change.before, language), style="red"),
            Text(_cell(change.after, language), style="green"),
        )
    return table


def stated_table(product: Product, decimals: int, language: str) -> Table:
    """Lay out a product's own terms: all but what it pays for each provision."""
    table = _table()
    for column in ("term", "value"):
        table.add_column(text(f"product.column.{column}", language), overflow="fold")
    for fact in facts(product, decimals).values():
        table.add_row(Text(say(fact.term, language)), Text(_cell(fact.shown, language)))
    return table


def terms_table(product: Product, provisions: Sequence[Selectable], decimals: int, language: str) -> Table:
    """Lay out what a product version pays: one line a provision and type of visit.

    Types of visit with the same terms share a line; a provision that is not covered has one that says so.

    Args:
        product: the version.
        provisions: the provisions to show, in the order in which they are shown.
        decimals: of the scheme's currency.
        language: of the reader.
    """
    table = _table()
    for column in ("kind", "code", "visits", "cover", "price", "waiting", "quantity", "outside_ceiling"):
        table.add_column(text(f"product.column.{column}", language), overflow="fold")
    effects = Effects(product)
    for provision in provisions:
        head = [label(provision.kind, language), provision.code]
        for visits, terms in _by_terms(effects.of(provision)):
            cells = _cells(terms, decimals, language)
            row = [*head, _visits(visits, language), *cells]
            table.add_row(*map(Text, row), style="" if terms.covered else "dim")
            head = ["", ""]
    return table


def _table() -> Table:
    return Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))


def _cell(value: Any, language: str) -> str:
    return text("product.nothing", language) if value is None else str(shown(value, language))


def _by_terms(
    by_visit: Sequence[ProvisionTerms],
) -> Iterator[tuple[tuple[VisitType, ...], ProvisionTerms]]:
    together: dict[tuple[Any, ...], tuple[tuple[VisitType, ...], ProvisionTerms]] = {}
    for visit, terms in zip(VisitType, by_visit, strict=True):
        visits, _ = together.get(_said(terms), ((), terms))
        together[_said(terms)] = ((*visits, visit), terms)
    yield from together.values()


def _said(terms: ProvisionTerms) -> tuple[Any, ...]:
    """Give what terms say, without the places that say it."""
    if not terms.covered:
        return ()
    ages: list[ByAge] = [getattr(terms, name) for name in _NAMES]
    return (terms.price_origin, *((term.adult, term.child) for term in ages))


def _visits(visits: tuple[VisitType, ...], language: str) -> str:
    if len(visits) == len(VisitType):
        return text("product.visits_all", language)
    return ", ".join(text(f"product.visits_{visit.word}", language) for visit in visits)


def _cells(terms: ProvisionTerms, decimals: int, language: str) -> list[str]:
    if not terms.covered:
        return [text("product.not_covered", language)] + [""] * 4
    cells = [_by_age(name, getattr(terms, name), decimals, language) for name in _NAMES]
    return [cells[0], label(terms.price_origin, language), *cells[1:]]


def _by_age(name: str, term: ByAge, decimals: int, language: str) -> str:
    """Show a term for both ages; what is ordinary is left out, as in a product file."""
    adult, child = (
        "" if value == _ORDINARY.get(name) else str(shown(term_shown(name, value, decimals), language))
        for value in (term.adult, term.child)
    )
    if adult == child:
        return adult
    ages = (("product.of_adults", adult), ("product.of_children", child))
    return ", ".join(text(key, language, value=value) for key, value in ages if value)


def product_view(
    source: ProductSource, provisions: Sequence[Selectable], decimals: int, language: str, *, whole: bool
) -> Iterator[Table | Text]:
    """Lay out a product version: its name, its own terms (where ``whole``), and those of provisions."""
    product = source.definition
    name = product.name.fr if product.name and language == "fr" else product.name.en if product.name else ""
    version = version_name(product, source.content_hash)
    yield Text(
        text("inspect.title", language, name=name, version=version, file=str(source.path)), style="bold"
    )
    yield Text()
    if whole:
        yield stated_table(product, decimals, language)
        yield Text()
    yield terms_table(product, provisions, decimals, language)
