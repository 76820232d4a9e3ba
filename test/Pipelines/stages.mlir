// RUN: tfc-opt %s --tfc-pack --tfc-bufferization | FileCheck %s --check-prefix=BUFFERS
// RUN: tfc-opt %s --tfc-linalg-to-llvm | FileCheck %s --check-prefix=LLVM
// RUN: tfc-opt %s --tfc-linalg-to-llvm="contract=false reassociate=false" | FileCheck %s --check-prefix=STRICT

// A chain that ends in a result is computed in the caller's buffer: no temporary, no copy.
// BUFFERS-LABEL: @dense.body
// BUFFERS-NOT: memref.alloc
// BUFFERS-NOT: memref.copy
// BUFFERS: linalg.matmul ins(%{{.*}}, %{{.*}}) outs(%[[R:.+]] : memref<8x32xf32>)
// BUFFERS: linalg.generic {{.*}} outs(%[[R]] : memref<8x32xf32>)
// BUFFERS-NOT: memref.alloc
// BUFFERS-NOT: memref.copy
// BUFFERS: return

// LLVM: llvm.func internal @dense.body(
// LLVM-DAG: llvm.fmul {{.*}}contract
// LLVM-DAG: llvm.fadd {{.*}}contract
// LLVM: llvm.func @dense(
// STRICT-NOT: contract
func.func @dense(%x: tensor<8x16xf32>, %w: tensor<16x32xf32>, %b: tensor<32xf32>) -> tensor<8x32xf32> attributes {tfc.entry} {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x32xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<8x32xf32>) -> tensor<8x32xf32>
  %m = linalg.matmul ins(%x, %w : tensor<8x16xf32>, tensor<16x32xf32>) outs(%f : tensor<8x32xf32>) -> tensor<8x32xf32>
  %e2 = tensor.empty() : tensor<8x32xf32>
  %t = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>],
      iterator_types = ["parallel", "parallel"]} ins(%m, %b : tensor<8x32xf32>, tensor<32xf32>) outs(%e2 : tensor<8x32xf32>) {
  ^bb0(%i: f32, %j: f32, %o: f32):
    %s = arith.addf %i, %j : f32
    %h = math.tanh %s : f32
    linalg.yield %h : f32
  } -> tensor<8x32xf32>
  return %t : tensor<8x32xf32>
}
