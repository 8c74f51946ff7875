"""The published JSON Schema agrees with the reader, and is published as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import ValidationError

from adjudicator.problems import Refused
from adjudicator.product.schema import product_schema, schema_text
from adjudicator.product.source import parse_source
from adjudicator.product.writing import write_product
from tests.product.strategies import defined, product_trees, products

SCHEMA = product_schema()
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker(["date"]))
PUBLISHED = Path(__file__).parents[2] / "products" / "product.schema.json"


class EditorLoader(yaml.SafeLoader):
    """Reads YAML as editors do, by the core schema of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own way


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
):
    EditorLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )


def _integer(loader: yaml.SafeLoader, node: yaml.Node) -> int:
    text = str(loader.construct_scalar(node))  # type: ignore[arg-type]
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


EditorLoader.add_constructor("tag:yaml.org,2002:int", _integer)


class PlainDumper(yaml.SafeDumper):
    """Writes every text without quotation marks where YAML can do without."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own way


PlainDumper.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile("^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)


def documents(text: str) -> list[str]:
    """Cut a text into its documents."""
    return text.split("---\n")


def editor_accepts(text: str) -> bool:
    """Tell whether an editor that has the schema underlines nothing."""
    return bool(VALIDATOR.is_valid(yaml.load(text, EditorLoader)))


def reader_accepts(text: str) -> bool:
    """Tell whether the reader takes the text."""
    try:
        source = parse_source(text, Path("p.yaml"))
        defined(source.tree)
    except (Refused, ValidationError):
        return False
    return not source.problems


def test_it_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_published_copy_is_current() -> None:
    assert PUBLISHED.read_text("utf-8") == schema_text(), "write it anew: adjudicator product schema"


def test_every_key_has_a_title_and_a_description() -> None:
    def keys(schema: Any) -> list[tuple[str, Any]]:
        if isinstance(schema, list):
            return [found for item in schema for found in keys(item)]
        if not isinstance(schema, dict):
            return []
        own = [
            (name, inner)
            for name, inner in schema.get("properties", {}).items()
            if "title" in schema or inner
        ]
        return own + [found for key, value in schema.items() for found in keys(value) if key != "examples"]

    definitions = SCHEMA["$defs"]
    for name, schema in keys(SCHEMA):
        if schema is False or set(schema) == {"enum"} or set(schema.get("properties", {})) == {"ceiling"}:
            continue
        described = schema.get("description") or definitions[schema["$ref"].rpartition("/")[2]]["description"]
        assert schema["title"], name
        assert described.endswith((".", "price")), name


def test_the_example_of_the_format_is_accepted(example_text: str) -> None:
    assert editor_accepts(example_text)
    assert reader_accepts(example_text)


@pytest.mark.parametrize("file", sorted(PUBLISHED.parent.glob("*.yaml")), ids=lambda file: file.name)
def test_the_shipped_products_are_accepted(file: Path) -> None:
    text = file.read_text("utf-8")
    assert editor_accepts(text)
    assert reader_accepts(text)


@settings(max_examples=25)
@given(products())
def test_what_is_written_is_accepted(product: Any) -> None:
    assert editor_accepts(write_product(product, 2))


DUMPERS = st.sampled_from([yaml.SafeDumper, PlainDumper])


@settings(max_examples=25)
@given(product_trees(), DUMPERS)
def test_every_way_of_writing_that_the_reader_accepts_is_accepted(tree: Any, dumper: Any) -> None:
    text = yaml.dump(tree, Dumper=dumper, width=10**6)
    assert reader_accepts(text)
    assert editor_accepts(text)


ODDITIES = st.sampled_from(
    [
        *(
            "80",
            "80%",
            "8 0%",
            "101%",
            "none",
            "all",
            "",
            "x",
            "-1",
            "1.5",
            "1e3",
            "true",
            "6 months",
            "both",
        ),
        *("policy", "2026-01-01", "01-01", "hospital", "month"),
        *([], ["M1"], ["80%"], {}, {"amount": "5"}, {"adult": "5"}, {"up_to": "5"}, {"category": "surgery"}),
        *({"type": "drug"}, {"share": "5%"}, {"per": "policy", "amount": "5"}, {"en": "A", "fr": "B"}),
    ]
)


@settings(max_examples=25)
@given(product_trees(), DUMPERS, st.data())
def test_nothing_that_the_reader_accepts_is_underlined(tree: Any, dumper: Any, data: st.DataObject) -> None:
    """Change a value, drop a key or put one where it does not belong: the schema is never the stricter."""
    part = tree
    while True:
        keys = list(part) if isinstance(part, dict) else list(range(len(part)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if isinstance(part[key], dict | list) and part[key] and data.draw(st.booleans()):
            part = part[key]
            continue
        break
    change = data.draw(st.sampled_from(["replace", "drop", "rename"]))
    if change == "replace" or not isinstance(part, dict):
        part[key] = data.draw(ODDITIES)
    elif change == "drop":
        del part[key]
    else:
        part[data.draw(st.sampled_from(["amount", "per", "child", "services", "valid", "surgery", "x"]))] = (
            part.pop(key)
        )
    text = yaml.dump(tree, Dumper=dumper, width=10**6)
    assert editor_accepts(text) or not reader_accepts(text)


GOOD = documents("""
product: A
---
product: 12
name: Plan
---
product: A
name: {en: Plan, fr: Formule}
valid: {}
coverage: []
claim_categories: {}
---
product: A
ceiling: {per: policy, hospital: 5, non_hospital: {amount: 7.50, maximum: 9}}
---
product: A
ceiling: {hospital: {per: policy, amount: "5"}, non_hospital: {per: insuree, amount: 5}}
---
product: A
coverage:
  - services: [1, no, true, 1.10]
    covered: false
    quantity: none
    cover: {up_to: none}
  - items: {type: drug}
    quantity: {child: 0.5}
    emergency: {outside_ceiling: both, waiting: 1 month}
