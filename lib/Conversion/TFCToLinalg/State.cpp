//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Variables, the console, assertions. Tokens have done their work: the order of
// the ops in the new function is theirs.
//===----------------------------------------------------------------------===//

#include "GatherColumns.h"
#include "Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

static RankedTensorType valueType(Value resource) {
  return storageType(cast<RankedTensorType>(
      cast<ResourceType>(resource.getType()).getValueType()));
}

static LogicalResult lowerRead(Lowering &l, ReadVariableOp op) {
  Value memory = l.value(op.getResource());
  Value tensor = bufferization::ToTensorOp::create(
      l.b, l.loc, valueType(op.getResource()), memory,
      /*restrict=*/true, /*writable=*/true);
  if (rankOf(op.getValue()) == 0)
    l.bind(op.getValue(), l.extract(tensor, {}, elementOf(op.getValue())));
  else
    l.bind(op.getValue(), l.convert(tensor, l.tensorType(op.getValue())));
  return success();
}

/// That values which share memory with another variable are copied in time is
/// the task of `tfc-guard-variables`, which sees all reads and writes.
static void write(Lowering &l, Value value, Value resource) {
  bufferization::MaterializeInDestinationOp::create(
      l.b, l.loc, /*result=*/Type(), l.tensorOf(value, valueType(resource)),
      l.value(resource),
      /*restrict=*/true, /*writable=*/true);
}

static LogicalResult lowerAssign(Lowering &l, AssignVariableOp op) {
  write(l, op.getValue(), op.getResource());
  return success();
}

/// The tensors a host shows, and what they are made of.
static void collectData(Lowering &l, ValueRange old,
                        SmallVectorImpl<Value> &data,
                        SmallVectorImpl<int32_t> &dtypes) {
  for (Value x : old) {
    data.push_back(l.tensorOf(x, l.tensorType(x)));
    dtypes.push_back(dtypeCode(elementOf(x)));
  }
}

static LogicalResult lowerPrint(Lowering &l, PrintOp op) {
  SmallVector<Value> data;
  SmallVector<int32_t> dtypes;
  collectData(l, op.getXs(), data, dtypes);
  auto print = rt::PrintOp::create(
      l.b, l.loc, op.getPending().empty() ? Type() : l.b.getI32Type(),
      op.getFormatAttr(), data, op.getSummarizeAttr(), op.getStreamAttr(),
      l.b.getDenseI32ArrayAttr(dtypes));
  if (op.getPending().empty())
    return success();
  Value ok = arith::ConstantIntOp::create(l.b, l.loc, l.b.getI32Type(), 0);
  Value refused = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::ne,
                                        print.getStatus(), ok);
  auto branch =
      scf::IfOp::create(l.b, l.loc, refused, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(l.b);
  l.b.setInsertionPointToStart(branch.thenBlock());
  for (auto [resource, value] :
       llvm::zip(op.getPending(), op.getPendingValues()))
    write(l, value, resource);
  rt::AbortOp::create(l.b, l.loc, "", /*data=*/ValueRange(), /*code=*/0,
                      /*summarize=*/0, ArrayRef<int32_t>(),
                      /*kept=*/ValueRange(), print.getStatus());
  return success();
}

static LogicalResult lowerAssert(Lowering &l, AssertOp op) {
  Value condition = l.value(op.getCondition());
  Value fails = arith::XOrIOp::create(
      l.b, l.loc, condition,
      arith::ConstantIntOp::create(l.b, l.loc, l.b.getI1Type(), 1));
  auto branch = scf::IfOp::create(l.b, l.loc, fails, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(l.b);
  l.b.setInsertionPointToStart(branch.thenBlock());
  for (auto [resource, value] :
       llvm::zip(op.getPending(), op.getPendingValues()))
    write(l, value, resource);
  for (Value shown : op.getData())
    if (failed(lowerShown(l, shown)))
      return failure();
  SmallVector<Value> data;
  SmallVector<int32_t> dtypes;
  collectData(l, op.getData(), data, dtypes);
  rt::AbortOp::create(l.b, l.loc, op.getMessageAttr(), data, op.getCodeAttr(),
                      op.getSummarizeAttr(), l.b.getDenseI32ArrayAttr(dtypes),
                      /*kept=*/ValueRange(), /*status=*/Value());
  return success();
}

static LogicalResult lowerHostCall(Lowering &l, HostCallOp op) {
  SmallVector<Value> data;
  SmallVector<int32_t> dtypes, resultDtypes;
  collectData(l, op.getInputs(), data, dtypes);
  SmallVector<Type> types;
  for (Value output : op.getOutputs()) {
    if (!isa<RankedTensorType>(output.getType()))
      return op.emitError(
          "the rank of an output of a host function is not known");
    types.push_back(l.tensorType(output));
    resultDtypes.push_back(dtypeCode(elementOf(output)));
  }
  auto call = rt::HostCallOp::create(l.b, l.loc, types, data, op.getIdAttr(),
                                     l.b.getDenseI32ArrayAttr(dtypes),
                                     l.b.getDenseI32ArrayAttr(resultDtypes));
  for (auto [old, made] : llvm::zip(op.getOutputs(), call.getOutputs())) {
    if (rankOf(old) == 0)
      l.bind(old, l.extract(made, {}, elementOf(old)));
    else
      l.bind(old, made);
  }
  return success();
}

void lowering::addStateHandlers(Handlers &handlers) {
  addHandler<ReadVariableOp, lowerRead>(handlers);
  addHandler<AssignVariableOp, lowerAssign>(handlers);
  addHandler<PrintOp, lowerPrint>(handlers);
  addHandler<AssertOp, lowerAssert>(handlers);
  addHandler<HostCallOp, lowerHostCall>(handlers);
}
