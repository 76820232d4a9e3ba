"""Variables in functions (SEMANTICS 1.6)."""

import pytest
import tfc as tf

SINGLETON = "tf.function only supports singleton tf.Variables created on the first call"


class Lazy:
    """Makes a variable the first time only; `initial` says of what."""

    def __init__(self, initial):
        self.initial, self.v = initial, None

    @tf.function
    def __call__(self, x):
        if self.v is None:
            self.v = tf.Variable(self.initial(x))
        return self.v.assign_add(x)


def test_created_on_the_first_call():
    f = Lazy(lambda x: 10.0)
    assert f(tf.constant(1.0)).numpy() == 11 and f(tf.constant(1.0)).numpy() == 12


def test_the_creating_trace_counts():
    v = []

    @tf.function
    def f(x):
        if not v:
            v.append(tf.Variable(1.0))
        return v[0] * x

    f(tf.constant(1.0))
    assert f.experimental_get_tracing_count() == 2


def test_created_at_each_call_is_an_error():
    @tf.function
    def f(x):
        return tf.Variable(1.0) + x

    for _ in range(2):
        with pytest.raises(ValueError, match=SINGLETON):
            f(1.0)


def test_the_error_names_the_variable_and_the_line():
    @tf.function
    def f():
        return tf.Variable(1.0, name="mine").read_value()

    with pytest.raises(ValueError, match="(?s)mine.*test_variables.py"):
        f()


def test_a_second_trace_may_make_another():
    made = {}

    @tf.function
    def f(x):
        n = x.shape[0]
        if n not in made:
            made[n] = tf.Variable(tf.zeros([n]))
        return made[n].assign_add(x)

    for _ in range(2):
        f(tf.ones([2]))
        f(tf.ones([3]))
    assert made[2].numpy().tolist() == [2, 2] and made[3].numpy().tolist() == [2, 2, 2]


def test_an_initializer_that_depends_on_an_argument():
    f = Lazy(lambda x: x * 10)
    assert f(tf.constant(1.0)).numpy() == 11 and f(tf.constant(2.0)).numpy() == 13


def test_an_initializer_that_depends_on_another_variable():
    class Model:
        a = b = None

        @tf.function
        def __call__(self):
            if self.a is None:
                self.a = tf.Variable(3.0)
                self.b = tf.Variable(self.a * 2)
            self.a.assign_add(1.0)
            return self.b

    m = Model()
    assert m().numpy() == 6 and m().numpy() == 6 and m.a.numpy() == 5


def test_an_initializer_that_depends_on_a_variable_written_before():
    w = tf.Variable(1.0)

    class Model:
        v = None

        @tf.function
        def __call__(self):
            w.assign_add(10.0)
            if self.v is None:
                self.v = tf.Variable(w * 2)
            return self.v + 0.0

    m = Model()
    assert m().numpy() == 22 and w.numpy() == 11 and m().numpy() == 22 and w.numpy() == 21


def test_an_initializer_with_a_branch():
    f = Lazy(lambda x: tf.cond(x > 0, lambda: x * 10, lambda: x))
    assert f(tf.constant(1.0)).numpy() == 11


def test_a_value_from_a_function():
    f = Lazy(lambda x: lambda: 5.0)
    assert f(tf.constant(1.0)).numpy() == 6


def test_effects_of_the_first_call_happen_once(capfd):
    class Model:
        v = None

        @tf.function
        def __call__(self, x):
            tf.print("ran")
            if self.v is None:
                self.v = tf.Variable(x)
            return self.v + 0.0

    Model()(tf.constant(1.0))
    assert capfd.readouterr().err.count("ran") == 1


def test_a_failed_first_call_can_be_repeated():
    class Model:
        v, fail = None, True

        @tf.function
        def __call__(self, x):
            if self.v is None:
                v = tf.Variable(x)
                if self.fail:
                    raise RuntimeError("mine")
                self.v = v
            return self.v + x

    m = Model()
    with pytest.raises(RuntimeError, match="mine"):
        m(tf.constant(1.0))
    m.fail = False
    assert m(tf.constant(2.0)).numpy() == 4


