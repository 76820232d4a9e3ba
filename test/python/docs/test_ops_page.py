"""docs/ops.md says what the op table says."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_page_of_ops_is_current():
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "gen_ops.py"), "--check"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
