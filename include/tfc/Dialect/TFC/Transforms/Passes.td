//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_TRANSFORMS_PASSES_TD
#define TFC_DIALECT_TFC_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def TFCInlineCallsPass : Pass<"tfc-inline-calls", "::mlir::ModuleOp"> {
  let summary = "Replace calls by the bodies of the functions called";
  let description = [{
    Each `func.call` becomes a copy of the callee's body, whose locations become call
    sites (`CallSiteLoc`), so that an error shows both lines. So does each `tfc.call`. Private functions that
    nobody refers to afterwards are erased.

    ```mlir
    %r = call @double(%x) : (tensor<f32>) -> tensor<f32>
    // becomes
    %r = tfc.add %x, %x : (tensor<f32>, tensor<f32>) -> tensor<f32>
    ```

    Fails on recursion, and on a callee with several blocks. Calls of functions
    without a body stay.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::tfc::TFCDialect"];
}

def TFCInsertChecksPass : Pass<"tfc-insert-checks", "::mlir::func::FuncOp"> {
  let summary = "Put assertions before ops that can fail at run time";
  let description = [{
    Pure ops fail on an index out of range, an integer division by zero, sizes that do not fit
    and the like. Those that are not known to hold become a condition and a `tfc.assert`
    in front of the op, so that the failure is an effect like others; the op itself may then
    be lowered as if it could not fail.

    ```mlir
    %r = tfc.gather %x, %i ...
    // becomes
    %n = ... // the size of the dimension
    %c = ... // all(0 <= %i < %n)
    tfc.assert %c, "indices = {} is not in [0, {})", %i, %n : ...
    %r = tfc.gather %x, %i ...
    ```

    The message has a `{}` for each value that follows. `code` is 2 (out of range) for lists and
    slices, else 1 (invalid argument). No check is built for what follows from static
    sizes, from sizes that are equal by construction, and from counted loops. Operands
    of unknown rank are not checked. Run it once, after inlining and refinement and before
    `tfc-promote-variables`, which gives the assertions their pending values.
  }];
  let dependentDialects = ["::tfc::TFCDialect"];
}

def TFCOrderEffectsPass : Pass<"tfc-order-effects", "::mlir::ModuleOp"> {
  let summary = "Replace program order by the minimal partial order";
  let description = [{
    Gives each op with an effect the tokens of the ops that must come first: of those
    that it conflicts with, minus the ones that follow from others. Branches and loops
    take part as one op with the effects of their regions, and each region has an order of its own.

    ```mlir
    %t0 = tfc.assign_variable %v, %x : ...
    %a, %t1 = tfc.read_variable %v : ...
    %b, %t2 = tfc.read_variable %v : ...
    %t3 = tfc.assign_variable %v, %y : ...
    // becomes
    %t0 = tfc.assign_variable %v, %x : ...
    %a, %t1 = tfc.read_variable %v after(%t0) : ...
    %b, %t2 = tfc.read_variable %v after(%t0) : ...
    %t3 = tfc.assign_variable %v, %y after(%t1, %t2) : ...
    ```

    Tokens that are there already are replaced: the ops of a block stand in program
    order, always. A `func.call` with effects becomes a `tfc.call`. Fails on foreign ops with
    effects, which take no tokens. With remarks on (`--remarks-filter-analyse=tfc-order-effects`),
    each edge says why it is there: "line 12 writes v after line 9 read it".
  }];
  let dependentDialects = ["::tfc::TFCDialect"];
}

def TFCVerifyOrderingPass : Pass<"tfc-verify-ordering", "::mlir::ModuleOp"> {
  let summary = "Prove that tokens order what conflicts, and nothing else";
  let description = [{
    Leaves the IR as it is. Fails unless

    * each token used is one of an earlier op of the same block,
    * each two ops that conflict are ordered by a path of tokens (soundness),
    * no token can be dropped without losing the order of a conflict (minimality).

    A diagnostic names both ops, the resource, and both source lines.
  }];
  let dependentDialects = ["::tfc::TFCDialect"];
}

def TFCForwardStoresPass : Pass<"tfc-forward-stores", "::mlir::ModuleOp"> {
  let summary = "Let reads give what was stored last";
  let description = [{
    A read becomes the value of the store before it, where there is one on every path and no write in
    between; also from before a branch or loop into it.

    ```mlir
    %t0 = tfc.assign_variable %v, %x : ...
    %a, %t1 = tfc.read_variable %v : ...
    %b = tfc.add %a, %a : ...
    // becomes
    %t0 = tfc.assign_variable %v, %x : ...
    %b = tfc.add %x, %x : ...
    ```

    Tokens, if there are any, are those of the minimal order again afterwards.
  }];
  let dependentDialects = ["::tfc::TFCDialect"];
}

def TFCMergeReadsPass : Pass<"tfc-merge-reads", "::mlir::ModuleOp"> {
  let summary = "Read a variable once between two writes";
  let description = [{
    A read becomes the value of an earlier one, where no write can come between them.

    ```mlir
    %a, %t0 = tfc.read_variable %v : ...
    %b, %t1 = tfc.read_variable %v : ...
    %c = tfc.add %a, %b : ...
    // becomes
    %a, %t0 = tfc.read_variable %v : ...
    %c = tfc.add %a, %a : ...
    ```

    Tokens, if there are any, are those of the minimal order again afterwards.
  }];
  let dependentDialects = ["::tfc::TFCDialect"];
}

def TFCRemoveDeadEffectsPass : Pass<"tfc-remove-dead-effects", "::mlir::ModuleOp"> {
  let summary = "Remove stores that nobody sees and reads that nobody uses";
  let description = [{
    A store goes when the variable is written again before anybody looks at it: a read, an
    assertion (which shows it if it fails), a print (the host may refuse it and look), a foreign function,
    the end of the function. So does a store of what was just read from the same variable, and a read
    whose value has no use.

    ```mlir
    %a, %t0 = tfc.read_variable %v : ...
    %t1 = tfc.assign_variable %v, %x : ...
    %t2 = tfc.assign_variable %v, %y : ...
    // becomes
    %t2 = tfc.assign_variable %v, %y : ...
    ```

    Tokens, if there are any, are those of the minimal order again afterwards.
  }];
  let dependentDialects = ["::tfc::TFCDialect"];
}

def TFCHoistReadsPass : Pass<"tfc-hoist-reads", "::mlir::ModuleOp"> {
  let summary = "Read before a loop what the loop does not write";
  let description = [{
    ```mlir
    %r:2 = tfc.while %i : ... {...} do {
      %a, %t = tfc.read_variable %v : ...
      ...
    }
    // becomes
    %a, %t = tfc.read_variable %v : ...
    %r:2 = tfc.while %i : ... {...} do {
      ...
    }
    ```

    From nested loops, the read goes as far out as no loop writes the variable. Tokens, if there are any, are
    those of the minimal order again afterwards.
  }];
  let dependentDialects = ["::tfc::TFCDialect"];
}

def TFCMergePrintsPass : Pass<"tfc-merge-prints", "::mlir::ModuleOp"> {
  let summary = "Print in one call what is printed one after the other";
  let description = [{
    A print sinks to the next one on the same stream, if nothing lies between them but reads and a little
    elementwise work; both are then formatted by one call of the host. The console shows the same.

    ```mlir
    %t0 = tfc.print "a {}\n", %x : tensor<f32> {stream = "stdout", ...}
    %t1 = tfc.print "b {}\n", %y : tensor<f32> {stream = "stdout", ...}
    // becomes
    %t0 = tfc.print "a {}\nb {}\n", %x, %y : tensor<f32>, tensor<f32> {stream = "stdout", ...}
    ```

    Logs (`log:LEVEL`) keep a record for each print. Run it after `tfc-promote-variables`: writes between two
    prints keep them apart, because a host that refuses the first must not see them. Tokens, if there are any, are
    those of the minimal order again afterwards.
  }];
  let dependentDialects = ["::tfc::TFCDialect"];
}

def TFCPromoteVariablesPass : Pass<"tfc-promote-variables", "::mlir::ModuleOp"> {
  let summary = "Turn variables into values";
  let description = [{
    Afterwards each variable is read at most once, at the start of a function, and
    written at most once, at its end. Between those its value is an SSA value, which
    branches yield and loops carry. An assertion gets, as `pending`, what it must
    store if it fails, a print what it must store if the host refuses it. Prints and assertions keep
    their order.

    ```mlir
    %t0 = tfc.assign_variable %v, %x : ...
    %r:2 = tfc.while %i : ... {...} do {
      %a, %t1 = tfc.read_variable %v : ...
      %b = tfc.add %a, %c : ...
      %t2 = tfc.assign_variable %v, %b : ...
      tfc.yield ...
    }
    // becomes
    %r:3 = tfc.while %i, %x : ... {...} do {
    ^bb0(%j, %a):
      %b = tfc.add %a, %c : ...
      tfc.yield ..., %b
    }
    %t0 = tfc.assign_variable %v, %r#1 : ...
    ```

    A loop whose condition writes a variable computes that condition before itself
    and at the end of its body. Around ops that may touch variables in a
    hidden way (calls with effects, unknown functions) variables are in memory; a remark (missed) says so. Where more than
    32 variables would be pending at an op of the function's own block, they are stored before it.
    Tokens, if there are any, are those of the minimal order again afterwards.
  }];
  let dependentDialects = ["::tfc::TFCDialect"];
}

def TFCPrintEffectsPass : Pass<"tfc-print-effects", "::mlir::ModuleOp"> {
  let summary = "Print the partial order of each function's effects";
  let description = [{
    To standard output, without changing the IR. `text` has one line for each effect, with
    the source line and what it touches, and one for each edge with its reason; `dot` is for
    Graphviz; `json` for programs (`DescribeEffects.h` says what is in it).

    ```
    effects of @f: 2, with 1 edges
    #0 line 3: assign_variable writes v
    #1 line 4: read_variable reads v
        after #0: line 4 reads v after line 3 wrote it
    ```
  }];
  let options = [Option<"format", "format", "std::string", "\"text\"", "text, dot or json">];
  let dependentDialects = ["::tfc::TFCDialect"];
}

def TFCRefineShapesPass : Pass<"tfc-refine-shapes", "::mlir::func::FuncOp"> {
  let summary = "Infer the types of values again from those of the arguments";
  let description = [{
    Makes types more specific: what the ops say of their results, through branches (which
    join what they yield) and loops (to a fixed point), and the element types of lists.

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<?xf32> {
      %y = tfc.tanh %x : (tensor<4xf32>) -> tensor<?xf32>
    // becomes
      %y = tfc.tanh %x : (tensor<4xf32>) -> tensor<4xf32>
    ```

    The function keeps its result types, with a cast (`tfc.ensure_shape`) before the return,
    unless `refine-results`. Fails, with the op's own diagnostic, where types contradict.
  }];
  let options = [Option<"refineResults", "refine-results", "bool", "false",
                        "make the result types of the function more specific too">];
  let dependentDialects = ["::tfc::TFCDialect"];
}

def TFCRefineListsPass : Pass<"tfc-refine-lists", "::mlir::func::FuncOp"> {
  let summary = "Give lists the element type of the tensors put into them";
  let description = [{
    ```mlir
    %l = tfc.list_create %n {element_type = tensor<*xf32>, ...} : (tensor<i32>) -> !tfc.list<tensor<*xf32>>
    %m = tfc.list_set %l, %i, %x : (..., tensor<4xf32>) -> !tfc.list<tensor<*xf32>>
    // becomes
    %l = tfc.list_create %n {element_type = tensor<4xf32>, ...} : (tensor<i32>) -> !tfc.list<tensor<4xf32>>
    %m = tfc.list_set %l, %i, %x : (..., tensor<4xf32>) -> !tfc.list<tensor<4xf32>>
    ```

    Tensors of different shapes give unknown dimensions. Lists that a function takes, returns or
    passes on keep their types. `tfc-refine-shapes` does the same first.
  }];
  let dependentDialects = ["::tfc::TFCDialect"];
}

def TFCSplitComplexProductsPass : Pass<"tfc-split-complex-products", "::mlir::func::FuncOp"> {
  let summary = "Make real matrix products of complex ones";
  let description = [{
    Numbers of two parts fit no vector unit; their parts do, as matrices of their own.

    ```mlir
    %z = tfc.matmul %x, %y : (tensor<64x64xcomplex<f32>>, ...) -> tensor<64x64xcomplex<f32>>
    // becomes
    %a = tfc.real %x  ...  %b = tfc.imag %x  ...  %c = tfc.real %y  ...  %d = tfc.imag %y
    %real = tfc.sub (tfc.matmul %a, %c), (tfc.matmul %b, %d)
    %imag = tfc.add (tfc.matmul %a, %d), (tfc.matmul %b, %c)
    %z = tfc.complex %real, %imag
    ```

    Where sizes are known, the four products are quarters of one: of the parts of `x` on top of each other and those of
    `y` side by side, which takes less time to pack and to share out.

    Products that are known to have few multiplications stay as they are.
  }];
  let dependentDialects = ["::tfc::TFCDialect"];
}

def TFCShareFactorsPass : Pass<"tfc-share-factors", "::mlir::func::FuncOp"> {
  let summary = "Factorize a matrix once, and form of its factors what is asked for";
  let description = [{
    A gradient of a linear system solves another one, with the adjoint matrix:

    ```mlir
    %x = tfc.solve %a, %b  ...  %t = tfc.transpose %a  ...  %y = tfc.solve %t, %c
    // becomes
    %factors, %p = tfc.lu %a
    %x = tfc.triangular_solve %factors, (tfc.triangular_solve %factors, (tfc.gather %b, %p))
    %y = tfc.gather (tfc.triangular_solve %u, (tfc.triangular_solve %u, %c)), (tfc.argsort %p)   // %u: %factors, transposed
    ```

    Systems of known order, 96 or more, are shared if one of them dominates the others.

    Where all that is asked of Q is its product with a few columns, they are columns that the reflections of `x` go
    through, too, and Q is not formed:

    ```mlir
    %q, %r = tfc.qr %x  ...  %c = tfc.matmul (tfc.transpose %q), %b
    // becomes
    %q, %both = tfc.qr (tfc.concat %x, %b) {tfc.reflected = 64 : i64}  ...  %r = tfc.slice %both  ...  %c = tfc.slice %both
    ```

    `tfc.reflected` is the number of columns that there are reflections of. Sizes are known, `x` has no fewer rows than
    columns, and twice the columns of `b` are not more.
  }];
  let dependentDialects = ["::tfc::TFCDialect"];
}

def TFCSizeListsPass : Pass<"tfc-size-lists", "::mlir::func::FuncOp"> {
  let summary = "Make lists that counted loops fill in their final length";
  let description = [{
    ```mlir
    %l = tfc.list_create %zero {dynamic_size = true, ...}
    %r:2 = tfc.while %zero, %l : ... {  // while %i < %n
      ...
    } do {
    ^bb0(%i: tensor<i32>, %m: !tfc.list<tensor<4xf32>>):
      %s = tfc.list_set %m, %i, %x : ...
      ...
    // becomes
    %size = tfc.maximum %n, %zero : ...
    %l = tfc.list_create %size {dynamic_size = false, ...}
    ```

    For loops up to a limit that is known before them, by a constant step, and down to 0; the list is empty before
    the loop, gets element n in iteration n, is not looked at in the loop, and not changed behind it.
  }];
  let dependentDialects = ["::tfc::TFCDialect"];
}

def TFCSpecializePass : Pass<"tfc-specialize", "::mlir::ModuleOp"> {
  let summary = "Give a function more specific argument types";
  let description = [{
    Sets the argument types of `function` to `types`, separated by semicolons, and refines
    the body and the result types:

    ```mlir
    // tfc-specialize="function=f types=tensor<4xf32>"
    func.func @f(%x: tensor<?xf32>) -> tensor<?xf32>
    // becomes
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32>
    ```

    Fails when there is no such function, a type is no special case of the argument's, or the
    body cannot have such arguments.
  }];
  let options = [
    Option<"function", "function", "std::string", "", "the function's symbol">,
    Option<"types", "types", "std::string", "", "one type an argument, separated by ;">];
  let dependentDialects = ["::tfc::TFCDialect"];
}

#endif // TFC_DIALECT_TFC_TRANSFORMS_PASSES_TD
