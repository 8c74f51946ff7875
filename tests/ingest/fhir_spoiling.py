"""Ways to spoil a resource: its bytes, or its elements."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from tests.ingest.fhir_material import every_step, written

SIGNS = b'{}[]",:0123456789eE+-.\\ntruefals\x00\x1f\xff\xc3\x80 \n\t#/'

SPOILS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2**31,
    10**40,
    1.5,
    1e300,
    "",
    " ",
    "x",
    "a b",
    " a",
    "a ",
    "0",
    "1.5",
    "-1",
    "NaN",
    "2021-02-30",
    "2021-02",
    "2021",
    "0000-01-01",
    "2021-02-03T10:00:00",
    "2021-02-03T10:00:00Z",
    "2021-02-03T24:00:00Z",
    "2021-02-03T10:00:00+01:00",
    "10:00:00",
    "active",
    "Patient/1",
    "Foo/1",
    "urn:uuid:1",
    "#1",
    "#",
    "/",
    "//",
    "http://a b",
    "https://x.org/fhir/Patient/1",
    "Patient/1/_history/2",
    "a" * 65,
    "é",
    "\u00a0",
    "\u2028",
    "\x07",
    "😀",
    [],
    {},
    [[]],
    [{}],
    [None],
    ["x", "x"],
    {"value": "1"},
    {"value": 1},
    {"coding": []},
    {"reference": "Patient/1"},
    {"reference": "Organization/1", "type": "Patient"},
    [{"url": "http://x", "valueDecimal": 1}],
    {"extension": [{"url": "x"}]},
    [{"resourceType": "Patient", "id": "p"}],
    [{"resourceType": "Foo"}],
    {"a": {"b": {"c": [1, [2, [3]]]}}},
)

NAMES = (
    "id",
    "extension",
    "modifierExtension",
    "contained",
    "text",
    "_status",
    "_id",
    "value",
    "valueString",
    "valueCode",
    "reference",
    "type",
    "identifier",
    "sequence",
    "net",
    "factor",
    "quantity",
    "status",
    "use",
    "foo",
    "",
    "Status",
    "\u0000",
)


def spoilt_bytes(body: bytes, chance: random.Random) -> bytes:
    """Change bytes: one or a few replaced, put in, left out, doubled; or the end cut off."""
    data = bytearray(body)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        if not data:
            break
        at = chance.randrange(len(data))
        match chance.randrange(6):
            case 0:
                data[at] = chance.choice(SIGNS)
            case 1:
                data.insert(at, chance.choice(SIGNS))
            case 2:
                del data[at]
            case 3:
                del data[at:]
            case 4:
                other = min(len(data), at + chance.randrange(1, 40))
                data[at:at] = data[at:other]
            case _:
                data[at] = chance.randrange(256)
    return bytes(data)


def spoilt_tree(tree: Any, chance: random.Random) -> bytes:
    """Change elements: something else, gone, doubled, under another name, deep inside, or in quotes."""
    other = copy.deepcopy(tree)
    doubled = None
    for _ in range(chance.choice((1, 1, 2, 4))):
        steps = list(every_step(other))
        if not steps:
            break
        *way, last = chance.choice(steps)
        holder: Any = other
        for step in way:
            holder = holder[step]
        match chance.randrange(8):
            case 0 | 1:
                holder[last] = copy.deepcopy(chance.choice(SPOILS))
            case 2:
                del holder[last]
            case 3 if isinstance(holder, dict):
                holder[chance.choice(NAMES)] = holder.pop(last)
            case 3:
                holder.append(copy.deepcopy(holder[last]))
            case 4 if isinstance(holder, dict):
                holder[chance.choice(NAMES)] = copy.deepcopy(chance.choice(SPOILS))
            case 4:
                holder.insert(0, copy.deepcopy(chance.choice(SPOILS)))
            case 5:
                holder[last] = str(holder[last])
            case 6:
                holder[last] = [holder[last]]
            case _ if isinstance(last, str):
                doubled = last
            case _:
                holder[last] = {"a": holder[last]}
    body = (
        written(other)
        if chance.random() < 0.5
        else json.dumps(other, indent=chance.choice((None, 1))).encode()
    )
    if doubled is not None:
        key = json.dumps(doubled).encode()
        body = body.replace(key + b":", key + b":1," + key + b":", 1)
    return body
