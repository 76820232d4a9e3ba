"""docs/coverage.md and errors name what of TensorFlow is absent."""

import json
from pathlib import Path

import pytest
import tfc as tf
from tfc.api.absent import ABSENT

# Public names of TensorFlow 2.21 by namespace.
NAMES = json.loads((Path(__file__).parent / "tensorflow_names.json").read_text())
PAGE = Path(__file__).resolve().parents[3] / "docs" / "coverage.md"


def module(space):
    found = tf
    for part in [] if space == "tf" else space.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("space", NAMES)
def test_every_name_of_tensorflow_is_here_or_says_why_not(space):
    here = module(space)
    missing = [n for n in NAMES[space] if n not in ABSENT.get(space, {}) and not hasattr(here, n)]
    assert not missing


def test_small_services_of_the_top_level():
    assert tf.get_logger().name == "tfc"
    with tf.name_scope("a"), tf.name_scope("b"):
        assert tf.get_current_name_scope() == "a/b"
    assert tf.get_current_name_scope() == ""
    assert tf.function(tf.timestamp)().numpy() >= 1.7e9
    paddings, crops = tf.required_space_to_batch_paddings([5, 6], [2, 4], [[1, 0], [0, 1]])
    assert paddings.tolist() == [[1, 0], [0, 2]] and crops.tolist() == [[0, 0], [0, 1]]


@pytest.mark.parametrize("space", ABSENT)
def test_absent_names_are_absent_and_say_why(space):
    text = PAGE.read_text()
    for name, reason in ABSENT[space].items():
        assert f"`{name}`" in text
        assert reason in text
        where = f"tf.{name}" if space == "tf" else f"tf.{space}.{name}"
        with pytest.raises(AttributeError, match=f"^{where} is not supported"):
            getattr(module(space), name)


def test_other_names_are_plain_errors():
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        tf.nn.nonsense  # noqa: B018
