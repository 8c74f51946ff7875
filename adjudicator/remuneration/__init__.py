"""What providers are owed: contributions earned, relative prices, capitation, statements (law, section 6).

Everything here is a pure function of columns and definitions: no database, no file, no clock. Money is in
minor units, days are day numbers, months are counted from January 1970.
"""
