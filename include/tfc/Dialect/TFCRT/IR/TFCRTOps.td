//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// What compiled code asks of its host (tfc_rt.h), as ops.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_IR_TFCRTOPS_TD
#define TFC_DIALECT_TFCRT_IR_TFCRTOPS_TD

include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.td"
include "mlir/Dialect/LLVMIR/LLVMTypes.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ViewLikeInterface.td"

def TFCRT_Dialect : Dialect {
  let name = "tfcrt";
  let cppNamespace = "::tfc::rt";
  let summary = "Calls of compiled code into its host";
  let description = [{
    The ops behind the C structure `tfc_context` of `tfc_rt.h`. They live from
    linalg on tensors down to the last step before the LLVM dialect. A function
    that holds them gets its context as its first argument after
    `tfc-pack-abi`; before that the context is implicit.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::bufferization::BufferizationDialect"];
}

class TFCRT_Op<string mnemonic, list<Trait> traits = []>
    : Op<TFCRT_Dialect, mnemonic, traits>;

/// A tensor until bufferization, its buffer afterwards.
def TFCRT_Data : AnyTypeOf<[AnyRankedTensor, AnyMemRef]>;

/// Only reads its tensors, and becomes the same op on their buffers.
class TFCRT_ReaderOp<string mnemonic, list<Trait> traits = []>
    : TFCRT_Op<mnemonic, traits # [
        MemoryEffects<[MemRead, MemWrite]>,
        DeclareOpInterfaceMethods<BufferizableOpInterface,
            ["bufferizesToMemoryRead", "bufferizesToMemoryWrite",
             "getAliasingValues", "bufferize"]>]>;

def TFCRT_ComputeOp : TFCRT_Op<"compute", [
    AttrSizedOperandSegments, DestinationStyleOpInterface, NoMemoryEffect,
    NoTerminator, SingleBlock,
    DeclareOpInterfaceMethods<BufferizableOpInterface,
        ["bufferizesToMemoryRead", "bufferizesToMemoryWrite",
         "getAliasingValues", "bufferize"]>]> {
  let summary = "Loops on the memory of tensors";
  let description = [{
    What would be clumsy as values of tensors: factorizations, transforms. The
    body has a memref for each input, which it only reads, and one for each
    output, of the output's shape and any layout; an output's memory starts as
    the tensor it comes from. Bufferization puts the body in the place of the op
    (allocations on the stack go to the entry of the function). Constraints:

    * (C1) the body has a strided memref for each operand, of its shape (of which less
      may be known) and type
    * (C2) the results have the types of the outputs
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs,
                       Variadic<AnyRankedTensor>:$outputs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`ins` `(` $inputs^ `:` type($inputs) `)`)? `outs` `(` $outputs `:` type($outputs) `)`
    attr-dict-with-keyword $body (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    mlir::MutableOperandRange getDpsInitsMutable() { return getOutputsMutable(); }
  }];
}

def TFCRT_ScalbOp : TFCRT_Op<"scalb", [
    Pure, SameOperandsAndResultType, Elementwise, Scalarizable, Vectorizable,
    Tensorizable]> {
  let summary = "x 2^n, rounded once";
  let description = [{
    C's `scalb`, elementwise: `n` is a whole number. Results that are too large
    are infinite, those that are below all normal numbers denormal or zero.
    Processors with AVX-512 have an instruction for it, which
    `tfc-expand-periodic` makes of it.
  }];
  let arguments = (ins FloatLike:$x, FloatLike:$n);
  let results = (outs FloatLike:$result);
  let assemblyFormat = "$x `,` $n attr-dict `:` type($result)";
}

def TFCRT_LookupOp : TFCRT_Op<"lookup", [
    Pure, Elementwise, Scalarizable, Vectorizable,
    Tensorizable]> {
  let summary = "A number of a table of 32";
  let description = [{
    `table[index mod 32]`, elementwise. Processors with AVX-512 look up sixteen
    numbers in two registers with one instruction, which `tfc-expand-periodic`
    makes of it; nothing else is known to do it faster than arithmetic.

    ```mlir
    %c = tfcrt.lookup %i in [0.0, 0.5, ...] : i32 -> f32
    ```

    Constraints:

    * (C1) the table has 32 numbers
    * (C2) indices are i32, results f32
  }];
  let arguments = (ins SignlessIntegerLike:$index, DenseF32ArrayAttr:$table);
  let results = (outs FloatLike:$result);
  let assemblyFormat = "$index `in` $table attr-dict `:` type($index) `->` type($result)";
  let hasVerifier = 1;
}

def TFCRT_PrintOp : TFCRT_ReaderOp<"print"> {
  let summary = "Let the host print tensors";
  let description = [{
    `format`, `summarize` and `stream` are those of `tfc.print`. `dtypes` has a
    number of `enum tfc_dtype` for each operand, because a signless integer no
    longer says what it was. Stops the entry with the host's status if that is not
    `TFC_OK`; the variant with a result returns that status instead. Takes tensors or,
    after bufferization, memrefs. Constraints:

    * (C1) there is one dtype per operand
  }];
  let arguments = (ins StrAttr:$format, Variadic<TFCRT_Data>:$data,
                       I64Attr:$summarize, StrAttr:$stream,
                       DenseI32ArrayAttr:$dtypes);
  let results = (outs Optional<I32>:$status);
  let assemblyFormat = [{
    $format (`,` $data^ `:` type($data))? attr-dict (`->` type($status)^)?
  }];
  let hasVerifier = 1;
}

def TFCRT_AbortOp : TFCRT_ReaderOp<"abort", [AttrSizedOperandSegments]> {
  let summary = "Leave the entry with an error";
  let description = [{
    Reports `message` and the tensors to the host and returns `code` from the whole
    entry function, from inside any nest of loops and branches: what follows is
    not executed. The op's location is the one reported. `kept` are values that
    must still be in their buffers then, though nothing shows them: the present
    values of variables (`tfc-guard-variables` fills this in). With a `status`, that is
    returned, and nothing is reported: the host knows. Constraints:

    * (C1) there is one dtype per data operand
  }];
  let arguments = (ins StrAttr:$message, Variadic<TFCRT_Data>:$data,
                       I64Attr:$code, I64Attr:$summarize,
                       DenseI32ArrayAttr:$dtypes,
                       Variadic<TFCRT_Data>:$kept, Optional<I32>:$status);
  let assemblyFormat = [{
    $message (`,` $data^ `:` type($data))? (`keeping` $kept^ `:` type($kept))?
    (`returning` $status^ `:` type($status))? attr-dict
  }];
  let hasVerifier = 1;
}

def TFCRT_SetResultOp : TFCRT_ReaderOp<"set_result"> {
  let summary = "Hand a result of unknown size to the caller";
  let description = [{
    Stores a buffer of the host's allocator in `buffers[index]` and the sizes of
    the dimensions `dims` in `sizes[offset...]`. Created by `tfc-pack-abi`.
    `in_place`: the value's own allocation is the one to hand over
    (`tfc-plan-memory` says so).
  }];
  let arguments = (ins TFCRT_Data:$value, I64Attr:$index, I64Attr:$offset,
                       DenseI64ArrayAttr:$dims, UnitAttr:$in_place);
  let assemblyFormat = [{
    $value `to` $index `sizes` $offset $dims (`in_place` $in_place^)? attr-dict `:` type($value)
  }];
}

def TFCRT_SetVariableOp : TFCRT_ReaderOp<"set_variable"> {
  let summary = "Replace the value of a variable of unknown size";
  let description = [{
    Where the sizes stay, the variable's buffer is overwritten; else one of the host's
    allocator takes its place in `buffers[index]`, with the sizes of the dimensions `dims` in
    `sizes[offset...]`. Created by `tfc-pack-abi`.
  }];
  let arguments = (ins TFCRT_Data:$value, I64Attr:$index, I64Attr:$offset,
                       DenseI64ArrayAttr:$dims);
  let assemblyFormat = [{
    $value `to` $index `sizes` $offset $dims attr-dict `:` type($value)
  }];
}

def TFCRT_HostCallOp : TFCRT_Op<"host_call", [
    MemoryEffects<[MemRead, MemWrite]>,
    DeclareOpInterfaceMethods<BufferizableOpInterface,
        ["bufferizesToMemoryRead", "bufferizesToMemoryWrite", "bufferizesToAllocation",
         "getAliasingValues", "bufferize"]>]> {
  let summary = "Run a function of the host";
  let description = [{
    Function number `id` may read and write all variables of the entry. Stops the
    entry with the host's status if that is not `TFC_OK`. After bufferization the
    results are memory of the host's allocator, to be given back with
    `tfcrt.discard`. Constraints:

    * (C1) there is one dtype per operand, and one per result
  }];
  let arguments = (ins Variadic<TFCRT_Data>:$data, I64Attr:$id, DenseI32ArrayAttr:$dtypes,
                       DenseI32ArrayAttr:$result_dtypes);
  let results = (outs Variadic<TFCRT_Data>:$outputs);
  let assemblyFormat = "$id `(` $data `)` attr-dict `:` functional-type($data, $outputs)";
  let hasVerifier = 1;
}

def TFCRT_PollOp : TFCRT_Op<"poll", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Ask the host whether to go on";
  let description = [{
    A loop that may take long asks after `asked` iterations: the host says after how
    many it wants to be asked again. If it says 0 the entry stops with
    `TFC_CANCELLED`. Made by `tfc-poll-host`.
  }];
  let arguments = (ins I32:$asked);
  let results = (outs I32:$next);
  let assemblyFormat = "$asked attr-dict";
}

