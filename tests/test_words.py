"""The catalogue of words is whole: every key in both languages, every label, every key that the code uses."""

from __future__ import annotations

import ast
import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adjudicator import vocabulary
from adjudicator.product.source import read_source
from adjudicator.vocabulary import Kind, Word
from adjudicator.words import (
    LANGUAGES,
    Amount,
    Blank,
    Percentage,
    Quantity,
    entries,
    fill,
    label,
    message,
    number,
    parts,
    say,
    shown,
    singular,
    text,
)

ROOT = Path(__file__).parents[1]
CATALOGUE = ROOT / "adjudicator" / "catalogue"
SOURCES = sorted(
    [
        *ROOT.glob("adjudicator/**/*.py"),
        *ROOT.glob("ingest/**/*.py"),
        *ROOT.glob("commands/*.py"),
        ROOT / "cli.py",
    ]
)
WORDS = [
    member
    for found in vars(vocabulary).values()
    if isinstance(found, type) and issubclass(found, Word) and found is not Word
    for member in found
]

SAYS = frozenset(
    (
        "message",
        "text",
        "problem_of",
        "refused",
        "wrong",
        "_wrong",
        "_problem",
        "_error",
        "_warning",
        "_report",
    )
)
"""Functions whose first text argument of the form ``room.key`` is a key of the catalogue."""

WITH_REMEDY = frozenset(("problem_of", "refused"))
"""Functions that say what is under that key with ``.remedy``, too."""

PREFIXED = {"_t": "cli.", "t": "cli."}
"""Functions that put a room before the key that they are given."""


def placeholders(template: str) -> set[str]:
    """Give the names that a text is filled in with."""
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def test_every_text_is_there_in_every_language_with_the_same_names() -> None:
    def is_whole(texts: dict[str, str]) -> bool:
        return (
            set(texts) == set(LANGUAGES)
            and all(texts[language].strip() for language in LANGUAGES)
            and len({frozenset(placeholders(texts[language])) for language in LANGUAGES}) == 1
        )

    assert [key for key, texts in entries().items() if not is_whole(texts)] == []


def test_french_signs_have_their_spaces_and_no_line_breaks_there() -> None:
    # Of code, nothing is asked: what stands in backticks, and a query of FHIR.
    for key, texts in entries().items():
        french = re.sub(r"`[^`]*`|\{[^{}]*\}|ClaimResponse\?", "x", texts["fr"])
        assert not re.search(r"[^\s\u00a0][;?!»]|«[^\u00a0]| [:;?!»]", french), (key, french)


def test_apostrophes_are_typographic() -> None:
    # What click says is in its own letters.
    for key in (key for key in entries() if not key.startswith("click.")):
        assert not re.search(r"\w'\w", "".join(entries()[key].values())), key


