"""Looking at FHIR resources before they are taken in."""

from __future__ import annotations

import json
from pathlib import Path

import click

from adjudicator.words import text
from commands.shared import EXIT_FINDINGS, SOURCE, language_option, out, told
from commands.shared import t as _t


@click.command("check", help=_t("fhir.check.help"), epilog=_t("fhir.check.example"))
@click.argument("sources", type=SOURCE, nargs=-1, required=True)
@click.option("--profile", "profile_name", help=_t("fhir.check.profile"))
@click.option(
    "--format", "form", type=click.Choice(("table", "json")), default="table", help=_t("fhir.check.format")
)
@click.option("--quick", is_flag=True, help=_t("fhir.check.quick"))
@click.option("--limit", "most", type=click.IntRange(0), default=50, help=_t("fhir.check.most"))
@language_option
def check(
    sources: tuple[Path, ...], profile_name: str | None, form: str, quick: bool, most: int, language: str
) -> None:
    """Look at resources."""
    from adjudicator.presentation.fhir_check import Tally, tally_table
    from adjudicator.presentation.problems import problem_lines
    from adjudicator.problems import Problem, refused
    from ingest.fhir.checking import check_files, resources_of
    from ingest.fhir.outcome import operation_outcome
    from ingest.fhir.profile import find_profile

    tally = Tally()
    shown: list[Problem] = []
    with told(language):
        profile = find_profile(profile_name) if profile_name else None
        files = resources_of(sources)
        if not files:
            raise refused("fhir_intake.check.no_files")
        for checked in check_files(files, profile, not quick):
            tally.add(checked)
            problems = checked.problems()
            if form == "json" and problems:
                outcome = operation_outcome([*checked.issues, *checked.objections], language)
                record = {
                    "file": str(checked.file),
                    "row": checked.row,
                    "resourceType": checked.resource_type,
                    "verdict": checked.verdict.value,
                    "outcome": outcome,
                }
                click.echo(json.dumps(record, ensure_ascii=False))
            shown += problems[: most - len(shown)]
        if not tally.counts:
            raise refused("fhir_intake.check.no_resources")
    if form == "table":
        console = out()
        console.print(tally_table(tally, language))
        for line in problem_lines(shown, language):
            console.print(line, soft_wrap=True)
        if tally.problems > len(shown):
            console.print(text("fhir_intake.check.more", language, count=tally.problems - len(shown)))
    if tally.found:
        raise click.exceptions.Exit(EXIT_FINDINGS)
