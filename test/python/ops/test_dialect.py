"""The table and the dialect name the same ops, with the same operands and attributes."""

import re
from pathlib import Path

import pytest
from tfc.ops.table import OPS

IR = Path(__file__).resolve().parents[3] / "include" / "tfc" / "Dialect" / "TFC" / "IR"
TEXT = "\n".join(p.read_text() for p in sorted(IR.glob("*.td")))
# Regions and terminators are methods of interpreters, not primitives.
STRUCTURE = {"yield", "if", "while", "call"}
MNEMONICS = set(re.findall(r"^def TFC_\w+Op\s*:\s*TFC_\w+<\s*\"(\w+)\"", TEXT, re.M))


def test_every_op_of_the_dialect_has_a_row():
    assert {p.name for p in OPS} == MNEMONICS - STRUCTURE


@pytest.mark.parametrize("prim", OPS, ids=lambda p: p.name)
def test_names_are_unique(prim):
    assert [p for p in OPS if p.name == prim.name] == [prim]
