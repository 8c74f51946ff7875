"""A product file as it is written: texts stay texts, every value has a place, and tricks are refused."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from adjudicator.problems import Place, Refused
from adjudicator.product.source import Source, parse_source, read_source

FILE = Path("p.yaml")


def parsed(text: str) -> Source:
    return parse_source(textwrap.dedent(text), FILE)


def told(text: str, language: str = "en") -> list[str]:
    """Give the problems of a text, as they are told, whether or not they stop the reading."""
    try:
        return [problem.told(language) for problem in parsed(text).problems]
    except Refused as refused:
        return [problem.told(language) for problem in refused.problems]


def test_scalars_stay_as_written() -> None:
    source = parsed(
        """
        a: [on, no, 012, 12:30, 1.10, 0x1F, 2026-01-01, 1e3, true, '', "null", 'it''s']
        ? plain
        : +5
        """
    )
    assert source.tree == {
        "a": [
            "on",
            "no",
            "012",
            "12:30",
            "1.10",
            "0x1F",
            "2026-01-01",
            "1e3",
            "true",
            "",
            "null",
            "it's",
        ],
        "plain": "+5",
    }
    assert source.problems == ()


def test_places_count_from_one() -> None:
    source = parsed("product: A\ncoverage:\n  - services: all\n    cover: {adult: 90%, child: 80%}\n")
    assert source.place_of(("product",)) == Place(FILE, 1, 10)
    assert source.place_of_key(("product",)) == Place(FILE, 1, 1)
    assert source.place_of(("coverage", 0)) == Place(FILE, 3, 5)
    assert source.place_of(("coverage", 0, "cover", "child")) == Place(FILE, 4, 32)
    assert source.place_of_key(("coverage", 0, "cover", "child")) == Place(FILE, 4, 25)


def test_steps_that_shorthand_leaves_out_are_passed_over() -> None:
    source = parsed("coverage:\n  - services: [M1, M2]\n    cover: 80%\n")
    assert source.place_of(("coverage", 0, "cover", "adult")) == Place(FILE, 3, 12)
    assert source.place_of(("coverage", 0, "services", "codes", 1)) == Place(FILE, 2, 20)
    assert source.place_of(("ceiling", "hospital", "amount")) == Place(FILE, 1, 1)
    assert source.place_of_key(("coverage", 0, "price")) == Place(FILE, 2, 5)


def test_columns_count_characters_not_bytes(tmp_path: Path) -> None:
    file = tmp_path / "product.yaml"
    file.write_bytes("\ufeffname: {en: Santé €, fr: Ä}\r\nproduct: A\r\n".encode())
    source = read_source(file)
    assert source.tree == {"name": {"en": "Santé €", "fr": "Ä"}, "product": "A"}
    assert source.place_of(("name", "fr")) == Place(file, 1, 25)


FILL_IT = "fill it or delete it; `adjudicator init` and `adjudicator generate` write examples of every kind"


@pytest.mark.parametrize(
    ("text", "spot", "what", "remedy"),
    [
        ("", "1:1", "the file is empty", FILL_IT),
        ("# nothing\n", "2:1", "the file is empty", FILL_IT),
        ("- a\n", "1:1", "the file is not made of keys with values", "write `key: value`, one key a line"),
        (
            "a: 1\n---\nb: 2\n",
            "2:1",
            "a second document begins here",
            "give each version of a product a file of its own",
        ),
        ("a:\n\tb: 1\n", "2:1", "a tab stands where YAML wants spaces", "replace it with spaces"),
        (
            "a: b: c\n",
            "1:5",
            "a `:` stands where no key can be",
            "indent the line like its neighbours; put a text that has a `:` in it in quotation marks",
        ),
        (
            "a: 1\nfoo\nb: 2\n",
            "2:1",
            "this line is no `key: value`",
            "write a `:` and a space after the key",
        ),
        (
            "a:\n  - b\n - c\n",
            "3:2",
            "the indentation fits none of the lines above",
            "indent the line exactly like the others of its part",
        ),
        (
            "a: {b: 1\nc: 2\n",
            "1:4",
            "in what begins with this `{`, a `,` or the closing `}` is missing",
            "write it as `{key: value, key: value}`",
        ),
        (
            "a: [1, 2\nb: 3\n",
            "1:4",
            "in what begins with this `[`, a `,` or the closing `]` is missing",
            "write it as `[value, value]`",
        ),
        ("a: 'b\n", "1:4", "this quotation mark is never closed", "close it at the end of the text"),
        ("a: @b\n", "1:4", "a value cannot begin with `@`", "put the value in quotation marks"),
        ("a: \x01\n", "1:4", "the control character U+0001 cannot stand in the file", "delete it"),
        (
            'a: "\\q"\n',
            "1:6",
            "this is not YAML (found unknown escape character 'q')",
            "look at this line and at the one above it",
        ),
        ("? [a]\n: b\n", "1:3", "a key is a word, and this is none", "write it as in `cover: 80%`"),
    ],
)
def test_a_text_that_is_no_product_file_is_refused_with_its_place(
    text: str, spot: str, what: str, remedy: str
) -> None:
    assert told(text) == [f"p.yaml:{spot}: {what} → {remedy}"]


def test_what_would_hide_meaning_is_reported_all_at_once() -> None:
    text = """\
        product: &code A
        name:
        ceiling: *code
        cover: !!str 80%
        grace: {payment: ~, renewal: null}
        product: B
        """
    assert [line.partition(" → ")[0] for line in told(text)] == [
        "p.yaml:1:10: `&code` gives a part of the file a name",
        "p.yaml:2:1: `name` has no value",
        "p.yaml:3:10: `*code` stands for another part of the file",
        "p.yaml:4:8: the YAML tag `tag:yaml.org,2002:str` has no meaning in a product file",
        "p.yaml:5:9: `payment` has no value",
        "p.yaml:5:21: `renewal` has no value",
        "p.yaml:6:1: `product` stands here twice; the first is on line 1",
    ]


def test_an_empty_entry_of_a_list_keeps_its_place() -> None:
    source = parsed("codes:\n  - M1\n  -\n  - M2\n")
    assert [problem.told() for problem in source.problems] == [
        "p.yaml:3:4: an entry of this list is empty → write the entry, or delete it"
    ]
    assert source.place_of(("codes", 2)) == Place(FILE, 4, 5)
    assert source.left_out == {("codes", 1)}


def test_the_first_of_two_equal_keys_counts() -> None:
    source = parsed("a: {b: 1}\na: {c: [2, {d: 3}]}\ne: 4\n")
    assert source.tree == {"a": {"b": "1"}, "e": "4"}


def test_references_are_not_followed() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
    assert len(told(bomb)) == 3 + 4


def test_deep_nesting_is_refused_without_being_followed() -> None:
    assert told("a: " + "[" * 100_000) == [
        "p.yaml:1:24: the nesting is too deep → no part of a product needs more than 20 levels"
    ]


def test_a_file_that_is_no_utf8_text_points_at_the_byte(tmp_path: Path) -> None:
    file = tmp_path / "product.yaml"
    file.write_bytes("product: A\nname: Sant\u00e9\n".encode("latin-1"))
    with pytest.raises(Refused) as refused:
        read_source(file)
    [problem] = refused.value.problems
    assert problem.told() == f"{file}:2:11: byte E9 is not UTF-8 text → save the file with the encoding UTF-8"
    assert problem.told("fr") == (
        f"{file}:2:11: l’octet E9 n’est pas du texte UTF-8 → enregistrez le fichier avec l’encodage UTF-8"
    )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        read_source(tmp_path / "none.yaml")
    assert refused.value.problems[0].told().startswith(f"{tmp_path / 'none.yaml'}: the file cannot be read: ")
