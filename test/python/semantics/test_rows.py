"""The rows of the feature tables of autograph and control flow, and the programs of `programs/` that test each."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "programs"

AUTOGRAPH = {
    "dispatch by the type of the condition": "autograph-square_if autograph-untouched_py_if more-mixed_py_tf_loops",
    "if on tensor": "autograph-square_if autograph-nonscalar_cond autograph_rows-elif_chain_ret",
    "variable set in one branch only": "autograph-only_one_branch autograph_rows-comp_attr_new_in_branch",
    "None in one branch": "autograph-none_branch",
    "dtype differs": "autograph-dtype_branch autograph_rows-if_dtype_py",
    "structure differs": "autograph-structure_branch",
    "shape differs": "autograph-shape_branch",
    "return in one branch only": "autograph-return_one_branch autograph_rows-buggy_return_none",
    "undefined symbol after branch, Python condition": "autograph-undefined_use python_in_functions-undefined_both",
    "destroyed variable": "autograph-del autograph_rows-del_stmt",
    "while on tensor": "autograph-collatz autograph_rows-while_multi_cond autograph_rows-while_or",
    "while starts Python, becomes tensor": "autograph-while_became_tensor",
    "loop variable not defined before": "autograph-loop_undefined autograph_rows-loop_created_read_first",
    "loop variable None": "autograph_rows-loop_none_after",
    "loop variable dtype changes": "autograph-loop_dtype autograph_rows-loop_dtype_int_float",
    "loop variable shape changes": "autograph-loop_shape autograph_rows-loop_shape_change_ok",
    "invariant violated": "autograph-invariant_violated",
    "structure changes": "autograph-loop_structure autograph_rows-loop_list_grow_err",
    "Python number loop variables": "autograph-loop_py_init",
    "for over tensor": "autograph-for_tensor autograph-for_scalar autograph_rows-for_unknown_rows",
    "for over tf.range": "autograph-for_range_values autograph_rows-for_range_neg autograph_rows-for_int64",
    "Python builtins on tensors": "autograph-len better-builtins_abs_etc autograph_rows-range_forms",
    "break and continue": "autograph-break_continue autograph-break_nested python_in_functions-nested_break_flags",
    "tensor break or return in Python for": "autograph-break_python_for python_in_functions-while_true_tensor_break",
    "return in a tensor loop": "better-while_return better-multiple_returns_loop",
    "for/else, while/else": "autograph-for_else autograph-while_else_py better-for_else_tensor",
    "generators": "autograph-generator autograph_rows-gen_async",
    "try, except, finally, with": "autograph-try_with autograph_rows-try_finally autograph_rows-with_stmt_cm",
    "conditional expression": "autograph-ternary autograph-ternary_lazy better-cond_expr_nested",
    "and, or, not": "autograph-and_or_not autograph-and_lazy autograph-and_python",
    "optional features": "autograph_rows-print_feature autograph_rows-assert_feature autograph_rows-all_features",
    "== and !=": "autograph-eq autograph_rows-eq_feature",
    "chained comparison": "autograph-chained autograph_rows-chained",
    "in, not in": "autograph-in_tensor autograph_rows-in_op",
    "assert": "autograph-assert_py autograph_rows-assert_py_tensor_shape",
    "list append": "autograph-python_list_append",
    "attributes and items as variables": "autograph-self_attr autograph-dict_key autograph_rows-comp_branch",
    "items": "autograph-augassign_tensor_slice autograph_rows-aug_subscript",
    "lambdas": "better-lambdas autograph_rows-lambda_loop_capture",
    "nested functions, closures, nonlocal, global": "autograph-nonlocal autograph_rows-closures better-nonlocal_in_branch",
    "decorators": "better-decorators",
    "classes, methods, super, callable objects, namedtuple": "autograph_rows-class_in_fn autograph_rows-callable_obj",
    "not converted": "python_in_functions-lru autograph-do_not_convert",
    "do_not_convert": "autograph-do_not_convert autograph_rows-do_not_convert2",
    "to_graph": "autograph-to_graph",
    "set_loop_options": "autograph_rows-loop_options_all autograph-max_iterations",
    "errors keep their type": "autograph_rows-exc_types autograph_rows-raise_py_cond",
}
CONTROL_FLOW = {
    "tf.cond": "control_flow-cond_eager control_flow-cond_graph_errors more-cond_grad more-cond_nested",
    "tf.case, tf.switch_case": "control_flow-case control_flow-switch_case control_flow-switch_effects",
    "tf.while_loop": "control_flow-while_errors control_flow-while_grad control_flow-while_max",
    "tf.map_fn, scan, foldl, foldr, vectorized_map": "control_flow-map_fn control_flow-scan control_flow-fold control_flow-vmap",
    "TensorArray": "tensor_arrays-ta_props tensor_arrays-ta_concat tensor_arrays-ta_split tensor_arrays-ta_oob_write",
    "TensorArray crossing a function boundary": "tensor_arrays-ta_arg tensor_arrays-ta_inner_fn_grow",
    "tf.print": "print_and_assert-print_struct print_and_assert-print_matrix print_and_assert-print_loop_order",
    "tf.Assert, tf.debugging.assert_*": "print_and_assert-assert_compare print_and_assert-assert_shapes",
    "tf.identity, control_dependencies, no_op, group": "control_flow-group_noop",
}


def _programs() -> set:
    return {
        f"{path.stem}-{name}"
        for path in FOLDER.glob("*.txt")
        for name in re.findall(r"^#--- *(\S+)", path.read_text(), flags=re.M)
    }


@pytest.mark.parametrize("row", [*AUTOGRAPH, *CONTROL_FLOW])
def test_row_has_programs(row):
    programs = (AUTOGRAPH.get(row) or CONTROL_FLOW[row]).split()
    assert programs and not set(programs) - _programs()
