"""What has to be remembered of accepted lines: law, section 4.2, frequency and quantity.

Of each insuree and provision of the unit that the kernel walks: the days of accepted lines, and the
quantities used in the period of each of the insuree's covers.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from adjudicator.compiled import compiled, step
from adjudicator.registers import Int8s, Int32s, Int64s

HAS_FREQUENCY: Final = 1
"""The bit of a provision whose accepted lines are looked back on for their days."""

_PRODUCT_BITS: Final = 62

EARLIER: Final = -1
"""Stands for the claim of a line that an earlier run accepted."""

_SLOTS, _NODES, _QUANTITIES = 0, 1, 2


class History(NamedTuple):
    """Accepted claims and lines of earlier runs, by unit."""

    first_claim_of_unit: Int32s
    """(units + 2,)."""
    claim_insuree: Int32s
    claim_target: Int32s
    claim_category: Int8s
    first_line_of_unit: Int32s
    """(units + 2,)."""
    line_insuree: Int32s
    line_target: Int32s
    line_provision: Int32s
    line_quantity: Int64s


class Memory(NamedTuple):
    """A slot for each insuree and provision, found by an open hash table of S places."""

    keys: Int64s
    """(S,), a power of two: the key of each place, -1 for none."""
    slot_of_place: Int32s
    """(S,)."""
    place_of_slot: Int32s
    """(S,)."""
    first_quantity: Int64s
    """(S,): where the slot's quantities begin, one for each cover of the insuree."""
    quantities: Int64s
    """Hundredths used."""
    last_node: Int32s
    """(S,): the latest of the slot's days, -1 for none."""
    node_day: Int32s
    """(S,)."""
    node_claim: Int32s
    """(S,): whose line it was."""
    node_before: Int32s
    """(S,): the day before it, -1 for none."""
    taken: Int64s
    """(3,): how many slots, days and quantities are in use."""


def memory_for(lines: int, quantities: int) -> Memory:
    """Make a memory that a unit of so many lines, earlier ones included, fits into; it is empty."""
    places = 1 << (2 * lines + 1).bit_length()
    return Memory(
        keys=np.full(places, -1, np.int64),
        slot_of_place=np.empty(places, np.int32),
        place_of_slot=np.empty(places, np.int32),
        first_quantity=np.empty(places, np.int64),
        quantities=np.empty(quantities, np.int64),
        last_node=np.empty(places, np.int32),
        node_day=np.empty(places, np.int32),
        node_claim=np.empty(places, np.int32),
        node_before=np.empty(places, np.int32),
        taken=np.zeros(3, np.int64),
    )


@compiled
def quantity_bit(product: int) -> int:
    """Give the bit of provisions whose quantity a product limits. *Compiled.*

    Products that share a bit make the kernel remember more than it will look at, and nothing worse.
    """
    return 2 << (product % _PRODUCT_BITS)


@step
def slot_of(memory: Memory, key: int, covers: int) -> int:
    """Find the slot of a key, or give it a new one with a quantity for each of so many covers. *Compiled.*"""
    mask = len(memory.keys) - 1
    # An odd multiplier below 2^63: numba would turn a larger one, which is unsigned, into a float.
    place = ((key * 0x1E3779B97F4A7C15) >> 20) & mask
    while memory.keys[place] != key:
        if memory.keys[place] == -1:
            slot: int = memory.taken[_SLOTS]
            memory.taken[_SLOTS] = slot + 1
            memory.keys[place] = key
            memory.slot_of_place[place] = slot
            memory.place_of_slot[slot] = place
            memory.last_node[slot] = -1
            first = memory.taken[_QUANTITIES]
            memory.taken[_QUANTITIES] = first + covers
            memory.first_quantity[slot] = first
            for quantity in range(first, first + covers):
                memory.quantities[quantity] = 0
            return slot
        place = (place + 1) & mask
    known: int = memory.slot_of_place[place]
    return known


@step
def remember_day(memory: Memory, slot: int, day: int, claim: int) -> None:
    """Remember that a line of a claim was accepted for a day, once for the claim. *Compiled.*"""
    last = memory.last_node[slot]
    if last >= 0 and claim != EARLIER and memory.node_claim[last] == claim:
        return
    node = memory.taken[_NODES]
    memory.taken[_NODES] = node + 1
    memory.node_day[node] = day
    memory.node_claim[node] = claim
    memory.node_before[node] = last
    memory.last_node[slot] = node


@step
def is_near(memory: Memory, slot: int, day: int, days: int) -> bool:
    """Tell whether a day that is remembered lies fewer than so many days before or after. *Compiled.*"""
    node = memory.last_node[slot]
    while node >= 0:
        if abs(day - memory.node_day[node]) < days:
            return True
        node = memory.node_before[node]
    return False


@step
def forget(memory: Memory) -> None:
    """Forget everything, for the next unit. *Compiled.*"""
    for slot in range(memory.taken[_SLOTS]):
        memory.keys[memory.place_of_slot[slot]] = -1
    for what in range(len(memory.taken)):
        memory.taken[what] = 0
