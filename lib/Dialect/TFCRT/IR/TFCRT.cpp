//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The dialect of calls into the host.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace tfc::rt;

#include "tfc/Dialect/TFCRT/IR/TFCRTDialect.cpp.inc"

#define GET_OP_CLASSES
#include "tfc/Dialect/TFCRT/IR/TFCRTOps.cpp.inc"

void TFCRTDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "tfc/Dialect/TFCRT/IR/TFCRTOps.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

/// C1
static LogicalResult verifyDtypes(Operation *op, OperandRange data,
                                  ArrayRef<int32_t> dtypes) {
  if (data.size() != dtypes.size())
    return op->emitOpError("expected one dtype per data operand, got ")
           << dtypes.size() << " for " << data.size() << " operands";
  return success();
}

LogicalResult PrintOp::verify() {
  return verifyDtypes(*this, getData(), getDtypes());
}

LogicalResult AbortOp::verify() {
  return verifyDtypes(*this, getData(), getDtypes());
}

LogicalResult HostCallOp::verify() {
  if (getOutputs().size() != getResultDtypes().size())
    return emitOpError("expected one dtype per result, got ")
           << getResultDtypes().size() << " for " << getOutputs().size()
           << " results";
  return verifyDtypes(*this, getData(), getDtypes());
}

LogicalResult LookupOp::verify() {
  // C1
  if (getTable().size() != 32)
    return emitOpError("expected a table of 32 numbers, got ")
           << getTable().size();
  // C2
  if (!getElementTypeOrSelf(getIndex().getType()).isSignlessInteger(32) ||
      !getElementTypeOrSelf(getResult().getType()).isF32())
    return emitOpError("expected an index of i32 and a result of f32, got ")
           << getIndex().getType() << " and " << getResult().getType();
  return success();
}

LogicalResult BindOp::verify() {
  // C1
  int64_t unknown = cast<MemRefType>(getMemref().getType()).getNumDynamicDims();
  if (unknown != static_cast<int64_t>(getSizes().size()))
    return emitOpError("expected ")
           << unknown << " sizes, one for each unknown dimension, got "
           << getSizes().size();
  return success();
}

MemRefType PartsOp::partsOf(MemRefType source) {
  auto number = dyn_cast<ComplexType>(source.getElementType());
  SmallVector<int64_t> strides, shape(source.getShape());
  int64_t offset;
  if (!number || shape.empty() ||
      failed(source.getStridesAndOffset(strides, offset)) ||
      strides.back() != 1)
    return {};
  auto twice = [](int64_t &n) {
    if (!ShapedType::isDynamic(n))
      n *= 2;
  };
  twice(shape.back());
  twice(offset);
  for (int64_t &stride : MutableArrayRef(strides).drop_back())
    twice(stride);
  MemRefLayoutAttrInterface layout;
  if (!source.getLayout().isIdentity())
    layout = StridedLayoutAttr::get(source.getContext(), offset, strides);
  return MemRefType::get(shape, number.getElementType(), layout,
                         source.getMemorySpace());
}

void PartsOp::build(OpBuilder &builder, OperationState &state, Value source) {
  build(builder, state, partsOf(cast<MemRefType>(source.getType())), source);
}

Value PartsOp::getViewSource() { return getSource(); }

LogicalResult PartsOp::verify() {
  auto source = dyn_cast<MemRefType>(getSource().getType());
  MemRefType parts = source ? partsOf(source) : MemRefType();
  // C1
  if (!parts)
    return emitOpError("expected memory of complex numbers that follow each "
                       "other in the last dimension, got ")
           << getSource().getType();
  // C2
  if (getResult().getType() != parts)
    return emitOpError("expected parts of type ")
           << parts << ", got " << getResult().getType();
  return success();
}

