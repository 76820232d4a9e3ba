"""Python programs, grown by a state machine: any order that the trace allows, and compiled code, do what Python does."""

import pytest
from effect_programs import Drawn, Rolled
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from python_programs import Source, make_source, run_compiled, run_eagerly, run_in_orders

OPTIONAL = (
    "tfc-forward-stores",
    "tfc-merge-reads",
    "tfc-remove-dead-effects",
    "tfc-hoist-reads",
    "tfc-promote-variables",
    "tfc-merge-prints",
)
INITIAL = (1, 2, 3)


class Machine(RuleBasedStateMachine):
    """Each rule adds a statement, or opens or closes a branch or a loop; the program is run at the end."""

    def __init__(self):
        super().__init__()
        self.source = None

    @initialize(data=st.data())
    def start(self, data):
        self.source = Source(Drawn(data.draw))
        for _ in range(data.draw(st.integers(0, 2))):
            self.source.add_helper()
        self.source.begin_main()

    def on(self, data):
        self.source.choose = Drawn(data.draw)
        return self.source

    @rule(data=st.data(), kind=st.sampled_from(("read", "compute", "draw")))
    def compute(self, data, kind):
        getattr(self.on(data), kind)()

    @rule(data=st.data(), kind=st.sampled_from(("assign", "update")))
    def write(self, data, kind):
        getattr(self.on(data), kind)()

    @rule(data=st.data())
    def print(self, data):
        self.on(data).print()

    @rule(data=st.data())
    def check(self, data):
        self.on(data).check()

    @rule(data=st.data())
    def call(self, data):
        self.on(data).call()

    @precondition(lambda self: self.source and len(self.source.open) < 3)
    @rule(data=st.data(), kind=st.sampled_from(("begin_branch", "begin_loop", "begin_count")))
    def begin(self, data, kind):
        getattr(self.on(data), kind)()

    @precondition(lambda self: self.source and self.source.open[-1:] == ["if"])
    @rule()
    def turn_to_else(self):
        self.source.turn_to_else()

    @precondition(lambda self: self.source and self.source.open)
    @rule()
    def close(self):
        self.source.close()

    def teardown(self):
        if self.source is None:
            return
        text = self.source.finish()
        want = run_eagerly(text, INITIAL, 4)
        for seen in run_in_orders(text, INITIAL, 4, (None, 0, 1, 2)):
            assert seen == want, text
        assert run_compiled(text, INITIAL, 4) == want, text


def test_any_order_and_compiled_code_do_what_python_does():
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=12, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.parametrize("disabled", [*OPTIONAL, "all of them"])
def test_compiled_code_agrees_without(disabled):
    passes = OPTIONAL if disabled == "all of them" else (disabled,)
    for seed in range(4):
        text = make_source(Rolled(1000 + seed), budget=10)
        assert run_compiled(text, INITIAL, 4, *passes) == run_eagerly(text, INITIAL, 4), text
