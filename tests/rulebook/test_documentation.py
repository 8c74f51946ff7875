"""The rule that the documentation shows is one, and does as it says."""

from __future__ import annotations

import re
from pathlib import Path

from adjudicator.rulebook.examples import try_examples
from adjudicator.rulebook.read import read_rule
from adjudicator.rulebook.syntax import FUNCTIONS, SUBJECTS
from adjudicator.scheme import ReviewSettings, read_settings

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


def test_the_settings_of_the_queue_are_all_told_of_and_read(tmp_path: Path) -> None:
    shown = re.search(r"```yaml\n(review:\n.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert shown is not None
    (tmp_path / "scheme.yaml").write_text(f"scheme: S\ncurrency: XAF\n{shown[1]}", "utf-8")
    read = read_settings(tmp_path).review
    kept = {
        name: value for name, value in read if name not in ("second_opinion_above", "holidays", "seniors")
    }
    assert kept == {name: value for name, value in ReviewSettings() if name in kept}
    assert [name for name in ReviewSettings.model_fields if name != "chaining" and name not in shown[1]] == []
