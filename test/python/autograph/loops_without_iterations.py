"""Programs whose loops may run zero times, before somebody reads what they assign."""

import tfc as tf


def two_loops(a, b, c):
    for i in tf.range(a):
        y = i
    for j in tf.range(b):
        y = j * 10
    return y


def two_loops_inside(a, b, c):
    t = 0
    for _ in tf.range(c):
        for i in tf.range(a):
            y = i
        for j in tf.range(b):
            y = j * 10
        t += y
    return t


def two_whiles(a, b, c):
    i = j = 0
    while i < a:
        y = i
        i += 1
    while j < b:
        y = j
        j += 1
    return y


def a_branch_assigns(a, b, c):
    for i in tf.range(a):
        y = i
    if b > 0:
        y = b
    return y


def a_branch_reads(a, b, c):
    t = 0
    for i in tf.range(a):
        y = i
    if b > 0:
        t = y
    return t


def a_branch_inside_reads(a, b, c):
    t = 0
    for _ in tf.range(c):
        for i in tf.range(a):
            y = i
        if b > 0:
            t += y
    return t


def a_second_loop_reads(a, b, c):
    t = 0
    for i in tf.range(a):
        y = i
    for j in tf.range(b):
        t += y
        y = j
    return t


def a_later_loop_reads(a, b, c):
    t = 0
    for _ in tf.range(c):
        for i in tf.range(a):
            y = i
        for j in tf.range(b):
            if j > 0:
                y = j
        for _ in tf.range(c):
            t += y
    return t


def returned_before(a, b, c):
    for _ in tf.range(c):
        for i in tf.range(a):
            y = i
        if b > 0:
            return b
        c = c - y
    return c


def left_before(a, b, c):
    t = 0
    for _ in tf.range(c):
        for i in tf.range(a):
            y = i
        if b > 1:
            break
        if b == 1:
            continue
        t += y
    return t


def conditional_expression(a, b, c):
    for i in tf.range(a):
        y = i
    return y if b > 0 else 7


def operand(a, b, c):
    for i in tf.range(a):
        y = i
    return 1 if b > 0 and y > 0 else 0


def in_the_test_of_a_loop(a, b, c):
    t = 0
    for i in tf.range(a):
        y = i
    while t < b and y < 100:
        t += 1
    return t


def targets(a, b, c):
    for i in tf.range(a):  # noqa: B007
        pass
    for i in tf.range(b):  # noqa: B007
        pass
    return i


def augmented(a, b, c):
    for i in tf.range(a):
        y = i
    if b > 0:
        y += 3
        c = y
    return c


def deleted(a, b, c):
    for i in tf.range(a):
        y = i
    if b > 0:
        t = y
        del y
    else:
        y = t = 2
        del y
    return t


def in_a_branch(a, b, c):
    if c > 0:
        for i in tf.range(a):
            y = i
    else:
        y = 3
    for i in tf.range(b):
        y = i
    return y


def in_a_comprehension(a, b, c):
    for i in tf.range(a):
        y = i
    if b > 0:
        c = sum([y + k for k in (1, 2)])
    return c


def other_name_in_a_comprehension(a, b, c):
    for i in tf.range(a):
        y = i
    c += sum([y for y in (1, 2)])
    if b > 0:
        c = y
    return c


PROGRAMS = [f for f in list(vars().values()) if getattr(f, "__module__", None) == __name__]
