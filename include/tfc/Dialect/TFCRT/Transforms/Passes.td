//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// From tensors to buffers behind the binary interface.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_TRANSFORMS_PASSES_TD
#define TFC_DIALECT_TFCRT_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def TFCPackABIPass : Pass<"tfc-pack-abi", "::mlir::ModuleOp"> {
  let summary = "Give entries the signature of tfc_rt.h";
  let description = [{
    An entry on tensors becomes a private body on pointers, and a function
    `(ctx, buffers, sizes) -> i32` of the entry's name that unpacks them:

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> attributes {tfc.entry}
    // becomes
    func.func private @f.body(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr,
        %arena: !llvm.ptr {llvm.noalias}, %x: !llvm.ptr {llvm.noalias}, %result: !llvm.ptr {llvm.noalias}) -> i32
    func.func @f(%ctx: !llvm.ptr, %buffers: !llvm.ptr, %sizes: !llvm.ptr) -> i32 attributes {tfc.entry}
    ```

    Results of static shape are materialized in the caller's buffer, others handed
    over with `tfcrt.set_result`. Entries of the C signature are left alone.
    Fails on a call of another function: calls are inlined before.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::bufferization::BufferizationDialect",
    "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect", "::tfc::rt::TFCRTDialect"];
}

def TFCRenewCarriedPass : Pass<"tfc-renew-carried", "::mlir::ModuleOp"> {
  let summary = "Give what a loop carries a new buffer where the old one is still read";
  let description = [{
    What an iteration makes for the next one is put into the buffer of the value before. Where that is still read
    while the new value is computed, all that is read would have to be copied first. Such a value comes in a new buffer instead,
    if it has `least-bytes`; `tfc-bufferize` lets two buffers take turns.

    ```mlir
    scf.for ... iter_args(%x = %start) {
      %left = tensor.extract_slice %x[0] [254] [1]
      %right = tensor.extract_slice %x[2] [254] [1]
      %sums = linalg.generic ins(%left, %right) outs(%empty)
      %y = tensor.insert_slice %sums into %zeros[1] [254] [1]
      %next = bufferization.materialize_in_destination %y in %x
      scf.yield %next
    }
    // becomes
    scf.for ... iter_args(%x = %start) {
      ...
      scf.yield %y
    }
    ```

    Variables that change places (`a, b = b, a + b`) are yielded as they are.
  }];
  let options = [Option<"leastBytes", "least-bytes", "int64_t", "1024", "smaller ones are copied">];
}

def TFCReuseOperandsPass : Pass<"tfc-reuse-operands"> {
  let summary = "Let elementwise ops and scans write over an operand that dies";
  let description = [{
    The `tensor.empty` an elementwise `linalg.generic` writes to becomes one of its
    inputs, where that has the type and the index map of the result and no other
    use. Bufferization then computes in place. So do scans (`tfcrt.scan`) of an operand that dies:

    ```mlir
    %e = tensor.empty() : tensor<4xf32>
    %r = linalg.generic {maps = [id, id]} ins(%x) outs(%e)
    // becomes
    %r = linalg.generic {maps = [id]} outs(%x)
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def TFCGuardVariablesPass : Pass<"tfc-guard-variables"> {
  let summary = "Keep values of variables that outlive a write";
  let description = [{
    Bufferization trusts that a tensor read from a variable is the only way to its memory. Where that is true, the variable
    is updated in place; this pass makes it true:

    * a read after a write in the same block becomes the value written, a second read the first one;
    * a value that may still be used after the variable is written is copied when it is read;
    * only what is overwritten anyway stays `writable`;
    * a `tfcrt.abort` keeps the values that variables have there, so that nothing computes over them earlier.

    ```mlir
    %a = bufferization.to_tensor %v restrict writable : memref<4xf32> to tensor<4xf32>
    bufferization.materialize_in_destination %x in restrict writable %v : (tensor<4xf32>, memref<4xf32>) -> ()
    %b = linalg.generic ... ins(%a)  // the old value
    // becomes
    %a = bufferization.to_tensor %v restrict : memref<4xf32> to tensor<4xf32>
    %copy = bufferization.alloc_tensor() copy(%a) : tensor<4xf32>
    bufferization.materialize_in_destination %x in restrict writable %v : (tensor<4xf32>, memref<4xf32>) -> ()
    %b = linalg.generic ... ins(%copy)
    ```
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect"];
}

def TFCPlaceResultsPass : Pass<"tfc-place-results", "::mlir::ModuleOp"> {
  let summary = "Compute results of static shape in the caller's buffer";
  let description = [{
    Upstream's empty-tensor elimination, but for variables, which are never written
    before their assignment. Expects packed entries.
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect"];
}

def TFCBufferizePass : Pass<"tfc-bufferize", "::mlir::ModuleOp"> {
  let summary = "One-shot bufferization with dense buffers";
  let description = [{
    Expects packed entries. Buffers have identity layouts unless they are views.
    A tensor that changes its size from one iteration of a loop to the next comes in
    a new buffer each time, others are updated in place.
    Chains of 64 and more ops that write one buffer are analyzed in pieces of 32.
  }];
  let dependentDialects = [
    "::mlir::bufferization::BufferizationDialect", "::mlir::memref::MemRefDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
    "::mlir::scf::SCFDialect"];
}

def TFCPlanMemoryPass : Pass<"tfc-plan-memory", "::mlir::func::FuncOp"> {
  let summary = "Pack temporaries of static size into one arena";
  let description = [{
    Every `memref.alloc` of static size that does not leave its loop iteration
    becomes a range of bytes of the body's arena argument; ranges of
    buffers that are not alive together may overlap. Buffers of at most
    `stack-bytes` become stack slots at the function's entry, as long as
    `stack-limit` bytes last. The arena's size is the attribute
    `tfc.arena_bytes` of the body. What a `tfcrt.parallel` allocates exists once for each piece: up to
    `piece-bytes` on the stack of its thread, else the host is asked for it.
  }];
  let options = [
    Option<"stackBytes", "stack-bytes", "int64_t", "64", "largest buffer on the stack">,
    Option<"stackLimit", "stack-limit", "int64_t", "4096", "most bytes on the stack">,
    Option<"pieceBytes", "piece-bytes", "int64_t", "65536",
           "most bytes on the stack for a piece of a parallel loop">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::tfc::rt::TFCRTDialect"];
}

def TFCPollHostPass : Pass<"tfc-poll-host", "::mlir::ModuleOp"> {
  let summary = "Let loops that may take long ask whether to go on";
  let description = [{
    A `while` counts its iterations down; at 0 it asks the host (`tfcrt.poll`), which says
    when it wants to be asked again, or that the entry stops. So do steps of a program
    (`for`) of 100 nanoseconds and more. Shorter ones run in pieces of about a millisecond,
    and ask between them:

    ```mlir
    %r = scf.for %i = %0 to %n step %1 iter_args(%s = %x) { ... } {tfc.steps}
    // becomes
    %end, %r = scf.while (%from = %0, %t = %x) {
      scf.condition(%from < %n) %from, %t
    } do {
      %to = ... // %from + min(%n - %from, piece)
      %u = scf.for %i = %from to %to step %1 iter_args(%s = %t) { ... }
      scf.if %to < %n { tfcrt.poll }
      scf.yield %to, %u
    }
    ```

    Loops of an op end by themselves. Those that take long, or may, ask too unless they write
    variables: pieces of what threads share when they begin, or with iterations of 20 microseconds
    and more, other loops with iterations of one microsecond. So does the function between two
    ops, each fifth of a second. A loop of the program that became one over elements counts
    wherever it is.
  }];
  let options = [Option<"enabled", "enabled", "bool", "true", "else the pass does nothing">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::tfc::rt::TFCRTDialect"];
}

def TFCOutlineParallelPass : Pass<"tfc-outline-parallel", "::mlir::ModuleOp"> {
  let summary = "Make functions of the bodies of parallel loops";
  let description = [{
    Each `tfcrt.parallel` becomes a function of its pieces, one of the type `tfc_loop_body` that takes the
    values from outside out of a structure and calls it, and a `tfcrt.launch`:

    ```mlir
    tfcrt.parallel (%from, %to) in %0 to %n grain %g { ... %x ... }
    // becomes
    llvm.store %x.pointer, %env
    tfcrt.launch @f.body.loop0.entry(%env) %0 to %n grain %g
    func.func private @f.body.loop0(%ctx, %x.pointer {llvm.noalias}, %from, %to) -> i32
    func.func private @f.body.loop0.entry(%ctx, %env, %begin, %end) -> i32
    ```

    Runs after `tfc-plan-memory`: buffers are pointers then that share no memory.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::memref::MemRefDialect", "::tfc::rt::TFCRTDialect"];
}

def TFCParallelizeChainsPass : Pass<"tfc-parallelize-chains", "::mlir::func::FuncOp"> {
  let summary = "Run chains of ops that share nothing at the same time";
  let description = [{
    The ops of a packed body between two that must stay where they are (prints, aborts, calls of the host)
    fall into chains: groups that share no value, and no memory that one of them
    writes. Where that makes the body faster, chains become the iterations of a parallel loop.

    ```mlir
    scf.for ... { ... memref.store %a, %v ... }
    scf.for ... { ... memref.store %b, %w ... }
    // becomes
    tfcrt.parallel (%from, %to) in %c0 to %c2 grain %c1 {
      %0 = ... // %from <= 0 < %to
      scf.if %0 { scf.for ... { ... memref.store %a, %v ... } }
      %1 = ... // %from <= 1 < %to
      scf.if %1 { scf.for ... { ... memref.store %b, %w ... } }
    } {tfc.chains}
    ```

    Each iteration takes at least `least-microseconds`, estimated from lengths of loops; small
    chains share an iteration. Loops inside that threads share already are run by one thread then. So
    the loop is made only if it is faster by a seventh on two threads, and on as many as one likes. A remark says what
    was found. Where lengths are not known, the program estimates when they are, and a loop with too little to do is one
    piece, which the thread that calls runs by itself:

    ```mlir
    %pays = ... // each chain takes 50 us or more
    %grain = arith.select %pays, %c1, %c2
    tfcrt.parallel (%from, %to) in %c0 to %c2 grain %grain { ... }
    ```

    An abort whose condition is known before the chains does not keep them apart: what stands behind it is done only if the
    condition says that the program goes on, and the abort itself comes behind the loop.

    ```mlir
    scf.for ... { ... memref.store %a, %v ... }
    scf.if %fails { tfcrt.abort "..." }
    scf.for ... { ... memref.store %b, %w ... }
    // becomes
    tfcrt.parallel ... {
      scf.if %0 { scf.for ... { ... memref.store %a, %v ... } }
      scf.if %1 { scf.if %goes_on { scf.for ... { ... memref.store %b, %w ... } } }
    }
    scf.if %fails { tfcrt.abort "..." }
    ```

    Runs on loops, before `tfc-plan-memory`, which keeps the buffers of chains apart.
  }];
  let options = [
    Option<"leastMicroseconds", "least-microseconds", "double", "50", "what an iteration must take, estimated">,
    Option<"parallel", "parallel", "bool", "true", "whether to do it at all">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect", "::tfc::rt::TFCRTDialect"];
}

def TFCSettleGroupsPass : Pass<"tfc-settle-groups", "::mlir::ModuleOp"> {
  let summary = "Put groups back where they are called, unless they can stay functions";
  let description = [{
    A function that `tfc-share-groups` made stays if that saves at least `min-saved` operations, and nothing in it
    allocates or is shared by threads: memory and threads are planned for entries. Its calls say what they cost (an
    estimate in nanoseconds) and which operands they may write to, for `tfc-parallelize-chains`. Others are
    put back: they were made into loops once, and are copied.

    ```mlir
    func.call @tfc.group.0(%a, %b)
    // becomes
    func.call @tfc.group.0(%a, %b) {tfc.cost = 2212.0 : f64, tfc.writes = array<i1: false, true>}
    // or
    %panels = memref.alloc()
    scf.for %i = ... { ... %a ... %b ... }
    ```
  }];
  let options = [Option<"minSaved", "min-saved", "int64_t", "2000", "operations that a function has to save">];
}

def TFCShareLoopsPass : Pass<"tfc-share-loops", "::mlir::ModuleOp"> {
  let summary = "Make one function of loop nests that are equal";
  let description = [{
    Loop nests with the same ops, attributes and types, whose values from outside correspond one to one, become one
    function and calls of it, if that saves at least `min-saved` operations: code generation takes most of the time of a
    compilation, and networks repeat their layers.

    ```mlir
    scf.for %i = ... { ... %a ... %b ... }
    scf.for %i = ... { ... %c ... %d ... }
    // becomes
    func.call @tfc.loops.0(%a, %b)
    func.call @tfc.loops.0(%c, %d)
    ```

    Nests that allocate, leave the function, or are shared by threads stay where they are. These functions and
    those of `tfc-share-groups` take pointers for buffers of static size and dense layout; runs after memory is planned.

    Of the functions that `tfc-outline-parallel` made of loops that threads share, those that are equal become one, too.

    A module of `least-to-share-sizes` operations or more has many nests, and functions of such loops, that are equal but for
    numbers: bounds of loops, strides of memory of static size, offsets of its views, divisors. They become one function, too,
    which takes the numbers that differ, unless those decide how good its code is (the length of an innermost loop of one
    iteration, a divisor in a loop), a loop runs the nest, or there were more than 24 of them, or more than 8 in innermost
    loops. A quarter of `min-saved` is enough there.

    ```mlir
    scf.for %i = %c0 to %c8 ... { memref.load %a[%i, %j] : memref<8x16xf32> }
    scf.for %i = %c0 to %c4 ... { memref.load %b[%i, %j] : memref<4x32xf32> }
    // becomes
    func.call @tfc.loops.0(%a, %c8, %c16)
    func.call @tfc.loops.0(%b, %c4, %c32)
    ```

    Functions whose nests have `most-in-one` operations or more after that are cut: nests with nothing but addresses
    between them become functions of up to `part-size` operations. Some of LLVM's passes look at the whole function for
    each of its loops. So are functions of 32 calls or more in modules of `least-to-share-sizes`: without loops the rest is
    cheap.
  }];
  let options = [Option<"minSaved", "min-saved", "int64_t", "200", "operations that a function has to save">,
                 Option<"mostInOne", "most-in-one", "int64_t", "2000", "operations of nests in a function that stays whole">,
                 Option<"leastToShareSizes", "least-to-share-sizes", "int64_t", "5000", "operations of a module whose nests have sizes as arguments">,
                 Option<"partSize", "part-size", "int64_t", "1500", "operations of nests in a part of one that is cut">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect", "::tfc::rt::TFCRTDialect"];
}

def TFCSetFastMathPass : Pass<"tfc-set-fast-math"> {
  let summary = "Say which floating-point liberties are allowed";
  let description = [{
    `contract` lets a multiplication and an addition become one FMA; every
    addition, subtraction and multiplication gets or loses that flag.
    `reassociate` keeps the flag where a lowering has set it (sums, products), else
    it is taken away.
  }];
  let options = [
    Option<"contract", "contract", "bool", "true", "allow fused multiply-adds">,
    Option<"reassociate", "reassociate", "bool", "true", "allow reductions in another order">];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

#endif // TFC_DIALECT_TFCRT_TRANSFORMS_PASSES_TD
