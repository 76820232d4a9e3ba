"""The rules of tensor control flow, and the errors that name the variable and the branch."""

import numpy as np
import pytest
from fake import Fake, hidden
from tfc.autograph import convert, do_not_convert, set_loop_options
from tfc.autograph.operators.iterated import Range

T = Fake(True)
F = Fake(False)
ONE = Fake(1)


def ints(n):
    return Range(Fake(0), Fake(n), Fake(1), True)


def run(function, *args):
    result = convert(function)(*args)
    if isinstance(result, tuple):
        return tuple(np.asarray(hidden(x)).tolist() for x in result)
    return np.asarray(hidden(result)).tolist()


# --- if


def test_if_runs_both_branches_and_selects(fake):
    log = []

    @do_not_convert
    def note(text):
        log.append(text)

    def f(c, x):
        if c:
            note("main")
            x = x + 1
        else:
            note("else")
            x = x - 1
        return x

    assert run(f, T, ONE) == 2
    assert run(f, F, ONE) == 0
    assert log == ["main", "else"] * 2


def test_condition_must_be_a_bool_scalar(fake):
    def f(c):
        if c:
            return 1
        return 2

    for bad in (ONE, Fake([True, False])):
        with pytest.raises(ValueError, match="condition of if statement expected to be `tf.bool` scalar"):
            convert(f)(bad)


def test_missing_in_else(fake):
    def f(c):
        if c:
            x = 1
        return x

    with pytest.raises(ValueError, match="'x' must also be initialized in the else branch"):
        convert(f)(T)


def test_missing_in_main(fake):
    def f(c):
        if c:
            pass
        else:
            x = 1
        return x

    with pytest.raises(ValueError, match="'x' must also be initialized in the main branch"):
        convert(f)(T)


def test_deleted_counts_as_missing(fake):
    def f(c, x):
        if c:
            del x
        return x

    with pytest.raises(ValueError, match="'x' must also be initialized in the main branch"):
        convert(f)(T, ONE)


def test_a_name_nobody_reads_may_be_missing(fake):
    def f(c, x):
        if c:
            y = x + 1
            x = y
        return x

    assert run(f, T, ONE) == 2


def test_none_in_one_branch(fake):
    def f(c):
        if c:
            x = None
        else:
            x = 1
        return x

    with pytest.raises(ValueError, match="'x' is None at the end of the main branch"):
        convert(f)(T)


def test_none_in_both_branches_that_nobody_reads_is_legal(fake):
    def f(c):
        if c:
            x = None
        else:
            x = None  # noqa: F841
        return 1

    assert convert(f)(T) == 1


def test_none_in_both_branches_that_is_read(fake):
    def f(c):
        if c:
            x = None
        else:
            x = None
        return x

    with pytest.raises(ValueError, match="'x' is None at the end of the main branch"):
        convert(f)(T)


def test_dtypes_differ(fake):
    def f(c):
        if c:
            x = 1
        else:
            x = 2.0
        return x

    with pytest.raises(TypeError, match="'x' has dtype int32 in the main branch, but dtype float32 in the else branch"):
        convert(f)(T)


def test_structures_differ(fake):
    def f(c):
        if c:
            x = (1, 2)
        else:
            x = (1, 2, 3)
        return x

    with pytest.raises(TypeError, match="'x' must have the same nested structure in the main and else branches"):
        convert(f)(T)


def test_nested_structures_are_merged(fake):
    def f(c):
        if c:
            x = {"a": 1, "b": (2, [3])}
        else:
            x = {"a": 4, "b": (2, [6])}
        return x["a"], x["b"][0], x["b"][1][0]

    assert run(f, F) == (4, 2, 6)


def test_return_in_one_branch_only(fake):
    def f(c):
        if c:
            return 1

    with pytest.raises(ValueError, match="the else branch must also have a return statement"):
        convert(f)(T)


def test_early_return(fake):
    def f(c, d):
        if c:
            return 1
        if d:
            return 2
        return 3

    assert [run(f, Fake(c), Fake(d)) for c in (True, False) for d in (True, False)] == [1, 1, 2, 3]


def test_nested_partial_returns(fake):
    def f(c, d, x):
        if c:
            if d:
                return x + 1
            y = x * 2
        else:
            y = x * 3
        return y

    cases = [(c, d) for c in (True, False) for d in (True, False)]
    assert [run(f, Fake(c), Fake(d), Fake(5)) for c, d in cases] == [6, 10, 15, 15]