def TFCRT_DiscardOp : TFCRT_Op<"discard", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Give memory back to the host's allocator";
  let arguments = (ins AnyMemRef:$memref);
  let assemblyFormat = "$memref attr-dict `:` type($memref)";
}

def TFCRT_BindOp : TFCRT_Op<"bind", [Pure]> {
  let summary = "See memory behind a pointer as a memref";
  let description = [{
    The memref is dense and row-major. Constraints:

    * (C1) there is one size for each unknown dimension
  }];
  let arguments = (ins LLVM_AnyPointer:$pointer, Variadic<Index>:$sizes);
  let results = (outs AnyMemRef:$memref);
  let assemblyFormat = [{
    $pointer (`[` $sizes^ `]`)? attr-dict `:` type($pointer) `->` type($memref)
  }];
  let hasVerifier = 1;
}

def TFCRT_PartsOp : TFCRT_Op<"parts", [
    Pure, DeclareOpInterfaceMethods<ViewLikeOpInterface>]> {
  let summary = "See memory of complex numbers as that of their parts";
  let description = [{
    Real and imaginary part of each number follow each other in the last
    dimension. Constraints:

    * (C1) the source has a dimension, and numbers that follow each other in its
      last one
    * (C2) the result is what `partsOf` makes of the source

    ```mlir
    %parts = tfcrt.parts %z : memref<4x8xcomplex<f32>> -> memref<4x16xf32>
    ```
  }];
  let arguments = (ins AnyMemRef:$source);
  let results = (outs AnyMemRef:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `->` type($result)";
  let hasVerifier = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$source)>];
  let extraClassDeclaration = [{
    /// The type of the parts, or null where C1 does not hold.
    static mlir::MemRefType partsOf(mlir::MemRefType source);
  }];
}

