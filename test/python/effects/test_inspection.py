"""`concrete.effects()`: the partial order, and how it is shown."""

from xml.etree import ElementTree

import pytest
import tfc as tf


@pytest.fixture
def order():
    v, w = tf.Variable(1.0, name="v"), tf.Variable(2.0, name="w")

    @tf.function
    def f(x):
        v.assign(x)
        w.assign(x)
        tf.print(v)
        if x > 0.0:
            v.assign_add(w)
        tf.debugging.Assert(x < 9.0, [x])
        return v * 2.0

    return f.get_concrete_function(tf.TensorSpec([])).effects()


def find(order, op, source):
    return next(e for e in order if e.op == op and source in e.source)


def test_effects_are_the_program_s_in_its_order(order):
    assert [e.op for e in order] == [
        "assign_variable", "assign_variable", "read_variable", "print", "if", "read_variable", "read_variable",
        "assign_variable", "assert", "read_variable",
    ]  # fmt: skip
    assert len(order) == 10 and [e.id for e in order] == list(range(10)) and order[3] is order.effects[3]


def test_an_effect_has_a_source_line_and_resources(order):
    first = order[0]
    assert first.source == "v.assign(x)" and first.file == __file__ and first.function == "order.f"
    assert first.resources == {"v": "write"} and first.touches == "writes v" and not first.external
    assert find(order, "if", "if x").resources == {"v": "readwrite", "w": "read"}
    assert find(order, "assert", "Assert").resources == {"outcome": "write"}
    assert find(order, "print", "tf.print").resources == {"the console": "write"}


def test_an_effect_knows_the_branch_it_stands_in(order):
    branch, inner = find(order, "if", "if x"), find(order, "assign_variable", "v.assign_add")
    assert inner.parent is branch and inner.region == "then" and inner.depth == 1
    assert branch.parent is None and branch.region is None and branch.depth == 0


def test_edges_have_reasons(order):
    reasons = {e.reason for e in order.edges}
    lines = {e.source: e.line for e in order}
    assert f"line {lines['tf.print(v)']} reads v after line {lines['v.assign(x)']} wrote it" in reasons
    assert all(e.before.id < e.after.id and e.before.parent is e.after.parent for e in order.edges)


def test_two_variables_are_not_ordered(order):
    assert not order.is_ordered(0, 1) and not order.is_ordered(1, 0)
    assert "nothing orders" in order.why(0, 1)


def test_why_explains_a_path(order):
    check = find(order, "assert", "Assert")
    assert order.is_ordered(0, check) and ";" in order.why(0, check)
    assert order.why(check, 0).startswith("the other way round: ")
    assert order.follows(check) == tuple(e.before for e in order.edges if e.after is check)


def test_a_call_is_one_effect_unless_inlined():
    v = tf.Variable(1.0, name="v")
    inner = tf.function(lambda: v.assign_add(1.0))

    @tf.function
    def outer():
        v.assign(2.0)
        inner()
        return v.read_value()

    concrete = outer.get_concrete_function()
    assert [(e.op, e.touches) for e in concrete.effects()] == [
        ("assign_variable", "writes v"),
        ("call", "reads and writes v"),
        ("read_variable", "reads v"),
    ]
    assert [e.op for e in concrete.effects(inline=True)].count("assign_variable") == 2


def test_a_loop_has_two_parts():
    v = tf.Variable(0, name="v")

    @tf.function
    def f(n):
        while v < n:
            v.assign_add(1)

    order = f.get_concrete_function(tf.TensorSpec([], tf.int32)).effects()
    assert {e.region for e in order if e.parent} == {"while", "do"}


def test_a_random_generator_is_ordered_like_a_variable():
    g = tf.random.Generator.from_seed(1)
    f = tf.function(lambda: (g.normal([]), g.normal([])))
    order = f.get_concrete_function().effects()
    assert [e.touches for e in order] == ["reads StateVar", "writes StateVar"] * 2
    assert len(order.edges) == 3


def test_text_names_each_effect_and_edge(order):
    text = str(order)
    assert text.startswith(f"effects of @{order.name}: 10, with {len(order.edges)} edges")
    assert text.count("after #") == len(order.edges) and repr(order) in f"<{text.splitlines()[0].replace('@', '')}>"


def test_dot_has_a_node_and_an_edge_for_each(order):
    dot = order.dot()
    assert dot.startswith("digraph") and dot.count("shape=box") == 1
    assert all(f"n{e.before.id} -> n{e.after.id}" in dot for e in order.edges)


def test_svg_draws_each_effect_and_edge(order):
    root = ElementTree.fromstring(order.svg())
    space = "{http://www.w3.org/2000/svg}"
    titles = [t.text for t in root.iter(space + "title")]
    assert {str(e) for e in order.edges} <= set(titles)
    text = "\n".join(t.text for t in root.iter(space + "text"))
    assert all(e.source in text for e in order)
    assert len(list(root.iter(space + "circle"))) == len(order)


def test_a_notebook_shows_the_drawing(order):
    assert order._repr_svg_() == order._repr_html_() == order.svg()


def test_no_effects():
    order = tf.function(lambda x: x + 1.0).get_concrete_function(tf.TensorSpec([])).effects()
    assert len(order) == 0 and order.edges == () and ElementTree.fromstring(order.svg()) is not None


def test_variables_without_names_are_told_apart():
    a, b = tf.Variable(1.0), tf.Variable(2.0)

    @tf.function
    def f():
        a.assign(1.0)
        b.assign(1.0)

    first, second = f.get_concrete_function().effects()
    assert first.resources != second.resources


def test_a_variable_that_is_returned_is_read_at_the_function_s_line():
    v = tf.Variable(1.0, name="v")

    @tf.function
    def f(x):
        v.assign(x)
        return v

    write, read = f.get_concrete_function(tf.TensorSpec([])).effects()
    assert read.op == "read_variable" and write.line - read.line == 2 and read.source == "@tf.function"


def test_a_reason_says_which_of_two_may_touch_anything():
    v = tf.Variable(1.0, name="v")

    @tf.function
    def f(x):
        v.assign(x)
        a = tf.py_function(lambda x: x, [x], tf.float32)
        b = tf.py_function(lambda x: x, [x], tf.float32)
        v.assign(a + b)

    order = f.get_concrete_function(tf.TensorSpec([])).effects()
    first, *_, last = (e.line for e in order)
    a, b = first + 1, first + 2
    assert [e.reason for e in order.edges] == [
        f"line {a} may touch anything, and stands behind line {first}",
        f"line {b} may touch anything, and so may line {a} before it",
        f"line {last} stands behind line {b}, which may touch anything",
    ]


def test_a_number_that_no_effect_has_is_an_error(order):
    with pytest.raises(IndexError, match="no effect #99.* from 0 to 9"):
        order.why(0, 99)
