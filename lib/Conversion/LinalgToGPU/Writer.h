//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Writes the body of one kernel: indices, loads and stores, bodies of ops.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOGPU_WRITER_H
#define TFC_LIB_CONVERSION_LINALGTOGPU_WRITER_H

#include "Group.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

namespace tfc::device {

using Values = llvm::SmallVector<mlir::Value>;

/// How the accumulators of a reduction are updated, if partial results can be
/// combined in any order: one by an op, or the best element and its position.
struct Combiner {
  mlir::Operation *op = nullptr; ///< acc' = op(acc, term)
  unsigned accumulated = 0;      ///< which operand of `op` is the accumulator
  mlir::Operation *narrow = nullptr,
                  *widen =
                      nullptr; ///< from and to the type of the buffer, or null
  /// Without `op`: whether the element `x` is better than `best`, in the body.
  mlir::Value better, x, best;
  llvm::SmallVector<mlir::TypedAttr> neutral; ///< of each accumulator

  bool isFloatSum() const;
};
std::optional<Combiner> matchCombiner(mlir::linalg::LinalgOp op);

class Writer {
public:
  virtual ~Writer() = default;
  /// Makes the launch of a group before its last step, with a grid of one block
  /// until `setGrid`.
  Writer(Group &group, llvm::StringRef kind, int64_t threads);
  /// The same for what is no linalg op; `number` names it in the module.
  Writer(mlir::Operation *before, int64_t number, llvm::StringRef kind,
         int64_t threads);

  mlir::gpu::LaunchOp launch;
  mlir::ImplicitLocOpBuilder b;     ///< inside the kernel
  mlir::ImplicitLocOpBuilder outer; ///< before the launch

  // Arithmetic on indices, folded as it is built.
  mlir::Value constant(int64_t value);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value less(mlir::Value x, mlir::Value y);
  /// Indices of the row-major element `linear` of a space.
  Values delinearize(mlir::Value linear, llvm::ArrayRef<mlir::Value> sizes);

  // Geometry.
  int64_t threads() const { return numThreads; }
  mlir::Value thread() { return launch.getThreadIds().x; }
  mlir::Value block() { return launch.getBlockIds().x; }
  void setGrid(mlir::Value x, mlir::Value y = {}, mlir::Value z = {});
  mlir::Value shared(int64_t elements, mlir::Type type);
  void barrier();

  // Loops.
  /// for (i = from; i < to; i += step) with carried values.
  Values loop(mlir::Value from, mlir::Value to, mlir::Value step,
              mlir::ValueRange carried,
              llvm::function_ref<Values(mlir::Value, mlir::ValueRange)> body);
  void loop(mlir::Value from, mlir::Value to, mlir::Value step,
            llvm::function_ref<void(mlir::Value)> body);
  void when(mlir::Value condition, llvm::function_ref<void()> body);
  /// Values that are made only where the condition holds.
  mlir::Value ifElse(mlir::Value condition, mlir::Type type,
                     llvm::function_ref<mlir::Value()> then,
                     llvm::function_ref<mlir::Value()> otherwise);
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y);

  // Memory.
  /// Keeps the buffer's elements [low, low + width) of each point in shared
  /// memory.
  void promote(mlir::Value root, int64_t low, int64_t width);
  virtual mlir::Value load(Step &step, mlir::OpOperand &operand,
                           llvm::ArrayRef<mlir::Value> ivs);
  virtual void store(Step &step, mlir::OpOperand &operand,
                     llvm::ArrayRef<mlir::Value> ivs, mlir::Value value);

  /// The address of an element of an operand, in bytes, as an i64.
  mlir::Value addressOf(Step &step, mlir::OpOperand &operand,
                        llvm::ArrayRef<mlir::Value> ivs);
  /// An element of a buffer of one dimension; complex ones are two floats
  /// there.
  mlir::Value loadFrom(mlir::Value base, mlir::Value linear,
                       mlir::Type element);
  void storeTo(mlir::Value value, mlir::Value base, mlir::Value linear);
  /// Shared memory for elements, complex ones as two floats.
  mlir::Value sharedElements(int64_t elements, mlir::Type type);
  /// The element of a buffer, without regard to shared memory.
  mlir::Value loadAt(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices);
  void storeAt(mlir::Value value, mlir::Value memref,
               llvm::ArrayRef<mlir::Value> indices);

