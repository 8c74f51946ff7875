"""The rule that the documentation shows is one, and does as it says."""

from __future__ import annotations

import re
from pathlib import Path

from adjudicator.rulebook.examples import try_examples
from adjudicator.rulebook.read import read_rule
from adjudicator.rulebook.syntax import FUNCTIONS, SUBJECTS

README = Path(__file__).parents[2] / "rules" / "README.md"


def test_the_rule_that_is_shown(tmp_path: Path) -> None:
    shown = re.search(r"```yaml\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert shown is not None
    path = tmp_path / "shown.yaml"
    path.write_text(shown[1], "utf-8")
    tried = try_examples(read_rule(path, 2))
    assert (tried.examples, tried.problems) == (2, ())


def test_every_function_and_subject_is_told_of() -> None:
    text = README.read_text("utf-8")
    assert [word for word in (*FUNCTIONS, "peers", *SUBJECTS) if word not in text] == []
