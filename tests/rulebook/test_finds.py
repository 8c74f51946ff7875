"""What a rule means to find has to be a fault that is planted: else it would be measured as useless."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from adjudicator.generation.faults import Fault
from adjudicator.generation.small_scheme import write_small_scheme
from adjudicator.problems import Refused
from adjudicator.rulebook.measure import unknown_faults
from adjudicator.rulebook.read import read_rule
from adjudicator.shipped import shipped_rules
from adjudicator.trial import try_rules
from cli import main


@pytest.fixture
def misspelt(tmp_path: Path) -> Path:
    """A folder with a shipped rule that means to find a misspelt fault, one that is right, and none."""
    shipped = next(path for path in shipped_rules() if path.stem == "duplicate-claim")
    text = shipped.read_text("utf-8")
    assert "finds: [duplicate]\n" in text
    folder = tmp_path / "rules"
    folder.mkdir()
    wrong = text.replace("finds: [duplicate]\n", "finds: [Near-duplicat, duplicate, phantom]\n")
    (folder / shipped.name).write_text(wrong, "utf-8")
    return folder / shipped.name


def test_every_unknown_fault_is_told_with_its_place_and_the_known_ones(misspelt: Path) -> None:
    rule = read_rule(misspelt, 2)
    line = misspelt.read_text("utf-8").splitlines().index("finds: [Near-duplicat, duplicate, phantom]") + 1
    near, none = unknown_faults([rule], Fault.words())
    assert [(one.what.key, one.place.line, one.place.column) for one in (near, none)] == [
        ("rules.unknown_fault.near", line, 9),
        ("rules.unknown_fault", line, 35),
    ]
    for language in ("en", "fr"):
        assert "near_duplicate" in near.told(language)
        assert all(word in one.told(language) for word in Fault.words() for one in (near, none))


def test_shipped_rules_find_what_is_planted() -> None:
    assert unknown_faults([read_rule(path, 2) for path in shipped_rules()], Fault.words()) == []


@pytest.mark.parametrize(("language", "words"), [("en", "no fault is called"), ("fr", "aucune anomalie")])
def test_rules_check_refuses_it(misspelt: Path, language: str, words: str) -> None:
    result = CliRunner().invoke(main, ["rules", "check", str(misspelt.parent), "--lang", language])
    assert result.exit_code == 3
    assert result.output.count(words) == 2


def test_rules_are_not_measured_by_it(misspelt: Path, tmp_path: Path) -> None:
    scheme = tmp_path / "scheme"
    write_small_scheme(scheme)
    with pytest.raises(Refused, match="phantom"):
        try_rules(scheme, sorted((scheme / "claims").iterdir()), misspelt.parent)
