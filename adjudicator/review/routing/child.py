"""The process in which ``durable_rules`` evaluates routing rules; started by :mod:`.durable`, by its path.

It imports nothing of the project, so that it starts at once. A line of JSON in, a line out: first the limits
and the ruleset, answered by ``{}``; then a case each, answered by its firings. Facts only, a session a case:
asserted, drained, dropped. Whatever goes wrong ends the process.
"""

import json
import resource
import sys
from importlib import import_module
from typing import Any


def main() -> None:
    """Serve until the input ends."""
    first = json.loads(sys.stdin.readline())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (first["memory"], first["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (first["seconds"], first["seconds"]))
    engine = import_module("durable_rules_engine")

    handle = engine.create_ruleset("routing", json.dumps(first["ruleset"]))
    _answer({})
    for number, line in enumerate(sys.stdin):
        _answer(_chained(engine, handle, str(number), json.loads(line), first))


def _answer(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _chained(
    engine: Any, handle: int, session: str, facts: list[dict[str, Any]], first: dict[str, Any]
) -> list[Any]:
    """Evaluate one case.

    Args:
        engine: the library.
        handle: of the ruleset.
        session: a name for the case.
        facts: of the case, each with an id.
        first: what was said first: ``findings``, the fact that a rule concludes, by the rule's name;
            ``most``, the firings that are too many; ``ending``, a fact of every session, with its own rule.

    Returns:
        Each firing: the rule, and the ids of its facts in the order of its patterns; and how findings that
        were concluded are called, by the rules that did.
    """
    fired: list[Any] = []
    called: dict[int, str] = {}

    def put(one: dict[str, Any]) -> int:
        result, state = engine.assert_fact(handle, json.dumps({**one, "sid": session}))
        if result not in (0, 1):  # taken, or of no interest to any rule
            raise SystemExit(f"a fact was answered by {result}")
        return int(state)

    state = put(first["ending"])
    for one in facts:
        put(one)
    _, message = engine.start_action_for_state(handle, state)
    while message:
        [(rule, taken)] = json.loads(message).items()
        if rule != first["ending"]["kind"]:
            fired.append([rule, [taken[name]["id"] for name in sorted(taken)]])
        if len(fired) > first["most"]:
            raise SystemExit("too many firings")
        finding = first["findings"].get(rule)
        if finding is not None and finding["name"] not in called:
            called[finding["name"]] = str(len(facts) + len(called) + 1)
            put({**finding, "id": called[finding["name"]]})
        message = engine.complete_and_start_action(handle, state)
    engine.delete_state(handle, session)
    return [fired, [[name, number] for name, number in called.items()]]


if __name__ == "__main__":
    main()
