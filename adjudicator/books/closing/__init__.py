"""Closing a month in the books: periods, statements, and what is paid."""
