// RUN: tfc-opt %s -convert-tfc-to-linalg -split-input-file | FileCheck %s

// Places are computed where elements are read, and gathers of one tensor at
// places that are known by then share a loop.
// CHECK-LABEL: func @neighbours
// CHECK: linalg.generic {{.*}} ins(%arg1 : tensor<50xi32>) outs(%{{.*}}, %{{.*}} : tensor<50xf32>, tensor<50xf32>)
// CHECK: tensor.extract %arg0
// CHECK: arith.addi
// CHECK: tensor.extract %arg0
// CHECK-NOT: tensor.extract
func.func @neighbours(%x: tensor<100xf32>, %i: tensor<50xi32>) -> (tensor<50xf32>, tensor<50xf32>) {
  %one = tfc.constant dense<1> : tensor<i32>
  %a = tfc.gather %x, %i {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<100xf32>, tensor<50xi32>) -> tensor<50xf32>
  %j = tfc.add %i, %one : (tensor<50xi32>, tensor<i32>) -> tensor<50xi32>
  %b = tfc.gather %x, %j {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<100xf32>, tensor<50xi32>) -> tensor<50xf32>
  return %a, %b : tensor<50xf32>, tensor<50xf32>
}

// -----

// What a check stands before is read after it.
// CHECK-LABEL: func @checked
// CHECK: tensor.extract %arg0
// CHECK: tfcrt.abort
// CHECK: tensor.extract %arg0
func.func @checked(%x: tensor<100xf32>, %i: tensor<50xi32>, %j: tensor<50xi32>, %ok: tensor<i1>) -> (tensor<50xf32>, tensor<50xf32>) {
  %a = tfc.gather %x, %i {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<100xf32>, tensor<50xi32>) -> tensor<50xf32>
  %t = tfc.assert %ok, "no" {summarize = 3 : i64}
  %b = tfc.gather %x, %j {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<100xf32>, tensor<50xi32>) -> tensor<50xf32>
  return %a, %b : tensor<50xf32>, tensor<50xf32>
}

// -----

// Numbers of pairs are joined for the message only.
// CHECK-LABEL: func @pairs
// CHECK: scf.if
// CHECK: tensor<50x2xi32>
// CHECK: tfcrt.abort
// CHECK: linalg.generic {{.*}} ins(%arg1, %arg2 : tensor<50xi32>, tensor<50xi32>)
// CHECK: arith.muli
// CHECK: tensor.extract
func.func @pairs(%x: tensor<10x9xf32>, %i: tensor<50xi32>, %j: tensor<50xi32>, %ok: tensor<i1>) -> tensor<50xf32> {
  %left = tfc.expand_dims %i {axes = array<i64: 1>} : (tensor<50xi32>) -> tensor<50x1xi32>
  %right = tfc.expand_dims %j {axes = array<i64: 1>} : (tensor<50xi32>) -> tensor<50x1xi32>
  %pair = tfc.concat %left, %right {axis = 1 : i64} : (tensor<50x1xi32>, tensor<50x1xi32>) -> tensor<50x2xi32>
  %t = tfc.assert %ok, "{}", %pair : tensor<50x2xi32> {summarize = 3 : i64}
  %c = tfc.gather_nd %x, %pair {batch_dims = 0 : i64} : (tensor<10x9xf32>, tensor<50x2xi32>) -> tensor<50xf32>
  return %c : tensor<50xf32>
}

// -----

// Integers that a message shows are computed there.
// CHECK-LABEL: func @shown
// CHECK: scf.if
// CHECK: linalg.generic
// CHECK: arith.muli
// CHECK: tfcrt.abort
// CHECK: linalg.generic
// CHECK: arith.muli
// CHECK: tensor.extract %arg0
func.func @shown(%x: tensor<100xf32>, %i: tensor<50xi32>, %ok: tensor<i1>) -> tensor<50xf32> {
  %two = tfc.constant dense<2> : tensor<i32>
  %j = tfc.mul %i, %two : (tensor<50xi32>, tensor<i32>) -> tensor<50xi32>
  %t = tfc.assert %ok, "{}", %j : tensor<50xi32> {summarize = 3 : i64}
  %a = tfc.gather %x, %j {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<100xf32>, tensor<50xi32>) -> tensor<50xf32>
  return %a : tensor<50xf32>
}

// -----

// Places that come from floats are computed there, too.
// CHECK-LABEL: func @from_floats
// CHECK: linalg.generic {{.*}} ins(%arg1 : tensor<50xf32>) outs(%{{.*}} : tensor<50xf32>)
// CHECK: arith.fptosi
// CHECK: tensor.extract %arg0
// CHECK-NOT: linalg.generic
func.func @from_floats(%x: tensor<100xf32>, %y: tensor<50xf32>) -> tensor<50xf32> {
  %i = tfc.cast %y {dtype = i32} : (tensor<50xf32>) -> tensor<50xi32>
  %a = tfc.gather %x, %i {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<100xf32>, tensor<50xi32>) -> tensor<50xf32>
  return %a : tensor<50xf32>
}

// -----

// What one loop looks up is not stored.
// CHECK-LABEL: func @used
// CHECK: linalg.generic {{.*}} ins(%arg1, %arg2 : tensor<50xi32>, tensor<50xf32>)
// CHECK: tensor.extract %arg0
// CHECK: arith.mulf
// CHECK-NOT: linalg.generic
func.func @used(%x: tensor<100xf32>, %i: tensor<50xi32>, %w: tensor<50xf32>) -> tensor<50xf32> {
  %a = tfc.gather %x, %i {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<100xf32>, tensor<50xi32>) -> tensor<50xf32>
  %b = tfc.mul %a, %w : (tensor<50xf32>, tensor<50xf32>) -> tensor<50xf32>
  return %b : tensor<50xf32>
}

// -----

// What is looked up where an update may come before is.
// CHECK-LABEL: func @updated
// CHECK: tensor.extract %arg0
// CHECK: scf.for
// CHECK: linalg.generic
// CHECK-NOT: tensor.extract %arg0
func.func @updated(%x: tensor<100xf32>, %i: tensor<5x1xi32>, %w: tensor<5xf32>) -> (tensor<5xf32>, tensor<100xf32>) {
  %j = tfc.squeeze %i {axes = array<i64: 1>} : (tensor<5x1xi32>) -> tensor<5xi32>
  %a = tfc.gather %x, %j {axis = 0 : i64, batch_dims = 0 : i64} : (tensor<100xf32>, tensor<5xi32>) -> tensor<5xf32>
  %u = tfc.scatter %x, %i, %w {mode = "add"} : (tensor<100xf32>, tensor<5x1xi32>, tensor<5xf32>) -> tensor<100xf32>
  %b = tfc.mul %a, %w : (tensor<5xf32>, tensor<5xf32>) -> tensor<5xf32>
  return %b, %u : tensor<5xf32>, tensor<100xf32>
}