  // Bodies. `ivs` are by loop of the op.
  /// The sizes of the loops by position, as values of the host.
  Values sizesOf(Step &step);
  /// What the body yields for the values of its arguments (null: not used).
  Values body(Step &step, llvm::ArrayRef<mlir::Value> arguments,
              llvm::ArrayRef<mlir::Value> ivs);
  Values loadInputs(Step &step, llvm::ArrayRef<mlir::Value> ivs);
  /// One point of the parallel loops: all of its reduction, by this thread.
  void point(Step &step, llvm::ArrayRef<mlir::Value> sizes, Values ivs);
  /// The same by all threads of the block together, if partial results may be
  /// combined.
  void together(Step &step, const Combiner &combiner,
                llvm::ArrayRef<mlir::Value> sizes, Values ivs);
  /// What one thread makes of a reduction that several share: elements `first`,
  /// `first` + `stride`, ...
  Values accumulate(Step &step, const Combiner &combiner,
                    llvm::ArrayRef<mlir::Value> sizes, Values &ivs,
                    mlir::Value first, mlir::Value stride);
  /// The accumulators after the element at `ivs`.
  Values update(Step &step, const Combiner &combiner,
                llvm::ArrayRef<mlir::Value> ivs, mlir::ValueRange accumulators);
  Values neutralOf(const Combiner &combiner);
  /// Combines the values of each thread of the block; every thread gets the
  /// result. Shared memory is free again after the next barrier; calls that
  /// follow each other take turns with two pieces of it.
  Values combineThreads(const Combiner &combiner, Values mine);
  /// Adds sums to what the results hold.
  void addToResult(Step &step, const Combiner &combiner,
                   llvm::ArrayRef<mlir::Value> ivs, mlir::ValueRange sums);

  unsigned prefix = 0; ///< loops that blocks are spread over
  /// Threads of a subgroup that exchange registers; 0: they do not.
  int64_t subgroup = 0;
  /// Sums of which a kernel before has made `number` partial ones for each
  /// point.
  struct Partials {
    Values buffers; ///< of each accumulator, point after point
    int64_t number;
  };
  llvm::DenseMap<mlir::Operation *, Partials> partials;

private:
  struct Shared {
    mlir::Value memref;
    int64_t low;
  };
  /// The buffer as one dimension, and an element's place there.
  std::pair<mlir::Value, mlir::Value>
  locate(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices,
         llvm::ArrayRef<mlir::Value> indicesInPoint);
  mlir::Value flat(mlir::Value memref);
  mlir::Value flatten(mlir::Value root, mlir::Value memref, bool whole);
  Values indices(Step &step, mlir::OpOperand &operand,
                 llvm::ArrayRef<mlir::Value> ivs);
  Values withoutPrefix(Step &step, llvm::ArrayRef<mlir::Value> ivs);
  void rewriteLoads(mlir::Operation *clone);
  Values combine(const Combiner &combiner, mlir::ValueRange x,
                 mlir::ValueRange y);
  /// The loop from `from` to `to`, `trips` times (-1: unknown): sums of floats
  /// in blocks of blocks.
  Values
  inBlocks(const Combiner &combiner, mlir::Value from, mlir::Value to,
           mlir::Value stride, mlir::ValueRange start, int64_t trips,
           llvm::function_ref<Values(mlir::Value, mlir::ValueRange)> each);
  Values reduceInBlocks(Step &step, const Combiner &combiner, unsigned position,
                        llvm::ArrayRef<mlir::Value> sizes, Values &ivs,
                        mlir::ValueRange start);
  Values addPartials(Step &step, const Combiner &combiner,
                     llvm::ArrayRef<mlir::Value> sizes,
                     llvm::ArrayRef<mlir::Value> ivs);
  Values reduce(Step &step, unsigned position,
                llvm::ArrayRef<mlir::Value> sizes, Values &ivs,
                mlir::ValueRange carried);

  int64_t numThreads;
  llvm::DenseMap<mlir::Value, mlir::Value> flats;
  llvm::DenseMap<mlir::Value, Shared> promoted;
  struct Scratch {
    mlir::Value rooms[2];
    unsigned next = 0;
  };
  llvm::DenseMap<std::pair<mlir::Type, unsigned>, Scratch> scratch;
};

/// Writes the kernels of a scan, which is dead afterwards. `reassociate`: sums
/// may be made in another order.
void writeScan(tfc::rt::ScanOp scan, int64_t number, const DeviceLimits &limits,
               bool reassociate);

/// Writes the kernel of a group; its ops are dead afterwards.
void writeByThread(Group &group, const DeviceLimits &limits);
void writeByBlock(Group &group, const DeviceLimits &limits);
/// Rows in registers, if all of the group works on such; false if it does not.
bool writeRows(Group &group, const DeviceLimits &limits);
void writeTiles(Group &group, const DeviceLimits &limits);
void writeTensorCores(Group &group, const DeviceLimits &limits);
void writeWarpgroups(Group &group, const DeviceLimits &limits);
/// Can the group's product run on tensor cores?
bool fitsTensorCores(const Group &group, const DeviceLimits &limits);
/// Are its operands made of units of 16 bytes, and has the device copies that
/// run beside the program?
bool fitsAsyncTiles(const Group &group, const DeviceLimits &limits);
void writeAsyncTiles(Group &group, const DeviceLimits &limits);
/// Is it large enough for those of a whole warpgroup, and has the device such?
bool fitsWarpgroups(const Group &group, const DeviceLimits &limits);

} // namespace tfc::device

#endif // TFC_LIB_CONVERSION_LINALGTOGPU_WRITER_H
