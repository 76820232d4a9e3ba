//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Control flow. Regions use outer values freely, as in scf.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCCONTROLOPS_TD
#define TFC_DIALECT_TFC_IR_TFCCONTROLOPS_TD

include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/CallInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "tfc/Dialect/TFC/IR/TFCBase.td"

def TFC_YieldOp : TFC_Op<"yield", [
    Pure, Terminator, ParentOneOf<["IfOp", "WhileOp"]>,
    DeclareOpInterfaceMethods<RegionBranchTerminatorOpInterface>]> {
  let summary = "The values of a region";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), [{ /* no values */ }]>];
}

def TFC_IfOp : TFC_Op<"if", [
    RecursiveMemoryEffects, SingleBlock, RecursivelySpeculatable,
    NoRegionArguments,
    DeclareOpInterfaceMethods<RegionBranchOpInterface, ["areTypesCompatible"]>]> {
  let summary = "The values of one of two regions";
  let description = [{
    The last result is a token: it stands for all effects of the branch taken.
    Constraints:

    * (C1) `condition` is a bool scalar
    * (C2) both regions yield as many values as there are results besides the token
    * (C3) each yielded value has the type of its result, or a more specific one
  }];
  let arguments = (ins TFC_BoolScalar:$condition, Variadic<TFC_TokenType>:$after);
  let results = (outs Variadic<TFC_Value>:$results, TFC_TokenType:$token);
  let regions = (region SizedRegion<1>:$thenRegion, SizedRegion<1>:$elseRegion);
  let assemblyFormat = [{
    $condition (`after` `(` $after^ `)`)? (`->` type($results)^)?
    $thenRegion `else` $elseRegion attr-dict
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def TFC_WhileOp : TFC_Op<"while", [
    RecursiveMemoryEffects, SingleBlock, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<RegionBranchOpInterface, [
        "areTypesCompatible", "getEntrySuccessorOperands"]>]> {
  let summary = "Repeat the body as long as the condition holds";
  let description = [{
    Both regions take the loop's values as arguments. `conditionRegion` yields a
    bool scalar, `bodyRegion` the next values; the results are the values for
    which the condition is false. The last result is a token. Constraints:

    * (C1) region arguments, initial values and results agree in number; types
      agree up to more specific initial and yielded values
    * (C2) `conditionRegion` yields one bool scalar
    * (C3) `bodyRegion` yields one value for each result
  }];
  let arguments = (ins Variadic<TFC_Value>:$inits, Variadic<TFC_TokenType>:$after);
  let results = (outs Variadic<TFC_Value>:$results, TFC_TokenType:$token);
  let regions = (region SizedRegion<1>:$conditionRegion, SizedRegion<1>:$bodyRegion);
  let assemblyFormat = [{
    ($inits^ `:` type($inits))? (`after` `(` $after^ `)`)? (`->` type($results)^)?
    $conditionRegion `do` $bodyRegion attr-dict
  }];
  let hasVerifier = 1;
}

def TFC_CallOp : TFC_Op<"call", [
    AttrSizedOperandSegments, DeclareOpInterfaceMethods<CallOpInterface>,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "A call that takes part in the order of effects";
  let description = [{
    `func.call` with tokens: `tfc-order-effects` makes it of each call whose callee has effects, and
    `tfc-inline-calls` replaces both by the callee's body. The last result is a token: it stands
    for all effects of the callee. Constraints:

    * (C1) `callee` is a function, whose arguments and results have the types of the call's
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<AnyType>:$arguments,
                       Variadic<TFC_TokenType>:$after,
                       OptionalAttr<DictArrayAttr>:$arg_attrs,
                       OptionalAttr<DictArrayAttr>:$res_attrs);
  let results = (outs Variadic<AnyType>:$results, TFC_TokenType:$token);
  let assemblyFormat = [{
    $callee `(` $arguments `)` (`after` `(` $after^ `)`)? attr-dict `:`
    functional-type($arguments, $results)
  }];
}

#endif // TFC_DIALECT_TFC_IR_TFCCONTROLOPS_TD
