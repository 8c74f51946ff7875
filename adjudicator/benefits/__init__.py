"""What a scheme gives to families, besides care: cash by benefit plans, and vouchers for maternal care.

A plan says in the language of rules who receives it, of families and their members instead of claims and
their lines; what it comes to is whole minor units, and the same for any order of rows.
"""
