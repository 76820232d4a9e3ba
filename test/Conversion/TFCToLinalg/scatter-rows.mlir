// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// What is added to rows is computed in their loop, at the row's own index.
// CHECK-LABEL: func @computed
// CHECK-SAME: %[[X:[^:]+]]: tensor<10x16xf32>, %{{[^:]+}}: tensor<4x1xi32>, %[[U:[^:]+]]: tensor<4x16xf32>, %[[W:[^:]+]]: tensor<4x1xf32>
// CHECK-NOT: linalg.generic
// CHECK: scf.for %[[I:.*]] = {{.*}} iter_args(%{{.*}} = %[[X]])
// CHECK-DAG: tensor.extract_slice %[[U]][%[[I]], 0] [1, 16] [1, 1]
// CHECK-DAG: tensor.extract %[[W]][%[[I]],
// CHECK: linalg.generic {{.*}} ["parallel"]
// CHECK: math.exp
// CHECK-NOT: linalg.generic
func.func @computed(%x: tensor<10x16xf32>, %at: tensor<4x1xi32>, %u: tensor<4x16xf32>, %w: tensor<4x1xf32>) -> tensor<10x16xf32> {
  %e = tfc.exp %u : (tensor<4x16xf32>) -> tensor<4x16xf32>
  %s = tfc.mul %e, %w : (tensor<4x16xf32>, tensor<4x1xf32>) -> tensor<4x16xf32>
  %r = tfc.scatter %x, %at, %s {mode = "add"} : (tensor<10x16xf32>, tensor<4x1xi32>, tensor<4x16xf32>) -> tensor<10x16xf32>
  return %r : tensor<10x16xf32>
}

// -----

// What others need as well is stored.
// CHECK-LABEL: func @shared
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK: scf.for
// CHECK-NOT: math.exp
func.func @shared(%x: tensor<10x16xf32>, %at: tensor<4x1xi32>, %u: tensor<4x16xf32>) -> (tensor<10x16xf32>, tensor<4x16xf32>) {
  %e = tfc.exp %u : (tensor<4x16xf32>) -> tensor<4x16xf32>
  %r = tfc.scatter %x, %at, %e {mode = "add"} : (tensor<10x16xf32>, tensor<4x1xi32>, tensor<4x16xf32>) -> tensor<10x16xf32>
  return %r, %e : tensor<10x16xf32>, tensor<4x16xf32>
}
