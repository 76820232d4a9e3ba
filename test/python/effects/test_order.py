"""The order of effects, against programs run in any order that it allows."""

import json
import os
import time

import pytest
from effect_machine import read_module, run
from effect_programs import programs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ir = pytest.importorskip("mlir.ir")
passmanager = pytest.importorskip("mlir.passmanager")
compiler = pytest.importorskip("tfc._compiler")

EXAMPLES = int(os.environ.get("TFC_EFFECT_EXAMPLES", "60"))
CHECKED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
VALUES = st.integers(-5, 15)


def make_context():
    made = ir.Context()
    compiler.register(made)
    return made


@pytest.fixture(scope="module")
def context():
    return make_context()


def through(context, text, *passes):
    """The module that `passes` make of `text`."""
    with context:
        module = ir.Module.parse(text)
        if passes:
            passmanager.PassManager.parse(f"builtin.module({','.join(passes)})").run(module.operation)
        return module


def observed(context, text, passes, variables, x, seed=None, prints=None):
    module = through(context, text, *passes)
    with context:
        return run(read_module(module, ir), variables, x, seed, prints)


ORDERED = ["tfc-order-effects", "tfc-verify-ordering"]
SMALL = ["tfc-forward-stores", "tfc-merge-reads", "tfc-remove-dead-effects", "tfc-hoist-reads"]
PIPELINES = {
    "inline": ["tfc-inline-calls"],
    "order": ["tfc-inline-calls", *ORDERED],
    "order calls": [*ORDERED],
    "order, inline": [*ORDERED, "tfc-inline-calls", "tfc-verify-ordering"],
    "promote": ["tfc-inline-calls", "tfc-promote-variables"],
    "promote without inlining": ["tfc-promote-variables"],
    "promote, order": [
        "tfc-inline-calls",
        "tfc-promote-variables",
        "tfc-order-effects",
        "tfc-verify-ordering",
    ],
    "promote twice": ["tfc-inline-calls", "tfc-promote-variables", "tfc-promote-variables"],
    "order, promote, clean": [
        "tfc-inline-calls",
        "tfc-order-effects",
        "func.func(tfc-insert-checks)",
        "tfc-promote-variables",
        "canonicalize",
        "cse",
    ],
    **{f"order, {name}": [*ORDERED, name, "tfc-verify-ordering"] for name in [*SMALL, "tfc-merge-prints"]},
    "small": ["tfc-inline-calls", *SMALL],
    "small without inlining": [*SMALL, "tfc-merge-prints", *ORDERED],
    "all": ["tfc-inline-calls", *SMALL, "tfc-promote-variables", "tfc-merge-prints", *ORDERED],
}
# Passes may let a host see less of what it would print, so that counting its prints means nothing.
KEEP_PRINTS = [name for name, passes in PIPELINES.items() if "tfc-merge-prints" not in passes]
ANY_ORDER = ["order", "order calls", "promote, order", "small without inlining", "all"]


@pytest.mark.parametrize("name", PIPELINES)
def test_passes_keep_what_can_be_observed(context, name):
    @CHECKED
    @given(programs(), st.lists(VALUES, min_size=3, max_size=3), VALUES)
    def check(program, state, x):
        text, arity = program
        want = observed(context, text, [], state[:arity], x)
        assert observed(context, text, PIPELINES[name], state[:arity], x) == want

    check()


@pytest.mark.parametrize("name", ANY_ORDER)
def test_any_linear_extension_agrees_with_program_order(context, name):
    @CHECKED
    @given(programs(), st.lists(VALUES, min_size=3, max_size=3), VALUES, st.integers(0, 2**32))
    def check(program, state, x, seed):
        text, arity = program
        want = observed(context, text, [], state[:arity], x)
        module = through(context, text, *PIPELINES[name])
        with context:
            functions = read_module(module, ir)
            for k in range(5):
                assert run(functions, state[:arity], x, seed + k) == want

    check()


@CHECKED
@given(programs())
def test_promotion_reads_once_at_the_start_and_writes_once_at_the_end(program):
    context = ir.Context()
    compiler.register(context)
    module = through(context, program[0], "tfc-inline-calls", "tfc-promote-variables")
    with context:
        ops = [op.operation for op in module.body.operations[0].regions[0].blocks[0].operations]
        names = [op.name for op in ops]
        reads = names.count("tfc.read_variable")
        assert names[:reads] == ["tfc.read_variable"] * reads
        assert len({op.operands[0] for op in ops[:reads]}) == reads
        writes = names.count("tfc.assign_variable")
        assert names[len(names) - 1 - writes : -1] == ["tfc.assign_variable"] * writes
        assert len({op.operands[0] for op in ops[len(ops) - 1 - writes : -1]}) == writes
        text = str(module)
        assert text.count("tfc.read_variable") == reads and text.count("tfc.assign_variable") == writes


