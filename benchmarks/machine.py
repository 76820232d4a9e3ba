"""What the machine allows at this moment: FMA rate in registers and bandwidth of arrays, measured by a C program."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("limits.c")


class Limits:
    """A process that measures limits of so many threads when asked, with vectors of so many bytes (by default those of
    the processor). Not `available` where there is no C compiler.
    """

    def __init__(self, threads: int = 1, prefix: tuple[str, ...] = (), vector: int | None = None):
        compiler = shutil.which("cc")
        self.available = compiler is not None
        if not self.available:
            return
        flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
        vector = vector or (64 if "avx512f" in flags else 32 if "avx2" in flags else 16)
        self.folder = tempfile.TemporaryDirectory(prefix="tfc-limits-")
        program = Path(self.folder.name) / "limits"
        options = ["-O3", "-march=native", "-ffp-contract=fast", f"-DVECTOR={vector}", "-pthread"]
        subprocess.run([compiler, *options, str(SOURCE), "-o", str(program)], check=True)
        self.process = subprocess.Popen(
            [*prefix, str(program), str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self.process.kill)

    def measure(self, kind: str, amount: float = 0) -> float:
        """GFLOP/s (`fma`) or GB/s of passes over arrays that together move `amount` bytes. A hundredth of a second."""
        self.process.stdin.write(f"{kind} {int(amount)}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the limit of '{kind}' with {int(amount)} bytes was not measured: limits.c has ended")
        return float(answer)

    def close(self) -> None:
        if self.available:
            self.process.stdin.close()
            self.process.wait(timeout=30)
            self.folder.cleanup()