def test_an_inner_function_creates_on_the_first_call_of_the_outer():
    inner = Lazy(lambda x: x * 10)

    @tf.function
    def outer(x):
        return inner(x) + inner(x)

    assert outer(tf.constant(1.0)).numpy() == 11 + 12 and inner.v.numpy() == 12
    assert outer(tf.constant(1.0)).numpy() == 13 + 14


def test_concrete_functions_create_variables():
    f = Lazy(lambda x: 2.0)
    c = f.__call__.get_concrete_function(tf.TensorSpec([]))
    assert f.v.numpy() == 2 and c(tf.constant(1.0)).numpy() == 3


def test_concrete_functions_with_initializers_that_need_arguments():
    f = Lazy(lambda x: x * 10)
    c = f.__call__.get_concrete_function(tf.TensorSpec([]))
    assert c(tf.constant(1.0)).numpy() == 11 and c(tf.constant(1.0)).numpy() == 12


def test_a_value_assigned_in_between_stays():
    class Model:
        v = None

        @tf.function
        def __call__(self):
            if self.v is None:
                self.v = tf.Variable(1.0)
                with tf.init_scope():
                    self.v.assign(7.0)
            return self.v + 0.0

    assert Model()().numpy() == 7


def test_variables_made_in_init_scope_are_ordinary():
    made = []

    @tf.function
    def f():
        with tf.init_scope():
            made.append(tf.Variable(2.0))
        return made[0] + 1

    assert f().numpy() == 3


def test_creator_scopes_around_and_inside():
    seen = []

    def creator(next_creator, **kwargs):
        seen.append(kwargs["name"])
        return next_creator(**kwargs)

    with tf.variable_creator_scope(creator):
        Lazy(lambda x: 1.0)(tf.constant(1.0))
    assert seen == [None]


def test_assign_returns_the_variable():
    v = tf.Variable(1.0)
    f = tf.function(lambda x: v.assign(x).assign_add(x) * 10)
    assert f(tf.constant(2.0)).numpy() == 40


def test_reads_do_not_change_later():
    v = tf.Variable(1.0)

    @tf.function
    def f():
        before = v.read_value()
        v.assign(5.0)
        return before, v.read_value()

    assert [t.numpy() for t in f()] == [1, 5]


def test_slices_and_scatters():
    v = tf.Variable([1.0, 2.0, 3.0])

    @tf.function
    def f(i):
        v[1:].assign([0.0, 0.0])
        v[i].assign_add(5.0)
        v.scatter_nd_add([[2]], [7.0])
        return v

    assert f(tf.constant(0)).numpy().tolist() == [6, 0, 7]


def test_relaxed_shapes():
    v = tf.Variable(tf.zeros([1]), shape=[None])
    f = tf.function(lambda x: v.assign(x) + 1)
    assert f(tf.ones([3])).numpy().tolist() == [2, 2, 2] and v.numpy().shape == (3,)


def test_another_shape_is_an_error():
    v = tf.Variable([1.0, 2.0])
    with pytest.raises(ValueError, match="Shape mismatch"):
        tf.function(lambda x: v.assign(x))(tf.ones([3]))
    assert v.numpy().tolist() == [1, 2]


def test_effects_happen_in_program_order():
    a, b = tf.Variable(1.0), tf.Variable(10.0)

    @tf.function
    def f():
        a.assign(b * 2)
        b.assign(a + 1)
        a.assign_add(b)
        return a * b

    assert f().numpy() == 41 * 21 and (a.numpy(), b.numpy()) == (41, 21)


def test_writes_in_branches_and_loops():
    v = tf.Variable(0)

    @tf.function
    def f(n):
        for i in tf.range(n):
            if i % 2 == 0:
                v.assign_add(i)
            else:
                v.assign_sub(1)
        return v + 0

    assert f(tf.constant(5)).numpy() == 0 + 2 + 4 - 2 == v.numpy()
