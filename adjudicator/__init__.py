"""The engine: products, registers and claims go in, explained decisions come out."""
