"""Problems as they are printed: the same words as everywhere, each on one line, and their number."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from adjudicator.presentation.problems import count_line, problem_lines
from adjudicator.problems import Place, Problem
from adjudicator.words import message

ERROR = Problem(
    message("product.unknown_key", name="ceilling"),
    Place(Path("a/very/long/path/of/a/scheme/products/family.yaml"), 9, 1),
    message("product.did_you_mean", text="ceiling"),
)
WARNING = Problem(message("product.covers_nothing"), Place(Path("b.yaml"), 1, 1), severity="warning")


def printed(problems: list[Problem], language: str) -> str:
    console = Console(file=io.StringIO(), width=40, soft_wrap=True, highlight=False)
    for line in problem_lines(problems, language):
        console.print(line)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_a_line_each_however_narrow_the_terminal() -> None:
    assert printed([ERROR, WARNING], "en").splitlines() == [
        "a/very/long/path/of/a/scheme/products/family.yaml:9:1: `ceilling` is no key that is known here → "
        "did you mean `ceiling`?",
        "b.yaml:1:1: warning: the product covers nothing",
        "1 error, 1 warning",
    ]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("problem", [ERROR, WARNING])
def test_what_is_printed_is_what_is_told(problem: Problem, language: str) -> None:
    assert printed([problem], language).splitlines()[0] == problem.told(language)


@pytest.mark.parametrize(
    ("problems", "english", "french"),
    [
        ([], "no problem found", "aucun problème trouvé"),
        ([ERROR], "1 error", "1 erreur"),
        ([ERROR] * 3, "3 errors", "3 erreurs"),
        ([WARNING] * 1200, "1,200 warnings", "1 200 avertissements"),
        ([ERROR, WARNING, ERROR, WARNING], "2 errors, 2 warnings", "2 erreurs, 2 avertissements"),
    ],
)
def test_they_are_counted(problems: list[Problem], english: str, french: str) -> None:
    assert count_line(problems, "en").plain == english
    assert count_line(problems, "fr").plain.replace("\u00a0", " ") == french
