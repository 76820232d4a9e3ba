"""Writes the coefficients of `python/tfc/ops/chebyshev.py`: Chebyshev series of special functions, from mpmath.

Each series approximates a smooth part of a function, over t in [-1, 1], to the last digit of float64.
"""

from pathlib import Path

import mpmath as mp

mp.mp.dps = 40
TARGET = Path(__file__).resolve().parent.parent / "python" / "tfc" / "ops" / "chebyshev.py"


def turned(f, shift):
    """The slowly varying part of an oscillating function pair (j, y) at phase x - shift, times sqrt(pi x / 2)."""
    return lambda x: mp.sqrt(mp.pi * x / 2) * f(x, x - shift)


def beyond(f, limit):
    """f for x >= limit, as a function of t = 2 limit / x - 1; at infinity the value far out."""
    return lambda t: f(mp.mpf(2) * limit / (t + 1) if t + 1 > mp.mpf(10) ** -9 else mp.mpf(10) ** 9 * 2 * limit)


def beyond_squared(f, limit):
    """f for x >= limit, as a function of t = 2 (limit / x)^2 - 1."""
    return lambda t: f(limit * mp.sqrt(2 / (t + 1)) if t + 1 > mp.mpf(10) ** -12 else limit * mp.mpf(10) ** 6)


def within_squared(f, limit):
    """f for 0 <= x <= limit, as a function of t = 2 (x / limit)^2 - 1; near 0 the limit."""
    return lambda t: f(limit * mp.sqrt(max((t + 1) / 2, mp.mpf(10) ** -24)))


def within(f, limit):
    """f for 0 <= x <= limit, as a function of t = 2 x / limit - 1."""
    return lambda t: f(limit * max((t + 1) / 2, mp.mpf(10) ** -18))


def phase_p(n, shift):
    j, y = (lambda x: mp.besselj(n, x)), (lambda x: mp.bessely(n, x))
    return turned(lambda x, c: j(x) * mp.cos(c) + y(x) * mp.sin(c), shift)


def phase_q(n, shift):
    j, y = (lambda x: mp.besselj(n, x)), (lambda x: mp.bessely(n, x))
    inner = turned(lambda x, c: y(x) * mp.cos(c) - j(x) * mp.sin(c), shift)
    return lambda x: x * inner(x)


def fresnel(x):
    """Auxiliary functions f and g: C = 1/2 + f sin - g cos, S = 1/2 - f cos - g sin of pi x^2 / 2."""
    c, s = mp.fresnelc(x) - mp.mpf(1) / 2, mp.fresnels(x) - mp.mpf(1) / 2
    a = mp.pi * x * x / 2
    return c * mp.sin(a) - s * mp.cos(a), -c * mp.cos(a) - s * mp.sin(a)


def dawson(x):
    return mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)


