"""Converted code keeps Python's own meaning: what is called, in which order, with which scope and which
error.
"""

import contextlib
import functools
import threading
import traceback
import warnings

import pytest
from tfc.autograph import ConversionWarning, convert, do_not_convert, is_converted

COUNTER = 0


def same(function, *args, **kwargs):
    """The result of the converted function, which must be that of the original."""
    made = convert(function)
    assert is_converted(made)
    expected, got = function(*args, **kwargs), made(*args, **kwargs)
    assert got == expected
    return got


def test_defaults_and_keywords_are_kept():
    def f(a, /, b=2, *rest, c, d=4, **more):
        if a:
            return a, b, rest, c, d, more

    same(f, 1, c=3)
    same(f, 1, 5, 6, 7, c=3, d=8, e=9)


def test_missing_argument_is_python_type_error():
    def f(a):
        return a

    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        convert(f)()


def test_nonlocal_is_shared_with_the_original():
    count = 0

    def f(n):
        nonlocal count
        for _ in range(n):
            if n:
                count += 1

    convert(f)(3)
    f(2)
    assert count == 5


def test_global_write_inside_a_branch():
    def f(x):
        global COUNTER
        if x:
            COUNTER += x

    convert(f)(3)
    assert COUNTER == 3


def test_closure_sees_later_assignments():
    def f(x):
        def inner():
            return y + x

        y = 1
        if x > 0:
            y = 10
        return inner()

    same(f, 1)
    same(f, -1)


def test_chained_comparison_evaluates_the_middle_once():
    calls = []

    def middle():
        calls.append(1)
        return 5

    def f():
        return 1 < middle() < 10

    assert convert(f)() is True
    assert len(calls) == 1


def test_chained_comparison_stops_at_the_first_false():
    def f(log):
        return log.append(1) > 5 or 3 if False else 5 < 1 < log.append(2)

    log = []
    assert convert(f)(log) is False
    assert log == []


def test_and_or_return_their_operands():
    def f(a, b, c):
        return a and b, a or b, a and b or c, not a

    for a in (0, "", 3):
        same(f, a, [1], "c")


def test_and_or_are_lazy():
    def f(x):
        return x is not None and x.value > 1, x is None or x.value

    assert convert(f)(None) == (False, True)


def test_walrus_in_a_condition():
    def f(xs):
        out = []
        while (x := xs.pop()) and (y := x - 1):
            out.append((x, y))
        if (n := len(out)) > 1 and (m := n * 2) > 3:
            return out, n, m, x
        return n, x

    for xs in ([0, 5, 4, 3], [1, 4], [0]):
        assert convert(f)(list(xs)) == f(list(xs))


def test_test_of_a_while_is_evaluated_once_an_iteration():
    def f(xs):
        while xs.pop():
            pass
        return xs

    assert convert(f)([7, 0, 1, 1]) == f([7, 0, 1, 1]) == [7]


def test_for_stops_pulling_items_after_break():
    def f(iterator):
        for x in iterator:
            if x == 2:
                break
        return next(iterator)

    assert convert(f)(iter(range(9))) == 3


def test_loop_variable_outlives_the_loop():
    def f(n):
        for i, (a, *b) in enumerate([(1, 2, 3)] * n):  # noqa: B007
            pass
        return i, a, b

    same(f, 3)
    with pytest.raises(UnboundLocalError):
        convert(f)(0)


def test_for_else_and_while_else():
    def f(n, stop):
        for i in range(n):
            if i == stop:
                break
        else:
            n = -1
        while n > 0:
            n -= 2
            if n == stop:
                break
        else:
            return "ended", n
        return "broke", n

    for n in range(6):
        for stop in range(4):
            same(f, n, stop)


def test_return_in_try_runs_finally_and_skips_else():
    def f(x, log):
        for i in range(3):
            try:
                if x == i:
                    return i
                if x == 5:
                    raise KeyError(x)
            except KeyError:
                log.append("except")
                continue
            else:
                log.append("else")
            finally:
                log.append("finally")
        return "end"

    for x in (0, 1, 5, 9):
        a, b = [], []
        assert convert(f)(x, a) == f(x, b)
        assert a == b


