"""A made-up but plausible country: its registers, its families and a year of their claims, for any seed.

The knowledge is in tables that a doctor or an actuary can read and mend (``country/``); the modules turn it
into columns, a month at a time. Nothing here is used by adjudication. Everything is drawn as whole numbers
from streams that know their topic and their month (:mod:`.stream`), so that a seed gives the same bytes on
any machine, and a month the same claims however many months are asked for.
"""

from adjudicator.generation.writing import Made, generate

__all__ = ["Made", "generate"]