LogicalResult ComputeOp::verify() {
  Block &body = getBody().front();
  if (body.getNumArguments() != getNumOperands())
    return emitOpError("expected a memref in the body for each of ")
           << getNumOperands() << " operands, got " << body.getNumArguments();
  for (auto [argument, operand] :
       llvm::zip(body.getArguments(), getOperands())) {
    auto tensor = cast<RankedTensorType>(operand.getType());
    auto memref = dyn_cast<MemRefType>(argument.getType());
    // C1. More may be known of the tensor since.
    auto knowsNoMore = [](int64_t inside, int64_t outside) {
      return inside == outside || ShapedType::isDynamic(inside);
    };
    if (!memref || memref.getRank() != tensor.getRank() ||
        !llvm::all_of_zip(memref.getShape(), tensor.getShape(), knowsNoMore) ||
        memref.getElementType() != tensor.getElementType() ||
        !memref.isStrided())
      return emitOpError("expected a strided memref like ")
             << tensor << ", got " << argument.getType();
  }
  // C2
  if (getResultTypes() != getOutputs().getTypes())
    return emitOpError("expected results of the types of the outputs, ")
           << getOutputs().getTypes() << ", got " << getResultTypes();
  return success();
}

LogicalResult ScanOp::verify() {
  auto input = cast<ShapedType>(getInput().getType()),
       init = cast<ShapedType>(getInit().getType());
  // C1
  if (failed(verifyCompatibleShape(input.getShape(), init.getShape())))
    return emitOpError("expected input and init of the same shape, got ")
           << input << " and " << init;
  // C2
  if (static_cast<int64_t>(getDimension()) < 0 ||
      static_cast<int64_t>(getDimension()) >= input.getRank())
    return emitOpError("dimension ")
           << getDimension() << " is out of range for rank " << input.getRank();
  // C3
  if (!getCarry())
    return success();
  auto wanted = MemRefType::get({}, getAccumulatorType());
  if (getCarry().getType() != wanted)
    return emitOpError("expected a carry of type ")
           << wanted << ", got " << getCarry().getType();
  if (!isa<MemRefType>(init) || !isa<MemRefType>(input) || init.getRank() != 1)
    return emitOpError("expected memrefs of rank 1 beside a carry, got ")
           << input << " and " << init;
  return success();
}

bool ScanOp::canOverwriteInput() {
  int64_t rank = cast<ShapedType>(getInput().getType()).getRank();
  return !getExclusive() || static_cast<int64_t>(getDimension()) + 1 == rank;
}

Type ScanOp::getAccumulatorType() {
  Type element = getElementTypeOrSelf(getInput().getType());
  return element.isF16() || element.isBF16() ? Float32Type::get(getContext())
                                             : element;
}

//===----------------------------------------------------------------------===//
// Bufferization of the body's op: the body takes its place
//===----------------------------------------------------------------------===//

bool ComputeOp::bufferizesToMemoryRead(OpOperand &,
                                       const bufferization::AnalysisState &) {
  return true;
}
bool ComputeOp::bufferizesToMemoryWrite(OpOperand &use,
                                        const bufferization::AnalysisState &) {
  return isDpsInit(&use);
}
bufferization::AliasingValueList
ComputeOp::getAliasingValues(OpOperand &use,
                             const bufferization::AnalysisState &) {
  if (!isDpsInit(&use))
    return {};
  return {{getTiedOpResult(&use), bufferization::BufferRelation::Equivalent}};
}

/// Does memory have the strides that a body counts on?
static bool hasStrides(Value buffer, Type wanted) {
  auto [have, offset] =
      cast<MemRefType>(buffer.getType()).getStridesAndOffset();
  auto [want, wantedOffset] = cast<MemRefType>(wanted).getStridesAndOffset();
  return llvm::all_of(llvm::zip(have, want), [](auto pair) {
    auto [has, wants] = pair;
    return wants == ShapedType::kDynamic || has == wants;
  });
}