def test_return_in_with():
    def f(x):
        with contextlib.suppress(ZeroDivisionError):
            if x:
                return 1 / (x - 1)
        return "suppressed"

    for x in (0, 1, 3):
        same(f, x)


def test_break_in_match():
    def f(xs):
        total = 0
        for x in xs:
            match x:
                case 0:
                    break
                case [a, *rest] if a:
                    total += len(rest)
                case {"k": v, **more}:
                    total += v + len(more)
                case _:
                    continue
            total += 1
        return total

    same(f, [[1, 2], {"k": 3, "z": 1}, "x", 0, [1]])


def test_finally_with_a_jump_runs_as_it_is():
    def f():
        for _ in range(2):
            try:
                pass
            finally:
                break  # noqa: B012
        return 1

    with pytest.warns(ConversionWarning, match="finally"):
        assert convert(f) is f


def test_delete_in_a_branch():
    def f(x):
        y = 1
        if x:
            del y
        return y

    assert convert(f)(0) == 1
    with pytest.raises(UnboundLocalError):
        convert(f)(1)


def test_unbound_variable_raises_on_use_only():
    def f(x, use):
        if x:
            y = 1
        if use:
            return y

    assert convert(f)(False, False) is None
    with pytest.raises(UnboundLocalError, match="'y' is used before assignment"):
        convert(f)(False, True)


def test_annotations_of_locals_are_allowed():
    def f(x: int) -> "int":
        y: int = x
        z: str
        if x:
            y: float = x + 1
            z = "a"
            w: list[nothing] = [z]  # noqa: F821, F841
        return y

    same(f, 1)


class Base:
    def scale(self):
        return 10

    def __hidden(self):
        return 1

    def use_hidden(self, __x=2):
        if __x:
            __y = self.__hidden()
        return __y + __x


class Derived(Base):
    def scale(self):
        for _ in range(2):
            if super().scale() > 5:
                return super().scale() + len([0 for _ in range(3)])

    @classmethod
    def make(cls, x):
        if x:
            return cls, x

    @staticmethod
    def plain(x):
        return x if x else None

    @property
    def doubled(self):
        return 2 * self.scale()

    def __call__(self, x):
        return self.scale() + x if x else 0


def test_super_without_arguments():
    assert convert(Derived().scale)() == 13


def test_private_names():
    assert convert(Base().use_hidden)() == 3


def test_class_and_static_methods():
    assert convert(Derived.make)(3) == (Derived, 3)
    assert convert(Derived.plain)(3) == 3


def test_callable_object_and_partial():
    assert convert(Derived())(4) == 17
    assert convert(functools.partial(Derived.plain, x=3))() == 3


def test_class_in_a_function():
    def f(x):
        scale = 3

        class C:
            y = 2
            z = [scale for _ in (1, 2)]

            def m(self, a):
                if a:
                    return a * scale * self.y
                return __class__.y

        return C().m(x), C.z

    same(f, 0)
    same(f, 2)


def test_decorator_with_wraps_is_honoured():
    def twice(fn):
        @functools.wraps(fn)
        def wrapper(*args):
            return fn(*args) * 2

        return wrapper

    @twice
    def f(x):
        if x > 0:
            return x
        return -x

    assert convert(f)(-3) == 6
    assert convert(f).__name__ == "f"


def test_recursive_function():
    def fib(n):
        if n < 2:
            return n
        return fib(n - 1) + fib(n - 2)

    same(fib, 10)


def test_lambdas_on_one_line_are_told_apart():
    f, g = lambda x: x + 1 if x else 0, lambda x: x + 2 if x else 0
    assert (convert(f)(1), convert(g)(1)) == (2, 3)


def test_multiline_lambda():
    f = (
        lambda x, y=2: (
            x and y
        )
    )  # fmt: skip
    assert same(f, 1) == 2


def test_comprehensions_and_nested_lambdas():
    def f(xs):
        k = 2
        if xs:
            k = 3
        out = [(lambda y: y * k if y else k)(x) for x in xs if x and x < 9]
        return out, {x: k for x in xs}, sum(x * k for x in xs)

    same(f, [0, 1, 2, 10])


