"""Converted code with the real op table: ranges, rows, builtins, lists, TensorArrays."""

import warnings

import numpy as np
import pytest
from hidden import Hidden, HiddenInterpreter, reveal
from tfc import core, ops
from tfc.autograph import ConversionWarning, Feature, convert, do_not_convert
from tfc.ops.convert import convert_to_tensor
from tfc.ops.tensor_array import TensorArray


@pytest.fixture
def trace():
    with core.using(HiddenInterpreter()) as interpreter:
        yield interpreter


def t(value, dtype=None):
    with core.outside():
        return Hidden(convert_to_tensor(value, dtype))


def show(value):
    if isinstance(value, tuple):
        return tuple(map(show, value))
    return np.asarray(reveal(value)).tolist() if isinstance(value, core.Tensor) else value


def run(function, *args, **options):
    return show(convert(function, **options)(*args))


class tf:
    range = staticmethod(ops.range)
    stack = staticmethod(ops.stack)


def test_for_over_tf_range_makes_no_range(trace):
    def f(n):
        total = 0
        for i in tf.range(n):
            total += i
        return total, i

    names = []
    run_primitive = trace.run
    trace.run = lambda prim, args, attrs: names.append(prim.name) or run_primitive(prim, args, attrs)
    assert run(f, t(5)) == (10, 4)
    assert "range" not in names


def test_range_with_start_limit_delta(trace):
    def f(a, b, c):
        total = 0
        for i in tf.range(a, b, c):
            total = total * 10 + i
        return total

    assert run(f, t(1), t(8), 3) == 147
    assert run(f, 8, t(1), -3) == 852
    assert run(f, t(8), t(1), t(-3)) == 852


def test_range_of_int64_gives_int64(trace):
    def f(n):
        for i in tf.range(n):  # noqa: B007
            pass
        return i

    assert convert(f)(t(3, "int64")).dtype.name == "int64"


def test_range_delta_zero(trace):
    def f(n):
        for _ in tf.range(0, n, 0):
            pass

    with pytest.raises(ValueError, match="delta must not be 0"):
        convert(f)(t(3))


def test_range_of_floats(trace):
    def f(n):
        total = 0.0
        for x in tf.range(n):
            total += x
        return total

    assert run(f, t(3.0)) == 3.0


def test_for_over_a_range_value_makes_no_rows(trace):
    def f(n):
        r = tf.range(n)
        total = 0
        for i in r:
            total += i
        return total

    names = []
    run_primitive = trace.run
    trace.run = lambda prim, args, attrs: names.append(prim.name) or run_primitive(prim, args, attrs)
    assert run(f, t(4)) == 6
    assert not {"slice", "gather", "dynamic_slice"} & set(names)


def test_python_range_of_a_tensor(trace):
    def f(n):
        total = 0
        for i in range(n):
            total += i
        for i in range(1, n, 2):
            total += 100 * i
        return total

    assert run(f, t(4)) == 6 + 400


def test_for_over_rows(trace):
    def f(x):
        total = ops.zeros([2])
        for row in x:
            total = total + row
        return total

    assert run(f, t([[1.0, 2.0], [3.0, 4.0]])) == [4.0, 6.0]


def test_for_over_an_eager_tensor_is_a_loop(trace):
    x = convert_to_tensor([1, 2, 3])
    runs = []

    @do_not_convert
    def note():
        runs.append(1)

    def f(n):
        total = n
        for i in x:
            note()
            total += i
        return total

    assert run(f, t(0)) == 6
    assert len(runs) == 3


def test_scalar_cannot_be_iterated_over(trace):
    def f(x):
        for _ in x:
            pass

    with pytest.raises(ValueError, match="len requires a non-scalar tensor"):
        convert(f)(t(1))


def test_enumerate_and_zip(trace):
    def f(x, y):
        total = 0
        pairs = zip(x, y)
        for i, (a, b) in enumerate(pairs, 1):
            total += i * a * b
        return total

    assert run(f, t([1, 2, 3]), t([4, 5, 6, 7])) == 1 * 4 + 2 * 10 + 3 * 18


def test_builtins_on_tensors(trace):
    def f(v, a, b):
        return max(v), min(v), sum(v), max(a, b, 0), min([a, b]), len(v), abs(a), int(b), float(b)

    assert run(f, t([3, 1, 2]), t(-1), t(5)) == (3, 1, 6, 5, -1, 3, 1, 5, 5.0)


def test_any_and_all_on_tensors(trace):
    def f(v, a, b):
        return any(v), all(v), any([a, b]), all((a, b)), any([1, 0]), all([])

    assert run(f, t([True, False]), t(True), t(False)) == (True, False, True, False, True, True)


def test_sorted_on_a_tensor(trace):
    def f(v):
        return sorted(v), sorted(v, reverse=True), sorted([2, 1])

    assert run(f, t([3, 1, 2])) == ([1, 2, 3], [3, 2, 1], [1, 2])


def test_max_of_a_matrix(trace):
    def f(v):
        return max(v)

    with pytest.raises(ValueError, match="takes a scalar or a vector"):
        convert(f)(t([[1, 2]]))


def test_int_with_another_base(trace):
    def f(v):
        return int(v, 16)

    with pytest.raises(NotImplementedError, match="base=16"):
        convert(f)(t(1))


def test_list_append_in_a_tensor_loop(trace):
    def f(n):
        xs = []
        for i in tf.range(n):
            if i > 0:
                xs.append(i * 10)
        return tf.stack(xs), len(xs), xs[0], xs[-1]

    assert run(f, t(4)) == ([10, 20, 30], 3, 10, 30)


