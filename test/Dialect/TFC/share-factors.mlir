// RUN: tfc-opt %s --pass-pipeline="builtin.module(func.func(tfc-share-factors))" | FileCheck %s

// A system and that of the adjoint matrix have the same factors.

// CHECK-LABEL: @gradient
// CHECK-SAME:  (%[[A:.*]]: tensor<96x96xf32>, %[[B:.*]]: tensor<96x1xf32>, %[[C:.*]]: tensor<96x2xf32>)
// CHECK:       %[[LU:.*]], %[[P:.*]] = tfc.lu %[[A]]
// CHECK:       %[[U:.*]] = tfc.transpose %[[LU]] {perm = array<i64: 1, 0>}
// CHECK:       %[[INVERSE:.*]] = tfc.argsort %[[P]] {axis = 0 : i64, descending = false}
// CHECK:       %[[ROWS:.*]] = tfc.gather %[[B]], %[[P]] {axis = 0 : i64, batch_dims = 0 : i64}
// CHECK:       %[[HALF:.*]] = tfc.triangular_solve %[[LU]], %[[ROWS]] {lower = true, unit = true}
// CHECK:       %[[X:.*]] = tfc.triangular_solve %[[LU]], %[[HALF]] {lower = false, unit = false}
// CHECK:       %[[OTHER:.*]] = tfc.triangular_solve %[[U]], %[[C]] {lower = true, unit = false}
// CHECK:       %[[TURNED:.*]] = tfc.triangular_solve %[[U]], %[[OTHER]] {lower = false, unit = true}
// CHECK:       %[[Y:.*]] = tfc.gather %[[TURNED]], %[[INVERSE]]
// CHECK:       return %[[X]], %[[Y]]
func.func @gradient(%a: tensor<96x96xf32>, %b: tensor<96x1xf32>, %c: tensor<96x2xf32>) -> (tensor<96x1xf32>, tensor<96x2xf32>) {
  %x = tfc.solve %a, %b : (tensor<96x96xf32>, tensor<96x1xf32>) -> tensor<96x1xf32>
  %t = tfc.transpose %a {perm = array<i64: 1, 0>} : (tensor<96x96xf32>) -> tensor<96x96xf32>
  %y = tfc.solve %t, %c : (tensor<96x96xf32>, tensor<96x2xf32>) -> tensor<96x2xf32>
  return %x, %y : tensor<96x1xf32>, tensor<96x2xf32>
}

// Of complex numbers a transpose alone is another matrix.

// CHECK-LABEL: @transposed
// CHECK-NOT:   tfc.lu
// CHECK-COUNT-2: tfc.solve
func.func @transposed(%a: tensor<96x96xcomplex<f32>>, %b: tensor<96x1xcomplex<f32>>) -> (tensor<96x1xcomplex<f32>>, tensor<96x1xcomplex<f32>>) {
  %x = tfc.solve %a, %b : (tensor<96x96xcomplex<f32>>, tensor<96x1xcomplex<f32>>) -> tensor<96x1xcomplex<f32>>
  %t = tfc.transpose %a {perm = array<i64: 1, 0>} : (tensor<96x96xcomplex<f32>>) -> tensor<96x96xcomplex<f32>>
  %y = tfc.solve %t, %b : (tensor<96x96xcomplex<f32>>, tensor<96x1xcomplex<f32>>) -> tensor<96x1xcomplex<f32>>
  return %x, %y : tensor<96x1xcomplex<f32>>, tensor<96x1xcomplex<f32>>
}

// CHECK-LABEL: @conjugate_transposed
// CHECK:       tfc.lu
// CHECK-NOT:   tfc.solve
func.func @conjugate_transposed(%a: tensor<2x96x96xcomplex<f32>>, %b: tensor<2x96x1xcomplex<f32>>) -> (tensor<2x96x1xcomplex<f32>>, tensor<2x96x1xcomplex<f32>>) {
  %x = tfc.solve %a, %b : (tensor<2x96x96xcomplex<f32>>, tensor<2x96x1xcomplex<f32>>) -> tensor<2x96x1xcomplex<f32>>
  %t = tfc.transpose %a {perm = array<i64: 0, 2, 1>} : (tensor<2x96x96xcomplex<f32>>) -> tensor<2x96x96xcomplex<f32>>
  %h = tfc.conj %t : (tensor<2x96x96xcomplex<f32>>) -> tensor<2x96x96xcomplex<f32>>
  %y = tfc.solve %h, %b : (tensor<2x96x96xcomplex<f32>>, tensor<2x96x1xcomplex<f32>>) -> tensor<2x96x1xcomplex<f32>>
  return %x, %y : tensor<2x96x1xcomplex<f32>>, tensor<2x96x1xcomplex<f32>>
}

