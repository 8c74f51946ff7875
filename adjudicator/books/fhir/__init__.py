"""Decisions and payments of the books, gathered to be given out as FHIR."""
