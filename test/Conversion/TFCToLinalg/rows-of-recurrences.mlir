// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// Threads share rows of what goes from one element to the next.
// CHECK-LABEL: func @rows
// CHECK: scf.for
// CHECK: scf.for
// CHECK: {tfc.independent = 2.000000e+02 : f64}
func.func @rows(%f: tensor<50x100xf32>, %x: tensor<50x100xf32>) -> tensor<50x100xf32> {
  %r = tfc.linear_recurrence %f, %x {axis = 1 : i64, reverse = false} : (tensor<50x100xf32>, tensor<50x100xf32>) -> tensor<50x100xf32>
  return %r : tensor<50x100xf32>
}

// -----

// CHECK-LABEL: func @logarithms
// CHECK-COUNT-2: tfc.independent
func.func @logarithms(%x: tensor<50x100x3xf32>) -> tensor<50x100x3xf32> {
  %r = tfc.cumlogsumexp %x {axis = 1 : i64, exclusive = false, reverse = false} : (tensor<50x100x3xf32>) -> tensor<50x100x3xf32>
  return %r : tensor<50x100x3xf32>
}

// -----

// Along the first dimension there are none.
// CHECK-LABEL: func @columns
// CHECK-NOT: tfc.independent
// CHECK: return
func.func @columns(%x: tensor<50x100xf32>) -> tensor<50x100xf32> {
  %r = tfc.cumlogsumexp %x {axis = 0 : i64, exclusive = false, reverse = false} : (tensor<50x100xf32>) -> tensor<50x100xf32>
  return %r : tensor<50x100xf32>
}
