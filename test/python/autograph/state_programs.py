"""Small programs that change Python state in loops and branches on tensors: `(program, followed)` each.

A program takes an int32 `n` (4 or 0 or 1) and a float32 `x`, and gives tensors. What is followed has eager Python's result; the rest
is refused while it is traced.
"""

import collections
import heapq
import operator

import tfc as tf

PROGRAMS = []
STACK = [0.0, 0.0]


def followed(function):
    PROGRAMS.append((function, True))
    return function


def refused(function):
    PROGRAMS.append((function, False))
    return function


class Box:
    def __init__(self, **given):
        self.__dict__.update(given)

    def bump(self, x):
        self.h = self.h + x

    def fill(self, into, x):
        into["h"] = into["h"] + x

    def __setitem__(self, key, value):
        self.data[key] = value

    def __iadd__(self, x):
        self.h = self.h + x
        return self

    @property
    def twice(self):
        return self.h * 2

    @twice.setter
    def twice(self, value):
        self.h = value / 2


class Slots:
    __slots__ = ("h", "__weakref__")

    def __init__(self):
        self.h = tf.constant(0.0)


def zeros(k):
    return [tf.constant(0.0) for _ in range(k)]


# Lists.


@followed
def item_by_a_changing_key(n, x):
    items = zeros(3)
    for i in tf.range(n):
        for j in range(3):
            items[j] = items[j] + x * tf.cast(i, tf.float32) + j
    return items


@followed
def items_assigned_and_updated(n, x):
    items = zeros(3)
    while n > 0:
        for j in range(3):
            items[j] = items[j] + x
        for j in range(3):
            items[j] *= 2.0
        items[0] += 1.0
        n -= 1
    return items


@followed
def swapped_items(n, x):
    items = [x, x * 2.0]
    for _ in tf.range(n):
        items[0], items[1] = items[1], items[0] + 1.0
    return items


@followed
def swapped_by_names(n, x):
    items = [x, x * 2.0]
    a, b = 0, 1
    for _ in tf.range(n):
        items[a], items[b] = items[b], items[a] + 1.0
    return items


@followed
def nested_lists(n, x):
    grid = [zeros(2), zeros(2)]
    for _ in tf.range(n):
        for i in range(2):
            for j in range(2):
                grid[i][j] += x * (i + 2 * j)
        grid[0][1] += x
    return grid


@followed
def alias_of_a_list(n, x):
    items = zeros(2)
    other = items
    for _ in tf.range(n):
        other[0] += x
        items[1] = other[0] + items[1]
    return items, other


@followed
def alias_inside(n, x):
    inner = zeros(1)
    outer = [inner, inner]
    for _ in tf.range(n):
        outer[0][0] += x
    return inner, outer[1]


@followed
def slice_assigned(n, x):
    items = zeros(3)
    for _ in tf.range(n):
        items[0:2] = [items[1] + x, items[0] - x]
    return items


@followed
def reversed_in_place(n, x):
    items = [x, x * 2.0, x * 3.0]
    for _ in tf.range(n):
        items.reverse()
        items[0] += 1.0
    return items


@followed
def rotated(n, x):
    items = [x, x * 2.0, x * 3.0]
    for _ in tf.range(n):
        items.append(items.pop(0) + 1.0)
    return items


@followed
def inserted_and_popped(n, x):
    items = [x, x * 2.0]
    for _ in tf.range(n):
        items.insert(0, items[0] + items[1])
        items.pop()
    return items


@followed
def appended_in_a_helper_and_dropped(n, x):
    def push(items, value):
        items.append(value)
        del items[0]

    items = [x, x]
    for _ in tf.range(n):
        push(items, items[-1] + items[-2])
    return items


@refused
def popped(n, x):
    items = [x, x * 2.0, x * 3.0, x, x]
    total = x
    while n > 0:
        total += items.pop()
        n -= 1
    return total


@refused
def extended(n, x):
    items = [x]
    for _ in tf.range(n):
        items.extend([x])
    return tf.add_n(items)


@refused
def extended_by_addition(n, x):
    items = [x]
    for _ in tf.range(n):
        items += [x]
    return tf.add_n(items)


@refused
def appended_by_a_helper(n, x):
    def push(to, value):
        to.append(value)

    items = [x]
    for _ in tf.range(n):
        push(items, x)
    return tf.add_n(items)


@refused
def appended_by_a_helper_loop(n, x):
    def push(to):
        for _ in tf.range(n):
            to.append(x)

    items = [x]
    push(items)
    return tf.add_n(items)