/// The elements in dense memory of their own.
static Value copyOf(OpBuilder &builder, Location loc, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<Value> sizes;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      sizes.push_back(memref::DimOp::create(builder, loc, buffer, i));
  Value copy = memref::AllocOp::create(
      builder, loc, MemRefType::get(type.getShape(), type.getElementType()),
      sizes);
  memref::CopyOp::create(builder, loc, buffer, copy);
  return copy;
}

LogicalResult
ComputeOp::bufferize(RewriterBase &rewriter,
                     const bufferization::BufferizationOptions &options,
                     bufferization::BufferizationState &state) {
  SmallVector<Value> buffers;
  for (Value operand : getOperands()) {
    FailureOr<Value> buffer =
        bufferization::getBuffer(rewriter, operand, options, state);
    if (failed(buffer))
      return failure();
    buffers.push_back(*buffer);
  }
  Block &body = getBody().front();
  SmallVector<Value> views;
  SmallVector<std::pair<Value, Value>> copies;
  for (auto [i, argument, buffer] :
       llvm::enumerate(body.getArguments(), buffers)) {
    Value memory = buffer;
    if (!hasStrides(buffer, argument.getType())) {
      memory = copyOf(rewriter, getLoc(), buffer);
      if (i >= getInputs().size())
        copies.push_back({memory, buffer});
    }
    views.push_back(argument.getType() == memory.getType()
                        ? memory
                        : memref::CastOp::create(rewriter, getLoc(),
                                                 argument.getType(), memory));
  }
  // A slot made anew in each iteration of a loop around would grow the stack.
  Block &entry = (*this)->getParentOfType<func::FuncOp>().getBody().front();
  for (auto slot : llvm::make_early_inc_range(body.getOps<memref::AllocaOp>()))
    rewriter.moveOpBefore(slot, &entry, entry.begin());
  rewriter.inlineBlockBefore(&body, getOperation(), views);
  for (auto [memory, buffer] : copies)
    memref::CopyOp::create(rewriter, getLoc(), memory, buffer);
  bufferization::replaceOpWithBufferizedValues(
      rewriter, getOperation(),
      ArrayRef<Value>(buffers).drop_front(getInputs().size()));
  return success();
}

//===----------------------------------------------------------------------===//
// Parallel loops
//===----------------------------------------------------------------------===//

void ParallelOp::build(OpBuilder &builder, OperationState &state, Value begin,
                       Value end, Value grain) {
  state.addOperands({begin, end, grain});
  OpBuilder::InsertionGuard guard(builder);
  Type index = builder.getIndexType();
  builder.createBlock(state.addRegion(), {}, {index, index},
                      {state.location, state.location});
  ensureTerminator(*state.regions.front(), builder, state.location);
}

LogicalResult ParallelOp::verify() {
  // C1
  Block &block = getBody().front();
  if (block.getNumArguments() != 2 ||
      !llvm::all_of(block.getArgumentTypes(),
                    [](Type type) { return type.isIndex(); }))
    return emitOpError(
               "expected a region with two arguments of type index, got ")
           << block.getArgumentTypes();
  return success();
}

ParseResult ParallelOp::parse(OpAsmParser &parser, OperationState &state) {
  SmallVector<OpAsmParser::Argument, 2> arguments;
  SmallVector<OpAsmParser::UnresolvedOperand, 3> operands(3);
  Type index = parser.getBuilder().getIndexType();
  if (parser.parseArgumentList(arguments, OpAsmParser::Delimiter::Paren) ||
      parser.parseKeyword("in") || parser.parseOperand(operands[0]) ||
      parser.parseKeyword("to") || parser.parseOperand(operands[1]) ||
      parser.parseKeyword("grain") || parser.parseOperand(operands[2]) ||
      parser.resolveOperands(operands, index, state.operands))
    return failure();
  for (OpAsmParser::Argument &argument : arguments)
    argument.type = index;
  Region *body = state.addRegion();
  if (parser.parseRegion(*body, arguments) ||
      parser.parseOptionalAttrDict(state.attributes))
    return failure();
  ensureTerminator(*body, parser.getBuilder(), state.location);
  return success();
}