def TFCRT_MarkOp : TFCRT_Op<"mark", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Remember which buffers of dynamic size exist";
  let description = [{ The newest such buffer; see `tfcrt.release`. }];
  let results = (outs LLVM_AnyPointer:$mark);
  let assemblyFormat = "attr-dict `:` type($mark)";
}

def TFCRT_ReleaseOp : TFCRT_Op<"release", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Free the buffers of dynamic size made since a mark";
  let description = [{
    All but those that `kept` lies in. At the end of a loop's iteration that is
    what the next iteration gets.
  }];
  let arguments = (ins LLVM_AnyPointer:$mark, Variadic<AnyMemRef>:$kept);
  let assemblyFormat = [{
    $mark (`keeping` $kept^)? attr-dict `:` type($mark) (`,` type($kept)^)?
  }];
}

def TFCRT_ScanOp
    : TFCRT_Op<"scan", [DeclareOpInterfaceMethods<BufferizableOpInterface,
                            ["bufferizesToMemoryRead", "bufferizesToMemoryWrite",
                             "bufferizesToElementwiseAccess", "getAliasingValues", "bufferize"]>,
                        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Running sums or products along a dimension";
  let description = [{
    Element i along `dimension` of `init` becomes the sum (`product`: the product) of the elements up to the i-th of
    `input`, without the i-th itself if `exclusive`, from the end if `reverse`. Takes tensors, and returns `init` as it
    is then, or, after bufferization, memrefs. Halves are accumulated in f32. `init` may be `input` itself, but for an
    exclusive scan along another dimension than the last. A scan of one block after the other starts `from` what is in
    `carry`, and leaves there what the next one starts from. Constraints:

    * (C1) input and init have the same shape
    * (C2) `0 <= dimension < rank`
    * (C3) a carry belongs to memrefs of rank 1, and is a memref of rank 0 of the type that is accumulated in
  }];
  let arguments = (ins TFCRT_Data:$input, TFCRT_Data:$init, I64Attr:$dimension,
                       UnitAttr:$product, UnitAttr:$exclusive, UnitAttr:$reverse,
                       Optional<AnyMemRef>:$carry);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    $input `into` $init `along` $dimension (`product` $product^)? (`exclusive` $exclusive^)?
    (`reverse` $reverse^)? (`from` $carry^)? attr-dict `:` type($input) `,` type($init) (`,` type($carry)^)?
    (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    /// The type of a sum of elements on its way.
    ::mlir::Type getAccumulatorType();
    /// Whether `init` may be `input`.
    bool canOverwriteInput();
  }];
  let hasVerifier = 1;
}

