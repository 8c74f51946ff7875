"""Medical review in the books: selections, the queue of cases, and what officers and patients said."""
