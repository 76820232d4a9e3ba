"""The rows of the feature tables, and the programs of `programs/` that test each; rules of functions, too."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "programs"

FUNCTION = {
    "signature, bare, with parentheses, as a call": "functions-generator_arg functions-options functions-basic_add",
    "not callable": "functions-not_callable calls_and_signatures-not_callable",
    "Python errors in the body": "functions-attr_error objects_and_formats-b_exceptions_in_trace",
    "name, doc, wrapped, python_function, input_signature": "functions-names calls_and_signatures-wrapped_attrs",
    "methods": "functions-method_per_instance functions-method_collect tracing_rules-method_instances",
    "partial, lambda, callable object": "functions-partial functions-lambda functions-callable_object",
    "pickle": "calls_and_signatures-pickle_fn objects_and_formats-b_pickle_copy",
    "decorating after tracing": "tracing_rules-decorate_after_trace calls_and_signatures-decorate_after",
    "thread safety": "calls_and_signatures-thread_trace_once process-threads_trace objects_and_formats-b_threads",
    "experimental_implements": "functions-experimental_implements rows_of_functions-attributes_of_functions",
    "experimental_attributes": "functions-bad_attribute rows_of_functions-attributes_of_functions",
    "autograph=False": "functions-autograph_false_python calls_and_signatures-autograph_false",
    "run_functions_eagerly": "functions-run_eagerly functions-run_eagerly_vars calls_and_signatures-run_eagerly_switch",
    "experimental_get_tracing_count": "functions-tracing_count_vars variables_and_modules-creation_counts",
    "get_initialization_function": "variables_and_modules-initialization_function",
    "pretty_printed_concrete_signatures": "functions-pretty_sigs",
    "clear": "process-clear",
}
TRACING = {
    "when tracing happens": "rows_of_functions-calls_alone process-nested_function_traces",
    "Python values are literals": "tracing_rules-python_keys tracing-enum functions-bool_key",
    "tensors by dtype and shape": "tracing_rules-tensor_keys",
    "variables by dtype, shape, trainable and aliasing": "tracing_rules-variable_alias tracing-variables_args rows_of_functions-trainable_is_part_of_the_type",
    "numpy arrays": "tracing-numpy_args tracing_rules-numpy_placeholder calls_and_signatures-numpy_scalar_args",
    "dtype objects": "tracing-dtype_args calls_and_signatures-dtype_arg",
    "structures": "tracing-structures tracing_rules-namedtuple_keys tracing_rules-dict_order tracing-dataclass",
    "__tf_flatten__": "input_signatures-sig_dataclass input_signatures-frozen_dataclass",
    "__tf_tracing_type__": "tracing-tracetype_protocol input_signatures-fruit_trace_type",
    "other objects by weak identity": "tracing-object_identity tracing_rules-weak_identity tracing-unhashable",
    "weakref.ref": "tracing-weakref tracing_rules-weakref_arg",
    "decorated values": "tracing_rules-wrapped_values",
    "kwargs": "tracing_rules-kwargs_canonical tracing_rules-varkw_sorted",
    "defaults": "tracing-default_np tracing_rules-default_arrays tracing_rules-default_list",
    "binding errors": "tracing-binding_errors tracing_rules-binding_errors",
    "the most specific trace": "tracing-most_specific tracing_rules-most_specific",
    "reduce_retracing": "tracing-reduce_retracing tracing_rules-reduce_retracing_rank tracing-reduce_retracing_method",
    "unknown rank": "tracing-unknown_rank input_signatures-sig_unknown_rank",
    "recursion": "functions-recursion_literal tracing_rules-recursion_literal objects_and_formats-b_recursion",
    "an exception while tracing": "functions-exception_not_sticky tracing_rules-error_not_sticky",
    "mutating arguments": "functions-mutating_args tracing_rules-mutate_argument",
    "Python side effects": "tracing-python_side_effects tracing_rules-side_effects_at_trace",
    "free values": "tracing-delete_reference tracing_rules-globals_frozen functions-global_frozen",
    "bound methods": "tracing_rules-bound_method_arg",
}
SIGNATURES = {
    "type": "tracing-sig_bad_type tracing-sig_varspec",
    "effect": "tracing-sig_python_values input_signatures-sig_basic",
    "mismatch": "tracing-sig_mismatch input_signatures-sig_shape_mismatch",
    "too few": "tracing-sig_too_few",
    "too many": "tracing-sig_too_many",
    "nested": "tracing-sig_nested input_signatures-sig_nested input_signatures-sig_namedtuple",
    "varargs": "tracing-sig_varargs input_signatures-sig_varargs",
    "keyword-only": "tracing-sig_kwonly input_signatures-sig_kwonly",
    "empty": "tracing-sig_empty input_signatures-sig_empty",
}
CONCRETE = {
    "get_concrete_function": "concrete_functions-same_object concrete_functions-creates_variable tracing-concrete_general",
    "calling": "concrete_functions-structured_call concrete_and_captures-cf_mixed_args",
    "a bound literal": "concrete_functions-literal_check",
    "wrong shape": "concrete_functions-wrong_shape_in_trace concrete_and_captures-cf_wrong_shape_matmul",
    "names": "concrete_and_captures-cf_names concrete_and_captures-cf_nested_names",
    "structured signatures and outputs": "concrete_and_captures-cf_structured_outputs",
    "pretty_printed_signature": "concrete_functions-pretty rows_of_functions-signatures_in_print",
    "graph": "concrete_and_captures-cf_op_attrs",
    "outputs": "functions-return_structures calls_and_signatures-returned_structures functions-return_python",
    "returning a captured tensor or an input": "concrete_functions-return_input_capture",
}
CAPTURES = {
    "eager tensors": "concrete_and_captures-capture_reassign concrete_and_captures-cf_captured_return",
    "outer traces": "concrete_and_captures-capture_outer_graph",
    "leaks": "concrete_and_captures-leak_from_cond state_and_errors-out_of_scope_kinds",
    "numpy of a symbolic tensor": "concrete_and_captures-symbolic_misuse",
    "deleted variables": "concrete_and_captures-deleted_variable concrete_and_captures-deleted_local_variable",
    "shapes through calls": "rows_of_functions-sizes_flow_through_calls",
}
VARIABLES = {
    "first call": "variables-guide_create variables_and_modules-create_first_call",
    "create on a later trace": "variables-create_each_call variables-create_second_call",
    "lifted and argument-dependent initializers": "variables_and_modules-init_depends_on_var variables-callable_init",
    "nested": "variables_and_modules-nested_creation",
    "creator scopes": "variables-creator_scope variables_and_modules-creator_scope_inside",
    "names": "variables-guide_names variables_and_modules-names variables-name_scope",
    "ops": "variables-ops variables-slice_assign variables-scatter variables-sparse_read",
    "init_scope": "objects_and_formats-b_init_scope_and_eager",
    "an optimizer": "variables-optimizer_loop",
    "tf.Module": "variables-module variables-module_nested variables_and_modules-module_nested_containers",
}
EFFECTS = {
    "order": "variables-order variables-order_print",
    "reads do not change later": "variables-read_snapshot",
    "branches and loops": "variables_and_modules-var_in_cond state_and_errors-while_assign",
    "nested calls": "state_and_errors-assign_in_nested_fn_alias",
    "control_dependencies": "variables-control_deps",
    "datasets and iterators": "datasets-slices_of_an_argument datasets-iterators_start_anew",
}
AUTOGRAPH = {
    "dispatch by the type of the condition": "autograph-square_if autograph-untouched_py_if more-mixed_py_tf_loops",
    "if on tensor": "autograph-square_if autograph-nonscalar_cond rows_of_autograph-conditions_of_one_element",
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
    "loop variable None": "autograph_rows-loop_none_after rows_of_autograph-none_before_a_loop_that_nobody_reads",
    "loop variable dtype changes": "autograph-loop_dtype autograph_rows-loop_dtype_int_float",
    "loop variable shape changes": "autograph-loop_shape autograph_rows-loop_shape_change_ok",
    "invariant violated": "autograph-invariant_violated",
    "structure changes": "autograph-loop_structure autograph_rows-loop_list_grow_err",
    "Python number loop variables": "autograph-loop_py_init",
    "for over tensor": "autograph-for_tensor autograph-for_scalar autograph_rows-for_unknown_rows",
    "for over tf.range": "autograph-for_range_values autograph_rows-for_range_neg autograph_rows-for_int64",
    "Python builtins on tensors": "autograph-len better-builtins_abs_etc rows_of_autograph-numbers_of_text_and_sorted_by_key",
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
    "list append": "autograph-python_list_append rows_of_autograph-arrays_of_one_shape",
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


TABLES = {
    "1.1": FUNCTION,
    "1.2": TRACING,
    "1.3": SIGNATURES,
    "1.4": CONCRETE,
    "1.5": CAPTURES,
    "1.6": VARIABLES,
    "1.7": EFFECTS,
    "1.8": AUTOGRAPH,
    "1.9": CONTROL_FLOW,
}


@pytest.mark.parametrize(("table", "row"), [(t, row) for t, rows in TABLES.items() for row in rows])
def test_row_has_programs(table, row):
    programs = TABLES[table][row].split()
    assert programs and not set(programs) - _programs()