def TFCRT_ParallelOp
    : TFCRT_Op<"parallel", [SingleBlockImplicitTerminator<"YieldOp">,
                            RecursiveMemoryEffects]> {
  let summary = "Run pieces of a range of independent iterations, perhaps at the same time";
  let description = [{
    The region runs the iterations from its first argument to before its second one; the host
    decides how the range is cut, and how many pieces run at once. A piece has at least `grain`
    iterations, but the last. Iterations depend on nothing that others write. Expects buffers. What the
    region allocates belongs to one piece. Constraints:

    * (C1) the region has two arguments, both `index`
  }];
  let arguments = (ins Index:$begin, Index:$end, Index:$grain);
  let regions = (region SizedRegion<1>:$body);
  let builders = [OpBuilder<(ins "::mlir::Value":$begin, "::mlir::Value":$end, "::mlir::Value":$grain)>];
  let skipDefaultBuilders = 1;
  let extraClassDeclaration = [{
    ::mlir::Value getFrom() { return getBody().getArgument(0); }
    ::mlir::Value getTo() { return getBody().getArgument(1); }
  }];
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def TFCRT_YieldOp : TFCRT_Op<"yield", [Pure, Terminator, ReturnLike,
                                       HasParent<"ParallelOp">]> {
  let summary = "The end of a piece";
  let description = [{ Yields nothing. }];
  let assemblyFormat = "attr-dict";
}

def TFCRT_LaunchOp : TFCRT_Op<"launch", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Let the host run the pieces of a loop by a function";
  let description = [{
    What `tfcrt.parallel` becomes in `tfc-outline-parallel`: `callee` is a `tfc_loop_body` of
    `tfc_rt.h`. Leaves the entry with the status of a piece that failed.
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, LLVM_AnyPointer:$env,
                       Index:$begin, Index:$end, Index:$grain);
  let assemblyFormat = [{
    $callee `(` $env `)` $begin `to` $end `grain` $grain attr-dict `:` type($env)
  }];
}

#endif // TFC_DIALECT_TFCRT_IR_TFCRTOPS_TD
