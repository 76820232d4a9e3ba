// RUN: tfc-opt %s -split-input-file -tfc-expand-math="fma=true avx512=true" | FileCheck %s
// RUN: tfc-opt %s -split-input-file -tfc-expand-periodic | FileCheck %s --check-prefix=LATE
// RUN: tfc-opt %s -split-input-file -tfc-expand-periodic="avx512=true" | FileCheck %s --check-prefix=EXTREME

// Where the target multiplies by powers of two in one instruction, so does an exponential: denormal results are right.
// Below all numbers it multiplies zero: what underflows takes a hundred times as long.

// CHECK-LABEL: func.func @exponential
// CHECK:       %[[BELOW:.*]] = arith.cmpf olt
// CHECK:       arith.select %[[BELOW]]
// CHECK:       %[[FACTOR:[0-9]+]] = arith.select %[[BELOW]], %{{.*}} : f32
// CHECK:       %[[POWER:.*]] = tfcrt.scalb %[[FACTOR]], %{{.*}} : f32
// CHECK-NEXT:  return %[[POWER]]
func.func @exponential(%x: f32) -> f32 {
  %0 = math.exp %x : f32
  return %0 : f32
}

// -----

// Vectors of the target's sizes.

// LATE-LABEL: func.func @whole
// LATE-SAME:  (%[[X:.*]]: vector<16xf32>, %[[N:.*]]: vector<16xf32>
// LATE:       llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"(%[[X]], %[[N]], %{{.*}}, %{{.*}}, %{{.*}}) : (vector<16xf32>, vector<16xf32>, vector<16xf32>, i16, i32) -> vector<16xf32>
// LATE:       llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.pd.256"(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : (vector<4xf64>, vector<4xf64>, vector<4xf64>, i8) -> vector<4xf64>
func.func @whole(%x: vector<16xf32>, %n: vector<16xf32>, %y: vector<4xf64>) -> (vector<16xf32>, vector<4xf64>) {
  %0 = tfcrt.scalb %x, %n : vector<16xf32>
  %1 = tfcrt.scalb %y, %y : vector<4xf64>
  return %0, %1 : vector<16xf32>, vector<4xf64>
}

// -----

// Shorter ones are filled up.

// LATE-LABEL: func.func @short
// LATE-SAME:  (%[[X:.*]]: vector<3xf32>, %[[N:.*]]: vector<3xf32>)
// LATE-DAG:   %[[X4:.*]] = vector.shuffle %[[X]], %[[X]] [0, 1, 2, 2]
// LATE-DAG:   %[[N4:.*]] = vector.shuffle %[[N]], %[[N]] [0, 1, 2, 2]
// LATE:       %[[ALL:.*]] = llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.128"(%[[X4]], %[[N4]], %{{.*}}, %{{.*}})
// LATE:       %[[RESULT:.*]] = vector.shuffle %[[ALL]], %[[ALL]] [0, 1, 2]
// LATE:       return %[[RESULT]]
func.func @short(%x: vector<3xf32>, %n: vector<3xf32>) -> vector<3xf32> {
  %0 = tfcrt.scalb %x, %n : vector<3xf32>
  return %0 : vector<3xf32>
}

// -----

// Longer ones are divided.

// LATE-LABEL: func.func @long
// LATE:       %[[FIRST:.*]] = llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.pd.512"
// LATE:       %[[HEAD:.*]] = vector.shuffle %[[FIRST]], %[[FIRST]] [0, 1, 2, 3, 4, 5, 6, 7]
// LATE:       vector.shuffle %{{.*}}, %{{.*}} [8, 9, 9, 9, 9, 9, 9, 9]
// LATE:       %[[SECOND:.*]] = llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.pd.512"
// LATE:       %[[ALL:.*]] = vector.shuffle %[[HEAD]], %[[SECOND]] [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
// LATE:       return %[[ALL]]
func.func @long(%x: vector<10xf64>, %n: vector<10xf64>) -> vector<10xf64> {
  %0 = tfcrt.scalb %x, %n : vector<10xf64>
  return %0 : vector<10xf64>
}

// -----

// Scalars are multiplied twice: LLVM may make vectors of their loop.

// LATE-LABEL: func.func @scalar
// LATE-NOT:   llvm.call_intrinsic
// LATE:       arith.mulf
// LATE:       %[[SECOND:.*]] = arith.mulf
// LATE-NEXT:  return %[[SECOND]]
func.func @scalar(%x: f32, %n: f32) -> f32 {
  %0 = tfcrt.scalb %x, %n : f32
  return %0 : f32
}

// -----

// So do the greater and the lesser one, of vectors of the target's sizes; where one is NaN, so is the sum.

// EXTREME-LABEL: func.func @extremes
// EXTREME-SAME:  (%[[X:.*]]: vector<16xf32>, %[[Y:.*]]: vector<16xf32>
// EXTREME:       %[[FIVE:.*]] = llvm.mlir.constant(5 : i32)
// EXTREME:       %[[MORE:.*]] = llvm.call_intrinsic "llvm.x86.avx512.mask.range.ps.512"(%[[X]], %[[Y]], %[[FIVE]], %{{.*}}, %{{.*}}, %{{.*}}) : (vector<16xf32>, vector<16xf32>, i32, vector<16xf32>, i16, i32) -> vector<16xf32>
// EXTREME:       %[[NAN:.*]] = arith.cmpf uno, %[[X]], %[[Y]]
// EXTREME:       %[[SUM:.*]] = arith.addf %[[X]], %[[Y]]
// EXTREME:       arith.select %[[NAN]], %[[SUM]], %[[MORE]]
// EXTREME:       llvm.mlir.constant(4 : i32)
// EXTREME:       llvm.call_intrinsic "llvm.x86.avx512.mask.range.pd.256"
// LATE-LABEL:    func.func @extremes
// LATE-COUNT-2:  arith.maximumf
func.func @extremes(%x: vector<16xf32>, %y: vector<16xf32>, %z: vector<4xf64>, %w: vector<3xf32>)
    -> (vector<16xf32>, vector<4xf64>, vector<3xf32>) {
  %0 = arith.maximumf %x, %y : vector<16xf32>
  %1 = arith.minimumf %z, %z : vector<4xf64>
  %2 = arith.maximumf %w, %w : vector<3xf32>
  return %0, %1, %2 : vector<16xf32>, vector<4xf64>, vector<3xf32>
}

// -----

// A constant is no NaN, and others may not matter, which LLVM knows.

// EXTREME-LABEL: func.func @known
// EXTREME-NOT:   call_intrinsic
func.func @known(%x: vector<16xf32>, %y: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>) {
  %zero = arith.constant dense<0.0> : vector<16xf32>
  %0 = arith.maximumf %x, %zero : vector<16xf32>
  %1 = arith.maximumf %x, %y fastmath<nnan> : vector<16xf32>
  return %0, %1 : vector<16xf32>, vector<16xf32>
}
