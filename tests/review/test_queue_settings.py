"""What ``scheme.yaml`` says of reviews: amounts in the scheme's currency, and mistakes with their place."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from adjudicator.problems import Refused
from adjudicator.scheme import ReviewSettings, read_settings
from adjudicator.vocabulary import Severity


def settings(folder: Path, review: str, currency: str = "XAF") -> ReviewSettings:
    (folder / "scheme.yaml").write_text(f"scheme: S\ncurrency: {currency}\n{review}\n", "utf-8")
    return read_settings(folder).review


def test_what_is_left_out_is_as_usual(tmp_path: Path) -> None:
    found = settings(tmp_path, "")
    assert found == ReviewSettings()
    assert found.second_opinion_above is None


@pytest.mark.parametrize(("currency", "minor"), [("XAF", 4000), ("KES", 400000), ("TND", 4000000)])
def test_amounts_are_in_the_currency_of_the_scheme(tmp_path: Path, currency: str, minor: int) -> None:
    text = "review: {second_opinion_above: 4000, hold_minutes: 20, days: 5, selected_score: 3%}"
    found = settings(tmp_path, text, currency)
    assert found.second_opinion_above == minor
    assert (found.hold_minutes, found.days, found.selected_score) == (20, 5, 300)


@pytest.mark.parametrize(
    ("review", "keys"),
    [
        ("review: {second_opinon_above: 4000}", ["product.unknown_key"]),
        ("review: {second_opinion_above: 40.5}", ["product.too_many_decimals"]),
        ("review: {hold_minutes: x, days: -5}", ["product.expects_count", "product.expects_count"]),
        ("review: {weekend: [saturday, sunny]}", ["product.expects_word"]),
        (
            "review: {weekend: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]}",
            ["scheme.no_working_day"],
        ),
        ("review: {holidays: [2026-02-30]}", ["product.expects_date"]),
        ("review: 5", ["product.expects_mapping"]),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, review: str, keys: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        settings(tmp_path, review)
    assert [problem.what.key for problem in refused.value.problems] == keys
    assert {problem.place.line for problem in refused.value.problems} == {3}


def test_what_is_grave_is_never_due_later_than_the_rest(tmp_path: Path) -> None:
    usual, short = settings(tmp_path, ""), settings(tmp_path, "review: {days: 3}")
    for severity in Severity:
        assert usual.days_for(severity) == (5 if severity >= Severity.HIGH else 10)
        assert short.days_for(severity) == 3
    assert settings(tmp_path, "review: {grave_days: 1}").days_for(Severity.CRITICAL) == 1


def test_a_scheme_has_its_own_calendar(tmp_path: Path) -> None:
    calendar = settings(tmp_path, "review: {weekend: [saturday], holidays: [2026-10-20]}").calendar
    assert not calendar.works(dt.date(2026, 10, 17))
    assert calendar.works(dt.date(2026, 10, 18))
    assert not calendar.works(dt.date(2026, 10, 20))
