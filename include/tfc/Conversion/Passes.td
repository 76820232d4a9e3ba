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

    Covers exp, expm1, log, log1p and tanh; leaves every other op alone.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect"];
}

#endif // TFC_CONVERSION_PASSES_TD
