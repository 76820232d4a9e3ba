"""The code of the guides runs as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs"
GUIDES = [
    "autograph.md",
    "control_flow.md",
    "data.md",
    "errors.md",
    "nn.md",
    "tracing.md",
    "tutorial.md",
    "variables.md",
]


@pytest.mark.parametrize("guide", GUIDES)
def test_guide_runs(guide, tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / guide).read_text(), re.S)
    assert blocks
    script = tmp_path / "guide.py"
    script.write_text("\n".join(blocks))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]


def test_links_of_the_docs_lead_somewhere():
    root = DOCS.parent
    missing = []
    for page in [*DOCS.glob("*.md"), *root.glob("*.md"), *root.glob("benchmarks/*.md")]:
        text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(), flags=re.S)
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            if not (page.parent / target).exists():
                missing.append(f"{page.relative_to(root)}: {target}")
    assert not missing, missing
