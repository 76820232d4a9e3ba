"""The rows of the feature tables, and the programs of `programs/`, or tests of other rooms, that test each."""

import functools
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "programs"

FUNCTION = {
    "signature, bare, with parentheses, as a call": "functions-generator_arg functions-options functions-basic_add clauses_of_functions-options_are_accepted clauses_of_calls-docstrings_and_names",
    "not callable": "functions-not_callable calls_and_signatures-not_callable",
    "Python errors in the body": "functions-attr_error objects_and_formats-b_exceptions_in_trace clauses_of_calls-exceptions_pass_through",
    "name, doc, wrapped, python_function, input_signature": "functions-names calls_and_signatures-wrapped_attrs",
    "methods": "functions-method_per_instance functions-method_collect tracing_rules-method_instances clauses_of_functions-bound_self_is_weak clauses_of_calls-methods_weak_and_separate clauses_of_python-properties_and_super",
    "partial, lambda, callable object": "functions-partial functions-lambda functions-callable_object clauses_of_functions-partial_signature clauses_of_calls-partials_and_kwargs clauses_of_python-callable_objects_and_builtins",
    "pickle": "calls_and_signatures-pickle_fn objects_and_formats-b_pickle_copy clauses_of_calls-pickled_functions",
    "decorating after tracing": "tracing_rules-decorate_after_trace calls_and_signatures-decorate_after clauses_of_calls-decorated_after_trace",
    "thread safety": "calls_and_signatures-thread_trace_once process-threads_trace objects_and_formats-b_threads clauses_of_calls-threads_make_one_trace",
    "experimental_implements": "functions-experimental_implements rows_of_functions-attributes_of_functions",
    "experimental_attributes": "functions-bad_attribute rows_of_functions-attributes_of_functions",
    "autograph=False": "functions-autograph_false_python calls_and_signatures-autograph_false",
    "run_functions_eagerly": "functions-run_eagerly functions-run_eagerly_vars calls_and_signatures-run_eagerly_switch clauses_of_functions-eager_switch_is_checked_at_call clauses_of_functions-tf_data_has_its_own_switch clauses_of_calls-run_eagerly_everything",
    "experimental_get_tracing_count": "functions-tracing_count_vars variables_and_modules-creation_counts clauses_of_functions-tracing_count_with_variables clauses_of_calls-tracing_counts_walk",
    "get_initialization_function": "variables_and_modules-initialization_function",
    "pretty_printed_concrete_signatures": "functions-pretty_sigs clauses_of_functions-pretty_signatures",
    "clear": "process-clear",
    "experimental_autograph_options": "clauses_of_functions-autograph_options_of_functions autograph_rows-all_features",
}
TRACING = {
    "when tracing happens": "rows_of_functions-calls_alone process-nested_function_traces realistic_programs-nested_functions_counts",
    "Python values are literals": "tracing_rules-python_keys tracing-enum functions-bool_key clauses_of_calls-literals_of_enums_and_functions",
    "tensors by dtype and shape": "tracing_rules-tensor_keys",
    "variables by dtype, shape, trainable and aliasing": "tracing_rules-variable_alias tracing-variables_args rows_of_functions-trainable_is_part_of_the_type clauses_of_python-variables_as_arguments",
    "numpy arrays": "tracing-numpy_args tracing_rules-numpy_placeholder calls_and_signatures-numpy_scalar_args clauses_of_calls-numpy_keys",
    "dtype objects": "tracing-dtype_args calls_and_signatures-dtype_arg",
    "structures": "tracing-structures tracing_rules-namedtuple_keys tracing_rules-dict_order tracing-dataclass clauses_of_functions-keys_of_calls composite_tensors-ragged_trace_counts composite_tensors-sparse_trace_counts clauses_of_values-ranges_are_nests",
    "__tf_flatten__": "input_signatures-sig_dataclass input_signatures-frozen_dataclass clauses_of_calls-dataclasses_and_attrs",
    "__tf_tracing_type__": "tracing-tracetype_protocol input_signatures-fruit_trace_type",
    "other objects by weak identity": "tracing-object_identity tracing_rules-weak_identity tracing-unhashable realistic_programs-unhashable_and_objects",
    "weakref.ref": "tracing-weakref tracing_rules-weakref_arg",
    "decorated values": "tracing_rules-wrapped_values",
    "kwargs": "tracing_rules-kwargs_canonical tracing_rules-varkw_sorted",
    "defaults": "tracing-default_np tracing_rules-default_arrays tracing_rules-default_list",
    "binding errors": "tracing-binding_errors tracing_rules-binding_errors clauses_of_functions-binding_errors",
    "the most specific trace": "tracing-most_specific tracing_rules-most_specific clauses_of_functions-most_specific_dispatch clauses_of_python-most_specific_and_relaxed",
    "reduce_retracing": "tracing-reduce_retracing tracing_rules-reduce_retracing_rank tracing-reduce_retracing_method clauses_of_functions-reduce_retracing_in_structures clauses_of_python-reduce_retracing_walk",
    "unknown rank": "tracing-unknown_rank input_signatures-sig_unknown_rank",
    "recursion": "functions-recursion_literal tracing_rules-recursion_literal objects_and_formats-b_recursion clauses_of_calls-recursion_kinds",
    "an exception while tracing": "functions-exception_not_sticky tracing_rules-error_not_sticky clauses_of_python-raise_retrace_and_error_state",
    "mutating arguments": "functions-mutating_args tracing_rules-mutate_argument clauses_of_functions-mutated_arguments clauses_of_calls-mutation_errors",
    "Python side effects": "tracing-python_side_effects tracing_rules-side_effects_at_trace",
    "free values": "tracing-delete_reference tracing_rules-globals_frozen functions-global_frozen clauses_of_calls-globals_and_closures_frozen",
    "bound methods": "tracing_rules-bound_method_arg",
    "the warning about frequent retracing": "function/test_retracing.py::test_frequent_retracing_warns_twice_and_says_why",
}
SIGNATURES = {
    "type": "tracing-sig_bad_type tracing-sig_varspec",
    "effect": "tracing-sig_python_values input_signatures-sig_basic clauses_of_functions-signature_rules clauses_of_python-tensor_conversion_of_args",
    "mismatch": "tracing-sig_mismatch input_signatures-sig_shape_mismatch",
    "too few": "tracing-sig_too_few",
    "too many": "tracing-sig_too_many",
    "nested": "tracing-sig_nested input_signatures-sig_nested input_signatures-sig_namedtuple clauses_of_calls-signatures_nested",
    "varargs": "tracing-sig_varargs input_signatures-sig_varargs",
    "keyword-only": "tracing-sig_kwonly input_signatures-sig_kwonly clauses_of_calls-signatures_defaults",
    "empty": "tracing-sig_empty input_signatures-sig_empty",
}
CONCRETE = {
    "get_concrete_function": "concrete_functions-same_object concrete_functions-creates_variable tracing-concrete_general",
    "calling": "concrete_functions-structured_call concrete_and_captures-cf_mixed_args",
    "a bound literal": "concrete_functions-literal_check",
    "wrong shape": "concrete_functions-wrong_shape_in_trace concrete_and_captures-cf_wrong_shape_matmul",
    "names": "concrete_and_captures-cf_names concrete_and_captures-cf_nested_names",
    "structured signatures and outputs": "concrete_and_captures-cf_structured_outputs composite_tensors-spec_signatures",
    "pretty_printed_signature": "concrete_functions-pretty rows_of_functions-signatures_in_print",
    "graph": "concrete_and_captures-cf_op_attrs clauses_of_functions-graph_introspection graph_queries-graph_queries graph_queries-captures_of_graphs",
    "outputs": "functions-return_structures calls_and_signatures-returned_structures functions-return_python clauses_of_functions-outputs_of_functions realistic_programs-results_of_every_kind clauses_of_python-lists_in_structures",
    "returning a captured tensor or an input": "concrete_functions-return_input_capture",
    "wrong dtype": "clauses_of_functions-wrong_dtypes_of_concrete_functions",
    "verbose, str, repr": "clauses_of_functions-strings_of_concrete_functions composite_tensors-positional_only",
}
CAPTURES = {
    "eager tensors": "concrete_and_captures-capture_reassign concrete_and_captures-cf_captured_return clauses_of_functions-captures_of_kinds",
    "outer traces": "concrete_and_captures-capture_outer_graph clauses_of_calls-captures_order",
    "leaks": "concrete_and_captures-leak_from_cond state_and_errors-out_of_scope_kinds function/test_captures.py::test_a_leaked_tensor_in_another_trace_names_where_it_was_made",
    "numpy of a symbolic tensor": "concrete_and_captures-symbolic_misuse",
    "deleted variables": "concrete_and_captures-deleted_variable concrete_and_captures-deleted_local_variable",
    "shapes through calls": "rows_of_functions-sizes_flow_through_calls",
    "variables": "clauses_of_functions-captures_of_kinds concrete_and_captures-capture_outer_graph",
    "values by reference": "clauses_of_functions-captures_by_reference graph_queries-capture_call_time graph_queries-call_time_values_in_loops",
}
VARIABLES = {
    "first call": "variables-guide_create variables_and_modules-create_first_call clauses_of_calls-variables_create_once",
    "create on a later trace": "variables-create_each_call variables-create_second_call",
    "lifted and argument-dependent initializers": "variables_and_modules-init_depends_on_var variables-callable_init",
    "nested": "variables_and_modules-nested_creation",
    "creator scopes": "variables-creator_scope variables_and_modules-creator_scope_inside",
    "names": "variables-guide_names variables_and_modules-names variables-name_scope",
    "ops": "variables-ops variables-slice_assign variables-scatter variables-sparse_read clauses_of_calls-slices_scatters_shapes",
    "init_scope": "objects_and_formats-b_init_scope_and_eager realistic_programs-init_scope_and_contexts",
    "an optimizer": "variables-optimizer_loop",
    "tf.Module": "variables-module variables-module_nested variables_and_modules-module_nested_containers clauses_of_calls-modules_tracking realistic_programs-bank_account_module",
    "create on a call that is not the first": "clauses_of_functions-creation_on_later_calls",
    "assignments before the first value": "clauses_of_functions-assignment_between",
    "initial values that depend on arguments": "clauses_of_functions-unliftable_initializers",
}
EFFECTS = {
    "order of reads and writes": "variables-order clauses_of_functions-effects_in_graph_edges clauses_of_calls-effects_of_variables realistic_programs-control_edges",
    "reads among each other, different resources": "clauses_of_functions-effects_in_graph_edges effects/test_inspection.py::test_why_explains_a_path",
    "console and checks": "variables-order_print clauses_of_functions-graph_introspection clauses_of_calls-tf_print_forms",
    "random numbers take no part": "observed-exempt_effects",
    "what must run": "clauses_of_functions-must_run_though_unused",
    "branches, loops and calls": "variables_and_modules-var_in_cond state_and_errors-while_assign observed-exempt_effects",
    "a resource that is passed twice": "clauses_of_functions-effects_of_the_same_variable_twice state_and_errors-assign_in_nested_fn_alias",
    "reads do not change later": "variables-read_snapshot",
    "control_dependencies": "variables-control_deps observed-control_dependencies_in_functions",
    "results that are no tensors": "clauses_of_functions-non_tensor_output_and_print_result",
    "datasets and iterators": "datasets-slices_of_an_argument datasets-iterators_start_anew",
}
AUTOGRAPH = {
    "dispatch by the type of the condition": "autograph-square_if autograph-untouched_py_if more-mixed_py_tf_loops",
    "if on tensor": "autograph-square_if autograph-nonscalar_cond rows_of_autograph-conditions_of_one_element clauses_of_autograph-conditions_that_are_not_scalars clauses_of_calls-if_elif_else_chain",
    "variable set in one branch only": "autograph-only_one_branch autograph_rows-comp_attr_new_in_branch clauses_of_autograph-branch_rules",
    "None in one branch": "autograph-none_branch clauses_of_autograph-branch_rules observed-observed_rules",
    "dtype differs": "autograph-dtype_branch autograph_rows-if_dtype_py clauses_of_autograph-branch_rules",
    "structure differs": "autograph-structure_branch clauses_of_autograph-branch_rules",
    "shape differs": "autograph-shape_branch clauses_of_autograph-branch_rules clauses_of_python-shapes_erased_in_branches",
    "return in one branch only": "autograph-return_one_branch autograph_rows-buggy_return_none clauses_of_autograph-branch_rules",
    "undefined symbol after branch, Python condition": "autograph-undefined_use python_in_functions-undefined_both clauses_of_autograph-used_before_assignment",
    "destroyed variable": "autograph-del autograph_rows-del_stmt",
    "while on tensor": "autograph-collatz autograph_rows-while_multi_cond autograph_rows-while_or clauses_of_autograph-while_rules",
    "while starts Python, becomes tensor": "better-python_while_becomes_tensor clauses_of_autograph-while_rules",
    "loop variable not defined before": "autograph-loop_undefined autograph_rows-loop_created_read_first clauses_of_autograph-while_rules",
    "loop variable None": "autograph_rows-loop_none_after rows_of_autograph-none_before_a_loop_that_nobody_reads clauses_of_autograph-while_rules",
    "loop variable dtype changes": "autograph-loop_dtype autograph_rows-loop_dtype_int_float clauses_of_autograph-while_rules",
    "loop variable shape changes": "autograph-loop_shape autograph_rows-loop_shape_change_ok clauses_of_autograph-while_rules",
    "invariant violated": "autograph-invariant_violated clauses_of_autograph-while_rules",
    "structure changes": "autograph-loop_structure autograph_rows-loop_list_grow_err clauses_of_autograph-while_rules",
    "Python number loop variables": "autograph-loop_py_init",
    "for over tensor": "autograph-for_tensor autograph-for_scalar autograph_rows-for_unknown_rows clauses_of_autograph-for_rules",
    "for over tf.range": "autograph-for_range_values autograph_rows-for_range_neg autograph_rows-for_int64 clauses_of_autograph-for_rules",
    "Python builtins on tensors": "autograph-len better-builtins_abs_etc rows_of_autograph-numbers_of_text_and_sorted_by_key clauses_of_autograph-builtins_on_tensors datasets-builtins_of_datasets clauses_of_python-builtins_on_tensors_walk clauses_of_values-filters_of_nothing",
    "break and continue": "autograph-break_continue autograph-break_nested python_in_functions-nested_break_flags clauses_of_autograph-jumps_everywhere clauses_of_calls-nested_loops_break_continue",
    "tensor break or return in Python for": "autograph-break_python_for python_in_functions-while_true_tensor_break",
    "return in a tensor loop": "better-while_return better-multiple_returns_loop clauses_of_calls-early_returns",
    "for/else, while/else": "autograph-for_else autograph-while_else_py better-for_else_tensor clauses_of_calls-loop_else_and_python",
    "generators": "autograph-generator autograph_rows-gen_async",
    "try, except, finally, with": "autograph-try_with autograph_rows-try_finally autograph_rows-with_stmt_cm clauses_of_autograph-statements_with_tensors clauses_of_python-exceptions_inside",
    "conditional expression": "autograph-ternary autograph-ternary_lazy better-cond_expr_nested",
    "and, or, not": "autograph-and_or_not autograph-and_lazy autograph-and_python clauses_of_autograph-expressions_lazily clauses_of_calls-ternary_lazy_and_or",
    "optional features": "autograph_rows-print_feature autograph_rows-assert_feature autograph_rows-all_features",
    "== and !=": "autograph-eq autograph_rows-eq_feature",
    "chained comparison": "autograph-chained autograph_rows-chained",
    "in, not in": "autograph-in_tensor autograph_rows-in_op",
    "assert": "autograph-assert_py autograph_rows-assert_py_tensor_shape",
    "list append": "autograph-python_list_append rows_of_autograph-arrays_of_one_shape",
    "attributes and items as variables": "autograph-self_attr autograph-dict_key autograph_rows-comp_branch clauses_of_autograph-composite_symbols clauses_of_calls-composite_symbols_in_loops",
    "items": "autograph-augassign_tensor_slice autograph_rows-aug_subscript",
    "lambdas": "better-lambdas autograph_rows-lambda_loop_capture clauses_of_python-lambdas_and_comprehensions",
    "nested functions, closures, nonlocal, global": "autograph-nonlocal autograph_rows-closures better-nonlocal_in_branch clauses_of_autograph-functions_in_functions clauses_of_python-closures_and_nonlocal",
    "decorators": "better-decorators clauses_of_autograph-functions_in_functions clauses_of_python-decorators_stack",
    "classes, methods, super, callable objects, namedtuple": "autograph_rows-class_in_fn autograph_rows-callable_obj clauses_of_autograph-functions_in_functions",
    "not converted": "python_in_functions-lru autograph-do_not_convert clauses_of_autograph-not_converted_things",
    "do_not_convert": "autograph-do_not_convert autograph_rows-do_not_convert2",
    "to_graph": "autograph-to_graph clauses_of_autograph-to_code_and_to_graph",
    "set_loop_options": "autograph_rows-loop_options_all autograph-max_iterations clauses_of_autograph-loop_options_limits clauses_of_calls-set_loop_options_shapes",
    "errors keep their type": "autograph_rows-exc_types autograph_rows-raise_py_cond clauses_of_autograph-error_lines_and_types clauses_of_calls-autograph_error_texts",
    "for over ragged tensors, datasets, iterators": "clauses_of_autograph-for_rules datasets-loops_over_nothing clauses_of_calls-datasets_in_functions composite_tensors-ragged_in_loops",
    "limits of Python loops": "autograph/test_operations.py::test_iteration_limit autograph/test_operations.py::test_large_unrolled_loop_warns_with_its_line",
    "slices": "observed-slices_and_annotations",
    "annotations": "observed-slices_and_annotations",
    "what cannot be converted warns and runs as it is": "autograph/test_python_semantics.py::test_generator_runs_as_is_with_one_warning",
    "private names": "clauses_of_autograph-not_converted_things",
    "set_verbosity, trace": "clauses_of_autograph-to_code_and_to_graph",
    "tracebacks": "function/test_decorator.py::test_no_frame_of_ours_is_in_a_traceback autograph/test_python_semantics.py::test_traceback_shows_the_users_line_and_function",
    "errors at run time": "observed-errors_at_run_time",
    "bool and iter of tensors that are not converted": "clauses_of_autograph-not_converted_things observed-errors_at_run_time",
}
CONTROL_FLOW = {
    "tf.cond": "control_flow-cond_eager control_flow-cond_graph_errors more-cond_grad more-cond_nested clauses_of_control_flow-cond_clauses clauses_of_python-grads_of_control_flow",
    "tf.case, tf.switch_case": "control_flow-case control_flow-switch_case control_flow-switch_effects clauses_of_control_flow-case_and_switch_clauses",
    "tf.while_loop": "control_flow-while_errors control_flow-while_grad control_flow-while_max clauses_of_control_flow-while_loop_clauses clauses_of_calls-while_loop_forms clauses_of_python-stop_conditions_of_scan",
    "tf.map_fn, scan, foldl, foldr, vectorized_map": "control_flow-map_fn control_flow-scan control_flow-fold control_flow-vmap clauses_of_control_flow-map_fn_clauses clauses_of_control_flow-folds_and_scans clauses_of_control_flow-vectorized_map_clauses clauses_of_calls-map_scan_fold",
    "TensorArray": "tensor_arrays-ta_props tensor_arrays-ta_concat tensor_arrays-ta_split tensor_arrays-ta_oob_write clauses_of_control_flow-tensor_array_clauses clauses_of_calls-tensor_array_walk clauses_of_values-arrays_after_clearing clauses_of_values-arrays_out_of_range_in_functions",
    "TensorArray crossing a function boundary": "tensor_arrays-ta_arg tensor_arrays-ta_inner_fn_grow",
    "tf.print": "print_and_assert-print_struct print_and_assert-print_matrix print_and_assert-print_loop_order clauses_of_control_flow-print_clauses clauses_of_control_flow-print_clauses_in_functions composite_tensors-print_ragged composite_tensors-print_ragged_fn composite_tensors-print_sparse clauses_of_calls-tf_print_forms",
    "tf.Assert, tf.debugging.assert_*": "print_and_assert-assert_compare print_and_assert-assert_shapes clauses_of_control_flow-assert_clauses clauses_of_python-asserts_of_every_kind",
    "tf.identity, control_dependencies, no_op, group": "control_flow-group_noop clauses_of_control_flow-identity_group_no_op",
    "tf.py_function, tf.numpy_function": "clauses_of_control_flow-host_function_clauses clauses_of_calls-py_functions clauses_of_values-hosts_return_lists",
    "executing_eagerly, inside_function": "clauses_of_control_flow-host_function_clauses",
}

