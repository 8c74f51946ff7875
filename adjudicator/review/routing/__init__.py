"""Where a case goes: what its flags, history and reviews together lead to.

Routing rules join facts of one case, conclude findings that other rules go on from, and propose: a queue,
somebody senior, a second officer, a return to the facility, a fast track. They never decide an amount.
"""