@refused
def appended_under_another_name(n, x):
    items = [x]
    other = items
    for _ in tf.range(n):
        items.append(x)
    return tf.add_n(other)


@refused
def appended_through_an_alias(n, x):
    items = [x]
    push = items.append
    for _ in tf.range(n):
        push(x)
    return tf.add_n(items)


@refused
def deleted(n, x):
    items = [x, x, x, x, x]
    for _ in tf.range(n):
        del items[0]
    return tf.add_n(items)


@refused
def pushed_on_a_heap(n, x):
    items = [1]
    for _ in tf.range(n):
        heapq.heappush(items, 2)
    return x * float(len(items))


@refused
def unbound_append(n, x):
    items = [1]
    for _ in tf.range(n):
        list.append(items, 2)
    return x * float(len(items))


@refused
def appended_to_a_deque(n, x):
    items = collections.deque([x], maxlen=2)
    for _ in tf.range(n):
        items.append(items[-1] * 2.0)
    return items[-1]


@refused
def added_to_a_set(n, x):
    seen = set()
    for _i in tf.range(n):
        seen.add(len(seen))
    return x * float(len(seen))


@refused
def appended_by_a_comprehension(n, x):
    items = [x]
    for _ in tf.range(n):
        [items.append(x) for _ in range(2)]
    return tf.add_n(items)


@refused
def next_of_an_iterator(n, x):
    numbers = iter([1.0, 2.0, 3.0, 4.0, 5.0])
    for _ in tf.range(n):
        x = x + next(numbers)
    return x


@refused
def loop_over_an_iterator(n, x):
    numbers = iter([1.0, 2.0, 3.0, 4.0, 5.0])
    for _ in tf.range(n):
        for number in numbers:
            x = x + number
            break
    return x


# Dictionaries.


@followed
def item_of_a_dict(n, x):
    d = {"a": x, "b": 0}
    for _ in tf.range(n):
        d["a"] += x
        d["b"] = d["b"] + 1
    return d


@followed
def dict_by_a_changing_key(n, x):
    d = {"a": x, "b": x}
    for _ in tf.range(n):
        for k in ("a", "b"):
            d[k] = d[k] * 2.0
        for k in d:
            d[k] += x
    return d


@followed
def dict_by_computed_keys(n, x):
    d = {("w", 0): x, ("w", 1): x}
    for _ in tf.range(n):
        for k in range(2):
            d["w", k] = d["w", k] + x * k
    return [d["w", 0], d["w", 1]]


@followed
def nested_dicts(n, x):
    d = {"a": {"b": x}, "c": [x]}
    for _ in tf.range(n):
        d["a"]["b"] = d["a"]["b"] + 1.0
        for k in range(1):
            d["c"][k] = d["c"][k] + d["a"]["b"]
    return d


@followed
def dict_update(n, x):
    d = {"a": x, "b": x}
    for _ in tf.range(n):
        d.update(a=d["b"] + 1.0, b=d["a"])
    return d


@followed
def dict_or_assign(n, x):
    d = {"a": x, "b": x}
    for _ in tf.range(n):
        d |= {"a": d["a"] + 1.0}
    return d


@followed
def dict_setdefault(n, x):
    d = {"a": x}
    for _ in tf.range(n):
        d.setdefault("a", x)
        d["a"] += d.setdefault("a", 0.0)
    return d


@followed
def default_dict(n, x):
    d = collections.defaultdict(lambda: tf.constant(0.0), a=x)
    for _ in tf.range(n):
        for k in ["a"]:
            d[k] += x
    return d["a"]


@followed
def popped_and_put_back(n, x):
    d = {"a": x}
    for _ in tf.range(n):
        h = d.pop("a")
        d["a"] = h + 1.0
    return d["a"]


@refused
def popped_of_a_dict(n, x):
    d = {"a": x, "b": x}
    for _ in tf.range(n):
        x = x + d.pop("a", 1.0)
    return x + float(len(d))


@followed
def counter(n, x):
    c = collections.Counter(a=1)
    for _ in tf.range(n):
        c.update(["a"])
    return c["a"]


@followed
def set_by_an_operator(n, x):
    d = {"a": x}
    for _ in tf.range(n):
        operator.setitem(d, "a", d["a"] + 1.0)
    return d["a"]


# Objects.


@followed
def attribute(n, x):
    box = Box(h=x)
    for _ in tf.range(n):
        box.h = box.h + 1.0
    return box.h


