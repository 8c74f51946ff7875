"""What deserves a doctor's look: rules in YAML, compiled to columns, and told in words.

A rule says what it looks for in a small language of its own, that has no way to run code. ``syntax`` reads
it, ``typed`` gives every part a type, ``evaluate`` answers for millions of lines at once and ``plain`` for
one claim, by the same words of ``fields``.

What a rule asks of other claims is a look. ``looks`` answers it, by ``coding``, which numbers what claims
have in common, and by ``timeless`` and ``windows``, which count; ``answering`` says what they need of whoever
evaluates the conditions within. A ``universe`` has the claims as columns: those of now (``batch``) and those
that are looked back on (``past``), together in ``now_and_past``.
"""
