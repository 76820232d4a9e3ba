"""What makes two calls the same for a Function."""

import collections
import dataclasses
import enum
import functools
import gc
import math
import weakref

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfc import _native
from tfc._native import EagerTensor, Function, VariableStorage

FUNCTION = Function()


def key(*args, **kwargs):
    return FUNCTION._key(args, kwargs)


def eager(value, dtype=np.float32):
    return EagerTensor.from_numpy(np.array(value, dtype))


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Level(enum.IntEnum):
    LOW = 1


Point = collections.namedtuple("Point", "x y")
Pair = collections.namedtuple("Pair", "x y")


@dataclasses.dataclass(frozen=True)
class Record:
    x: int


class Plain:
    pass


DISTINCT = [
    1, True, 1.0, 1j, "1", b"1", None, 0, False, 0.0, -0.0, "", b"", (), [], {}, ..., math.nan, math.inf,
    2**63, -(2**63) - 1, 2**64, (1,), [1], [[1]], ((1,),), (1, 2), (2, 1), {"a": 1}, {"b": 1}, {"a": 2}, {1:
    1}, {"a": {"a": 1}}, "é", "日本", "\0", "\0\0", slice(1, 2), slice(1, 2, 3), (1, 2, 3), Point(1, 2),
    Pair(1, 2), Color.RED, Color.BLUE, Level.LOW, np.float32, np.dtype("float32"), float, len, math.sin,
    Plain, eager(1), eager([1]), eager([[1]]), eager([1, 2]), eager(1, np.float64), np.float32(1),
    np.ones(1, np.float32), np.int32(1), np.array(1, np.float32), np.ones((1, 1), np.float32),
    np.bool_(True), ml_dtypes.bfloat16(1), VariableStorage("float32", (1,)), VariableStorage("float32",
    (None,)), VariableStorage("float32", None),
]  # fmt: skip


def test_values_of_different_type_or_value_have_different_keys():
    keys = [key(value) for value in DISTINCT]
    assert None not in keys
    same = [(a, b) for i, a in enumerate(DISTINCT) for j, b in enumerate(DISTINCT[:i]) if keys[i] == keys[j]]
    assert not same


@pytest.mark.parametrize("make", [lambda: eager([1, 2]), lambda: np.ones((2, 3)), lambda: np.float32(3)])
def test_tensors_and_arrays_count_by_dtype_and_shape(make):
    assert key(make()) == key(make())


@pytest.mark.parametrize(
    "make",
    [lambda: 10**30, lambda: float("nan"), lambda: "ab" * 3, lambda: b"ab", lambda: [1, {"a": (2.5, None)}]]
    + [lambda: Point(1, eager(2)), lambda: slice(1, None), lambda: Level.LOW, lambda: complex(1, 2)],
)
def test_python_values_count_by_value(make):
    assert key(make()) == key(make())


def test_array_subclasses_count_as_arrays():
    assert key(np.ones((1, 2)).view(np.matrix)) == key(np.ones((1, 2)))


def test_order_of_dicts_and_keywords_does_not_matter():
    assert key({"a": 1, "b": 2}) == key({"b": 2, "a": 1})
    assert key(a=1, b=eager(2)) == key(b=eager(3), a=1)
    assert key(1) != key(a=1)


def test_leaves_come_in_the_order_of_sorted_keys():
    args, kwargs = ([1, (2, 3)], {"b": 5, "a": 4}), {"z": 7, "y": Point(6, None)}
    assert FUNCTION._leaves(args, kwargs) == [1, 2, 3, 4, 5, 6, None, 7]


def test_variables_count_by_aliasing():
    v, w, x = (VariableStorage("float32", (1,)) for _ in range(3))
    assert key(v, w) == key(w, x) != key(v, v) == key(w, w)


def test_variables_count_by_their_tag():
    v = VariableStorage("float32", (1,))
    before = key(v)
    v._key_tag = 1
    assert key(v) != before
    with pytest.raises(ValueError, match="0 to 65535"):
        v._key_tag = -1


def test_variables_that_a_trace_captured_count_by_identity():
    function, captured, other = (
        Function(),
        *(VariableStorage("float32", (1,), np.ones(1, np.float32)) for _ in "ab"),
    )
    function._insert((), {}, _native.Entry(lambda inputs: [], [captured]))
    assert function._key((captured,), {}) != function._key((other,), {})


def test_objects_count_by_identity():
    a, b = Plain(), Plain()
    assert key(a) == key(a) != key(b)


def test_bound_methods_count_by_function_and_object():
    class Model:
        def call(self):
            pass

    a, b = Model(), Model()
    assert key(a.call) == key(a.call) != key(b.call)


def test_functions_and_partials_count_by_identity():
    f, g = (lambda: 1), (lambda: 1)
    assert key(f) == key(f) != key(g) and key(functools.partial(f)) != key(functools.partial(f))


def test_context_is_part_of_the_key():
    before = key(1)
    old = _native.set_context(3)
    try:
        assert key(1) != before
    finally:
        _native.set_context(old)
    assert key(1) == before


@pytest.mark.parametrize(
    "value",
    [
        Record(1),
        collections.OrderedDict(a=1),
        collections.UserDict(),
        collections.defaultdict(list),
        _native.Tensor(),
    ]
    + [{"a": 1, 2: 2}, np.array(["a"]), np.array([None]), {1, 2}, weakref.ref(Plain), "x" * 10_000],
    ids=lambda value: type(value).__name__,
)
def test_what_only_python_can_judge_is_slow(value):
    assert key(value) is None and key([{"a": value}]) is None


def test_deep_and_cyclic_lists_are_slow():
    cyclic = []
    cyclic.append(cyclic)
    assert key(cyclic) is None


def test_registered_kinds_win():
    class Special:
        def __array__(self, dtype=None, copy=None):
            return np.ones(1)

    special = Special()
    assert key(special) is None
    _native.register_key_kind(Special, "identity")
    assert key(special) == key(special) != key(Special())
    _native.register_key_kind(Special, "slow")
    assert key(special) is None
    with pytest.raises(ValueError, match="'slow', 'identity' or 'value'"):
        _native.register_key_kind(Special, "other")
    with pytest.raises(TypeError, match="weak references"):
        _native.register_key_kind(int, "identity")


def test_numbers_by_type_only():
    function = Function()
    function._scalars_by_type = True
    keys = [function._key((value,), {}) for value in (1, 2, 1.0, 2.0, True, False, 1j)]
    assert keys[0] == keys[1] and keys[2] == keys[3] and keys[4] == keys[5] and len(set(keys)) == 4


NESTS = st.recursive(
    st.one_of(st.integers(-3, 3), st.booleans(), st.none(), st.sampled_from([0.0, -0.0, 1.0, "a", "b", b"a"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.tuples(inner, inner), st.dictionaries(st.sampled_from("abc"), inner)
    ),
    max_leaves=6,
)


def exactly(nest):
    """A nest that is equal only to nests of the same types."""
    if isinstance(nest, dict):
        return ("dict", tuple((name, exactly(nest[name])) for name in sorted(nest)))
    if isinstance(nest, (list, tuple)):
        return (type(nest).__name__, tuple(map(exactly, nest)))
    return (type(nest).__name__, repr(nest))


@given(NESTS, NESTS)
def test_keys_are_equal_exactly_when_nests_are(a, b):
    assert (key(a) == key(b)) == (exactly(a) == exactly(b))


def test_keys_hold_nothing():
    p = Plain()
    reference = weakref.ref(p)
    key(p, [p], a={"b": p})
    del p
    gc.collect()
    assert reference() is None
