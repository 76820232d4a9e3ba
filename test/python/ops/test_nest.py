"""tf.nest."""

from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import pytest
import tfc as tf
from hypothesis import given
from hypothesis import strategies as st
from tfc.ops import nest

Point = namedtuple("Point", "x y")
TREES = st.recursive(
    st.integers(),
    lambda s: st.one_of(
        st.lists(s, max_size=3), st.tuples(s, s), st.dictionaries(st.text("ab", max_size=2), s, max_size=3)
    ),
)


@given(TREES)
def test_pack_undoes_flatten(tree):
    assert tf.nest.pack_sequence_as(tree, tf.nest.flatten(tree)) == tree


@given(TREES)
def test_map_keeps_the_structure(tree):
    doubled = tf.nest.map_structure(lambda x: 2 * x, tree)
    tf.nest.assert_same_structure(tree, doubled)
    assert tf.nest.flatten(doubled) == [2 * x for x in tf.nest.flatten(tree)]


def test_dicts_flatten_by_sorted_key():
    assert tf.nest.flatten({"b": 1, "a": [2, 3]}) == [2, 3, 1]
    packed = tf.nest.pack_sequence_as(OrderedDict([("b", 0), ("a", 0)]), [1, 2])
    assert list(packed.items()) == [("b", 2), ("a", 1)]


def test_named_tuples_keep_their_class():
    assert tf.nest.map_structure(lambda x, y: x + y, Point(1, 2), Point(3, 4)) == Point(4, 6)


def test_none_is_a_leaf():
    assert tf.nest.flatten([None, 1]) == [None, 1]


def test_structures_that_differ():
    with pytest.raises(ValueError, match="don't have the same nested structure"):
        tf.nest.assert_same_structure([1, [2]], [1, 2])
    with pytest.raises(TypeError, match="same sequence type"):
        tf.nest.assert_same_structure([1], (1,))
    tf.nest.assert_same_structure([1], (1,), check_types=False)


def test_wrong_number_of_leaves():
    with pytest.raises(ValueError, match="Structure had 2 atoms, but flat_sequence had 3"):
        tf.nest.pack_sequence_as([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="Structure had 2 atoms"):
        tf.nest.pack_sequence_as([1, [2]], [1])


def test_user_types_by_protocol():
    @dataclass
    class Masked:
        mask: bool
        value: object

        def __tf_flatten__(self):
            return (self.mask,), (self.value,)

        @classmethod
        def __tf_unflatten__(cls, metadata, components):
            return cls(metadata[0], components[0])

    assert tf.nest.map_structure(lambda x: x + 1, {"a": Masked(True, 1)})["a"] == Masked(True, 2)


def test_composites_are_leaves_unless_expanded():
    ta = tf.TensorArray(tf.float32, 2)
    assert nest.flatten([ta]) == [ta]
    (lst,) = nest.flatten([ta], expand_composites=True)
    assert nest.pack_sequence_as([ta], [lst], expand_composites=True)[0].size().numpy() == 2
