"""The actuary's figures from the books: what is read, and as of which day."""
