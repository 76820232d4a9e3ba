"""Damaged programs: tfc-opt reports an error, it never dies of one."""

import random
import re
import subprocess
from pathlib import Path

import pytest

CASES = sorted((Path(__file__).resolve().parents[2] / "Dialect" / "TFC").glob("*.mlir"))
# Not inside `array<i64: ...>`: MLIR's own parser dies of `array<index>`.
REPLACEMENTS = [
    (
        r"tensor<[^<>]*>",
        ["tensor<*xf32>", "tensor<i1>", "tensor<?x0xi32>", "tensor<2x?x3xui64>", "f32", "!tfc.token"],
    ),
    (r"-?\b\d+\b(?=[,>])", ["0", "-1", "1", "9223372036854775807", "-9223372036854775808", "1000000"]),
    (r"\bi64: [^>]*>", ["i64>", "i64: 0, 0>", "i64: 9, -9, 9, -9>"]),
    (r"%\w+", ["%x", "%r", "%0"]),
    (r"(?<!array<)\b(f32|i32|i64|i1)\b", ["f16", "complex<f32>", "ui8", "none", "index"]),
    (r"\w+ = [^,}]*[,}]", ["}", ","]),
    (r"tfc\.\w+", ["tfc.yield", "tfc.if", "tfc.add", "tfc.concat", "tfc.constant", "tfc.reshape"]),
]


def damage(text, rng):
    for _ in range(rng.randint(1, 3)):
        pattern, choices = rng.choice(REPLACEMENTS)
        places = list(re.finditer(pattern, text))
        if places:
            place = rng.choice(places)
            text = text[: place.start()] + rng.choice(choices) + text[place.end() :]
    return text


def pieces(path):
    text = re.sub(r"^\s*//.*\n", "", path.read_text(encoding="utf-8"), flags=re.M)
    return [p for p in re.split(r"(?=^func\.func)", text, flags=re.M) if p.strip()]


def run(tool, source):
    return subprocess.run(
        [tool, source, "-split-input-file", "-canonicalize", "-o", "/dev/null"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_damaged_programs_do_not_crash(path, tfc_opt, tmp_path):
    rng = random.Random(path.stem)
    programs = [damage(p, rng) for p in pieces(path) for _ in range(8)]
    source = tmp_path / "damaged.mlir"
    source.write_text("\n// -----\n".join(programs), encoding="utf-8")
    if run(tfc_opt, source).returncode in (0, 1):
        return
    for program in programs:
        source.write_text(program, encoding="utf-8")
        result = run(tfc_opt, source)
        assert result.returncode in (0, 1), f"{program}\n{result.stderr[:2000]}"