def test_return_without_value_in_both_branches(fake):
    def f(c):
        if c:
            return
        c = 1

    assert convert(f)(T) is None


def test_attribute_set_in_one_branch_only(fake):
    class Box:
        pass

    def f(box, c):
        if c:
            box.x = 5
        return box.x + 1

    with pytest.raises(ValueError, match="'box.x' must also be initialized in the else branch"):
        convert(f)(Box(), T)


def test_python_value_equal_in_both_branches_stays_python(fake):
    def f(c):
        if c:
            n = 3
        else:
            n = 3
        return [0] * n

    assert convert(f)(T) == [0, 0, 0]


def test_raise_in_a_branch_happens_while_tracing(fake):
    def f(c):
        if c:
            raise KeyError("k")
        return 1

    with pytest.raises(KeyError):
        convert(f)(F)


# --- conditional expressions, and, or, not


def test_conditional_expression(fake):
    def f(c, d):
        return 1 if c else 2 if d else 3

    assert [run(f, Fake(c), Fake(d)) for c in (True, False) for d in (True, False)] == [1, 1, 2, 3]


def test_conditional_expression_dtypes(fake):
    def f(c):
        return 1 if c else 2.0

    with pytest.raises(TypeError, match="int32 in the main branch, but dtype float32"):
        convert(f)(T)


def test_logical_operators(fake):
    def f(a, b):
        return a and b, a or b, not a, a and b and not a, (a or b) and True  # noqa: SIM220

    for a in (True, False):
        for b in (True, False):
            assert run(f, Fake(a), Fake(b)) == (a and b, a or b, not a, False, a or b)
            assert run(f, Fake(a), b)[:3] == (a and b, a or b, not a)


def test_chained_comparison(fake):
    def f(a, b, c):
        return a < b <= c < 9

    for args in ((1, 2, 3), (1, 1, 3), (1, 2, 9)):
        assert run(f, *map(Fake, args)) == (args[0] < args[1] <= args[2] < 9)


# --- while


def test_while(fake):
    def f(n, x):
        i = 0
        while i < n:
            x = x * 2
            i += 1
        return x, i

    assert run(f, Fake(3), ONE) == (8, 3)
    assert run(f, Fake(0), ONE) == (1, 0)


def test_while_condition_must_be_a_bool_scalar(fake):
    def f(n):
        while n:
            n = n - 1

    with pytest.raises(ValueError, match="condition of while loop expected to be `tf.bool` scalar"):
        convert(f)(ONE)


def test_a_while_that_starts_in_python_goes_on_as_a_loop_of_the_program(fake):
    def f(n):
        i = 0
        while i < 3:
            i = i + n
        return i

    assert run(f, Fake(2)) == 4
    assert run(f, Fake(5)) == 5


def test_a_tensor_may_leave_a_while_that_starts_in_python(fake):
    def f(n):
        i = 0
        while True:
            i += 1
            if i > n:
                break
        return i

    assert run(f, Fake(0)) == 1
    assert run(f, Fake(3)) == 4


def test_tensor_break_in_python_for(fake):
    def f(n):
        for _ in range(3):
            if n > 0:
                break

    with pytest.raises(NotImplementedError, match="not supported in Python for loops"):
        convert(f)(ONE)


def test_loop_created_variable(fake):
    def f(n):
        for i in ints(n):
            x = i * 2
        return x, i

    assert run(f, 3) == (4, 2)
    assert fake.checks == [(True, "loop must iterate at least once to initialize i, x")]


def test_loop_created_variable_in_a_loop_that_never_runs(fake):
    def f(n):
        i = 0
        while i < n:
            x = 2.0
            i += 1
        return x

    convert(f)(Fake(0))
    assert fake.checks == [(False, "loop must iterate at least once to initialize x")]


def test_loop_variable_read_before_it_is_defined(fake):
    def f(n):
        i = 0
        while i < n:
            x = x + 1  # noqa: F821
            i += 1
        return x

    with pytest.raises(ValueError, match="'x' must be defined before the loop(.|\n)*ran into a UnboundLocalError"):
        convert(f)(ONE)


def test_loop_variable_is_none_before(fake):
    def f(n):
        x = None
        for i in ints(n):
            x = i if x is None else x + i
        return x

    with pytest.raises(ValueError, match="'x' is not allowed to be None before the loop."):
        convert(f)(3)


def test_loop_variable_is_none_before_and_nobody_looks(fake):
    def f(n):
        x = y = None
        for i in ints(n):
            x = i
            y = x + 1
        return x, y

    assert [hidden(v) for v in convert(f)(3)] == [2, 3]


