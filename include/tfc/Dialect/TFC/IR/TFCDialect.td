//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCDIALECT_TD
#define TFC_DIALECT_TFC_IR_TFCDIALECT_TD

include "mlir/IR/OpBase.td"

def TFC_Dialect : Dialect {
  let name = "tfc";
  let cppNamespace = "::tfc";
  let summary = "Traced tensor programs with ordered effects";
  let description = [{
    The dialect that a traced Python function becomes. Tensor values are pure;
    variables (`!tfc.resource`), the console and random generators are resources
    whose reads and writes are declared as memory effects. A freshly traced
    function holds its effects in program order; `tfc-order-effects` replaces that
    order by the minimal set of `!tfc.token` edges.
  }];
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let dependentDialects = ["::mlir::func::FuncDialect"];
  let extraClassDeclaration = "void registerTypes();";
}

#endif // TFC_DIALECT_TFC_IR_TFCDIALECT_TD
