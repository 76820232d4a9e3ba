"""Optimizers: their published update rules in numpy, compiled = eager, options, slices, errors."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(7)
START = [RNG.standard_normal((4, 3)), RNG.standard_normal(5)]
GRADS = [[RNG.standard_normal((4, 3)), RNG.standard_normal(5)] for _ in range(4)]


def power(t, base):
    return 1 - base**t


# One step of each rule: (w, g, state, step number, learning rate) -> (w, state).
def sgd(w, g, s, t, lr):
    return w - lr * g, s


def momentum(w, g, s, t, lr):
    v = 0.9 * s.get("v", 0) - lr * g
    return w + v, {"v": v}


def nesterov(w, g, s, t, lr):
    v = 0.9 * s.get("v", 0) - lr * g
    return w + 0.9 * v - lr * g, {"v": v}


def adam(w, g, s, t, lr):
    m = 0.9 * s.get("m", 0) + 0.1 * g
    v = 0.999 * s.get("v", 0) + 0.001 * g * g
    step = lr * np.sqrt(power(t, 0.999)) / power(t, 0.9)
    return w - step * m / (np.sqrt(v) + 1e-7), {"m": m, "v": v}


def adamw(w, g, s, t, lr):
    return adam(w - 0.1 * lr * w, g, s, t, lr)


def amsgrad(w, g, s, t, lr):
    m = 0.9 * s.get("m", 0) + 0.1 * g
    v = 0.999 * s.get("v", 0) + 0.001 * g * g
    top = np.maximum(s.get("top", 0), v)
    step = lr * np.sqrt(power(t, 0.999)) / power(t, 0.9)
    return w - step * m / (np.sqrt(top) + 1e-7), {"m": m, "v": v, "top": top}


def rmsprop(w, g, s, t, lr):
    v = 0.9 * s.get("v", 0) + 0.1 * g * g
    return w - lr * g / np.sqrt(v + 1e-7), {"v": v}


def centered(w, g, s, t, lr):
    v = 0.9 * s.get("v", 0) + 0.1 * g * g
    mean = 0.9 * s.get("mean", 0) + 0.1 * g
    step = 0.5 * s.get("step", 0) + lr * g / np.sqrt(v - mean**2 + 1e-7)
    return w - step, {"v": v, "mean": mean, "step": step}


def adagrad(w, g, s, t, lr):
    a = s.get("a", 0.1) + g * g
    return w - lr * g / np.sqrt(a + 1e-7), {"a": a}


def adadelta(w, g, s, t, lr):
    a = 0.95 * s.get("a", 0) + 0.05 * g * g
    step = np.sqrt(s.get("d", 0) + 1e-7) * g / np.sqrt(a + 1e-7)
    return w - lr * step, {"a": a, "d": 0.95 * s.get("d", 0) + 0.05 * step**2}


def adamax(w, g, s, t, lr):
    m = 0.9 * s.get("m", 0) + 0.1 * g
    u = np.maximum(0.999 * s.get("u", 0), np.abs(g))
    return w - lr * m / (power(t, 0.9) * (u + 1e-7)), {"m": m, "u": u}


def lion(w, g, s, t, lr):
    m = s.get("m", np.zeros_like(g))
    return w - lr * np.sign(0.9 * m + 0.1 * g), {"m": 0.99 * m + 0.01 * g}


def nadam(w, g, s, t, lr):
    now, following = (0.9 * (1 - 0.5 * 0.96**k) for k in (t, t + 1))
    product = s.get("product", 1.0) * now
    m = 0.9 * s.get("m", 0) + 0.1 * g
    v = 0.999 * s.get("v", 0) + 0.001 * g * g
    mean = following * m / (1 - product * following) + (1 - now) * g / (1 - product)
    return w - lr * mean / (np.sqrt(v / power(t, 0.999)) + 1e-7), {"m": m, "v": v, "product": product}


def ftrl(w, g, s, t, lr):
    n = s.get("n", 0.1)
    z = s.get("z", 0) + g - (np.sqrt(n + g * g) - np.sqrt(n)) / lr * w
    w = np.where(np.abs(z) < 0.01, 0, (np.sign(z) * 0.01 - z) / (np.sqrt(n + g * g) / lr + 2 * 0.02))
    return w, {"n": n + g * g, "z": z}


O = tf.optimizers
RULES = {
    "sgd": (sgd, O.SGD, {}, 0.01),
    "momentum": (momentum, O.SGD, {"momentum": 0.9, "learning_rate": 0.1}, 0.1),
    "nesterov": (nesterov, O.SGD, {"momentum": 0.9, "nesterov": True}, 0.01),
    "adam": (adam, O.Adam, {}, 0.001),
    "amsgrad": (amsgrad, O.Adam, {"amsgrad": True, "learning_rate": 0.1}, 0.1),
    "adamw": (adamw, O.AdamW, {"weight_decay": 0.1, "learning_rate": 0.1}, 0.1),
    "rmsprop": (rmsprop, O.RMSprop, {}, 0.001),
    "centered": (centered, O.RMSprop, {"centered": True, "momentum": 0.5}, 0.001),
    "adagrad": (adagrad, O.Adagrad, {}, 0.001),
    "adadelta": (adadelta, O.Adadelta, {"learning_rate": 1.0}, 1.0),
    "adamax": (adamax, O.Adamax, {}, 0.001),
    "nadam": (nadam, O.Nadam, {}, 0.001),
    "lion": (lion, O.Lion, {}, 0.001),
    "ftrl": (ftrl, O.Ftrl, {
        "learning_rate": 0.1, "l1_regularization_strength": 0.01, "l2_regularization_strength": 0.02}, 0.1),
}  # fmt: skip


def run(optimizer, compiled, grads=GRADS, dtype=np.float64):
    variables = [tf.Variable(s.astype(dtype)) for s in START]

    def step(*gs):
        optimizer.apply_gradients(zip(gs, variables, strict=True))

    step = tf.function(step) if compiled else step
    for gs in grads:
        step(*(tf.constant(g.astype(dtype)) for g in gs))
    return [v.numpy() for v in variables]


@pytest.mark.parametrize(
    ("name", "compiled"),
    [(name, False) for name in RULES]
    + [(name, True) for name in ("sgd", "nesterov", "adamw", "centered", "nadam", "ftrl")],
)
def test_steps_follow_the_published_rule(name, compiled):
    rule, cls, arguments, rate = RULES[name]
    got = run(cls(**arguments), compiled)
    for k, start in enumerate(START):
        w, state = start, {}
        for t, gs in enumerate(GRADS, 1):
            w, state = rule(w, gs[k], state, t, np.float64(np.float32(rate)))
        np.testing.assert_allclose(got[k], w, rtol=1e-6)


@pytest.mark.parametrize("option", [
    {"clipnorm": 0.5}, {"clipvalue": 0.2}, {"global_clipnorm": 0.5}, {"weight_decay": 0.01}, {"loss_scale_factor": 4.0},
    {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2}, {"gradient_accumulation_steps": 2},
], ids=lambda o: next(iter(o)))  # fmt: skip
def test_options_compiled_are_those_of_eager_steps(option):
    a, b = (run(O.Adam(learning_rate=0.1, **option), compiled) for compiled in (False, True))
    plain = run(O.Adam(learning_rate=0.1), False)
    for x, y, z in zip(a, b, plain, strict=True):
        np.testing.assert_allclose(y, x, rtol=1e-12)
        assert option == {"loss_scale_factor": 4.0} or not np.allclose(x, z)


def test_gradients_are_clipped_before_the_step():
    for option, want in (({"clipvalue": 0.2}, 0.2), ({"clipnorm": 0.5}, 0.25), ({"global_clipnorm": 0.5}, 0.25)):
        v = tf.Variable(tf.zeros(4))
        O.SGD(learning_rate=1.0, **option).apply_gradients([(tf.ones(4), v)])
        np.testing.assert_allclose(v.numpy(), -np.full(4, want), rtol=1e-6)


def test_accumulated_gradients_are_averaged():
    opt, v = O.SGD(learning_rate=1.0, gradient_accumulation_steps=2), tf.Variable([0.0])
    opt.apply_gradients([(tf.constant([1.0]), v)])
    assert v.numpy()[0] == 0
    opt.apply_gradients([(tf.constant([3.0]), v)])
    assert v.numpy()[0] == -2 and int(opt.iterations) == 1


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("cls", [O.SGD, O.Adam, O.Adagrad])
def test_slices_step_like_the_tensor_they_stand_for(cls, compiled):
    values, at = RNG.standard_normal((3, 2)).astype(np.float32), np.array([4, 1, 4])
    whole = np.zeros((5, 2), np.float32)
    np.add.at(whole, at, values)
    a, b = (tf.Variable(tf.ones((5, 2))) for _ in range(2))
    one, other = cls(learning_rate=0.1), cls(learning_rate=0.1)

    def step(values, at, whole):
        one.apply_gradients([(tf.IndexedSlices(values, at, tf.constant([5, 2])), a)])
        other.apply_gradients([(whole, b)])

    (tf.function(step) if compiled else step)(tf.constant(values), tf.constant(at), tf.constant(whole))
    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)


def test_slots_have_names_of_their_variables():
    opt = O.Adam(name="adam")
    opt.build([tf.Variable([1.0], name="w")])
    names = [v.name.removesuffix(":0") for v in opt.variables]
    assert names == ["adam/iteration", "adam/learning_rate", "adam/w_0_momentum", "adam/w_0_velocity"]


def test_learning_rate_can_be_set_between_compiled_steps():
    opt, v = O.SGD(learning_rate=1.0), tf.Variable(0.0)
    step = tf.function(lambda: opt.apply_gradients([(tf.constant(1.0), v)]))
    step()
    opt.learning_rate = 0.5
    assert int(step()) == 2
    assert v.numpy() == -1.5


def test_schedules_decide_by_the_number_of_steps():
    opt, v = O.SGD(O.schedules.PiecewiseConstantDecay([0, 1], [1.0, 0.5, 0.25])), tf.Variable(0.0)
    step = tf.function(lambda: opt.apply_gradients([(tf.constant(1.0), v)]))
    seen = [float(v.numpy()) for _ in range(4) if step() is not None]
    assert seen == [-1.0, -1.5, -1.75, -2.0]
    with pytest.raises(TypeError, match="not settable"):
        opt.learning_rate = 0.1


S = O.schedules
SCHEDULES = {
    "exponential": (S.ExponentialDecay(0.1, 10, 0.9), lambda t: 0.1 * 0.9 ** (t / 10)),
    "staircase": (S.ExponentialDecay(0.1, 3, 0.9, True), lambda t: 0.1 * 0.9 ** (t // 3)),
    "inverse": (S.InverseTimeDecay(0.1, 3, 0.5), lambda t: 0.1 / (1 + 0.5 * t / 3)),
    "polynomial": (S.PolynomialDecay(0.1, 4, 0.01, 2.0), lambda t: 0.09 * (1 - min(t, 4) / 4) ** 2 + 0.01),
    "cosine": (S.CosineDecay(0.1, 5, 0.1), lambda t: 0.1 * (0.9 * (1 + np.cos(np.pi * min(t, 5) / 5)) / 2 + 0.1)),
    "warmup": (
        S.CosineDecay(0.0, 5, warmup_target=0.1, warmup_steps=2),
        lambda t: 0.05 * t if t < 2 else 0.1 * (1 + np.cos(np.pi * min(t - 2, 5) / 5)) / 2),
    "restarts": (S.CosineDecayRestarts(0.1, 3, 1.0), lambda t: 0.1 * (1 + np.cos(np.pi * (t % 3) / 3)) / 2),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_functions_of_the_step(name):
    schedule, want = SCHEDULES[name]
    got = [float(schedule(tf.constant(t, tf.int64))) for t in range(9)]
    np.testing.assert_allclose(got, [want(t) for t in range(9)], rtol=1e-5, atol=1e-7)
    again = type(schedule).from_config(schedule.get_config())
    assert float(again(3)) == got[3]


def test_configuration_makes_the_same_optimizer_again():
    opt = O.Adam(O.schedules.CosineDecay(0.1, 5), beta_1=0.8, weight_decay=0.1)
    again = O.get(O.serialize(opt))
    assert again.get_config() == opt.get_config() and isinstance(again, O.Adam)


def test_checkpoints_hold_the_state_also_before_it_is_made(tmp_path):
    v, opt = tf.Variable([1.0, 2.0]), O.Adam(0.1)
    opt.apply_gradients([(tf.constant([1.0, -1.0]), v)])
    path = tf.train.Checkpoint(v=v, opt=opt).save(str(tmp_path / "c"))
    w, other = tf.Variable([0.0, 0.0]), O.Adam(0.5)
    tf.train.Checkpoint(v=w, opt=other).restore(path)
    other.build([w])
    for a, b in zip([v, *opt.variables], [w, *other.variables], strict=True):
        np.testing.assert_array_equal(b.numpy(), a.numpy())


def test_excluded_variables_do_not_decay():
    w, b = tf.Variable(1.0, name="w"), tf.Variable(1.0, name="bias")
    opt = O.SGD(learning_rate=0.1, weight_decay=0.5)
    opt.exclude_from_weight_decay(var_names=["bias"])
    opt.apply_gradients([(tf.constant(0.0), w), (tf.constant(0.0), b)])
    assert w.numpy() == np.float32(0.95) and b.numpy() == 1


def test_minimize_takes_a_function():
    v, opt = tf.Variable(3.0), O.SGD(learning_rate=0.5)
    opt.minimize(lambda: v**2 / 2, [v])
    assert v.numpy() == 1.5


BAD = {
    "unknown variable": lambda opt, v: (
        opt.apply_gradients([(tf.constant(1.0), v)]), opt.apply_gradients([(tf.constant(1.0), tf.Variable(1.0))])),
    "No gradients": lambda opt, v: opt.apply_gradients([(None, v)]),
    "already be built": lambda opt, v: opt.apply([tf.constant(1.0)]),
    "Only one of": lambda opt, v: O.SGD(clipnorm=1.0, clipvalue=1.0),
    "not recognized": lambda opt, v: O.SGD(rate=1.0),
    "learning_rate": lambda opt, v: O.SGD("fast"),
    "momentum": lambda opt, v: O.SGD(momentum=2.0),
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_misuse_is_refused(message):
    with pytest.raises(ValueError, match=f"(?i){message}"):
        BAD[message](O.SGD(), tf.Variable(1.0))