def test_loop_variable_is_none_after(fake):
    def f(n):
        x = 1
        for _ in ints(n):
            x = None
        return x

    with pytest.raises(ValueError, match="'x' is None at the end of the iteration."):
        convert(f)(3)


def test_loop_variable_changes_dtype(fake):
    def f(n, x):
        for _ in ints(n):
            x = x * 0.5
        return x

    message = "'x' has dtype int32 before the loop, but dtype float32 after one iteration"
    with pytest.raises(TypeError, match=message):
        convert(f)(3, ONE)


def test_loop_variable_changes_shape(fake):
    def f(n):
        x = Fake([1])
        for _ in ints(n):
            x = Fake([1, 2])
        return x

    with pytest.raises(ValueError, match=r"'x' has shape \(1,\) before the loop, but shape \(2,\) after one iteration"):
        convert(f)(3)


def test_shape_invariant_lets_a_shape_change(fake):
    def f(n):
        x = Fake([1])
        for _ in ints(n):
            set_loop_options(shape_invariants=[(x, (None,))])
            x = Fake([1, 2])
        return x

    assert run(f, 2) == [1, 2]


def test_shape_invariant_violated(fake):
    def f(n):
        x = Fake([1])
        for _ in ints(n):
            set_loop_options(shape_invariants=[(x, (1,))])
            x = Fake([1, 2])
        return x

    message = r"'x' has shape \(2,\) after one iteration, which does not conform with the shape invariant \(1,\)"
    with pytest.raises(ValueError, match=message):
        convert(f)(2)


def test_maximum_iterations(fake):
    def f(n):
        x = 0
        for _ in ints(n):
            set_loop_options(maximum_iterations=2)
            x += 1
        return x

    assert run(f, 5) == 2


def test_loop_variable_changes_structure(fake):
    def f(n):
        x = (1, 2)
        for _ in ints(n):
            x = (1, 2, 3)
        return x

    with pytest.raises(TypeError, match="'x' does not have the same nested structure after one iteration"):
        convert(f)(3)


def test_return_inside_a_loop(fake):
    def f(xs, y):
        for x in xs:
            if x > y:
                return x
        return -1

    assert run(f, Fake([1, 4, 9]), Fake(2)) == 4
    assert run(f, Fake([1, 4, 9]), Fake(20)) == -1


def test_break_and_continue(fake):
    def f(xs):
        total = 0
        for x in xs:
            if x < 0:
                continue
            if x > 5:
                break
            y = x * 2
            total += y
        return total

    assert run(f, Fake([1, -4, 2, 9, 3])) == 6


def test_for_over_rows(fake):
    def f(xs):
        total = Fake([0, 0])
        for row in xs:
            total = total + row
        return total

    assert run(f, Fake([[1, 2], [3, 4]])) == [4, 6]


def test_scalar_cannot_be_iterated_over(fake, monkeypatch):
    from tfc.autograph import seam

    def length(value):
        raise ValueError("len requires a non-scalar tensor")

    monkeypatch.setattr(seam, "rows", lambda value, make: make(length(value), None))

    def f(x):
        for _ in x:
            pass

    with pytest.raises(ValueError, match="len requires a non-scalar tensor"):
        convert(f)(ONE)


def test_enumerate_and_zip_of_tensors(fake):
    def f(xs, ys):
        total = 0
        for i, (x, y) in enumerate(zip(xs, ys), 1):
            total += i * x * y
        return total

    assert run(f, Fake([1, 2, 3]), Fake([4, 5, 6, 7])) == 1 * 4 + 2 * 10 + 3 * 18


def test_zip_of_tensor_and_list_says_so(fake):
    def f(xs):
        for _, _ in zip(xs, [1, 2]):
            pass

    with pytest.raises(NotImplementedError, match="zip of tensors and Python iterables"):
        convert(f)(Fake([1, 2]))


def test_loop_else(fake):
    def f(xs):
        for x in xs:
            if x > 5:
                break
        else:
            return -1
        return x

    assert run(f, Fake([1, 9, 2])) == 9
    assert run(f, Fake([1, 3, 2])) == -1


def test_attribute_as_loop_variable(fake):
    class Box:
        x = 0

    def f(box, n):
        for i in ints(n):
            box.x = box.x + i
        return box.x

    assert run(f, Box(), 4) == 6


