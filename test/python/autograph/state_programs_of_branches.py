"""More of `state_programs`: branches, jumps, conditions, names of the module and of functions around."""

import tfc as tf
from state_programs import STACK, Box, followed, refused

# Branches.


@followed
def branch_on_items(n, x):
    items = [x, x]
    for k in range(2):
        if n > 2:
            items[k] = items[k] + 1.0
        else:
            items[1 - k] *= 3.0
    return items


@followed
def branch_by_a_helper(n, x):
    box = Box(h=x, d={"h": x})
    if n > 2:
        box.bump(x)
    else:
        box.fill(box.d, x)
    return box.h, box.d


@followed
def branch_swaps(n, x):
    items = [x, x + 1.0]
    other = items
    if n > 2:
        items.reverse()
    return other


@refused
def branch_extends(n, x):
    items = [x]
    if n > 2:
        items += [x]
    return tf.add_n(items)


@refused
def branch_appends_by_a_helper(n, x):
    def push(to):
        to.append(x)

    items = [x]
    if n > 2:
        push(items)
    return tf.add_n(items)


@followed
def both_branches_append(n, x):
    items = [x]
    other = items
    if n > 2:
        items.append(x + 1.0)
    else:
        items.append(x + 2.0)
    return items, other


@followed
def both_branches_pop(n, x):
    items = [x, x + 1.0, x + 2.0]
    other = items
    if n > 2:
        y = items.pop()
    else:
        y = items.pop(0)
    return y, other


@followed
def branch_makes_its_own(n, x):
    if n > 2:
        items = []
        for k in range(2):
            items.append(x + k)
        items[0] += 1.0
    else:
        items = [x, x]
        items[1] = x * 2.0
    return items


@followed
def branch_in_a_loop(n, x):
    box = Box(h=x, d={"a": x})
    for i in tf.range(n):
        if i % 2 == 0:
            box.bump(1.0)
        else:
            for k in box.d:
                box.d[k] += box.h
    return box.h, box.d


@followed
def nested_loops(n, x):
    box = Box(h=x, d={"a": x})
    for i in tf.range(n):
        for _j in tf.range(i):
            box.bump(1.0)
            for k in box.d:
                box.d[k] += box.h
        box.bump(0.5)
    return box.h, box.d


@followed
def loop_with_jumps(n, x):
    box = Box(h=x)
    for i in tf.range(n):
        if i == 0:
            continue
        box.bump(1.0)
        if i == 2:
            break
        box.bump(0.25)
    return box.h


@followed
def loop_with_return(n, x):
    box = Box(h=x)
    for i in tf.range(n):
        box.bump(1.0)
        if i == 2:
            return box.h * 100.0
    return box.h


@refused
def conditional_expression_with_effect(n, x):
    items = [x]

    def push():
        items.append(x)
        return x

    y = push() if n > 2 else x
    return y + tf.add_n(items)


@refused
def test_with_effect(n, x):
    items = [0, 1, 2]

    def more():
        items.pop()
        return n > 0

    while more():
        n -= 1
        x += float(len(items))
    return x


@followed
def condition_of_state(n, x):
    box = Box(n=n)

    def more():
        return box.n > 0

    def down():
        box.n = box.n - 1

    while more():
        x += 1.0
        down()
    return x


@followed
def list_of_the_module(n, x):
    STACK[:] = [x, x]
    for _ in tf.range(n):
        for k in range(2):
            STACK[k] = STACK[k] + 1.0
    result = list(STACK)
    STACK[:] = [0.0, 0.0]
    return result


@refused
def list_of_the_module_appended(n, x):
    for _ in tf.range(n):
        STACK.append(x)
    return x * float(len(STACK))


@refused
def numpy_array(n, x):
    import numpy as np

    a = np.zeros(2, np.float32)
    for _ in tf.range(n):
        a[0] += 1.0
        x = x + a[0]
    return x


@followed
def carried_list_with_an_alias_is_rebound(n, x):
    items = [x, x]
    for _ in tf.range(n):
        items = [items[1], items[0] + 1.0]
        items[0] += 1.0
    return items


@refused
def carried_list_changed_before_it_is_rebound(n, x):
    items = [x, x]
    other = items
    for _ in tf.range(n):
        items[0] += 1.0
        items = [items[1], items[0]]
    return items, other


@followed
def type_of_a_sum(n, x):
    box = Box(total=0)
    for i in tf.range(n):
        for b in [box]:
            b.total += i
    return box.total


@followed
def flag(n, x):
    box = Box(done=False, name="a")
    for _i in tf.range(n):
        for b in [box]:
            b.done = True
    return tf.cast(box.done, tf.float32) + x


@followed
def while_with_dict(n, x):
    s = dict(n=n, x=x)

    def body(s):
        s["n"] = s["n"] - 1
        s["x"] = s["x"] * 2.0

    while s["n"] > 0:
        body(s)
    return s


@refused
def changed_where_a_branch_chose_the_list(n, x):
    first = [x]
    items = first
    if n > 2:
        items = [x + 1.0]
    items[0] += 1.0
    return first, items


@refused
def changed_where_a_loop_may_not_have_run(n, x):
    first = [x]
    items = first
    for _ in tf.range(n):
        items = [items[0] + 1.0]
    first[0] += 1.0
    return first, items