BETTER = {
    "chained comparisons": "better_rows-chained_comparisons",
    "assert of a tensor": "autograph/test_operations.py::test_assert_on_a_tensor autograph/test_traced.py::test_assert_names_the_users_line",
    "append in a tensor loop": "autograph/test_operations.py::test_list_append_in_a_tensor_loop",
    "a write whose result is dropped": "better_rows-dropped_writes",
    "arrays as results and in signatures": "better_rows-arrays_cross_functions",
    "attributes that change": "better_rows-attributes_of_arguments",
    "an assertion is a barrier": "better-tensor_asserts_in_loops_stop_later_effects",
    "initial values from arguments, compiled": "better_rows-compiled_initializers",
    "variables are lifted for each trace": "better_rows-variables_of_each_trace",
    "why it retraced": "function/test_retracing.py::test_explain_retracing_names_the_argument",
    "the cache is bounded": "function/test_retracing.py::test_the_cache_is_bounded",
    "leaked tensors": "function/test_captures.py::test_a_leaked_tensor_in_another_trace_names_where_it_was_made",
    "no source": "better_rows-functions_without_source",
    "large unrolled loops": "autograph/test_operations.py::test_large_unrolled_loop_warns_with_its_line",
    "1, True and 1.0": "better_rows-numbers_of_three_types",
    "host functions and variables": "better_rows-host_functions_are_ordered",
    "return in loops": "better-while_return better-multiple_returns_loop",
    "nested conditional expressions, walrus": "better-cond_expr_nested better-walrus",
    "max, min, sum, any, all": "better-builtins_abs_etc",
    "None before a loop": "better_rows-none_before_a_loop",
    "errors of Python keep their type": "better_rows-errors_keep_their_type",
    "a first call from several threads": "function/test_decorator.py::test_the_creating_first_call_from_several_threads",
    "minus zero": "better_rows-minus_zero",
}
OBSERVED = {
    "None on both branches": "observed-observed_rules",
    "a condition that is no scalar": "observed-observed_rules clauses_of_autograph-conditions_that_are_not_scalars",
    "names of specs twice": "observed-observed_rules",
    "a trace for less after one for more": "observed-observed_rules",
    "a print as result": "clauses_of_functions-non_tensor_output_and_print_result",
    "printed bools and strings": "clauses_of_control_flow-print_clauses",
    "an indefinite matrix": "observed-observed_rules",
    "breaks of Python loops on tensors": "observed-observed_rules clauses_of_autograph-jumps_everywhere",
    "branches of different structure": "clauses_of_control_flow-cond_clauses",
}


@functools.cache
def _programs() -> set:
    return {
        f"{path.stem}-{name}"
        for path in FOLDER.glob("*.txt")
        for name in re.findall(r"^#--- *(\S+)", path.read_text(), flags=re.M)
    }


@functools.cache
def _tests() -> set:
    """The tests of the other rooms, as `room/file.py::name`."""
    top = FOLDER.parent.parent
    return {
        f"{path.relative_to(top).as_posix()}::{name}"
        for path in top.glob("*/test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), flags=re.M)
    }


TABLES = {
    "0": BETTER,
    "0b": OBSERVED,
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
    named = TABLES[table][row].split()
    assert named and not set(named) - _programs() - _tests()