def test_generator_runs_as_is_with_one_warning():
    def gen(n):
        for i in range(n):
            if i:
                yield i

    def f():
        return list(gen(3)) + list(gen(3))

    with pytest.warns(ConversionWarning, match="generators are not supported"):
        made = convert(gen)
    assert made is gen
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert convert(f)() == [1, 2, 1, 2]


def test_function_without_source_warns_once_and_runs():
    names = {}
    exec("def f(x):\n    return x + 1", names)
    f = names["f"]
    with pytest.warns(ConversionWarning, match="AutoGraph could not transform f") as caught:
        assert convert(f)(1) == 2
        assert convert(f)(2) == 3
    assert len(caught) == 1


def test_do_not_convert():
    @do_not_convert
    def f(x):
        return x

    assert convert(f) is f
    assert f(1) == 1


def test_traceback_shows_the_users_line_and_function():
    def f(x):
        for _ in range(1):
            if x:
                raise KeyError(x)

    with pytest.raises(KeyError) as caught:
        convert(f)(1)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert last.filename == __file__
    assert last.name == "f"
    assert "raise KeyError" in last.line


def test_assert_raises_assertion_error_with_message():
    def f(x):
        assert x > 0, f"bad {x}"

    convert(f)(1)
    with pytest.raises(AssertionError, match="bad -1"):
        convert(f)(-1)


def test_exceptions_keep_their_type():
    class Mine(Exception):
        def __init__(self, a, b):
            super().__init__(a, b)

    def g():
        raise Mine(1, 2)

    def f():
        if True:
            return g()

    with pytest.raises(Mine):
        convert(f)()


def test_conversion_is_cached():
    def f(x):
        return x

    assert convert(f).__code__ is convert(f).__code__
    assert convert(convert(f)).__code__ is convert(f).__code__


def test_conversion_in_many_threads_happens_once():
    def f(x):
        if x:
            return x
        return 0

    codes, barrier = [], threading.Barrier(8)

    def work():
        barrier.wait()
        codes.append(convert(f).__code__)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(codes) == 8 and len({id(c) for c in codes}) == 1


def test_each_closure_keeps_its_own_cells():
    def make(k):
        def f(x):
            return x + k if x else k

        return f

    assert [convert(make(k))(1) for k in (1, 2)] == [2, 3]


def test_function_passed_to_python_is_converted_where_it_was_made():
    def f(xs):
        def key(x):
            return -x if x % 2 else x

        return sorted(xs, key=key), list(map(lambda x: x if x > 2 else 0, xs))

    same(f, [1, 2, 3, 4])


def test_method_list_append_and_other_appends():
    class Log:
        def __init__(self):
            self.seen = []

        def append(self, x):
            self.seen.append(x)

    def f(n):
        log, xs = Log(), []
        for i in range(n):
            log.append(i)
            xs.append(i)
            log.seen.append(-i)
        return log.seen, xs

    same(f, 3)


def test_loop_targets_that_are_attributes():
    class Box:
        pass

    def f(n):
        box, d = Box(), {}
        for box.i in range(n):
            d["k"] = box.i
            for d["j"] in range(2):
                if d["j"]:
                    box.last = d["j"]
        return box.i, box.last, d

    same(f, 3)


def test_starred_and_keyword_arguments_evaluate_in_order():
    def f(log):
        def note(x):
            log.append(x)
            return x

        return note(print)(*[note(1)], **{"end": note("")}) or log

    assert [x for x in convert(f)([]) if x is not print] == [1, ""]


def test_import_and_with_and_except_bind_names():
    def f(x):
        if x:
            import math as m

            with contextlib.nullcontext(3) as y:
                pass
            try:
                raise ValueError("v")
            except ValueError as e:
                z = str(e)
            return m.floor(2.5), y, z

    same(f, 1)


def test_names_are_the_users():
    def f(x):
        if x:

            class C:
                def m(self):
                    return 1

            def g():
                return 2

            return C, g, C.m

    assert [v.__qualname__ for v in convert(f)(1)] == [v.__qualname__ for v in f(1)]


def test_recursion_goes_as_deep_as_half_of_pythons():
    def f(n):
        if n == 0:
            return 0
        return f(n - 1) + 1

    assert convert(f)(200) == 200
