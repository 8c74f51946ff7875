"""What the engine takes, in seconds and in memory, measured in one run: ``python -m benchmarks``.

The month is made up by ``adjudicator generate``'s country with every shipped product. What is measured is
written to ``benchmarks/RESULTS.md``.
"""