void ParallelOp::print(OpAsmPrinter &printer) {
  printer << "(" << getBody().getArguments() << ") in " << getBegin() << " to "
          << getEnd() << " grain " << getGrain() << " ";
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false,
                      /*printBlockTerminators=*/false);
  printer.printOptionalAttrDict((*this)->getAttrs());
}

//===----------------------------------------------------------------------===//
// Bufferization: all but calls of the host only read
//===----------------------------------------------------------------------===//

static FailureOr<Value>
denseCopy(RewriterBase &rewriter, Location loc, Value buffer,
          const bufferization::BufferizationOptions &options) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<Value> sizes;
  for (auto [i, size] : llvm::enumerate(type.getShape()))
    if (ShapedType::isDynamic(size))
      sizes.push_back(memref::DimOp::create(rewriter, loc, buffer, i));
  auto dense = MemRefType::get(type.getShape(), type.getElementType());
  FailureOr<Value> copy = options.createAlloc(rewriter, loc, dense, sizes);
  if (failed(copy) ||
      failed(options.createMemCpy(rewriter, loc, buffer, *copy)))
    return failure();
  return copy;
}

/// The operands with buffers for tensors.
static FailureOr<SmallVector<Value>>
buffersOf(Operation *op, RewriterBase &rewriter,
          const bufferization::BufferizationOptions &options,
          bufferization::BufferizationState &state) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    if (!isa<TensorType>(operand.getType())) {
      operands.push_back(operand);
      continue;
    }
    FailureOr<Value> buffer =
        bufferization::getBuffer(rewriter, operand, options, state);
    if (failed(buffer))
      return failure();
    auto type = dyn_cast<MemRefType>(buffer->getType());
    if (!type)
      return op->emitOpError("expected ranked tensors, got ")
             << operand.getType();
    if (!type.getLayout().isIdentity()) {
      // The host sees dense tensors only.
      FailureOr<Value> dense =
          denseCopy(rewriter, op->getLoc(), *buffer, options);
      if (failed(dense))
        return failure();
      buffer = dense;
    }
    operands.push_back(*buffer);
  }
  return operands;
}

/// Replaces the tensors among the operands by their buffers, in place.
static LogicalResult
bufferizeOperands(Operation *op, RewriterBase &rewriter,
                  const bufferization::BufferizationOptions &options,
                  bufferization::BufferizationState &state) {
  FailureOr<SmallVector<Value>> operands =
      buffersOf(op, rewriter, options, state);
  if (failed(operands))
    return failure();
  rewriter.modifyOpInPlace(op, [&] { op->setOperands(*operands); });
  return success();
}

#define TFCRT_BUFFERIZE(OpTy)                                                  \
  bool OpTy::bufferizesToMemoryRead(OpOperand &,                               \
                                    const bufferization::AnalysisState &) {    \
    return true;                                                               \
  }                                                                            \
  bool OpTy::bufferizesToMemoryWrite(OpOperand &,                              \
                                     const bufferization::AnalysisState &) {   \
    return false;                                                              \
  }                                                                            \
  bufferization::AliasingValueList OpTy::getAliasingValues(                    \
      OpOperand &, const bufferization::AnalysisState &) {                     \
    return {};                                                                 \
  }                                                                            \
  LogicalResult OpTy::bufferize(                                               \
      RewriterBase &rewriter,                                                  \
      const bufferization::BufferizationOptions &options,                      \
      bufferization::BufferizationState &state) {                              \
    return bufferizeOperands(*this, rewriter, options, state);                 \
  }

bool ScanOp::bufferizesToMemoryRead(OpOperand &operand,
                                    const bufferization::AnalysisState &) {
  return operand.getOperandNumber() == 0;
}