def blanks(key: str, language: str) -> list[Blank]:
    """Give what is filled in, in a text."""
    return [part for part in parts(entries()[key][language]) if isinstance(part, Blank)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_chooses_between_forms_stands_in_the_text_as_a_number(language: str) -> None:
    # What click says is filled in by click.
    for key in (key for key in entries() if not key.startswith("click.")):
        found = blanks(key, language)
        choosing = {blank.name for blank in found if blank.forms}
        assert choosing <= {blank.name for blank in found if not blank.forms}, key


def forms_chosen_by_texts(source: Path) -> Iterator[str]:
    """Give the places where code gives a text to what chooses between forms."""
    for call in ast.walk(ast.parse(source.read_text("utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        keys = [_key(call, argument) for argument in call.args[:2]]
        for key in (key for key in keys if key in entries() and not key.startswith("click.")):
            names = {blank.name for language in LANGUAGES for blank in blanks(key, language) if blank.forms}
            for put in call.keywords:
                made = put.value.func if isinstance(put.value, ast.Call) else None
                written = getattr(made, "attr", getattr(made, "id", "")) in {
                    "str",
                    "join",
                    "text",
                    "number",
                    "shown",
                }
                if put.arg in names and (written or isinstance(put.value, ast.JoinedStr | ast.Constant)):
                    yield f"line {call.lineno}: {key}, {put.arg}"


def _key(call: ast.Call, argument: ast.expr) -> str:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    value = argument.value if isinstance(argument, ast.Constant) else ""
    return f"{PREFIXED.get(function, '')}{value}" if isinstance(value, str) else ""


def test_no_code_gives_a_text_to_what_chooses_between_forms() -> None:
    found = [
        f"{source.relative_to(ROOT)}, {place}"
        for source in SOURCES
        for place in forms_chosen_by_texts(source)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (0, False, True),
        (1, True, True),
        (2, False, False),
        (1_000_000, False, False),
        (Quantity(100), True, True),
        (Quantity(150), False, True),
        (Quantity(200), False, False),
        (Amount(100, 2), True, True),
        (Decimal("1.00"), True, True),
        (["one"], True, True),
        (["one", "another"], False, False),
        ("–", False, False),
    ],
)
def test_each_language_has_its_own_singular(value: object, english: bool, french: bool) -> None:
    assert (singular(value, "en"), singular(value, "fr")) == (english, french)


@given(st.integers(0, 2**40), st.sampled_from(LANGUAGES))
def test_a_number_chooses_one_of_the_two_forms(count: int, language: str) -> None:
    said = fill("{count} {count:claim was|claims were} set aside", {"count": count}, language)
    assert (
        said
        == f"{shown(count, language)} {'claim was' if singular(count, language) else 'claims were'} set aside"
    )


def test_names_have_dots_and_braces_are_written_twice() -> None:
    assert (
        fill("{{{line.quantity}}} {line.quantity:unit|units}", {"line.quantity": Quantity(100)}) == "{1} unit"
    )
    with pytest.raises(KeyError):
        fill("{days:day|days}", {})


@pytest.mark.parametrize(
    "template",
    ["{days", "days}", "{days!r}", "{days:days}", "{days:a|b|c}", "{days:day|day}", "{days:{a}|b}"],
)
def test_what_no_text_may_have_in_it(template: str) -> None:
    with pytest.raises(ValueError, match=r"form|brace|\}|expected"):
        parts(template)


@pytest.mark.parametrize("file", sorted(CATALOGUE.glob("*.yaml")), ids=lambda file: file.name)
def test_no_key_stands_twice(file: Path) -> None:
    assert [problem.told() for problem in read_source(file).problems] == []


def test_every_word_of_every_vocabulary_has_a_label_and_nothing_else_has() -> None:
    labels = {f"{type(word).__name__}.{word.word}" for word in WORDS}
    rooms = {name.partition(".")[0] for name in labels}
    assert labels == {key for key in entries() if key.partition(".")[0] in rooms}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_labels_of_a_vocabulary_are_all_different(language: str) -> None:
    for kind in {type(word) for word in WORDS}:
        labels = [label(member, language) for member in kind]
        assert len(set(labels)) == len(labels), kind


def keys_used(source: Path) -> Iterator[tuple[int, str]]:
    """Give the keys that a file's code names, as patterns, each with its line."""
    for call in ast.walk(ast.parse(source.read_text("utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if function not in SAYS and function not in PREFIXED:
            continue
        for argument in (part for one in call.args for part in _choices(one)):
            pattern = _pattern(argument)
            if pattern is None:
                continue
            if function in PREFIXED:
                yield call.lineno, re.escape(PREFIXED[function]) + pattern
                break
            if re.match(r"[a-z_]+\\\.", pattern):
                yield call.lineno, pattern
                if function in WITH_REMEDY:
                    yield call.lineno, pattern + r"\.remedy"
                break


def _choices(argument: ast.expr) -> Iterator[ast.expr]:
    """Give the expressions that an argument may be: both sides of a condition."""
    if isinstance(argument, ast.IfExp):
        yield from (*_choices(argument.body), *_choices(argument.orelse))
    else:
        yield argument


def _pattern(argument: ast.expr) -> str | None:
    """Turn a text, or a text with parts that are filled in, into a pattern of keys."""
    match argument:
        case ast.Constant(value=str(value)):
            return re.escape(value)
        case ast.JoinedStr(values=values):
            parts = (str(part.value) if isinstance(part, ast.Constant) else None for part in values)
            return "".join(r"[\w.]+" if part is None else re.escape(part) for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            before, after = _pattern(left), _pattern(right)
            return (before or r"[\w.]*") + (after or r"[\w.]*")
        case _:
            return None


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.relative_to(ROOT)))
def test_every_key_that_the_code_names_is_in_the_catalogue(source: Path) -> None:
    missing = [
        f"line {line}: {pattern}"
        for line, pattern in keys_used(source)
        if not any(re.fullmatch(pattern, key) for key in entries())
    ]
    assert missing == []


def test_no_key_is_left_that_no_code_names() -> None:
    # A key is often named by its end alone, or by what it is put together from; labels go by their words.
    nodes = (node for source in SOURCES for node in ast.walk(ast.parse(source.read_text("utf-8"))))
    named = {pattern for node in nodes if isinstance(node, ast.expr) and (pattern := _pattern(node))}
    whole = {re.sub(r"\\(.)", r"\1", pattern) for pattern in named if "[" not in pattern}
    put_together = [
        re.compile(pattern)
        for pattern in named
        if re.search(r"\[\\w\.\]", pattern) and re.search(r"\w{3}", re.sub(r"\[.*?\]", "", pattern))
    ]

    def is_named(key: str) -> bool:
        parts = key.removesuffix(".remedy").split(".")
        ends = [key, *(".".join(parts[number:]) for number in range(len(parts)))]
        return any(end in whole for end in ends) or any(
            pattern.fullmatch(end) for end in ends[:3] for pattern in put_together
        )

    assert [
        key for key in entries() if key[0].islower() and not key.startswith("click.") and not is_named(key)
    ] == []


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (Amount(123456789, 2), "1,234,567.89", "1 234 567,89"),
        (Amount(-5, 2), "-0.05", "-0,05"),
        (Amount(1500, 0), "1,500", "1 500"),
        (Quantity(250), "2.5", "2,5"),
        (Quantity(300), "3", "3"),
        (Percentage(8000), "80%", "80 %"),
        (Percentage(3333), "33.33%", "33,33 %"),
        (dt.date(2026, 1, 31), "31 January 2026", "31 janvier 2026"),
        (Kind.SERVICE, "service", "acte"),
        (message("product.months", number=6), "6 months", "6 mois"),
        (message("product.months", number=1), "1 month", "1 mois"),
        ([Kind.ITEM, 1234, "x"], "item, 1,234, x", "article, 1 234, x"),
        (True, True, True),
    ],
)
def test_values_are_shown_as_a_reader_expects(value: object, english: object, french: object) -> None:
    def plain(given: object) -> object:
        return given.replace("\u00a0", " ") if isinstance(given, str) else given

    assert plain(shown(value, "en")) == english
    assert plain(shown(value, "fr")) == french


def test_large_amounts_keep_every_digit() -> None:
    assert number(Decimal(2**63 - 1), 0) == "9,223,372,036,854,775,807"
    assert shown(Amount(2**63 - 1, 2)) == "92,233,720,368,547,758.07"


def test_a_message_is_said_with_its_values() -> None:
    said = message("product.change", term=message("product.yes"), before=Amount(100, 2), after="{x}")
    assert say(said) == "yes: 1.00 → {x}"
    assert say(said, "fr") == "oui\u00a0: 1,00 → {x}"
    with pytest.raises(KeyError):
        text("product.months")
