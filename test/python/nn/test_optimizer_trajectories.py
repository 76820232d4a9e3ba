"""Optimizers take the steps of Keras 3: variables after some steps, which Keras computed in float64 (`keras_steps.json`).

The data also holds the options: clipping, weight decay, averages, accumulation, schedules.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import tfc as tf

DATA = json.loads((Path(__file__).parent / "keras_steps.json").read_text())
SHAPES = [(3, 2), (4,)]
CASES = [pytest.param(case, id=f"{i}-{case['optimizer']}") for i, case in enumerate(DATA["cases"])]


def arrays(flat):
    return [np.reshape(v, s) for v, s in zip(flat, SHAPES, strict=True)]


def optimizer(case):
    arguments = dict(case["arguments"])
    rate = arguments["learning_rate"]
    if isinstance(rate, dict):
        rate = dict(rate)
        arguments["learning_rate"] = getattr(tf.optimizers.schedules, rate.pop("schedule"))(**rate)
    return getattr(tf.optimizers, case["optimizer"])(**arguments)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("case", CASES)
def test_variables_follow_kerass(case, compiled):
    opt = optimizer(case)
    variables = [tf.Variable(s) for s in arrays(DATA["start"])]

    def step(*gradients):
        opt.apply_gradients(zip(gradients, variables, strict=True))

    step = tf.function(step) if compiled else step
    states = []
    for gradients in DATA["gradients"]:
        step(*map(tf.constant, arrays(gradients)))
        states.append(np.concatenate([v.numpy().ravel() for v in variables]))
    if case["arguments"].get("use_ema"):
        opt.finalize_variable_values(variables)
        states.append(np.concatenate([v.numpy().ravel() for v in variables]))
    for number, want in zip(case["steps"], case["values"], strict=True):
        # Keras rounds the decay rates of Adam to float32, which the first 1 - beta ** step show.
        np.testing.assert_allclose(states[number], want, rtol=2e-6, atol=5e-6, err_msg=f"after step {number + 1}")