def test_python_object_in_a_loop_stays(fake):
    def f(n, layers):
        x = 1
        for _ in ints(n):
            layer = layers[0]
            x = layer(x)
        return x

    assert run(f, 3, [lambda x: x * 2]) == 8


def test_python_object_that_changes_in_a_loop(fake):
    def f(n):
        name = frozenset("a")
        for _ in ints(n):
            name = name | {"b"}
        return name

    with pytest.raises(TypeError, match="'name' must be a tensor or a number to change in a tensor loop"):
        convert(f)(3)


def test_nested_python_loop_in_tensor_loop(fake):
    def f(n):
        total = 0
        for i in ints(n):
            for j in range(3):
                if j == 2:
                    break
                total += i * j
        return total

    assert run(f, 3) == 3


def test_called_functions_are_converted(fake):
    def sign(x):
        if x > 0:
            return 1
        return -1

    def f(x):
        return sign(x) + (lambda y: 10 if y > 0 else 20)(x)

    assert run(f, ONE) == 11


def test_walrus_in_tensor_condition(fake):
    def f(x):
        if (y := x + 1) > 1 and (z := y * 2) > 3:  # noqa: F841
            return y
        return -y

    assert run(f, Fake(1)) == 2
    assert run(f, Fake(-4)) == 3


def test_state_is_restored_when_a_branch_fails(fake):
    class Box:
        x = 1

    def f(box, c):
        if c:
            box.x = 2
        else:
            raise KeyError

    box = Box()
    with pytest.raises(KeyError):
        convert(f)(box, T)
    assert box.x == 1


def test_name_read_after_continue_must_have_a_value(fake):
    def f(c):
        x = None
        for i in range(3):
            if c:
                continue
            x = i
        return x

    with pytest.raises(ValueError, match="'x' is None at the end of the"):
        convert(f)(T)


def test_name_not_read_after_continue_may_be_missing(fake):
    def f(c):
        total = 0
        for i in range(3):
            if c:
                continue
            x = i
            total += x
        return total

    assert run(f, F) == 3


def test_return_inside_a_loop_without_one_after(fake):
    def f(xs):
        for x in xs:
            if x > 2:
                return x

    with pytest.raises(ValueError, match="the else branch must also have a return statement"):
        convert(f)(Fake([1, 4]))


def test_return_values_of_two_dtypes(fake):
    def f(c):
        if c:
            return 1
        return 2.0

    message = "the return value has dtype int32 in the main branch, but dtype float32 in the else branch"
    with pytest.raises(TypeError, match=message):
        convert(f)(T)


def test_return_of_a_nest_inside_a_loop(fake):
    def f(xs):
        for i, x in enumerate(xs):
            if x > 2:
                return i, x
        return -1, 0

    assert run(f, Fake([1, 4])) == (1, 4)
    assert run(f, Fake([1, 2])) == (-1, 0)


def test_nested_loops_with_return_and_break(fake):
    def f(xs):
        count = 0
        for x in xs:
            for y in xs:
                if y > x:
                    break
                if x * y > 20:
                    return count, x, y
                count += 1
        return count, 0, 0

    def plain(xs):
        return f(xs)

    for xs in ([1, 2, 3], [5, 4, 6], [1, 5, 7]):
        assert run(f, Fake(xs)) == plain(xs)


def test_try_inside_a_tensor_branch(fake):
    def f(c, d):
        if c:
            try:
                x = d["k"]
            except KeyError:
                x = 2
            finally:
                d["done"] = 1
        else:
            x = 3
        return x

    assert run(f, T, {"done": 0}) == 2
    assert run(f, T, {"k": 5, "done": 1}) == 5


def test_python_condition_inside_a_tensor_loop(fake):
    def f(n, training):
        x = 1
        for _ in ints(n):
            if training:
                x = x * 2
            if not training:
                break
        return x

    assert run(f, 3, True) == 8
    assert run(f, 3, False) == 1


def test_exceptions_of_a_loop_body_leave_the_state_alone(fake):
    class Box:
        x = 1

    def f(box):
        for i in ints(3):
            box.x = box.x + i
            raise KeyError

    box = Box()
    with pytest.raises(KeyError):
        convert(f)(box)
    assert box.x == 1


def test_walrus_in_the_test_of_a_tensor_loop(fake):
    def f(x, stop):
        while (y := x * x) < 50:
            x += 1
            if x > stop:
                break
        return x, y

    assert run(f, Fake(2), Fake(100)) == (8, 64)
    assert run(f, Fake(2), Fake(3)) == (4, 9)
    assert run(f, Fake(20), Fake(3)) == (20, 400)