bool ScanOp::bufferizesToMemoryWrite(OpOperand &operand,
                                     const bufferization::AnalysisState &) {
  return operand.getOperandNumber() == 1;
}

/// Elements are read before they are written, but where that of the row before
/// is read again.
bool ScanOp::bufferizesToElementwiseAccess(const bufferization::AnalysisState &,
                                           ArrayRef<OpOperand *>) {
  return canOverwriteInput();
}

bufferization::AliasingValueList
ScanOp::getAliasingValues(OpOperand &operand,
                          const bufferization::AnalysisState &) {
  if (operand.getOperandNumber() != 1 || !getResult())
    return {};
  return {{getResult(), bufferization::BufferRelation::Equivalent}};
}

LogicalResult
ScanOp::bufferize(RewriterBase &rewriter,
                  const bufferization::BufferizationOptions &options,
                  bufferization::BufferizationState &state) {
  FailureOr<Value> input =
      bufferization::getBuffer(rewriter, getInput(), options, state);
  FailureOr<Value> init =
      bufferization::getBuffer(rewriter, getInit(), options, state);
  if (failed(input) || failed(init))
    return failure();
  ScanOp::create(rewriter, getLoc(), TypeRange(), *input, *init, getDimension(),
                 getProduct(), getExclusive(), getReverse(), getCarry());
  bufferization::replaceOpWithBufferizedValues(rewriter, *this, *init);
  return success();
}

void ScanOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  if (!isa<MemRefType>(getInit().getType()))
    return;
  effects.emplace_back(MemoryEffects::Read::get(), &getInputMutable());
  effects.emplace_back(MemoryEffects::Write::get(), &getInitMutable());
  for (OpOperand &carry : getCarryMutable()) {
    effects.emplace_back(MemoryEffects::Read::get(), &carry);
    effects.emplace_back(MemoryEffects::Write::get(), &carry);
  }
}

TFCRT_BUFFERIZE(PrintOp)
TFCRT_BUFFERIZE(AbortOp)
TFCRT_BUFFERIZE(SetResultOp)
TFCRT_BUFFERIZE(SetVariableOp)
#undef TFCRT_BUFFERIZE

bool HostCallOp::bufferizesToMemoryRead(OpOperand &,
                                        const bufferization::AnalysisState &) {
  return true;
}

bool HostCallOp::bufferizesToMemoryWrite(OpOperand &,
                                         const bufferization::AnalysisState &) {
  return false;
}

bool HostCallOp::bufferizesToAllocation(Value) { return true; }

bufferization::AliasingValueList
HostCallOp::getAliasingValues(OpOperand &,
                              const bufferization::AnalysisState &) {
  return {};
}

/// What the host returns is copied into memory of ours, which is planned like
/// all other.
LogicalResult
HostCallOp::bufferize(RewriterBase &rewriter,
                      const bufferization::BufferizationOptions &options,
                      bufferization::BufferizationState &state) {
  FailureOr<SmallVector<Value>> operands =
      buffersOf(*this, rewriter, options, state);
  if (failed(operands))
    return failure();
  SmallVector<Type> types;
  for (Type type : getResultTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      return emitOpError("expected ranked results, got ") << type;
    types.push_back(
        MemRefType::get(tensor.getShape(), tensor.getElementType()));
  }
  auto call =
      HostCallOp::create(rewriter, getLoc(), types, *operands, getIdAttr(),
                         getDtypesAttr(), getResultDtypesAttr());
  SmallVector<Value> copies;
  for (Value output : call.getOutputs()) {
    FailureOr<Value> copy = denseCopy(rewriter, getLoc(), output, options);
    if (failed(copy))
      return failure();
    DiscardOp::create(rewriter, getLoc(), output);
    copies.push_back(*copy);
  }
  bufferization::replaceOpWithBufferizedValues(rewriter, *this, copies);
  return success();
}
