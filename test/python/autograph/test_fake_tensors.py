"""A converted function of tensors computes what the original computes of numbers."""

import numpy as np
from fake import Fake, hidden
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import load, program
from tfc.autograph import convert
from tfc.autograph.operators.iterated import Range

PLAIN = dict(clip=lambda x: max(-1000, min(1000, x)), RANGE=range, START=0)


def clip(x):
    return Fake(np.clip(hidden(x), -1000, 1000))


def tensor_range(n):
    return Range(Fake(0), Fake(n), Fake(1), True)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(program(), st.integers(-4, 4), st.integers(-4, 4), st.integers(-4, 4))
def test_tensor_program_equals_original(fake, text, a, b, c):
    expected = load(text, **PLAIN)(a, b, c)
    f = convert(load(text, clip=clip, RANGE=tensor_range, START=Fake(0)))
    got = f(Fake(a), Fake(b), Fake(c))
    assert tuple(int(hidden(x)) for x in got) == expected


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(program(), st.integers(-4, 4), st.integers(-4, 4), st.integers(-4, 4))
def test_mixed_program_equals_original_or_says_why(fake, text, a, b, c):
    """Python loops around tensor conditions: unrolled, unless a tensor decides a jump."""
    expected = load(text, **PLAIN)(a, b, c)
    f = convert(load(text, clip=lambda x: clip(x) if isinstance(x, Fake) else PLAIN["clip"](x), RANGE=range, START=0))
    try:
        got = f(Fake(a), b, Fake(c))
    except NotImplementedError as e:
        assert "non-Tensor" in str(e) or "Python for loops" in str(e)
        return
    assert tuple(int(hidden(x)) for x in got) == expected
