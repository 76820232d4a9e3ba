//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_CONVERSION_PASSES_TD
#define TFC_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandMathPass : Pass<"tfc-expand-math"> {
  let summary = "Replace math functions on f32 and f64 by arithmetic";
  let description = [{
    Branch-free code of `arith` ops, accurate to about 2 ULP, with C99's special
    values, that the loop vectorizer can vectorize and that needs no libm.

    ```mlir
    %y = math.tanh %x : f32
    // becomes arith.mulf, arith.addf, arith.select, ...
    ```

    Covers exp, expm1, log, log1p, pow, the hyperbolic functions, the inverse ones and those of both kinds, erf and
    erfc; sin, cos and tan are left to `tfc-expand-periodic`. A body of a linalg op with many of them keeps them, marked
    `tfc.called`, for `tfc-call-math`.
  }];
  let options = [
    Option<"mostInlined", "most-inlined", "int64_t", "24", "Functions in a body that are expanded in their place">,
    Option<"fma", "fma", "bool", "false", "the target multiplies and adds in one instruction">,
    Option<"avx512", "avx512", "bool", "false", "the target has AVX-512: powers of two and tables of 32 numbers in one instruction">,
    Option<"leavePowers", "leave-powers", "bool", "false",
           "powers of f32 in linalg ops are left to tfc-expand-periodic, with fma">
  ];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect", "tfc::rt::TFCRTDialect"];
}

def CallMathPass : Pass<"tfc-call-math", "mlir::ModuleOp"> {
  let summary = "Call math functions of bodies that have many of them";
  let description = [{
    What `tfc-expand-math` has left becomes a call of a function of the module, one for each kind and type, in which it
    is expanded. After loops were vectorized: arguments are vectors then.

    ```mlir
    %y = math.tanh %x {tfc.called} : vector<16xf32>
    // becomes
    %y = func.call @tfc.tanh.16xf32(%x) : (vector<16xf32>) -> vector<16xf32>
    ```
  }];
  let options = [
    Option<"contract", "contract", "bool", "true", "A multiplication and an addition may become one">,
    Option<"fma", "fma", "bool", "false", "the target multiplies and adds in one instruction">,
    Option<"avx512", "avx512", "bool", "false", "the target has AVX-512: powers of two and tables of 32 numbers in one instruction">
  ];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::func::FuncDialect", "mlir::LLVM::LLVMDialect",
                           "mlir::math::MathDialect"];
}

def ExpandPeriodicPass : Pass<"tfc-expand-periodic", "mlir::ModuleOp"> {
  let summary = "Replace sin, cos, tan and powers by arithmetic and a rare call";
  let description = [{
    Arguments up to 2^22 (f32) or 2^20 (f64) are reduced and put into polynomials, within 1 ULP (tan: 2), and remainders
    (`arith.remf`) whose quotient is below 2^22 (f32) or 2^26 (f64) are exact differences. A branch that tests a whole
    vector calls libm for larger ones. Works on scalars and on vectors of one dimension, after loops were vectorized:

    ```mlir
    %y = math.sin %x : vector<16xf32>
    // becomes
    %fast = ...
    %any = vector.reduction <or>, %isBeyond : vector<16xi1> into i1
    %y = scf.if %any -> vector<16xf32> { func.call @tfc.sin.16xf32(%x, %fast, %isBeyond) } else { scf.yield %fast }
    ```

    Powers of f32 (`math.powf`), with fma, likewise: what positive normal numbers with normal results take is in place, and
    a function that takes a whole vector has the rest of C99's rules.

    With fma, sin and cos of f32 are computed in f32 up to 2^16, within 2 ULP, and quotients of vectors by a number that is the
    same in all iterations of a loop become products with its reciprocal and a step of Newton's, which rounds as a division does.

    `tfcrt.scalb` of vectors becomes AVX-512's instruction, of scalars two multiplications; so does `tfcrt.lookup`, of scalars as well.
    With `avx512`, so do `arith.maximumf` and `arith.minimumf` of vectors of 128, 256 and 512 bits, and a selection where one is NaN.
  }];
  let options = [
    Option<"contract", "contract", "bool", "true", "A multiplication and an addition may become one">,
    Option<"fma", "fma", "bool", "false", "the target multiplies and adds in one instruction">,
    Option<"avx512", "avx512", "bool", "false", "the target has AVX-512: powers of two and tables of 32 numbers in one instruction">
  ];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::func::FuncDialect", "mlir::LLVM::LLVMDialect",
                           "mlir::math::MathDialect", "mlir::scf::SCFDialect", "mlir::ub::UBDialect", "mlir::vector::VectorDialect"];
}