---
product: A
remuneration: {relative_prices: {all: {share: [5%]}, period: year}}
""")

BAD_FOR_BOTH = documents("""
name: Plan
---
product: A
ceilling: 5
---
product: [A]
---
product: ""
---
product: A
name: {en: Plan}
---
product: A
valid: {from: 2026/01/01}
---
product: A
valid: {from: 2026-02-30}
---
product: A
location: R1
---
product: A
enrolment: {cycles: [01-01, 02-01, 03-01, 04-01, 05-01]}
---
product: A
enrolment: {cycles: [02-30]}
---
product: A
enrolment: {insurance_period: 12}
---
product: A
contribution: {lump_sum: much}
---
product: A
contribution: {lump_sum: -5}
---
product: A
contribution: {installments: 1.5}
---
product: A
contribution: {registration: {lump_sum: 5, per_member: 5}}
---
product: A
contribution: {registration: {}}
---
product: A
contribution: {discount: {renewal: {percent: 5%}}}
---
product: A
deductible: {per: family, amount: 5}
---
product: A
deductible: {amount: 5}
---
product: A
deductible: {per: policy, amount: 5, maximum: 6}
---
product: A
ceiling: {per: policy}
---
product: A
ceiling: {per: policy, amount: 5, hospital: 5}
---
product: A
claim_categories: {other: {claims: 5}}
---
product: A
claim_categories: {visit: {ceiling: 5}}
---
product: A
claim_categories: {surgery: {}}
---
product: A
coverage: {services: all}
---
product: A
coverage: [{cover: 80%}]
---
product: A
coverage: [{services: M1}]
---
product: A
coverage: [{services: []}]
---
product: A
coverage: [{services: {}}]
---
product: A
coverage: [{services: {type: drug}}]
---
product: A
coverage: [{items: {category: surgery}}]
---
product: A
coverage: [{items: all, cover: 80}]
---
product: A
coverage: [{items: all, cover: 100.01%}]
---
product: A
coverage: [{items: all, cover: {adult: {upto: 5}}}]
---
product: A
coverage: [{items: all, cover: {}}]
---
product: A
coverage: [{items: all, covered: yes}]
---
product: A
coverage: [{items: all, price: list}]
---
product: A
coverage: [{items: all, emergency: {}}]
---
product: A
remuneration: {relative_prices: {period: month}}
---
product: A
remuneration: {relative_prices: {all: {share: 5%}, hospital: {share: 5%}}}
---
product: A
remuneration: {relative_prices: {all: {share: [5%, 5%]}}}
---
product: A
remuneration: {capitation: {facilities: [], share: 5%, weights: {visits: 100%}}}
---
product: A
accounts: {remuneration: ~}
""")

ONLY_THE_READER = documents("""
product: A
valid: {from: 2026-01-01, to: 2025-01-01}
---
product: A
contribution: {lump_sum: 5.555}
---
product: A
ceiling: {hospital: 5}
---
product: A
ceiling: {per: policy, hospital: {per: policy, amount: 5}}
---
product: A
ceiling: {per: insuree, amount: 5, maximum: 6}
---
product: A
remuneration: {relative_prices: {all: {share: [5%, 5%, 5%, 5%]}}}
---
product: A
remuneration: {capitation: {facilities: [{level: hospital}], share: 5%, weights: {visits: 99%}}}
---
product: A
product: B
""")


@pytest.mark.parametrize("text", GOOD)
def test_good_files(text: str) -> None:
    assert reader_accepts(text)
    assert editor_accepts(text)


@pytest.mark.parametrize("text", BAD_FOR_BOTH)
def test_bad_files(text: str) -> None:
    assert not reader_accepts(text)
    assert not editor_accepts(text)


@pytest.mark.parametrize("text", ONLY_THE_READER)
def test_what_takes_arithmetic_is_left_to_the_reader(text: str) -> None:
    assert not reader_accepts(text)
    assert editor_accepts(text)
