"""A call costs about a tenth of a microsecond; the bounds leave room for slow machines."""

import timeit

import pytest


@pytest.mark.parametrize("symbol, count, microseconds", [("add_one", 1, 1), ("sum_ten", 10, 2)])
def test_cost_of_a_call(executable, function, tensor, symbol, count, microseconds):
    f = function(executable(symbol, [(1,)] * count, results=[(1,)]), range(count))
    xs = [tensor([1])] * count
    f(*xs)
    # The best of many short runs, so that other processes do not matter.
    best = min(timeit.repeat(lambda: f(*xs), number=1000, repeat=100)) / 1000
    assert best * 1e6 < microseconds
