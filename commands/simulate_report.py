"""The report of a simulation that goes to a board."""

from __future__ import annotations

from pathlib import Path

import click

from commands.shared import FOLDER, RUN_FOLDER, language_option, told
from commands.shared import t as _t


@click.command("report", help=_t("simulate.report.help"), epilog=_t("simulate.report.example"))
@click.argument("folder", type=RUN_FOLDER)
@click.option("--format", "form", type=click.Choice(("html", "xlsx")), help=_t("simulate.report.format"))
@click.option(
    "--out", "path", type=click.Path(path_type=Path, dir_okay=False), help=_t("simulate.report.out")
)
@click.option("--triangle", "scheme", type=FOLDER, help=_t("simulate.report.triangle"))
@language_option
def report(folder: Path, form: str | None, path: Path | None, scheme: Path | None, language: str) -> None:
    """Write the report of a simulation."""
    from adjudicator.files import replacing
    from adjudicator.simulation.folder import read_simulation
    from adjudicator.simulation.report.write import FORMS, report_bytes

    if form is None:
        ending = path.suffix.removeprefix(".").lower() if path else FORMS[0]
        if ending not in FORMS:
            raise click.UsageError(_t("simulate.report.other", ending=ending, known=list(FORMS)))
        form = ending
    if path is None:
        path = folder / f"report-{language}.{form}"
    with told(language):
        simulation = read_simulation(folder)
        triangle = None
        if scheme is not None:
            from adjudicator.books.actuarial.reports import TriangleAsked, read_triangles
            from adjudicator.books.books import open_books

            with open_books(scheme) as books:
                triangle = next(iter(read_triangles(books, TriangleAsked())), None)
        content = report_bytes(simulation, form, language, triangle)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    click.echo(str(path))
