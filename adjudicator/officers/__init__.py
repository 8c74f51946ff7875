"""Officers: who may act in the books, in which role, and what proves that it is they. Pure."""
