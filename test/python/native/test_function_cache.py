"""The cache of a Function: bounds, equality, identity, guards, changes during a lookup."""

import gc
import threading
import weakref

import pytest
from tfc._native import AttributeGuard, Entry, Function, OutputConst


class Plain:
    pass


class Equal:
    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return self.value == other.value

    def __hash__(self):
        return 1


def echo(inputs):
    return inputs


def test_inserting_again_replaces(function):
    f = function(echo, [], OutputConst("old"))
    f(1)
    f._insert((1,), {}, Entry(echo, [], OutputConst("new")))
    assert f._cache_size == 1 and f(1) == "new"


def test_least_recently_used_goes_first(function):
    f = function(echo, [0])
    f._cache_limit = 3
    for i in (0, 1, 2, 0, 3):  # 1 is the oldest when 3 comes
        f(i)
    assert f._cache_size == 3
    misses = f._misses
    assert [f(i) for i in (0, 2, 3)] == [0, 2, 3] and f._misses == misses
    assert f(1) == "traced"


def test_many_keys(function):
    f = function(echo, [0])
    f._cache_limit = 1000
    for i in range(1000):
        f(i)
    assert [f(i) for i in range(1000)] == list(range(1000))
    f._cache_limit = 10
    assert f._cache_size == 10 and f(999) == 999
    f._clear_cache()
    assert f._cache_size == 0 and f(999) == "traced"


@pytest.mark.parametrize("limit", [0, -1, "a"])
def test_bad_limits(limit):
    with pytest.raises((ValueError, TypeError)):
        Function()._cache_limit = limit


def test_objects_with_equality_match_by_it(function):
    f = function(echo, [0])
    f(Equal(1))
    assert f(Equal(1)).value == 1
    assert f(Equal(2)) == "traced" and f._cache_size == 2
    assert f(Equal(1)).value == 1


def test_a_dead_object_never_matches(function):
    f = function(echo, [])
    hits = 0
    for _ in range(200):  # addresses repeat
        hits += f(Plain()) != "traced"
    assert hits == 0 and f._cache_size <= 200


def test_cached_keys_do_not_keep_objects_alive(function):
    f = function(echo, [], None)
    p = Plain()
    reference = weakref.ref(p)
    f(p)
    del p
    assert reference() is None


def test_guards_choose_between_entries(function):
    state = {"mode": 1}
    f = function(echo, [], OutputConst("one"), guard=lambda args, kwargs: state["mode"] == 1)
    assert f(5) == "traced" and f(5) == "one"
    state["mode"] = 2
    f.make = lambda: Entry(echo, [], OutputConst("two"), guard=lambda args, kwargs: state["mode"] == 2)
    assert f(5) == "traced" and f(5) == "two"
    state["mode"] = 1
    assert f(5) == "one" and f._cache_size == 2


