"""FHIR R4: what was decided and paid, as the resources that facilities and exchanges read.

Pure functions: plain values in, resources as plain dicts out, with amounts as exact decimals in the
currency's digits. What reads the books is in :mod:`adjudicator.books.fhir.export`.
"""
