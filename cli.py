"""The commands: parse, call, print; no logic.

Exit codes: 0 all well, 1 findings (differences), 2 usage, 3 the data cannot be used, 4 amounts do not add up,
130 stopped at the keyboard.
"""

from __future__ import annotations

from commands import beginning  # noqa: F401 - first, as all that follows takes a while: Ctrl-C may come then

# isort: split

import json
import os
from pathlib import Path

import click

from adjudicator.words import text
from commands import actuary as actuary_commands
from commands import books as books_commands
from commands import closing as closing_commands
from commands import export_openimis as openimis_out_commands
from commands import fhir as fhir_commands
from commands import fhir_export as fhir_export_commands
from commands import fhir_intake as fhir_intake_commands
from commands import import_openimis as openimis_in_commands
from commands import officer as officer_commands
from commands import payroll as payroll_commands
from commands import policy as policy_commands
from commands import reports as reports_commands
from commands import review as review_commands
from commands import review_selection as selection_commands
from commands import routing as routing_commands
from commands import rules as rules_commands
from commands import serve as serve_commands
from commands import simulate as simulate_commands
from commands import simulate_report as simulation_report_commands
from commands import voucher as voucher_commands
from commands.shared import (
    EXIT_FINDINGS,
    FOLDER,
    NEW_FOLDER,
    RUN_FOLDER,
    SOURCE,
    Decimals,
    fail,
    language_option,
    out,
    progress_shown,
    speaking,
    told,
)
from commands.shared import t as _t
from commands.stopping import Stoppable