def test_list_with_elements_before_the_loop(trace):
    def f(n):
        xs = [1, 2]
        i = 0
        while i < n:
            xs.append(i)
            i += 1
        return tf.stack(xs)

    assert run(f, t(2)) == [1, 2, 0, 1]


def test_list_append_in_nested_tensor_loops(trace):
    def f(n):
        xs = []
        for i in tf.range(n):
            for j in tf.range(i):
                xs.append(i * 10 + j)
        return tf.stack(xs)

    assert run(f, t(4)) == [10, 20, 21, 30, 31, 32]


def test_list_of_different_shapes(trace):
    def f(n):
        xs = []
        for _ in tf.range(n):
            xs.append(ops.zeros([2]))
            xs.append(ops.zeros([3]))
        return xs

    with pytest.raises(ValueError, match=r"'xs' gets elements of different types.*float32\[2\] and float32\[3\]"):
        convert(f)(t(3))


def test_list_append_in_one_branch(trace):
    def f(c):
        xs = [1]
        if c:
            xs.append(2)
        return xs

    with pytest.raises(TypeError, match="'xs' must have the same nested structure"):
        convert(f)(t(True))


def test_list_append_in_both_branches(trace):
    def f(c):
        xs = []
        if c:
            xs.append(2)
        else:
            xs.append(3)
        return xs[0], len(xs)

    assert run(f, t(True)) == (2, 1)
    assert run(f, t(False)) == (3, 1)


def test_list_append_in_a_python_loop_stays_a_list(trace):
    def f(x):
        xs = []
        for i in range(3):
            xs.append(x + i)
        return tuple(xs)

    assert run(f, t(1)) == (1, 2, 3)


def test_tensor_array_as_loop_variable(trace):
    def f(n):
        ta = TensorArray("int32", size=n)
        for i in tf.range(n):
            ta = ta.write(i, i * i)
        total = 0
        for x in ta:
            total += x
        return ta.stack(), total, len(ta)

    assert run(f, t(4)) == ([0, 1, 4, 9], 14, 4)


def test_tensor_array_made_in_one_branch_of_a_guard(trace):
    def f(n, c):
        ta = TensorArray("int32", size=n)
        for i in tf.range(n):
            if c:
                break
            ta = ta.write(i, i)
        return ta.stack()

    assert run(f, t(2), t(False)) == [0, 1]


def test_dropped_write_warns_once(trace):
    def f(n):
        ta = TensorArray("int32", size=n, element_shape=[])
        ta.write(0, 1)
        return ta.stack()

    with pytest.warns(ConversionWarning, match="result of a TensorArray method is not used") as caught:
        convert(f)(t(2))
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        convert(f)(t(2))


def test_assert_on_a_tensor(trace):
    def f(x):
        assert x > 0, "must be positive"
        return x

    convert(f)(t(1))
    assert trace.messages == []
    convert(f)(t(-1))
    assert "must be positive" in trace.messages[0]
    assert "assert x > 0" in trace.messages[0]


def test_loop_that_never_runs_cannot_initialize(trace):
    def f(n):
        for i in tf.range(n):
            x = i * 2
        return x

    convert(f)(t(0))
    assert trace.messages == ["loop must iterate at least once to initialize x"]


def test_while_on_a_constant_tensor_is_a_tensor_loop(trace):
    def f(n):
        i = 0
        while convert_to_tensor(True):
            i += 1
            if i > n:
                break
        return i

    assert run(f, t(3)) == 4


def test_large_unrolled_loop_warns_with_its_line(trace, monkeypatch):
    from tfc.autograph.operators import limits

    monkeypatch.setattr(limits, "WARN_AFTER", 5)

    def f(x):
        for _ in range(9):
            x = x + 1
        return x

    with pytest.warns(ConversionWarning, match="Large unrolled loop detected(.|\n)*[0-9]+ operations") as caught:
        convert(f)(t(1))
    assert caught[0].filename == __file__


def test_iteration_limit(trace, monkeypatch):
    from tfc.autograph.operators import limits

    monkeypatch.setattr(limits, "MOST", 5)

    def f():
        while True:
            pass

    with pytest.raises(ValueError, match="iteration limit exceeded"):
        convert(f)()


def test_print_is_python_print_without_the_feature(trace, capsys):
    def f(x):
        print("traced", 1)
        return x

    convert(f)(t(1))
    convert(f, features=Feature.BUILTIN_FUNCTIONS)(t(1))
    assert capsys.readouterr().out == "traced 1\n" * 2


def test_functions_given_to_operations_are_converted(trace):
    def g(x):
        if x > 1:
            return x * 10
        return x

    def f(v, c):
        return ops.map_fn(g, v), ops.cond(c, lambda: g(v[0]), lambda: g(v[1]))

    assert run(f, t([1, 2, 3]), t(False)) == ([1, 20, 30], 20)


def test_variable_object_becomes_its_value(trace, monkeypatch):
    from tfc.autograph import seam

    class Stored:
        dtype = convert_to_tensor(1).dtype

        def __add__(self, other):
            return t(5) + other

    monkeypatch.setattr(seam, "is_variable", lambda x: isinstance(x, Stored))
    real = seam.tensor
    monkeypatch.setattr(seam, "tensor", lambda x, dtype=None: t(5) if isinstance(x, Stored) else real(x, dtype))

    def f(v, c, n):
        x = v
        for i in tf.range(n):
            x = x + i
        if c:
            y = v
        else:
            y = x
        return x, y

    assert run(f, Stored(), t(True), t(3)) == (8, 5)
