// RUN: tfc-opt %s --tfc-lower-contractions="vector-bits=128 parallel=false" --canonicalize --cse | FileCheck %s

// Without masks the last vector of columns overlaps the one before: what sums are added to is loaded before either is
// stored.

// CHECK-LABEL: func @three_columns
// CHECK-DAG: %[[FIRST:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[SECOND:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[RESULT:.*]] = memref.reinterpret_cast %arg2
// CHECK: vector.load %[[RESULT]][%[[FIRST]]] : memref<{{.*}}>, vector<2xf32>
// CHECK: vector.load %[[RESULT]][%[[SECOND]]] : memref<{{.*}}>, vector<2xf32>
// CHECK: vector.store %{{.*}}, %[[RESULT]][%[[FIRST]]]
// CHECK: vector.store %{{.*}}, %[[RESULT]][%[[SECOND]]]
func.func @three_columns(%x: memref<2x3xf32>, %y: memref<3x3xf32>, %z: memref<2x3xf32>) {
  linalg.matmul ins(%x, %y : memref<2x3xf32>, memref<3x3xf32>) outs(%z : memref<2x3xf32>)
  return
}
