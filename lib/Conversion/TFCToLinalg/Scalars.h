//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// One element of an elementwise op: the table of scalar lowerings.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_SCALARS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_SCALARS_H

#include "Types.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace tfc::lowering {

/// What a scalar lowering gets: where to build, and the user's element types.
struct ScalarContext {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type type;   // of the operands (of x and y of a select)
  mlir::Type result; // of the result
  mlir::Type narrow; // the half type that is computed in f32, if it is one

  mlir::Value number(int64_t n) const { return numberScalar(b, loc, type, n); }
  mlir::Value real(double value) const; // of a floating point `type`
};

using ScalarFn = mlir::Value (*)(const ScalarContext &,
                                 llvm::ArrayRef<mlir::Value>);

/// How an op computes one element, for each kind of element; null: it cannot.
struct ScalarRow {
  const char *name;
  int cost; // in units of an addition; above `cheapCost` it is never computed
            // twice
  ScalarFn onFloat, onInt, onUint, onBool, onComplex;
};
constexpr int cheapCost = 2;

/// The row of an elementwise op; null if there is none.
const ScalarRow *findScalarRow(mlir::Operation *op);

/// Builds one element of `op` from its operands' elements. Null without a
/// lowering.
mlir::Value buildScalar(mlir::OpBuilder &b, mlir::Operation *op,
                        llvm::ArrayRef<mlir::Value> operands);

/// The flag of operations that may be joined into one, as a multiplication and
/// an addition.
constexpr auto contract = mlir::arith::FastMathFlags::contract;

inline mlir::Value choose(const ScalarContext &c, mlir::Value condition,
                          mlir::Value x, mlir::Value y) {
  return mlir::arith::SelectOp::create(c.b, c.loc, condition, x, y);
}

// Larger scalar functions, by file.
mlir::Value castScalar(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x,
                       mlir::Type from, mlir::Type to);
mlir::Value intFloorDiv(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value intFloorMod(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value intTruncDiv(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value intTruncMod(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value intPow(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value intLeftShift(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value intRightShift(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value floatPow(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value floatFloorDiv(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value floatFloorMod(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value floatTruncDiv(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value floatTruncMod(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value floatSign(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value floatSigmoid(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value floatNextafter(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexSin(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexCos(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexExpm1(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexTan(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexTanh(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexExp(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexLog(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexLog1p(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexSqrt(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexRsqrt(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexSigmoid(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexPow(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexSinh(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexCosh(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexAsin(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexAcos(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexAtan(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexAsinh(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexAcosh(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value complexAtanh(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value floatErfinv(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value floatLgamma(const ScalarContext &, llvm::ArrayRef<mlir::Value>);
mlir::Value floatDigamma(const ScalarContext &, llvm::ArrayRef<mlir::Value>);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_SCALARS_H
