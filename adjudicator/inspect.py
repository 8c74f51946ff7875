"""Looking into a scheme's products: check them, find a version, compare two, list their provisions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from adjudicator.problems import Place, Problem, refused
from adjudicator.product.check import RegisterCodes, check_products
from adjudicator.product.read import ProductSource, read_product
from adjudicator.product.terms import Selectable
from adjudicator.scheme import SETTINGS, Scheme, open_scheme, read_settings
from adjudicator.tables import REGISTERS
from adjudicator.units import date_of, day_number
from adjudicator.vocabulary import Category, Kind, ProvisionType
from ingest.tables import read_tables

WANTED: Final = ("provisions", "locations")
"""The registers that products speak of."""

_DECIMALS_WITHOUT_SCHEME: Final = 2


def scheme_of(path: Path) -> Path | None:
    """Find the scheme that a file or folder belongs to: the nearest folder above with settings."""
    return next((folder for folder in (path, *path.resolve().parents) if (folder / SETTINGS).is_file()), None)


def registered(scheme: Scheme) -> RegisterCodes | None:
    """Read the codes that products speak of; None where the scheme has no such registers.

    Raises:
        Refused: registers that cannot be read.
    """
    if not scheme.registers.is_dir():
        return None
    reading = read_tables(
        scheme.registers, {name: REGISTERS[name] for name in WANTED}, scheme.settings.decimals
    )
    return RegisterCodes.of(reading.tables) if reading.tables else None


def check(path: Path) -> list[Problem]:
    """Check the products of a scheme, or one product file by the scheme around it.

    Raises:
        Refused: with everything that is wrong with files that cannot be read as products.
    """
    if path.is_file():
        return check_products([read_file(path)], _codes_around(path))
    scheme = open_scheme(path)
    return check_products(scheme.products, registered(scheme))


def _codes_around(path: Path) -> RegisterCodes | None:
    folder = scheme_of(path)
    return registered(open_scheme(folder)) if folder else None


def read_file(path: Path) -> ProductSource:
    """Read one product file, with the decimals of the scheme that it lies in.

    Raises:
        Refused: with everything that is wrong with it.
    """
    return read_product(path, decimals_of(path))


def decimals_of(path: Path) -> int:
    """Give the decimals of the currency of the scheme that a file lies in; two where there is none."""
    folder = scheme_of(path)
    return read_settings(folder).decimals if folder else _DECIMALS_WITHOUT_SCHEME


def find_version(scheme: Scheme, wanted: str) -> ProductSource:
    """Find a version of a product: by file, by ``CODE``, or by ``CODE@DATE``, a day in it.

    A code alone means the version that begins last.

    Raises:
        Refused: there is none.
    """
    path = Path(wanted)
    if path.suffix in (".yaml", ".yml") and path.is_file():
        return read_product(path, scheme.settings.decimals)
    code, at, date = wanted.partition("@")
    versions = [source for source in scheme.products if source.definition.product == code]
    versions.sort(key=lambda source: source.definition.valid.start)
    if at:
        try:
            day = day_number(date_of(0).fromisoformat(date))
        except ValueError:
            raise refused("inspect.no_date", given=date) from None
        versions = [source for source in versions if source.definition.valid.holds(day)]
    if not versions:
        names = sorted({source.definition.product for source in scheme.products})
        raise refused("inspect.no_version", Place(scheme.folder), given=wanted, products=names)
    return versions[-1]


def provisions_of(
    codes: RegisterCodes | None, named: Sequence[str], source: ProductSource
) -> list[Selectable]:
    """List the provisions to show: those of the register, or those that the product names; narrowed to codes.

    Raises:
        Refused: a code that is asked for is nowhere.
    """
    listed = list(codes.provisions) if codes and codes.provisions is not None else _named_by(source)
    listed = list(dict.fromkeys(listed))
    if not named:
        return sorted(listed, key=lambda provision: (provision.kind, provision.code))
    if unknown := sorted(set(named) - {provision.code for provision in listed}):
        raise refused("inspect.no_provision", Place(source.path), codes=unknown)
    return [provision for provision in listed if provision.code in set(named)]


def _named_by(source: ProductSource) -> list[Selectable]:
    found = []
    for entry in source.definition.coverage:
        for kind, selector in ((Kind.SERVICE, entry.services), (Kind.ITEM, entry.items)):
            for code in selector.codes if selector else ():
                found.append(Selectable(kind, code, _NO_TYPE, Category.OTHER))
    return found


_NO_TYPE: Final[ProvisionType | None] = None