// Small and single systems stay.

// CHECK-LABEL: @small
// CHECK-NOT:   tfc.lu
func.func @small(%a: tensor<95x95xf32>, %b: tensor<95x1xf32>, %c: tensor<96x96xf32>) -> (tensor<95x1xf32>, tensor<95x1xf32>, tensor<96x96xf32>) {
  %x = tfc.solve %a, %b : (tensor<95x95xf32>, tensor<95x1xf32>) -> tensor<95x1xf32>
  %t = tfc.transpose %a {perm = array<i64: 1, 0>} : (tensor<95x95xf32>) -> tensor<95x95xf32>
  %y = tfc.solve %t, %b : (tensor<95x95xf32>, tensor<95x1xf32>) -> tensor<95x1xf32>
  %z = tfc.solve %c, %c : (tensor<96x96xf32>, tensor<96x96xf32>) -> tensor<96x96xf32>
  return %x, %y, %z : tensor<95x1xf32>, tensor<95x1xf32>, tensor<96x96xf32>
}

// Of Q only a product is asked for.

// CHECK-LABEL: @projected
// CHECK-SAME:  (%[[A:.*]]: tensor<50x20xf32>, %[[B:.*]]: tensor<50x3xf32>)
// CHECK:       %[[BOTH:.*]] = tfc.concat %[[A]], %[[B]] {axis = 1 : i64}
// CHECK:       tfc.qr %[[BOTH]] {full = false, tfc.reflected = 20 : i64} : (tensor<50x23xf32>) -> (tensor<50x23xf32>, tensor<23x23xf32>)
// CHECK-DAG:   %[[R:.*]] = tfc.slice %{{.*}} {sizes = array<i64: 20, 20>, starts = array<i64: 0, 0>
// CHECK-DAG:   %[[C:.*]] = tfc.slice %{{.*}} {sizes = array<i64: 20, 3>, starts = array<i64: 0, 20>
// CHECK:       return %[[C]], %[[R]]
func.func @projected(%a: tensor<50x20xf32>, %b: tensor<50x3xf32>) -> (tensor<20x3xf32>, tensor<20x20xf32>) {
  %q, %r = tfc.qr %a {full = false} : (tensor<50x20xf32>) -> (tensor<50x20xf32>, tensor<20x20xf32>)
  %t = tfc.transpose %q {perm = array<i64: 1, 0>} : (tensor<50x20xf32>) -> tensor<20x50xf32>
  %c = tfc.matmul %t, %b {transpose_x = false, transpose_y = false} : (tensor<20x50xf32>, tensor<50x3xf32>) -> tensor<20x3xf32>
  return %c, %r : tensor<20x3xf32>, tensor<20x20xf32>
}

// Q itself is a result, or there are many columns.

// CHECK-LABEL: @formed
// CHECK-NOT:   tfc.reflected
func.func @formed(%a: tensor<50x20xf32>, %b: tensor<50x3xf32>, %d: tensor<50x11xf32>) -> (tensor<20x3xf32>, tensor<50x20xf32>, tensor<20x11xf32>) {
  %q, %r = tfc.qr %a {full = false} : (tensor<50x20xf32>) -> (tensor<50x20xf32>, tensor<20x20xf32>)
  %c = tfc.matmul %q, %b {transpose_x = true, transpose_y = false} : (tensor<50x20xf32>, tensor<50x3xf32>) -> tensor<20x3xf32>
  %x = tfc.add %a, %a : (tensor<50x20xf32>, tensor<50x20xf32>) -> tensor<50x20xf32>
  %q1, %r1 = tfc.qr %x {full = false} : (tensor<50x20xf32>) -> (tensor<50x20xf32>, tensor<20x20xf32>)
  %e = tfc.matmul %q1, %d {transpose_x = true, transpose_y = false} : (tensor<50x20xf32>, tensor<50x11xf32>) -> tensor<20x11xf32>
  return %c, %q, %e : tensor<20x3xf32>, tensor<50x20xf32>, tensor<20x11xf32>
}
