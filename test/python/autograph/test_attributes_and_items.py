"""Attributes and items that branches and loops on tensors assign are variables of them."""

import numpy as np
from fake import Fake, hidden
from tfc.autograph import convert

T = Fake(True)
F = Fake(False)


def run(function, *args):
    return tuple(np.asarray(hidden(x)).tolist() for x in convert(function)(*args))


def test_attributes_and_items_are_merged(fake):
    class Box:
        x = 1

    def f(box, d, k, c):
        if c:
            box.x = 5
            d["a"] = 2
            d[k] = 7
        else:
            d["a"] = 3
        return box.x, d["a"], d[k]

    assert run(f, Box(), {"a": 1, "z": 0}, "z", T) == (5, 2, 7)
    assert run(f, Box(), {"a": 1, "z": 0}, "z", F) == (1, 3, 0)


def test_items_counted_from_the_end_are_merged(fake):
    def f(items, c):
        if c:
            items[-1] = 5
        return items[0], items[-1]

    assert run(f, [1, 2], T) == (1, 5)
    assert run(f, [1, 2], F) == (1, 2)