@followed
def list_that_a_branch_chose(n, x):
    def step(items):
        if n > 2:
            items = [items[0] + 1.0, items[1]]
        for _k in range(2):
            if n > 1:
                items = [items[1], items[0] * 2.0]
        return items

    items = [x, x]
    return step(items), items


@followed
def list_given_to_a_helper_that_grows_it(n, x):
    def collect(to):
        for _ in tf.range(n):
            to.append(x)
        return to

    return tf.reduce_sum(collect([x]).stack() if not isinstance(n, tf.Tensor) else tf.stack(collect([x])))


@followed
def list_that_grows_in_two_loops(n, x):
    items = [x]
    for _ in tf.range(n):
        for _ in tf.range(n):
            items.append(x)
        if n > 2:
            items.append(x * 2.0)
    return tf.reduce_sum(tf.stack(items))


@followed
def lists_of_lists_rebound(n, x):
    state = [[x, x], [x, x]]
    for _ in tf.range(n):
        new = []
        for a, b in state:
            new.append([b, a + 1.0])
        state = new
    return state


@followed
def rebinds_a_global(n, x):
    global TOTAL
    TOTAL = x

    def add():
        global TOTAL
        TOTAL = TOTAL + 1.0

    for _ in tf.range(n):
        add()
    result, TOTAL = TOTAL, 0.0
    return result


TOTAL = 0.0


def make_counter(x):
    def bump():
        nonlocal x
        x = x + 1.0
        return x

    return bump


@followed
def counter_made_elsewhere(n, x):
    bump = make_counter(x)
    y = x
    for _ in tf.range(n):
        y = y * 2.0 + bump()
    return y, bump()


@followed
def branch_calls_a_counter(n, x):
    bump = make_counter(x)
    if n > 2:
        bump()
    return bump()


@followed
def matched_into_items(n, x):
    d = {}
    d["a"], d["b"], d["c"] = x, x, x
    for _ in tf.range(n):
        (d["a"], d["b"]), d["c"] = (d["b"] + 1.0, d["a"]), x
    return d["a"], d["b"]


@followed
def starred_into_items(n, x):
    items = [x, x + 1.0, x + 2.0]
    for _ in tf.range(n):
        *items[:2], items[2] = items[1], items[2], items[0] + 1.0
    return items


@followed
def sorted_in_place(n, x):
    order, items = [2, 0, 1], [x, x + 1.0, x + 2.0]
    for _ in tf.range(n):
        for k, at in enumerate(sorted(order)):
            items[at], items[k] = items[k] * 2.0, items[at]
    return items


@followed
def node_with_a_parent(n, x):
    for _ in tf.range(n):
        node = Box(h=x, children=[])
        child = Box(h=x, parent=node)
        node.children.append(child)
        node.h = child.parent.h + 1.0
        x = node.children[0].parent.h
    return x


@followed
def container_in_a_tuple(n, x):
    t = ([x], {"a": x})
    for _ in tf.range(n):
        t[0][0] += 1.0
        t[1]["a"] += t[0][0]
    return t


@followed
def dict_of_a_default_argument(n, x, d={}):  # noqa: B006
    d["h"] = x
    for _ in tf.range(n):
        for k in d:
            d[k] = d[k] + 1.0
    return d.pop("h")


@followed
def aliased_by_the_caller(n, x):
    def step(d):
        for _ in tf.range(n):
            for k in d:
                d[k] = d[k] * 2.0

    d = {"a": x}
    step(d)
    return d


@followed
def branch_in_a_python_loop_with_an_alias(n, x):
    state = {"h": x, "c": x}
    view = state
    for k in range(3):
        if n > k:
            for key in view:
                view[key] = view[key] + 1.0
        state["c"] *= 2.0
    return state


@refused
def changed_after_a_branch_gave_it_another_name(n, x):
    first, other = [x], [x + 1.0]
    items = other
    if n > 2:
        items = first
    items[0] += 1.0
    return first, other


@followed
def names_that_branches_give(n, x):
    first, other = [x], [x + 1.0]
    items = other
    if n > 2:
        items = first
    return items, first, other


@refused
def stale_name_in_a_loop(n, x):
    items, view = [x], [x]
    y = x
    for _ in tf.range(n):
        items[0] += 1.0
        y += view[0]
        view = items
    return y


@refused
def name_given_in_a_loop(n, x):
    items, view = [x], [x]
    for _ in tf.range(n):
        view[0] += 1.0
        view = items
    return items


@refused
def name_of_before_a_loop(n, x):
    items = [x]
    view = items
    y = x
    for _ in tf.range(n):
        items[0] += 1.0
        y += view[0]
        view = [y]
    return y


@refused
def two_names_of_a_list_made_in_a_loop(n, x):
    a, b = [x], [x]
    for _ in tf.range(n):
        a[0] = a[0] + b[0]
        a = b = [a[0] + 1.0]
    return a


@followed
def list_made_in_a_loop_under_two_names(n, x):
    state, new = [x, x], [x, x]
    for _ in tf.range(n):
        new = []
        for value in state:
            new.append(value + 1.0)
        state = new
    return state
