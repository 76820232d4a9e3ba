//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Ops with effects: variables, console, assertions.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCSTATEOPS_TD
#define TFC_DIALECT_TFC_IR_TFCSTATEOPS_TD

include "tfc/Dialect/TFC/IR/TFCBase.td"

def TFC_ReadVariableOp : TFC_Op<"read_variable", [TFC_InferTypes]> {
  let summary = "The value of a variable";
  let description = [{
    The value never changes when the variable is assigned later. Constraints:

    * (C1) the result has the resource's value type, or a more specific one
  }];
  let arguments = (ins Arg<TFC_ResourceType, "", [MemRead<TFC_VariableResource>]>:$resource,
                       Variadic<TFC_TokenType>:$after);
  let results = (outs TFC_Tensor:$value, TFC_TokenType:$token);
  let assemblyFormat = [{
    $resource (`after` `(` $after^ `)`)? attr-dict `:` type($resource) `->` type($value)
  }];
}

def TFC_AssignVariableOp : TFC_Op<"assign_variable", []> {
  let summary = "Replace the value of a variable";
  let description = [{
    Constraints:

    * (C1) the value's type is the resource's value type, or a more specific one
  }];
  let arguments = (ins Arg<TFC_ResourceType, "", [MemWrite<TFC_VariableResource>]>:$resource,
                       TFC_Tensor:$value, Variadic<TFC_TokenType>:$after);
  let results = (outs TFC_TokenType:$token);
  let assemblyFormat = [{
    $resource `,` $value (`after` `(` $after^ `)`)? attr-dict `:` type($resource) `,` type($value)
  }];
  let hasVerifier = 1;
}

def TFC_PrintOp : TFC_Op<"print", [
    AttrSizedOperandSegments, MemoryEffects<[MemWrite<TFC_ConsoleResource>]>]> {
  let summary = "Print tensors";
  let description = [{
    `format` holds one `{}` for each operand (`{{` and `}}` stand for braces) and
    ends with the line's end, if there is one. A tensor shows at most `summarize`
    elements at each end of a dimension, -1 shows all. `stream` is "stdout",
    "stderr", "log:LEVEL" or "file://PATH". The host may refuse to print (a closed
    stream, an interrupt), which ends the program there: `pending` are then written as
    `tfc.assert` writes them. Constraints:

    * (C1) `format` has as many placeholders as there are operands
    * (C2) there are as many pending values as pending variables, of their types
  }];
  let arguments = (ins Variadic<TFC_Tensor>:$xs, StrAttr:$format, I64Attr:$summarize,
                       StrAttr:$stream, Variadic<TFC_ResourceType>:$pending,
                       Variadic<TFC_Tensor>:$pendingValues,
                       Variadic<TFC_TokenType>:$after);
  let results = (outs TFC_TokenType:$token);
  let assemblyFormat = [{
    $format (`,` $xs^ `:` type($xs))?
    (`pending` `(` $pending^ `=` $pendingValues `:` type($pending) `->` type($pendingValues) `)`)?
    (`after` `(` $after^ `)`)? attr-dict
  }];
  let hasVerifier = 1;
}

def TFC_AssertOp : TFC_Op<"assert", [
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Stop with an error unless the condition holds";
  let description = [{
    A barrier: every effect before it in program order has happened when it
    fails, and none after it happens. `pending` names the variables whose values
    at this point are not in memory yet, with these values: they are written
    when the assertion fails (`tfc-promote-variables` fills this in). `code` is the status of
    `tfc_rt.h`, 1 for an invalid argument. Constraints:

    * (C1) `condition` is a bool scalar
    * (C2) there are as many pending values as pending variables, of their types
  }];
  let arguments = (ins TFC_BoolScalar:$condition, Variadic<TFC_Tensor>:$data,
                       StrAttr:$message, I64Attr:$summarize,
                       DefaultValuedAttr<I64Attr, "1">:$code,
                       Variadic<TFC_ResourceType>:$pending,
                       Variadic<TFC_Tensor>:$pendingValues,
                       Variadic<TFC_TokenType>:$after);
  let results = (outs TFC_TokenType:$token);
  let assemblyFormat = [{
    $condition `,` $message (`,` $data^ `:` type($data))?
    (`pending` `(` $pending^ `=` $pendingValues `:` type($pending) `->` type($pendingValues) `)`)?
    (`after` `(` $after^ `)`)? attr-dict
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def TFC_HostCallOp : TFC_Op<"host_call", [
    AttrSizedOperandSegments, TFC_InferTypes,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Call a function of the host";
  let description = [{
    Runs the host's function number `id` on the inputs (`call_host` of `tfc_rt.h`).
    It may read and write every variable, print, and fail: an effect on everything,
    in program order. `types` are the types of the outputs as far as the host
    promises them. Constraints:

    * (C1) there is one output for each of `types`, of that type or a more specific one
  }];
  let arguments = (ins Variadic<TFC_Tensor>:$inputs, I64Attr:$id, TypeArrayAttr:$types,
                       Variadic<TFC_TokenType>:$after);
  let results = (outs Variadic<TFC_Tensor>:$outputs, TFC_TokenType:$token);
  let assemblyFormat = [{
    $id `(` $inputs `)` (`after` `(` $after^ `)`)? attr-dict `:` functional-type($inputs, $outputs)
  }];
}

#endif // TFC_DIALECT_TFC_IR_TFCSTATEOPS_TD
