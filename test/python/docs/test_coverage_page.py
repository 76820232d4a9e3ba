"""docs/coverage.md and errors name what of TensorFlow is absent."""

from pathlib import Path

import pytest
import tfc as tf
from tfc.api.absent import ABSENT

PAGE = Path(__file__).resolve().parents[3] / "docs" / "coverage.md"


@pytest.mark.parametrize("space", ABSENT)
def test_absent_names_are_absent_and_say_why(space):
    text = PAGE.read_text()
    for name, reason in ABSENT[space].items():
        assert f"`{name}`" in text
        assert reason in text
        with pytest.raises(AttributeError, match=f"tf.{space}.{name} is not supported"):
            getattr(getattr(tf, space), name)


def test_other_names_are_plain_errors():
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        tf.nn.nonsense  # noqa: B018
