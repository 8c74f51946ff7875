"""Measure how others run reforms, on records of comparable size: one system more for each reform.

Tax-Calculator and OpenFisca are not needed by the project, so that this is run by another Python that has
them::

    python3 -m venv elsewhere && elsewhere/bin/pip install taxcalc openfisca-core openfisca-country-template
    elsewhere/bin/python benchmarks/reforms.py

Each is used as its documentation says. Seconds are of a processor, of what is done again for each reform;
reading records and setting up is not counted. The result is a table in Markdown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any

RECORDS = 1_000_000
REFORMS = 5


def tax_calculator() -> Iterator[tuple[str, int, float]]:
    """Reform the standard deduction, with the records of the CPS that come with it, several times over."""
    import taxcalc  # noqa: PLC0415 - of another environment

    records = taxcalc.Records.cps_constructor()
    count = int(records.array_length)
    seconds = []
    for place in range(REFORMS):
        policy = taxcalc.Policy()
        policy.implement_reform({"STD_Aged": {2024: [1_500.0 + 100 * place] * 5}})
        calculator = taxcalc.Calculator(policy=policy, records=records)
        calculator.advance_to_year(2024)
        seconds.append(_seconds(calculator.calc_all))
    yield "Tax-Calculator: tax units, all of the tax code", count, min(seconds)


def openfisca() -> Iterator[tuple[str, int, float]]:
    """Reform a parameter of the country that OpenFisca ships as an example, with a million persons."""
    import numpy as np  # noqa: PLC0415
    from openfisca_core.reforms import Reform  # noqa: PLC0415 - of another environment
    from openfisca_core.simulation_builder import SimulationBuilder  # noqa: PLC0415
    from openfisca_country_template import CountryTaxBenefitSystem  # noqa: PLC0415

    system = CountryTaxBenefitSystem()
    salary = np.random.default_rng(1).integers(0, 6_000, RECORDS).astype(float)
    asked = ("income_tax", "social_security_contribution", "basic_income", "housing_allowance")
    totals = ("total_benefits", "total_taxes", "disposable_income")
    seconds = []
    for place in range(REFORMS):

        def richer(parameters: Any, more: int = 25 * place) -> Any:
            parameters.benefits.basic_income.update(start=_instant("2015-12-01"), value=600 + more)
            return parameters

        class Richer(Reform):  # type: ignore[misc]
            def apply(self, change: Callable[[Any], Any] = richer) -> None:
                self.modify_parameters(modifier_function=change)

        reformed = Richer(system)
        simulation = SimulationBuilder().build_default_simulation(reformed, count=RECORDS)
        simulation.set_input("salary", "2017-01", salary)

        def compute(one: Any = simulation) -> None:
            for name in (*asked, *totals):
                one.calculate(name, "2017-01")

        seconds.append(_seconds(compute))
    yield f"OpenFisca: persons, {len(asked) + len(totals)} variables", RECORDS, min(seconds)


def _instant(day: str) -> Any:
    from openfisca_core import periods  # noqa: PLC0415

    return periods.instant(day)


def _seconds(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    """Measure what is installed."""
    print("| what, one variant after the other | records | CPU seconds a variant | records a CPU second |")
    print("| --- | ---: | ---: | ---: |")
    for measure, package in ((tax_calculator, "taxcalc"), (openfisca, "openfisca-core")):
        try:
            version = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
        for what, count, seconds in measure():
            print(f"| {what} ({package} {version}) | {count:,} | {seconds:.2f} | {count / seconds:,.0f} |")


if __name__ == "__main__":
    main()
