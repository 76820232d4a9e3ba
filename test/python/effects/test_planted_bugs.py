"""Wrong orders are caught: by the verifier, and by running programs in the orders that they allow."""

import random

import pytest
from effect_machine import read_module, run
from effect_programs import Rolled, make_program
from effect_witness import EFFECTS, blocks_of, edges_of, find_witness
from test_order import ir, make_context, observed, through

PROGRAMS = 40
RUNS = 12


@pytest.fixture(scope="module")
def context():
    return make_context()


def ordered(context, seed):
    """Text of an ordered program without calls, its state, and what it does."""
    text, arity = make_program(Rolled(seed), budget=12)
    choose = random.Random(seed)
    state, x = [choose.randint(-5, 15) for _ in range(arity)], choose.randint(-5, 15)
    module = through(context, text, "tfc-inline-calls", "tfc-order-effects")
    with context:
        # Of `main` only, one op a line.
        return str(module).split("\n"), state, x, observed(context, text, [], state, x)


def is_refused(context, lines):
    try:
        through(context, "\n".join(lines), "tfc-verify-ordering")
    except ir.MLIRError:
        return True
    return False


def is_seen(context, lines, state, x, want):
    """Whether a random order that the program now allows does something else."""
    module = through(context, "\n".join(lines))
    with context:
        functions = read_module(module, ir)
        return any(run(functions, state, x, seed) != want for seed in range(RUNS))


def with_tokens(line, tokens):
    head, rest = line.split("after(", 1)
    tail = rest.split(")", 1)[1]
    return head + (f"after({', '.join(tokens)})" if tokens else "") + tail


def tokens_of(line):
    return [t.strip() for t in line.split("after(", 1)[1].split(")", 1)[0].split(",")]


def test_a_dropped_edge_is_caught(context):
    tried = seen = 0
    for seed in range(PROGRAMS):
        lines, state, x, want = ordered(context, seed)
        choose = random.Random(seed)
        places = [k for k, line in enumerate(lines) if "after(" in line]
        if not places:
            continue
        at = choose.choice(places)
        tokens = tokens_of(lines[at])
        tokens.pop(choose.randrange(len(tokens)))
        lines[at] = with_tokens(lines[at], tokens)
        tried += 1
        assert is_refused(context, lines), "\n".join(lines)
        seen += is_seen(context, lines, state, x, want)
    # Not each drop shows with one state and a few orders: test_witness.py has one for each edge.
    assert tried > PROGRAMS // 2 and seen > tried // 8


def test_an_edge_added_is_caught(context):
    tried = 0
    for seed in range(PROGRAMS):
        lines, _, _, _ = ordered(context, seed)
        module = through(context, "\n".join(lines))
        with context:
            for block in blocks_of(read_module(module, ir)["main"]):
                edges = set(edges_of(block))
                effects = [p for p, op in enumerate(block.ops) if op.name in EFFECTS]
                new = [(a, b) for a in effects for b in effects if a < b and (a, b) not in edges]
                if not new:
                    continue
                a, b = random.Random(seed).choice(new)
                tried += 1
                assert find_witness(block, (a, b), [*edges, (a, b)], tries=30) is None
        places = [k for k, line in enumerate(lines) if "after(" in line]
        for at in places:
            # A token of an op that others of this op's follow already, or that does not conflict.
            known = {t for line in lines[:at] if "after(" in line for t in tokens_of(line)}
            extra = sorted(known - set(tokens_of(lines[at])))
            if extra:
                changed = list(lines)
                changed[at] = with_tokens(lines[at], [*tokens_of(lines[at]), extra[0]])
                try:
                    through(context, "\n".join(changed))
                except ir.MLIRError:
                    continue  # of another block: not even a program
                tried += 1
                assert is_refused(context, changed), "\n".join(changed)
                break
    assert tried > PROGRAMS


REGIONS = {"tfc.if", "tfc.while"}
LEAVES = sorted(EFFECTS - REGIONS)


def test_two_effects_swapped_are_caught(context):
    tried = seen = 0
    for seed in range(3 * PROGRAMS):
        text, arity = make_program(Rolled(seed), budget=12)
        choose = random.Random(seed)
        state, x = [choose.randint(-5, 15) for _ in range(arity)], choose.randint(-5, 15)
        module = through(context, text, "tfc-inline-calls", "tfc-order-effects")
        with context:
            lines = str(module).split("\n")
        # Next to each other, with a token between them.
        pairs = [
            k
            for k in range(len(lines) - 1)
            if all(any(f"= {e}" in line for e in LEAVES) for line in lines[k : k + 2])
            and "after(" in lines[k + 1]
            and lines[k].split("=")[0].split(",")[-1].strip() in tokens_of(lines[k + 1])
        ]
        if not pairs:
            continue
        at = choose.choice(pairs)
        first = lines[at].split("=")[0].split(",")[-1].strip()
        second = with_tokens(lines[at + 1], [t for t in tokens_of(lines[at + 1]) if t != first])
        lines[at], lines[at + 1] = second, lines[at]
        try:
            through(context, "\n".join(lines))
        except ir.MLIRError:
            continue  # a value that the second needs
        want = observed(context, text, [], state, x)
        tried += 1
        # The text is program order: it is another program, which need not show with this state.
        seen += observed(context, "\n".join(lines), [], state, x) != want
    assert tried > 10 and seen > tried // 8


def test_a_forgotten_region_is_caught(context):
    """An order that takes branches and loops for ops without effects."""
    tried = seen = 0
    for seed in range(PROGRAMS):
        lines, state, x, want = ordered(context, seed)
        module = through(context, "\n".join(lines))
        with context:
            forgotten = forget_regions(module)
            if not forgotten:
                continue
            tried += 1
            changed = str(module).split("\n")
        assert is_refused(context, changed), "\n".join(changed)
        seen += is_seen(context, changed, state, x, want)
    assert tried > 5 and seen > tried // 4


def forget_regions(module):
    """Takes all tokens away from and to ops with regions; whether there were any."""
    found = False

    def visit(block):
        nonlocal found
        for view in block.operations:
            op = view.operation
            for region in op.regions:
                visit(region.blocks[0])
            if op.name not in EFFECTS:
                continue
            forget = [
                k
                for k, value in enumerate(op.operands)
                if str(value.type) == "!tfc.token" and {op.name, value.owner.name} & REGIONS
            ]
            if forget:
                found = True
                rebuilt_without(op, forget)

    visit(module.body.operations[0].regions[0].blocks[0])
    return found


def rebuilt_without(op, positions):
    """Replaces an op by a copy without these operands, which are all of its last group."""
    attributes = {a: op.attributes[a] for a in op.attributes}
    if "operandSegmentSizes" in attributes:
        sizes = list(ir.DenseI32ArrayAttr(attributes["operandSegmentSizes"]))
        sizes[-1] -= len(positions)
        attributes["operandSegmentSizes"] = ir.DenseI32ArrayAttr.get(sizes)
    copy = ir.Operation.create(
        op.name,
        results=[r.type for r in op.results],
        operands=[v for k, v in enumerate(op.operands) if k not in positions],
        attributes=attributes,
        regions=len(op.regions),
        loc=op.location,
        ip=ir.InsertionPoint(op),
    )
    for old, new in zip(op.regions, copy.regions, strict=True):
        old.blocks[0].append_to(new)
    for old, new in zip(op.results, copy.results, strict=True):
        old.replace_all_uses_with(new)
    op.erase()
