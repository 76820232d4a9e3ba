"""The figures of docs/gpu.md are what `ptxas` and the PTX machine say of the kernels as they are made now."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tfc.config.gpus import cuda_toolkit

ROOT = Path(__file__).resolve().parents[3]


def test_the_figures_of_the_document_are_up_to_date():
    documented = re.search(r"`ptxas` of CUDA ([\d.]+)", (ROOT / "docs" / "gpu.md").read_text(encoding="utf-8"))[1]
    assembler = Path(cuda_toolkit() or "/", "bin", "ptxas")
    if not assembler.exists():
        pytest.skip("NOT TESTED: no ptxas; install a CUDA toolkit or the package nvidia-cuda-nvcc")
    found = subprocess.run([str(assembler), "--version"], capture_output=True, text=True, check=True).stdout
    if f"release {documented}," not in found:
        pytest.skip(f"the document was made with CUDA {documented}")
    command = [sys.executable, str(ROOT / "scripts" / "gen_gpu.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