def conflicts(a, b):
    """Whether two nodes of the description conflict, by the definition."""
    if a["external"] or b["external"]:
        return True
    x, y = ({r["name"]: r["access"] for r in n["resources"]} for n in (a, b))
    if any("write" in x[r] + y[r] for r in x.keys() & y.keys()):
        return True
    stops = [("outcome" in n, any("write" in n[r] for r in n if r != "outcome")) for n in (x, y)]
    return (stops[0][0] and stops[1][1]) or (stops[1][0] and stops[0][1])


def reduction(nodes):
    """The transitive reduction of the conflicts of one block, by brute force."""
    count = len(nodes)
    edges = {(i, j) for j in range(count) for i in range(j) if conflicts(nodes[i], nodes[j])}
    reach = [[False] * count for _ in range(count)]
    for j in range(count):
        for i in reversed(range(j)):
            reach[i][j] = any((i, k) in edges and (k == j or reach[k][j]) for k in range(i + 1, j + 1))
    return {(i, j) for i, j in edges if not any(reach[i][k] and reach[k][j] for k in range(i + 1, j))}


@CHECKED
@given(programs(budget=14))
def test_edges_are_the_transitive_reduction_of_conflicts(program):
    context = ir.Context()
    compiler.register(context)
    # Calls stay: as nodes, they take part in the description.
    with context:
        module = ir.Module.parse(program[0])
        graph = json.loads(compiler.describe_effects(module, "main", "json"))
    blocks = {}
    for node in graph["nodes"]:
        blocks.setdefault((node["parent"], node["region"]), []).append(node)
    want = set()
    for nodes in blocks.values():
        want |= {(nodes[i]["id"], nodes[j]["id"]) for i, j in reduction(nodes)}
    assert {(e["from"], e["to"]) for e in graph["edges"]} == want


@CHECKED
@given(programs(), st.lists(VALUES, min_size=3, max_size=3), VALUES, st.integers(0, 3), st.sampled_from(KEEP_PRINTS))
def test_a_refused_print_leaves_what_program_order_says(context, program, state, x, prints, name):
    text, arity = program
    want = observed(context, text, [], state[:arity], x, prints=prints)
    assert observed(context, text, PIPELINES[name], state[:arity], x, prints=prints) == want


def straight_line(count, variables):
    """A function with `count` effects on some variables, the console and assertions."""
    arguments = ", ".join(f"%v{i}: !tfc.resource<tensor<i32>>" for i in range(variables))
    lines = [f"func.func @main({arguments}, %x: tensor<i32>, %p: tensor<i1>) {{"]
    for k in range(count):
        v = f"%v{(k * 7919) % variables}"
        lines.append(
            [
                f"%a{k}, %t{k} = tfc.read_variable {v} : !tfc.resource<tensor<i32>> -> tensor<i32>",
                f"%t{k} = tfc.assign_variable {v}, %x : !tfc.resource<tensor<i32>>, tensor<i32>",
                f'%t{k} = tfc.print "x" {{summarize = 3 : i64, stream = "stdout"}}',
                f'%t{k} = tfc.assert %p, "no" {{summarize = 3 : i64}}',
            ][k * 31 % 97 % 4]
        )
    return "\n".join([*lines, "func.return", "}"])


@pytest.mark.parametrize("variables", [1, 100, 3000])
def test_ten_thousand_effects_are_ordered_and_verified(context, variables):
    module = through(context, straight_line(10_000, variables), "tfc-order-effects", "tfc-verify-ordering")
    assert "after(" in str(module)


@pytest.mark.parametrize("name", [*SMALL, "tfc-promote-variables", "tfc-merge-prints"])
def test_passes_take_time_near_linear_in_effects(context, name):
    def seconds(count):
        module = through(context, straight_line(count, count // 10))
        with context:
            manager = passmanager.PassManager.parse(f"builtin.module({name})")
            manager.enable_verifier(False)
            start = time.process_time()
            manager.run(module.operation)
            return time.process_time() - start

    # Quadratic would be 64 times as long.
    assert seconds(32_000) < 25 * max(seconds(4_000), 2e-3)


def test_unknown_function_is_refused(context):
    with context, pytest.raises(ValueError, match="there is no function 'g' with a body"):
        compiler.describe_effects(ir.Module.parse("func.func private @g()"), "g")


def test_unknown_format_is_refused(context):
    with context, pytest.raises(ValueError, match="unknown format 'xml', expected text, dot or json"):
        compiler.describe_effects(ir.Module.parse("func.func @g() { return }"), "g", "xml")