QUARTER = mp.pi / 4
SERIES = {
    "I0_SMALL": within(lambda x: mp.exp(-x) * mp.besseli(0, x), 8),
    "I0_LARGE": beyond(lambda x: mp.sqrt(x) * mp.exp(-x) * mp.besseli(0, x), 8),
    "I1_SMALL": within(lambda x: mp.exp(-x) * mp.besseli(1, x) / x, 8),
    "I1_LARGE": beyond(lambda x: mp.sqrt(x) * mp.exp(-x) * mp.besseli(1, x), 8),
    "K0_SMALL": within_squared(lambda x: mp.besselk(0, x) + mp.log(x / 2) * mp.besseli(0, x), 2),
    "K0_LARGE": beyond(lambda x: mp.sqrt(x) * mp.exp(x) * mp.besselk(0, x), 2),
    "K1_SMALL": within_squared(lambda x: x * (mp.besselk(1, x) - mp.log(x / 2) * mp.besseli(1, x)), 2),
    "K1_LARGE": beyond(lambda x: mp.sqrt(x) * mp.exp(x) * mp.besselk(1, x), 2),
    "J0_SMALL": within_squared(lambda x: mp.besselj(0, x), 8),
    "J1_SMALL": within_squared(lambda x: mp.besselj(1, x) / x, 8),
    "Y0_SMALL": within_squared(lambda x: mp.bessely(0, x) - 2 / mp.pi * mp.log(x) * mp.besselj(0, x), 8),
    "Y1_SMALL": within_squared(
        lambda x: (mp.bessely(1, x) - 2 / mp.pi * (mp.log(x) * mp.besselj(1, x) - 1 / x)) / x, 8
    ),
    "P0": beyond_squared(phase_p(0, QUARTER), 8),
    "Q0": beyond_squared(phase_q(0, QUARTER), 8),
    "P1": beyond_squared(phase_p(1, 3 * QUARTER), 8),
    "Q1": beyond_squared(phase_q(1, 3 * QUARTER), 8),
    "DAWSON_SMALL": within_squared(lambda x: dawson(x) / x, mp.mpf("3.25")),
    "DAWSON_MIDDLE": lambda t: dawson(mp.mpf("4.875") + t * mp.mpf("1.625")),
    "DAWSON_LARGE": beyond_squared(
        lambda x: 2 * x * dawson(x) if x < 1000 else 1 + 1 / (2 * x * x) + 3 / (4 * x**4), mp.mpf("6.5")
    ),
    "FRESNEL_C": within_squared(lambda x: mp.fresnelc(mp.sqrt(x)) / mp.sqrt(x), mp.mpf(6)),
    "FRESNEL_S": within_squared(lambda x: mp.fresnels(mp.sqrt(x)) / mp.sqrt(x) ** 3, mp.mpf(6)),
    "FRESNEL_F": beyond_squared(
        lambda u: (
            mp.pi * mp.sqrt(u) * fresnel(mp.sqrt(u))[0]
            if u < 10**4
            else 1 - 3 / (mp.pi * u) ** 2 + 105 / (mp.pi * u) ** 4
        ),
        mp.mpf(6),
    ),
    "FRESNEL_G": beyond_squared(
        lambda u: (
            mp.pi**2 * mp.sqrt(u) ** 3 * fresnel(mp.sqrt(u))[1]
            if u < 10**4
            else 1 - 15 / (mp.pi * u) ** 2 + 945 / (mp.pi * u) ** 4
        ),
        mp.mpf(6),
    ),
    "E1_LARGE": beyond(lambda x: x * mp.exp(x) * mp.e1(x), 2),
    "EI_MIDDLE": lambda t: (lambda x: x * mp.exp(-x) * mp.ei(x))(mp.mpf(15) + t * mp.mpf(9)),
    "EI_LARGE": beyond(lambda x: x * mp.exp(-x) * mp.ei(x) if x < 10**6 else 1 + 1 / x + 2 / x**2 + 6 / x**3, 24),
    "EIN": lambda t: (lambda x: (mp.ei(x) - mp.log(abs(x)) - mp.euler) / x if x else mp.mpf(1))(mp.mpf(2) + 4 * t),
    "SPENCE": lambda t: (lambda x: mp.polylog(2, 1 - x) / (1 - x) if x != 1 else mp.mpf(1))(1 + t / 2),
}


def coefficients(f, nodes=64):
    angles = [mp.pi * (k + mp.mpf(1) / 2) / nodes for k in range(nodes)]
    values = [mp.re(f(mp.cos(a))) for a in angles]
    series = [2 * mp.fsum(v * mp.cos(j * a) for v, a in zip(values, angles)) / nodes for j in range(nodes)]
    series[0] /= 2
    largest = max(abs(c) for c in series)
    count = max(j for j, c in enumerate(series) if abs(c) > largest * mp.mpf(10) ** -18) + 1
    if count > nodes - 4:
        raise ValueError("the series does not converge")
    return [float(c) for c in series[:count]]


def main():
    lines = [
        '"""Chebyshev series over [-1, 1] of parts of special functions. Written by `scripts/gen_chebyshev.py`."""',
        "",
    ]
    for name, f in SERIES.items():
        numbers = coefficients(f)
        print(name, len(numbers))
        lines.append(f"{name} = (")
        lines += [f"    {n!r}," for n in numbers]
        lines.append(")")
    TARGET.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
