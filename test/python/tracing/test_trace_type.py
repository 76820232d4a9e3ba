"""Trace types: equality, subtyping, common supertypes."""

import collections
import gc
import weakref

import pytest
import tfc as tf
from hypothesis import given
from hypothesis import strategies as st
from tfc.tracing import TracingContext, type_of

Point = collections.namedtuple("Point", "x y")


def t(value, specs=True):
    return type_of(value, TracingContext(specs))


def spec(*dims):
    return tf.TensorSpec(dims)


LEAVES = st.one_of(
    st.integers(-2, 2), st.booleans(), st.sampled_from([0.0, -0.0, 1.0, "a", None]),
    st.sampled_from([spec(2), spec(None), tf.TensorSpec(None), tf.TensorSpec([2], tf.int32)]),
)  # fmt: skip
NESTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.tuples(inner, inner),
        st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
        st.builds(Point, inner, inner),
    ),
    max_leaves=4,
)


@given(NESTS, NESTS)
def test_supertypes_are_above_both(a, b):
    x, y = t(a), t(b)
    assert x == t(a) and hash(x) == hash(t(a)) and x.is_subtype_of(x)
    common = x.most_specific_common_supertype([y])
    if common is not None:
        assert x.is_subtype_of(common) and y.is_subtype_of(common)
    if x.is_subtype_of(y) and y.is_subtype_of(x):
        assert x == y


def test_sizes_that_differ_become_unknown():
    assert t(spec(2, 3)).most_specific_common_supertype([t(spec(2, 4))]) == t(spec(2, None))
    assert t(spec(2)).most_specific_common_supertype([t(spec(2, 3))]) == t(tf.TensorSpec(None))
    assert t(1).most_specific_common_supertype([t(2)]) is None


def test_dead_objects_match_nothing():
    class Plain:
        pass

    p = Plain()
    made = t(p)
    assert made == t(p)
    del p
    gc.collect()
    assert made != made and not made.alive


def test_types_do_not_keep_objects_alive():
    class Plain:
        def method(self):
            pass

    p = Plain()
    reference = weakref.ref(p)
    made = t([p, p.method])
    assert made == t([p, p.method])
    del p
    gc.collect()
    assert reference() is None and made is not None


def test_objects_with_equality_match_by_it():
    class Equal:
        def __eq__(self, other):
            return True

        __hash__ = lambda self: 1

    a, b = Equal(), Equal()
    assert t(a) == t(b)


def test_text_is_that_of_tensorflow():
    assert repr(t(7)) == "Literal[7]" and repr(t(spec(2))) == "TensorSpec(shape=(2,), dtype=tf.float32, name=None)"
    assert (
        repr(t([1, (2,)])) == "List[Literal[1], Tuple[Literal[2]]]" and repr(t({"a": 1})) == "Dict[['a', Literal[1]]]"
    )


@pytest.mark.parametrize("value", [[spec(2), 1], {"a": (spec(2),)}, Point(spec(2), None)])
def test_casting_checks_structure_and_types(value):
    made = t(value)
    with pytest.raises(TypeError, match="Can not cast"):
        made.cast(3)


def test_aliases_are_counted_within_a_call():
    context = TracingContext()
    v, w = tf.Variable(1.0), tf.Variable(1.0)
    assert [type_of(x, context).alias for x in (v, w, v)] == [0, 1, 0]


def test_an_object_without_a_description_is_an_argument():
    class Silent:
        def __repr__(self):
            raise RuntimeError("asked")

    f = tf.function(lambda x, silent: x + 1.0)
    assert float(f(tf.constant(1.0), 1)) == float(f(tf.constant(1.0), Silent())) == 2.0