def PromoteHalfPass : Pass<"tfc-promote-half"> {
  let summary = "Compute on f16 and bf16 in f32";
  let description = [{
    `arith` and `math` ops on f16 and bf16 (scalars or vectors) become the same op on f32 between conversions:

    ```mlir
    %z = arith.addf %x, %y : f16
    // becomes
    %a = arith.extf %x : f16 to f32
    %b = arith.extf %y : f16 to f32
    %c = arith.addf %a, %b : f32
    %z = arith.truncf %c : f32 to f16
    ```

    Selections, constants and casts of bits stay. Results are those of correctly rounded +, -, *, / and sqrt.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect"];
}

def ExpandHalfPass : Pass<"tfc-expand-half"> {
  let summary = "Replace conversions of f16 and bf16 by integer arithmetic";
  let description = [{
    `arith.extf` and `arith.truncf` from and to bf16, and f16 where the target has no instruction for it, become
    branch-free integer arithmetic, rounded to nearest even, with denormals, infinities and NaNs, on scalars and
    vectors. Without it, such conversions are calls of the C compiler's own library, which an object file must not need; and
    the bf16 instructions of x86 flush denormals.

    ```mlir
    %y = arith.extf %x : bf16 to f32
    // becomes
    %a = arith.bitcast %x : bf16 to i16
    %b = arith.extui %a : i16 to i32
    %c = arith.shli %b, %c16 : i32
    %y = arith.bitcast %c : i32 to f32
    ```

    Runs after flags are set: its additions must be neither fused nor reordered.
  }];
  let options = [
    Option<"f16", "f16", "bool", "false", "the target converts between f16 and f32">,
    Option<"f64ToF16", "f64-to-f16", "bool", "false", "the target converts f64 to f16 in one step">];
  let dependentDialects = ["mlir::arith::ArithDialect"];
}

def ShareGroupsPass : Pass<"tfc-share-groups", "mlir::ModuleOp"> {
  let summary = "Make one function of ops on buffers that are equal, before they become loops";
  let description = [{
    Groups of linalg ops that will be one loop nest (a product with its fill and epilogue, a reduction with its fill,
    an elementwise op, loops that `tfc-fuse-loops` made) and are equal become one function and calls of it: the layers
    of a network are lowered once. What a buffer is known not to share memory with stays known (`tfc.distinct`), and
    buffers that nobody else uses move into the function.

    ```mlir
    linalg.fill outs(%t)  linalg.matmul ins(%x, %v) outs(%t)  linalg.generic ins(%t) outs(%y)
    linalg.fill outs(%u)  linalg.matmul ins(%y, %w) outs(%u)  linalg.generic ins(%u) outs(%z)
    // becomes
    func.call @tfc.group.0(%x, %v, %y)
    func.call @tfc.group.0(%y, %w, %z)
    ```

    Only ops of static sizes outside of loops, and no product whose right operand is a constant or is computed where it
    is read: those depend on what is around them. `tfc-settle-groups` says which functions stay.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::func::FuncDialect", "mlir::LLVM::LLVMDialect"];
}

def RealProductsPass : Pass<"tfc-real-products"> {
  let summary = "Make real contractions of complex ones";
  let description = [{
    A contraction of complex numbers on buffers becomes one of their parts as they lie in memory: both parts of the left
    operand times the right one, and what follows adds i times the second product to the first.

    ```mlir
    linalg.matmul ins(%x, %y : memref<64x32xcomplex<f32>>, memref<32x16xcomplex<f32>>) outs(%z : memref<64x16xcomplex<f32>>)
    // becomes
    linalg.generic ins(%x.parts, %y.parts : memref<64x32x2xf32>, memref<32x32xf32>) outs(%sums.parts : memref<64x2x32xf32>)
    linalg.generic ins(%sums[0, 0, 0] [64, 1, 16], %sums[0, 1, 0] [64, 1, 16]) outs(%z)
    ```

    Where the right operand has few columns, or the left one many rows and threads share nothing, the right operand is
    copied instead, each row as it is and times i, so that the product is the result:

    ```mlir
    linalg.generic ins(%y) outs(%rows[0, 0, 0] [32, 1, 16])    // y
    linalg.generic ins(%y) outs(%rows[0, 1, 0] [32, 1, 16])    // iy
    linalg.generic ins(%x.parts, %rows.parts : memref<64x64xf32>, memref<64x32xf32>) outs(%z.parts : memref<64x32xf32>)
    ```

    Sizes may be unknown. Contractions of fewer than 4,096 multiplications stay complex, and those whose result has no
    neighbours in its last dimension.
  }];
  let options = [
    Option<"parallel", "parallel", "bool", "true", "threads may share loops">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::complex::ComplexDialect",
                           "mlir::linalg::LinalgDialect", "mlir::memref::MemRefDialect",
                           "::tfc::rt::TFCRTDialect"];
}

def LowerContractionsPass : Pass<"tfc-lower-contractions"> {
  let summary = "Lower matrix products on buffers to vector kernels";
  let description = [{
    Takes `linalg.matmul`, `linalg.batch_matmul` and every `linalg.generic` that multiplies, adds
    and reduces loops of both operands, on buffers of f32 and f64, or of f16 and bf16 that are summed up in
    f32; operands may be transposed, strided or broadcast, and windows of a convolution, whose
    indices are sums of loops times constants. Sizes may be unknown. What is left
    goes to `tfc-linalg-to-loops`.

    A block of the result stays in vector registers while all sums run; large right operands are copied
    block by block to static buffers (panels); a `linalg.fill` with zeros right before is absorbed. So are an elementwise
    op that reads the result (the epilogue: bias, activation, residual, cast), which is done on the sums in
    registers, and one that does nothing but make the right operand from something no larger (a cast, a
    scale), which is done while panels are filled. Panels of a right operand that a loop around does not change are
    filled before the loop.

    ```mlir
    linalg.matmul ins(%a, %b) outs(%c)
    // becomes
    scf.for %i step 6 { scf.for %j step 64 {
      %sums:24 = scf.for %k iter_args(...) { /* 4 vectors of %b, 6 elements of %a, 24 multiply-adds */ }
      vector.store ...
    }}
    ```

    Sums are computed in the order of k, but in products of few rows with a transposed right operand, which need
    `reassociate`. So do products of bf16 on instructions for pairs of them (`bf16-pairs`): these take denormal
    numbers for zero, so that tiles where this could be seen are found at run time and computed in f32.
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", "128", "size of a vector register">,
    Option<"vectorRegisters", "vector-registers", "int64_t", "16", "number of vector registers">,
    Option<"bf16Pairs", "bf16-pairs", "std::string", "\"none\"",
           "what multiplies pairs of bf16: none, vectors (AVX512_BF16) or tiles (and AMX)">,
    Option<"reassociate", "reassociate", "bool", "true", "allow sums in another order">,
    Option<"parallel", "parallel", "bool", "true", "make parallel loops of large products">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect",
                           "mlir::LLVM::LLVMDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect", "::tfc::rt::TFCRTDialect"];
}

def FuseScansPass : Pass<"tfc-fuse-scans"> {
  let summary = "Run scans block by block, together with what makes and uses their elements";
  let description = [{
    A scan along the last dimension needs of its input only the elements so far. So scans in one direction and
    elementwise ops between them, on large buffers of one static shape, run block after block, which stays in the
    cache; what a scan has summed up waits in a scalar for the next block. Buffers that nobody else uses shrink to a block:

    ```mlir
    linalg.generic ins(%v) outs(%a)      // elementwise
    tfcrt.scan %a into %b along 0 : memref<1000000xf32>, memref<1000000xf32>
    linalg.generic ins(%b) outs(%v)      // elementwise
    // becomes
    scf.for %i = 0 to 999424 step 2048 {
      linalg.generic ins(%v[%i, 2048]) outs(%a.block)
      tfcrt.scan %a.block into %b.block along 0 from %sum : memref<2048xf32>, memref<2048xf32>, memref<f32>
      linalg.generic ins(%b.block) outs(%v[%i, 2048])
    }
    ... // the same of the last 576 elements
    ```

    Rows, if there are several, are shared out among threads. A single row is the work of one thread: elementwise ops that
    compute much stay outside then, where threads share them. Ops that share no memory that one of them writes get
    loops of their own, so that `tfc-parallelize-chains` can run these at the same time.
  }];
  let options = [
    Option<"parallel", "parallel", "bool", "true", "let threads share the rows">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect",
                           "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "::tfc::rt::TFCRTDialect"];
}

def FuseLoopsPass : Pass<"tfc-fuse-loops"> {
  let summary = "Run ops on buffers in common outer loops, slice by slice";
  let description = [{
    Ops of a block that share a large buffer, and touch it at the same indices of their outer parallel
    loops, become one loop with a slice of work of each; buffers that nobody else uses shrink to a slice:

    ```mlir
    linalg.generic ins(%x) outs(%max)           // maxima of rows
    linalg.generic ins(%x, %max) outs(%e)       // exponentials
    linalg.generic ins(%e) outs(%sum)           // sums of rows
    linalg.generic ins(%e, %sum) outs(%result)  // quotients
    // becomes
    tfcrt.parallel (%from, %to) in %0 to %rows grain %g {
      %m = memref.alloc() : memref<f32> ...
      scf.for %i = %from to %to { /* the four, on row %i */ }
    }
    ```

    Rows stay in the cache between the steps of a softmax, normalization or attention head.

    Ops on parts of the rows of one buffer (slices at known places: margins, what is rolled, joined or
    stacked) run in the iterations of those rows, behind a comparison.

    Elementwise ops of one dimension that follow each other and share large buffers become one op. A check of
    all elements of a large buffer (positions, divisors, exponents) and the op behind it that goes over them
    run block by block; the entry is left after the last block, if a check has failed.
  }];
  let options = [
    Option<"parallel", "parallel", "bool", "true", "let threads share the loops">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect",
                           "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
                           "::tfc::rt::TFCRTDialect"];
}

def RemoveUnitDimsPass : Pass<"tfc-remove-unit-dims", "mlir::ModuleOp"> {
  let summary = "Remove dimensions of one element, and the loops over them, from ops on buffers";
  let description = [{
    What is next to each other is the last dimension then, whatever was around it, and an image of one colour is a
    matrix for all passes behind this one. Allocations, constants and arguments lose theirs, other buffers get one view
    without them.

    ```mlir
    %m = memref.alloc() : memref<64x1xf32>
    linalg.generic (d0, d1) ins(%x : memref<64x1xf32>) outs(%m : memref<64x1xf32>)
    // becomes
    %m = memref.alloc() : memref<64xf32>
    %view = memref.collapse_shape %x [[0, 1]] : memref<64x1xf32> into memref<64xf32>
    linalg.generic (d0) ins(%view : memref<64xf32>) outs(%m : memref<64xf32>)
    ```

    Ops whose loops would have no known size are left. Fails never.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect",
                           "mlir::memref::MemRefDialect"];
}

def ReorderInputsPass : Pass<"tfc-reorder-inputs"> {
  let summary = "Copy small inputs of elementwise ops in the order that vectors need";
  let description = [{
    An elementwise op whose innermost loop has no vectors, because small inputs lie in another order or apart from
    each other, reads copies of them, if it reads each element many times:

    ```mlir
    linalg.generic ins(%a : memref<1000xf32>, %column : memref<500x1xf32, strided<[4, 1]>>) outs(%pairs)
    // becomes
    linalg.generic ins(%column) outs(%copy : memref<1x500xf32>)
    linalg.generic ins(%a, %copy) outs(%pairs)
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", "128", "size of a vector register">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::linalg::LinalgDialect",
                           "mlir::memref::MemRefDialect"];
}

def LinalgToLoopsPass : Pass<"tfc-linalg-to-loops"> {
  let summary = "Lower linalg on buffers to loops that LLVM vectorizes";
  let description = [{
    The innermost loop is the one that most operands are contiguous in. Reductions there
    carry their accumulator as a value; contractions are unrolled and jammed:

    ```mlir
    linalg.matmul ins(%a, %b) outs(%c)
    // becomes
    scf.for %i step 4 { scf.for %k step 4 { scf.for %j {
      // 4 x 4 multiply-adds on rows i..i+3 of %c and k..k+3 of %b
    }}}
    ```

    A nest that does enough work is shared out along a parallel loop (`tfcrt.parallel`).
    A `memref.copy` of views and a `tfcrt.scan` become loops too. Fails on linalg on tensors.
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", "128", "size of a vector register">,
    Option<"reassociate", "reassociate", "bool", "true", "allow sums in another order">,
    Option<"parallel", "parallel", "bool", "true", "make parallel loops of large ops">];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect",
                           "mlir::linalg::LinalgDialect", "mlir::memref::MemRefDialect",
                           "mlir::scf::SCFDialect", "mlir::vector::VectorDialect",
                           "::tfc::rt::TFCRTDialect"];
}

def RuntimeToLLVMPass : Pass<"tfc-runtime-to-llvm", "mlir::ModuleOp"> {
  let summary = "Lower calls into the host, early exits and dynamic memory";
  let description = [{
    Expects packed bodies with branches (after scf-to-cf). `tfcrt.abort` becomes a report
    and a branch to the body's one exit, `tfcrt.print` a call and a test of
    its status, what is left of `memref.alloc` a call of the host's allocator:
    these buffers are linked to a list, which the exit frees.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::cf::ControlFlowDialect",
                           "mlir::LLVM::LLVMDialect", "mlir::memref::MemRefDialect",
                           "::tfc::rt::TFCRTDialect"];
}

def ToLLVMPass : Pass<"tfc-to-llvm", "mlir::ModuleOp"> {
  let summary = "Lower what is left to the LLVM dialect, in one conversion";
  let description = [{
    arith, math, complex, cf, func, memref, index, ub and `tfcrt.bind`. Math functions
    become LLVM intrinsics where there are such, else calls of libm.
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect"];
}

def ConvertTFCToLinalgPass : Pass<"convert-tfc-to-linalg", "::mlir::ModuleOp"> {
  let summary = "Lower tfc to linalg, scf and arith on tensors, fused";
  let description = [{
    Chains of elementwise and broadcasting ops become one `linalg.generic` each,
    together with the reduction that ends them; what is used in several places is
    computed once and stored, unless it is very cheap. Time is linear in the number of
    ops. Tensors of rank 0 become scalars, bools bytes, unsigned integers signless.

    ```mlir
    %y = tfc.exp %x : (tensor<4xf32>) -> tensor<4xf32>
    %z = tfc.add %y, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    // becomes
    %z = linalg.generic {...} ins(%x) outs(%init) {
      ^bb0(%a: f32, %b: f32): %e = math.exp %a; %s = arith.addf %e, %a; linalg.yield %s }
    ```

    Expects calls inlined, variables promoted and checks explicit. Variables become
    `memref`s that are read with `bufferization.to_tensor` and written with
    `bufferization.materialize_in_destination`. Tokens are dropped: the order of ops
    in the result is that of the input. Fails on values of unknown rank and on ops
    without lowering, which the diagnostic names.

    Convolutions of 16-bit floats widen their operands to f32 first, but those that `tfc-lower-contractions` will
    compute with pairs of bf16.
  }];
  let options = [
    Option<"bf16Pairs", "bf16-pairs", "std::string", "\"none\"",
           "what multiplies pairs of bf16: none, vectors (AVX512_BF16) or tiles (and AMX)">,
    Option<"reassociate", "reassociate", "bool", "true", "allow sums in another order">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::bufferization::BufferizationDialect",
    "::mlir::complex::ComplexDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
    "::mlir::vector::VectorDialect", "::tfc::rt::TFCRTDialect"];
}

#endif // TFC_CONVERSION_PASSES_TD