@followed
def attribute_by_a_method(n, x):
    box = Box(h=x)
    while n > 0:
        box.bump(x)
        n -= 1
    return box.h


@followed
def container_given_to_a_method(n, x):
    box, d = Box(), {"h": x}
    for _ in tf.range(n):
        box.fill(d, x)
        box.fill(into=d, x=x)
    return d["h"]


@followed
def state_of_an_attribute(n, x):
    box = Box(state={"h": x, "c": [x]})
    for _ in tf.range(n):
        for key in ["h"]:
            box.state[key] = box.state[key] + 1.0
        for k in range(1):
            box.state["c"][k] += box.state["h"]
    return box.state


@followed
def attribute_by_setattr(n, x):
    box = Box(h=x)
    for _ in tf.range(n):
        setattr(box, "h", getattr(box, "h") + 1.0)  # noqa: B009, B010
    return box.h


@followed
def attribute_of_items(n, x):
    boxes = [Box(h=x), Box(h=x)]
    for _ in tf.range(n):
        for k, box in enumerate(boxes):
            box.h += x * k
    return [box.h for box in boxes]


@followed
def slot(n, x):
    box = Slots()
    for _ in tf.range(n):
        for b in [box]:
            b.h = b.h + x
    return box.h


@followed
def item_setter_of_a_class(n, x):
    box = Box(data={"a": x})
    for _ in tf.range(n):
        box["a"] = box.data["a"] + x
    return box.data["a"]


@followed
def property_setter(n, x):
    box = Box(h=x)
    for _ in tf.range(n):
        box.twice = box.twice + 1.0
    return box.h


@followed
def in_place_addition_of_a_class(n, x):
    box = Box(h=x)
    for _ in tf.range(n):
        for b in [box]:
            b += x
    return box.h


@followed
def bound_method_as_value(n, x):
    box = Box(h=x)
    bump = box.bump
    for _ in tf.range(n):
        bump(x)
    return box.h


@followed
def class_attribute(n, x):
    class Count:
        n = 0

    for _ in tf.range(n):
        Count.n += 1
    return Count.n


def nested_functions(n, x):
    total = x

    def add(value):
        nonlocal total
        total = total + value

    for _ in tf.range(n):
        add(x)
    return total


followed(nested_functions)


@followed
def list_of_a_closure(n, x):
    state = [x]

    def step():
        for k in range(1):
            state[k] = state[k] + 1.0

    for _ in tf.range(n):
        step()
    return state


@followed
def function_attribute(n, x):
    def step():
        step.h = step.h + 1.0

    step.h = x
    for _ in tf.range(n):
        step()
    return step.h


@followed
def walrus_onto_an_item(n, x):
    items = [x]
    for _ in tf.range(n):
        items[0] = (y := items[0] + 1.0)
        x = x + y
    return items[0], x


@followed
def target_of_a_for(n, x):
    items = [x, x]
    for items[0] in tf.range(tf.cast(n, tf.float32) + 1.0) * 2.0:
        for items[1] in [1.0, 3.0]:
            x = x + items[0] * items[1]
    return x


# Fresh containers are the program's own.


@followed
def made_in_each_iteration(n, x):
    state = [x, x]
    for _i in tf.range(n):
        new = []
        for k in range(2):
            new.append(state[k] + 1.0)
        scratch = [0] * 2
        for k in range(2):
            scratch[k] = new[k] * 2.0
            scratch[k] += 1.0
        state = scratch
    return state


@followed
def made_and_put_into_an_old_one(n, x):
    d = {"state": [x, x]}
    for _i in tf.range(n):
        new = {}
        for k in range(2):
            new[k] = d["state"][k] + 1.0
        d["state"] = [new[0], new[1]]
    return d["state"]


@followed
def objects_made_in_each_iteration(n, x):
    for _i in tf.range(n):
        box = Box(h=x)
        box.bump(1.0)
        boxes = [box]
        for b in boxes:
            b.h += 1.0
        x = box.h
    return x


@followed
def scratch_list(n, x):
    made = [0] * 2
    y = tf.zeros([3])
    for i in tf.range(n):
        for j in range(2):
            made[j] = tf.ones([3]) * tf.cast(i, tf.float32)
        for j in range(2):
            made[j] += 1.0
        y += made[0] * made[1]
    return y


@followed
def python_cache(n, x):
    cache = {}

    def layer(name):
        if name not in cache:
            cache[name] = Box(w=2.0)
        return cache[name]

    for _ in tf.range(n):
        x = x * layer("a").w
    return x
