// RUN: tfc-opt %s --convert-tfc-to-linalg --split-input-file | FileCheck %s

// Columns that are put side by side are computed by one loop over rows, whose elements pick their own.
// CHECK-LABEL: func.func @columns
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]
// CHECK: arith.mulf
// CHECK: arith.addf
// CHECK: %[[COLUMN:.*]] = linalg.index 1
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[COLUMN]]
// CHECK: %[[E:.*]] = arith.select %[[FIRST]]
// CHECK: linalg.yield %[[E]]
// CHECK-NOT: linalg.generic
func.func @columns(%x: tensor<10000xf32>, %y: tensor<10000xf32>) -> tensor<10000x2xf32> attributes {tfc.entry} {
  %m = tfc.mul %x, %y : (tensor<10000xf32>, tensor<10000xf32>) -> tensor<10000xf32>
  %a = tfc.add %x, %y : (tensor<10000xf32>, tensor<10000xf32>) -> tensor<10000xf32>
  %p = tfc.expand_dims %m {axes = array<i64: 1>} : (tensor<10000xf32>) -> tensor<10000x1xf32>
  %q = tfc.expand_dims %a {axes = array<i64: 1>} : (tensor<10000xf32>) -> tensor<10000x1xf32>
  %r = tfc.concat %p, %q {axis = 1 : i64} : (tensor<10000x1xf32>, tensor<10000x1xf32>) -> tensor<10000x2xf32>
  return %r : tensor<10000x2xf32>
}

// -----

// Parts of three columns and one.
// CHECK-LABEL: func.func @parts
// CHECK: linalg.generic {{.*}} ins(%arg0, %arg0, %arg0, %arg1
// CHECK-COUNT-3: arith.select
func.func @parts(%x: tensor<10000x3xf32>, %y: tensor<10000x1xf32>) -> tensor<10000x4xf32> attributes {tfc.entry} {
  %r = tfc.concat %x, %y {axis = 1 : i64} : (tensor<10000x3xf32>, tensor<10000x1xf32>) -> tensor<10000x4xf32>
  return %r : tensor<10000x4xf32>
}

// -----

// Few rows, and many columns, are copied part by part.
// CHECK-LABEL: func.func @few
// CHECK-COUNT-2: tensor.insert_slice
func.func @few(%x: tensor<10x3xf32>, %y: tensor<10x1xf32>) -> tensor<10x4xf32> attributes {tfc.entry} {
  %r = tfc.concat %x, %y {axis = 1 : i64} : (tensor<10x3xf32>, tensor<10x1xf32>) -> tensor<10x4xf32>
  return %r : tensor<10x4xf32>
}

// -----

// CHECK-LABEL: func.func @wide
// CHECK-COUNT-2: tensor.insert_slice
func.func @wide(%x: tensor<100x16xf32>, %y: tensor<100x1xf32>) -> tensor<100x17xf32> attributes {tfc.entry} {
  %r = tfc.concat %x, %y {axis = 1 : i64} : (tensor<100x16xf32>, tensor<100x1xf32>) -> tensor<100x17xf32>
  return %r : tensor<100x17xf32>
}
