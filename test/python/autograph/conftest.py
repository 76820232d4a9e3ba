import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fake import Interpreter
from tfc.autograph import seam


@pytest.fixture
def fake(monkeypatch):
    """Autograph on fake tensors, for one test."""
    interpreter = Interpreter()
    for name in dir(interpreter):
        if not name.startswith("_") and callable(getattr(interpreter, name)):
            monkeypatch.setattr(seam, name, getattr(interpreter, name))
    return interpreter
