"""The published JSON Schema of a product file, for editors that complete and check while one types.

It is made from the models. It accepts shorthand where the reader does, and refuses what can be refused
without arithmetic; sums, sequences of dates and the registers stay with the reader.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from adjudicator.product.definition import Product
from adjudicator.vocabulary import CLAIM_CATEGORIES, Category

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class _Generator(GenerateJsonSchema):
    """Makes a schema of what is written: silence is no value, and a default is no text of the file."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def product_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of a product file."""
    schema = Product.model_json_schema(by_alias=True, schema_generator=_Generator)
    schema["properties"]["claim_categories"] |= _by_category(schema["properties"]["claim_categories"])
    tidied: dict[str, Any] = _tidy(schema)
    return {"$schema": DIALECT, **tidied}


def _by_category(mapping: dict[str, Any]) -> dict[str, Any]:
    """Name the categories one by one, so that an editor can offer them."""
    limit = mapping.pop("additionalProperties")
    mapping.pop("propertyNames", None)
    properties: dict[str, Any] = {category.word: dict(limit) for category in CLAIM_CATEGORIES}
    properties[Category.VISIT.word]["properties"] = {"ceiling": False}
    return {"properties": properties, "additionalProperties": False}


def _tidy(schema: Any) -> Any:
    """Give every key a title in words, and every description as plain text."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tidied = {key: _tidy(value) for key, value in schema.items()}
    if isinstance(schema.get("description"), str):
        tidied["description"] = schema["description"].replace("``", "`")
    for place in ("properties", "$defs"):
        for name, inner in tidied.get(place, {}).items():
            if isinstance(inner, dict) and ("description" in inner or "$ref" in inner):
                tidied[place][name] = inner | {"title": _in_words(name)}
    return tidied


def _in_words(name: str) -> str:
    """Write the name of a key or of a part in words: ``lump_sum``, ``CoverageEntry``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).capitalize()


def schema_text() -> str:
    """Give the published schema as the text of its file."""
    return json.dumps(product_schema(), indent=2, ensure_ascii=False) + "\n"