@click.group(
    cls=Stoppable,
    help=_t("help"),
    epilog=_t("start"),
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@click.version_option(package_name="adjudicator")
def main() -> None:
    """Adjudicate claims from declarations."""


# A month.


@main.command(help=_t("run.help"), epilog=_t("run.example"))
@click.argument("scheme", type=FOLDER)
@click.option("--claims", "sources", type=SOURCE, multiple=True, required=True, help=_t("run.claims"))
@click.option("--out", "target", type=NEW_FOLDER, required=True, help=_t("run.out"))
@click.option("--opening", type=RUN_FOLDER, help=_t("run.opening"))
@click.option("--look-back", "looked_back", type=SOURCE, multiple=True, help=_t("run.look_back"))
@click.option("--name", help=_t("run.name"))
@click.option(
    "--format", "form", type=click.Choice(("parquet", "csv")), default="parquet", help=_t("run.format")
)
@click.option(
    "--threads", type=click.IntRange(1, 64), default=min(2, os.cpu_count() or 1), help=_t("run.threads")
)
@click.option("--replace", is_flag=True, help=_t("run.replace"))
@language_option
def run(
    scheme: Path,
    sources: tuple[Path, ...],
    target: Path,
    opening: Path | None,
    looked_back: tuple[Path, ...],
    name: str | None,
    form: str,
    threads: int,
    replace: bool,
    language: str,
) -> None:
    """Adjudicate a month of claims."""
    from adjudicator.presentation.summary import print_summary
    from adjudicator.run import run_month

    with told(language), progress_shown(language) as progress:
        done = run_month(
            scheme,
            sources,
            target,
            opening_folder=opening,
            looked_back=looked_back,
            name=name,
            form=form,
            threads=threads,
            replace=replace,
            progress=progress,
        )
    print_summary(out(), done, language)


@main.command(help=_t("explain.help"), epilog=_t("explain.example"))
@click.argument("claim")
@click.option("--run", "folder", type=RUN_FOLDER, help=_t("explain.run"))
@click.option("--scheme", type=FOLDER, help=_t("explain.scheme"))
@click.option("--claims", "sources", type=SOURCE, multiple=True, help=_t("explain.claims"))
@click.option("--opening", type=RUN_FOLDER, help=_t("run.opening"))
@click.option("--look-back", "looked_back", type=SOURCE, multiple=True, help=_t("run.look_back"))
@click.option("--facility", help=_t("explain.facility"))
@click.option(
    "--format", "form", type=click.Choice(("text", "json")), default="text", help=_t("explain.format")
)
@language_option
def explain(
    claim: str,
    folder: Path | None,
    scheme: Path | None,
    sources: tuple[Path, ...],
    opening: Path | None,
    looked_back: tuple[Path, ...],
    facility: str | None,
    form: str,
    language: str,
) -> None:
    """Explain the decision about a claim."""
    from adjudicator.explain import explain_claim, inputs_of_run
    from adjudicator.presentation.explanation import as_record, print_explanation
    from adjudicator.run import Where

    if (folder is None) == (scheme is None or not sources):
        raise click.UsageError(_t("explain.one_of"))
    with told(language):
        if folder is not None:
            where = inputs_of_run(folder)
        else:
            assert scheme is not None
            where = Where(scheme, sources, opening, looked_back)
        explanation = explain_claim(claim, where, facility)
    if form == "json":
        click.echo(json.dumps(as_record(explanation, language), indent=2, ensure_ascii=False))
    else:
        print_explanation(out(), explanation, language)


# Making schemes.


@main.command(help=_t("init.help"))
@click.argument("folder", type=NEW_FOLDER)
@language_option
def init(folder: Path, language: str) -> None:
    """Write a small scheme."""
    from adjudicator.generation.small_scheme import write_small_scheme

    with told(language):
        write_small_scheme(folder)
    out().print(text("cli.init.done", language, folder=str(folder)))


@main.command(help=_t("generate.help"), epilog=_t("generate.example"))
@click.argument("scheme", type=NEW_FOLDER)
@click.option("--families", type=click.IntRange(1), default=2000, help=_t("generate.families"))
@click.option("--months", type=click.IntRange(1, 60), default=1, help=_t("generate.months"))
@click.option("--seed", type=click.IntRange(0), default=1, help=_t("generate.seed"))
@click.option(
    "--format", "form", type=click.Choice(("parquet", "csv")), default="parquet", help=_t("run.format")
)
@click.option(
    "--utilisation",
    type=Decimals(0, 10, min_open=True),
    default=0.85,
    show_default=True,
    help=_t("generate.utilisation"),
)
@click.option("--faults/--no-faults", default=True, help=_t("generate.faults"))
@language_option
def generate(
    scheme: Path,
    families: int,
    months: int,
    seed: int,
    form: str,
    utilisation: float,
    faults: bool,
    language: str,
) -> None:
    """Write a made-up country."""
    from adjudicator.generation import generate as write_country

    with told(language), progress_shown(language) as progress:
        made = write_country(
            scheme,
            families,
            months,
            seed,
            form=form,
            utilisation=utilisation,
            faults=faults,
            progress=progress,
        )
    out().print(text("cli.generate.done", language, folder=str(scheme), claims=made.claims, lines=made.lines))


# Products.


@main.group(help=_t("product.help"))
def product() -> None:
    """Look after products."""


@product.command("check", help=_t("product.check.help"))
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@language_option
def product_check(path: Path, language: str) -> None:
    """Check all products of a scheme, or one file."""
    from adjudicator.inspect import check
    from adjudicator.presentation.problems import problem_lines

    with told(language):
        problems = check(path)
    if any(problem.severity == "error" for problem in problems):
        fail(problems, language)
    for line in problem_lines(problems, language):
        out().print(line)


@product.command("show", help=_t("product.show.help"), epilog=_t("product.show.example"))
@click.argument("scheme", type=FOLDER)
@click.argument("version")
@click.option("--provision", "codes", multiple=True, help=_t("product.show.provision"))
@language_option
def product_show(scheme: Path, version: str, codes: tuple[str, ...], language: str) -> None:
    """Show the compiled terms of a product version."""
    from adjudicator.inspect import find_version, provisions_of, registered
    from adjudicator.presentation.product import product_view
    from adjudicator.scheme import open_scheme

    with told(language):
        opened = open_scheme(scheme)
        source = find_version(opened, version)
        provisions = provisions_of(registered(opened), codes, source)
    for part in product_view(source, provisions, opened.settings.decimals, language, whole=not codes):
        out().print(part)


@product.command("diff", help=_t("product.diff.help"), epilog=_t("product.diff.example"))
@click.argument("scheme", type=FOLDER)
@click.argument("old")
@click.argument("new")
@language_option
def product_diff(scheme: Path, old: str, new: str, language: str) -> None:
    """Say what changed between two versions; ends with 1 where something did."""
    from adjudicator.inspect import find_version, registered
    from adjudicator.presentation.product import difference_table
    from adjudicator.product.difference import difference
    from adjudicator.scheme import open_scheme

    with told(language):
        opened = open_scheme(scheme)
        before, after = (find_version(opened, version).definition for version in (old, new))
        codes = registered(opened)
        provisions = codes.provisions if codes else None
        changes = difference(before, after, opened.settings.decimals, provisions)
    out().print(difference_table(changes, language))
    raise click.exceptions.Exit(EXIT_FINDINGS if changes else 0)


@product.command("schema", help=_t("product.schema.help"))
@language_option
def product_schema(language: str) -> None:
    """Print the JSON Schema of a product file."""
    from adjudicator.product.schema import schema_text

    click.echo(schema_text(), nl=False)


# The books.

for _command in (
    books_commands.db,
    books_commands.load,
    books_commands.adjudicate,
    books_commands.readjudicate,
    books_commands.verify,
    officer_commands.officer,
    reports_commands.eligibility,
    reports_commands.report,
    policy_commands.policy,
    closing_commands.close,
    closing_commands.statement,
    closing_commands.pay,
    payroll_commands.payroll,
    voucher_commands.voucher,
    review_commands.review,
    rules_commands.rules,
    selection_commands.feedback,
    selection_commands.select,
    fhir_commands.fhir,
    serve_commands.serve,
    openimis_in_commands.import_group,
    openimis_out_commands.export_group,
    openimis_out_commands.compare_group,
    simulate_commands.simulate,
    actuary_commands.actuary,
):
    main.add_command(_command)
rules_commands.rules.add_command(routing_commands.route)
fhir_commands.fhir.add_command(fhir_export_commands.export)
fhir_commands.fhir.add_command(fhir_intake_commands.check)
simulate_commands.simulate.add_command(simulation_report_commands.report)
speaking(main)
