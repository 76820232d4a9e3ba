"""Every op of the dialect has a round trip, every numbered constraint an error, under test/Dialect/TFC."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TESTS = ROOT / "test" / "Dialect" / "TFC"
DECLARATIONS = sorted((ROOT / "include" / "tfc" / "Dialect" / "TFC" / "IR").glob("TFC*Ops.td"))
# A family is tested on one of its ops.
FAMILIES = {
    "TFC_BinaryOp": "add",
    "TFC_CompareOp": "less",
    "TFC_ReduceOp": "reduce_sum",
    "TFC_CumulativeOp": "cumsum",
}


def records():
    """(mnemonic, text) of each op, (class, text) of each family."""
    ops, families = [], []
    for path in DECLARATIONS:
        for text in re.split(r"\n(?=def |class )", path.read_text(encoding="utf-8")):
            if op := re.match(r'def TFC_\w+ : TFC_\w*Op<"(\w+)"', text):
                ops.append((op[1], text))
            elif family := re.match(r"class (TFC_\w+Op)<", text):
                families.append((family[1], text))
    return ops, families


OPS, CLASSES = records()
ROUND_TRIPS = "".join(p.read_text(encoding="utf-8") for p in TESTS.glob("*.mlir") if not p.stem.endswith("-errors"))
ERRORS = set(
    re.findall(
        r"func\.func @(\w+?_c\d+)",
        "".join(p.read_text(encoding="utf-8") for p in TESTS.glob("*-errors.mlir")),
    )
)
CONSTRAINTS = [(name, number) for name, text in OPS for number in re.findall(r"\* \(C(\d+)\)", text)] + [
    (FAMILIES[name], number)
    for name, text in CLASSES
    if name in FAMILIES
    for number in re.findall(r"\* \(C(\d+)\)", text)
]


def test_all_ops_are_found():
    assert len(OPS) > 100


@pytest.mark.parametrize("name", [name for name, _ in OPS])
def test_op_has_a_round_trip(name):
    assert re.search(rf"CHECK:.*tfc\.{name}\b", ROUND_TRIPS)


@pytest.mark.parametrize(("name", "number"), CONSTRAINTS)
def test_constraint_has_an_error(name, number):
    assert f"{name}_c{number}" in ERRORS
