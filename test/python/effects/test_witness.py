"""Minimality, seen from outside: each edge has an execution that shows its absence; a superfluous one has none."""

import random

import pytest
from effect_machine import read_module
from effect_programs import Rolled, make_program
from effect_witness import blocks_of, edges_of, find_witness
from test_order import ir, make_context, through

PROGRAMS = 60


@pytest.fixture(scope="module")
def blocks():
    """The blocks with effects of some ordered programs."""
    context = make_context()
    found, modules = [], []
    for seed in range(PROGRAMS):
        module = through(context, make_program(Rolled(seed), budget=12)[0], "tfc-inline-calls", "tfc-order-effects")
        modules.append(module)
        with context:
            found += blocks_of(read_module(module, ir)["main"])
    yield [(block, edges_of(block)) for block in found]


def test_each_edge_has_a_witness(blocks):
    edges = 0
    for block, of_block in blocks:
        for edge in of_block:
            edges += 1
            first, second = (block.ops[p] for p in edge)
            assert find_witness(block, edge, of_block) is not None, f"{first.name} -> {second.name}"
    assert edges > 300


def test_an_edge_too_many_has_no_witness(blocks):
    """Between two effects that nothing orders, an edge added can be dropped again without anybody seeing it."""
    choose, added = random.Random(0), 0
    for block, of_block in blocks:
        effects = sorted({p for edge in of_block for p in edge})
        reach = {p: {p} for p in range(len(block.ops))}
        for a, b in sorted(of_block, key=lambda edge: edge[1]):
            reach[b] |= reach[a]
        free = [(a, b) for a in effects for b in effects if a < b and a not in reach[b]]
        if free:
            edge = choose.choice(free)
            added += 1
            assert find_witness(block, edge, [*of_block, edge], tries=40) is None
    assert added > 30
