//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Ops on strings. They run on the host.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCSTRINGOPS_TD
#define TFC_DIALECT_TFC_IR_TFCSTRINGOPS_TD

include "tfc/Dialect/TFC/IR/TFCBase.td"

def TFC_StringOp : TFC_PureOp<"string"> {
  let summary = "An operation on strings, by name";
  let description = [{
    `function` names one of the host's operations on strings ("join", "lower", ...), options
    of which are operands like any other; `type` is what it gives. No code is generated for it:
    a function that uses strings is interpreted. Constraints:

    * (C1) `type` is a tensor type

    ```mlir
    %s = tfc.string "upper"(%x) {type = tensor<2x!tfc.string>}
        : (tensor<2x!tfc.string>) -> tensor<2x!tfc.string>
    ```
  }];
  let arguments = (ins StrAttr:$function, Variadic<TFC_Tensor>:$xs, TypeAttr:$type);
  let assemblyFormat = "$function `(` $xs `)` attr-dict `:` functional-type(operands, results)";
}

#endif // TFC_DIALECT_TFC_IR_TFCSTRINGOPS_TD
