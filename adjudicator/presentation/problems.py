"""Problems as a person reads them: one line each, with place, mistake and remedy, and their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from adjudicator.problems import Problem
from adjudicator.words import say, text


def problem_lines(problems: Sequence[Problem], language: str) -> Iterator[Text]:
    """Give a line for each problem and one that counts them.

    The lines have no breaks: print them with ``soft_wrap``, so that a place stays one word that editors and
    terminals can follow.
    """
    for problem in problems:
        yield problem_line(problem, language)
    yield count_line(problems, language)


def problem_line(problem: Problem, language: str) -> Text:
    """Give a problem as one line: ``file:line:column: what → remedy``."""
    error = problem.severity == "error"
    line = Text()
    if place := problem.place.told(language):
        line.append(f"{place}: ", style="bold")
    what = say(problem.what, language)
    if not error:
        what = text("problem.warning", language, what=what)
    line.append(what, style="red" if error else "yellow")
    if problem.remedy:
        line.append(" → ").append(say(problem.remedy, language), style="green")
    return line


def count_line(problems: Sequence[Problem], language: str) -> Text:
    """Count errors and warnings in words."""
    if not problems:
        return Text(text("problem.none", language), style="green")
    errors = sum(problem.severity == "error" for problem in problems)
    counted = [
        text(f"problem.{kind}s", language, number=number)
        for kind, number in (("error", errors), ("warning", len(problems) - errors))
        if number
    ]
    return Text(", ".join(counted), style="bold red" if errors else "bold yellow")
