// RUN: tfc-opt %s --convert-tfc-to-linalg --split-input-file | FileCheck %s
// RUN: tfc-opt %s --convert-tfc-to-linalg="bf16-pairs=tiles" --split-input-file | FileCheck %s --check-prefix=PAIRS
// RUN: tfc-opt %s --convert-tfc-to-linalg="bf16-pairs=tiles reassociate=false" --split-input-file | FileCheck %s --check-prefix=STRICT

// Sums are rounded in the loop of what follows, which has them from no tensor in between.
// CHECK-LABEL: func @rounded
// CHECK: %[[SUMS:.+]] = linalg.matmul {{.*}} -> tensor<32x32xf32>
// CHECK-NEXT: tensor.empty() : tensor<32x32xbf16>
// CHECK-NEXT: linalg.generic {{.*}} ins(%[[SUMS]], %arg0 : tensor<32x32xf32>, tensor<32x32xbf16>)
// CHECK: arith.truncf {{.*}} : f32 to bf16
// CHECK: arith.maximumf
// CHECK-NOT: linalg.generic
func.func @rounded(%x: tensor<32x32xbf16>, %y: tensor<32x32xbf16>) -> tensor<32x32xbf16> attributes {tfc.entry} {
  %p = tfc.matmul %x, %y {transpose_x = false, transpose_y = false} : (tensor<32x32xbf16>, tensor<32x32xbf16>) -> tensor<32x32xbf16>
  %z = tfc.maximum %p, %x : (tensor<32x32xbf16>, tensor<32x32xbf16>) -> tensor<32x32xbf16>
  return %z : tensor<32x32xbf16>
}

// -----

// Operands are widened first, since each element is used many times; instructions for pairs take them as they are.
// CHECK-LABEL: func @convolution
// CHECK: tensor<1x8x8x32xf32> into tensor<1x10x10x32xf32>
// PAIRS-LABEL: func @convolution
// PAIRS: tensor<1x8x8x32xbf16> into tensor<1x10x10x32xbf16>
// STRICT-LABEL: func @convolution
// STRICT: tensor<1x8x8x32xf32> into tensor<1x10x10x32xf32>
func.func @convolution(%x: tensor<1x8x8x32xbf16>, %w: tensor<3x3x32x16xbf16>) -> tensor<1x8x8x16xbf16> attributes {tfc.entry} {
  %y = "tfc.conv"(%x, %w) {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, groups = 1 : i64} : (tensor<1x8x8x32xbf16>, tensor<3x3x32x16xbf16>) -> tensor<1x8x8x16xbf16>
  return %y : tensor<1x8x8x16xbf16>
}

// -----

// Products of what was cast from a type that there are instructions for read what the cast reads.
// CHECK-LABEL: func @cast_before
// CHECK: linalg.matmul ins({{.*}} : tensor<32x64xf32>, tensor<64x32xf32>)
// PAIRS-LABEL: func @cast_before
// PAIRS-NOT: linalg.generic
// PAIRS: linalg.matmul ins({{.*}} : tensor<32x64xbf16>, tensor<64x32xbf16>) outs({{.*}} : tensor<32x32xf32>)
// PAIRS-NOT: linalg.generic
// STRICT-LABEL: func @cast_before
// STRICT: linalg.matmul ins({{.*}} : tensor<32x64xf32>, tensor<64x32xf32>)
func.func @cast_before(%x: tensor<32x64xbf16>, %y: tensor<64x32xbf16>) -> tensor<32x32xf32> attributes {tfc.entry} {
  %a = tfc.cast %x {dtype = f32} : (tensor<32x64xbf16>) -> tensor<32x64xf32>
  %b = tfc.cast %y {dtype = f32} : (tensor<64x32xbf16>) -> tensor<64x32xf32>
  %p = tfc.matmul %a, %b {transpose_x = false, transpose_y = false} : (tensor<32x64xf32>, tensor<64x32xf32>) -> tensor<32x32xf32>
  return %p : tensor<32x32xf32>
}

// -----

// Bytes are exact, in strict code, too; each operand keeps its sign.
// CHECK-LABEL: func @bytes
// CHECK: linalg.matmul ins({{.*}} : tensor<32x64xi32>, tensor<64x32xi32>)
// PAIRS-LABEL: func @bytes
// PAIRS: ins(%arg0, %arg1 : tensor<32x64xi8>, tensor<64x32xi8>)
// PAIRS: arith.extui
// PAIRS: arith.extsi
// STRICT-LABEL: func @bytes
// STRICT: ins(%arg0, %arg1 : tensor<32x64xi8>, tensor<64x32xi8>)
func.func @bytes(%x: tensor<32x64xui8>, %y: tensor<64x32xi8>) -> tensor<32x32xi32> attributes {tfc.entry} {
  %a = tfc.cast %x {dtype = i32} : (tensor<32x64xui8>) -> tensor<32x64xi32>
  %b = tfc.cast %y {dtype = i32} : (tensor<64x32xi8>) -> tensor<64x32xi32>
  %p = tfc.matmul %a, %b {transpose_x = false, transpose_y = false} : (tensor<32x64xi32>, tensor<64x32xi32>) -> tensor<32x32xi32>
  return %p : tensor<32x32xi32>
}

// -----

// Both operands may be one cast, or lead to one.
// PAIRS-LABEL: func @square
// PAIRS-NOT: arith.extsi {{.*}} : tensor
// PAIRS: linalg.matmul ins(%arg0, %arg0 : tensor<64x64xi8>, tensor<64x64xi8>)
// PAIRS: ins(%arg0, %arg0 : tensor<64x64xi8>, tensor<64x64xi8>)
// PAIRS-NOT: linalg.generic
func.func @square(%x: tensor<64x64xi8>) -> (tensor<64x64xi32>, tensor<64x64xi32>) attributes {tfc.entry} {
  %a = tfc.cast %x {dtype = i32} : (tensor<64x64xi8>) -> tensor<64x64xi32>
  %p = tfc.matmul %a, %a {transpose_x = false, transpose_y = false} : (tensor<64x64xi32>, tensor<64x64xi32>) -> tensor<64x64xi32>
  %c = tfc.cast %x {dtype = i32} : (tensor<64x64xi8>) -> tensor<64x64xi32>
  %t = tfc.transpose %c {perm = array<i64: 1, 0>} : (tensor<64x64xi32>) -> tensor<64x64xi32>
  %q = tfc.matmul %c, %t {transpose_x = false, transpose_y = false} : (tensor<64x64xi32>, tensor<64x64xi32>) -> tensor<64x64xi32>
  return %p, %q : tensor<64x64xi32>, tensor<64x64xi32>
}

// -----

// A cast that others read, too, stays for them.
// PAIRS-LABEL: func @two_readers
// PAIRS-DAG: linalg.matmul ins(%arg0, %arg0 : tensor<64x64xi8>, tensor<64x64xi8>)
// PAIRS-DAG: arith.addi
func.func @two_readers(%x: tensor<64x64xi8>) -> (tensor<64x64xi32>, tensor<64x64xi32>) attributes {tfc.entry} {
  %a = tfc.cast %x {dtype = i32} : (tensor<64x64xi8>) -> tensor<64x64xi32>
  %p = tfc.matmul %a, %a {transpose_x = false, transpose_y = false} : (tensor<64x64xi32>, tensor<64x64xi32>) -> tensor<64x64xi32>
  %q = tfc.add %a, %a : (tensor<64x64xi32>, tensor<64x64xi32>) -> tensor<64x64xi32>
  return %p, %q : tensor<64x64xi32>, tensor<64x64xi32>
}