def test_errors_of_guards_propagate(function):
    f = function(echo, [], None, guard=lambda args, kwargs: 1 // 0)
    f()
    with pytest.raises(ZeroDivisionError):
        f()


@pytest.mark.parametrize("seen", [1, 1.0, "a", None, True, AttributeGuard])
def test_attribute_guard_holds_while_the_value_is_the_same(function, seen):
    p = Plain()
    p.x = seen
    f = function(echo, [], None, guard=AttributeGuard([(p, "x", seen), (p, "y", AttributeGuard.MISSING)]))
    f(p)
    assert f(p) is None
    p.x = 2
    assert f(p) == "traced"
    p.x = seen
    assert f(p) is None
    p.y = 1
    assert f(p) == "traced"


def test_attribute_guard_tells_types_apart():
    p = Plain()
    guard = AttributeGuard([(p, "x", 1)])
    results = []
    for p.x in (1, True, 1.0, 2 - 1):
        results.append(guard())
    assert results == [True, False, False, True]


def test_attribute_guard_fails_when_the_object_is_dead():
    p = Plain()
    guard = AttributeGuard([(p, "x", AttributeGuard.MISSING)])
    assert guard() is True
    del p
    assert guard() is False


@pytest.mark.parametrize("conditions", [3, [3], [(1, "x", 2)], [(Plain, 1, 2)], [(Plain, "x")]])
def test_bad_attribute_guards(conditions):
    with pytest.raises(TypeError):
        AttributeGuard(conditions)


def test_general_entries_serve_any_size(executable, tensor):
    f = Function()
    entry = Entry(executable("positive", [(None,)], results=[(None,)]), [1], 0)
    assert f._insert((3, tensor([1])), {}, entry, {1: (None,)})
    for n in range(5):
        assert f(3, tensor([2] * n)).shape_tuple == (n,)
    assert f._hits == 5 and f._cache_size == 1 and f._entries() == [entry]
    for other in [(4, tensor([1])), (3, tensor([[1]])), (3, tensor([1], "float64")), (3,)]:
        with pytest.raises(NotImplementedError):
            f(*other)


def test_the_most_specific_general_entry_wins(tensor):
    f, x = Function(), tensor([[1, 2]])
    for shape in [(None, None), (None, 2), (1, None)]:
        f._insert((x,), {}, Entry(echo, [], OutputConst(shape)), {0: shape})
    f._insert((x,), {}, Entry(echo, [], OutputConst("exact")))
    assert f(x) == "exact" and f(tensor([[1, 2]] * 3)) == (None, 2)
    assert f(tensor([[1]])) == (1, None) and f(tensor([[1]] * 2)) == (None, None)


def test_inserting_a_general_entry_again_replaces(tensor):
    f = Function()
    for n in (1, 2):
        f._insert((tensor([1] * n),), {}, Entry(echo, [], OutputConst(n)), {0: (None,)})
    assert f._cache_size == 1 and f(tensor([1] * 3)) == 2
    f._clear_cache()
    assert f._cache_size == 0


def test_general_entries_do_not_keep_objects_alive(tensor):
    f, p = Function(), Plain()
    reference = weakref.ref(p)
    f._insert((p, tensor([1])), {}, Entry(echo, [], None), {1: (None,)})
    assert f(p, tensor([1, 2])) is None
    del p
    assert reference() is None


def test_guards_of_general_entries(tensor):
    f, p = Function(), Plain()
    for p.x in (1, 2):
        guard = AttributeGuard([(p, "x", p.x)])
        f._insert((tensor([1]),), {}, Entry(echo, [], OutputConst(p.x), guard=guard), {0: (None,)})
    for p.x in (2, 1):
        assert f(tensor([1, 2])) == p.x


@pytest.mark.parametrize(
    "shapes, error",
    [({1: (None,)}, ValueError), ({0: (None, None)}, ValueError), ({0: (3,)}, ValueError)]
    + [({-1: (None,)}, ValueError), ({"a": ()}, TypeError), ({0: "a"}, TypeError), (3, TypeError)],
)
def test_bad_general_shapes(tensor, shapes, error):
    with pytest.raises(error):
        Function()._insert((tensor([1]), 5), {}, Entry(echo, [], None), shapes)


def test_clearing_the_cache_inside_a_comparison(function):
    f = function(echo, [0])

    class Clearing(Equal):
        def __eq__(self, other):
            f._clear_cache()
            gc.collect()
            return True

        __hash__ = Equal.__hash__

    f(Clearing(1))
    assert f(Clearing(1)) == "traced"


def test_clearing_the_cache_during_a_call(function):
    f = function(lambda inputs: f._clear_cache() or inputs, [0])
    f(3)
    assert f(3) == 3


def test_recursion_and_threads(function):
    f = function(lambda inputs: [f(inputs[0] - 1) if inputs[0] else 0], [0])
    for i in range(20):
        f(i)
    threads = [threading.Thread(target=f, args=(19,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert f(19) == 0
