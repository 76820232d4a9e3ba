// RUN: tfc-opt %s -tfc-linalg-to-gpu="target=nvptx chip=sm_80 features=tf32 subgroup=32" | FileCheck %s --check-prefixes=CHECK,SM80
// RUN: tfc-opt %s -tfc-linalg-to-gpu="target=nvptx chip=sm_90a features=tf32 subgroup=32" | FileCheck %s --check-prefixes=CHECK,SM90
// RUN: tfc-opt %s -tfc-linalg-to-gpu="target=nvptx chip=sm_70" | FileCheck %s --check-prefix=SM70

// SM70-NOT: nvvm.

// bf16, with sums in f32.
// CHECK-LABEL: func @bf16
// SM80-COUNT-8: nvvm.mma.sync {{.*}}multiplicandAPtxType = #nvvm.mma_type<bf16>{{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 16>
// SM90: nvvm.fence.proxy
// SM90: gpu.barrier
// SM90: nvvm.wgmma.fence.aligned
// SM90: nvvm.wgmma.mma_async {{.*}}<m = 64, n = 128, k = 16>
// SM90: nvvm.wgmma.wait.group.sync.aligned 0
func.func @bf16(%a: memref<128x64xbf16>, %b: memref<64x128xbf16>, %c: memref<128x128xf32>) {
  linalg.matmul ins(%a, %b : memref<128x64xbf16>, memref<64x128xbf16>) outs(%c : memref<128x128xf32>)
  return
}

// f32 is rounded to tf32 where it is copied to shared memory.
// CHECK-LABEL: func @tf32
// CHECK: nvvm.convert.float.to.tf32 {{.*}}rna
// SM80: nvvm.mma.sync {{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 8>
// SM90: nvvm.wgmma.mma_async {{.*}}<m = 64, n = 128, k = 8>
func.func @tf32(%a: memref<128x64xf32>, %b: memref<64x128xf32>, %c: memref<128x128xf32>) {
  linalg.matmul ins(%a, %b : memref<128x64xf32>, memref<64x128xf32>) outs(%c : memref<128x128xf32>)
  return
}

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// Warps sum in registers; one value of each goes through shared memory.
// CHECK-LABEL: func @row_sum
// CHECK-COUNT-5: gpu.shuffle{{ *}}xor
// CHECK: gpu.barrier
// CHECK-COUNT-3: gpu.shuffle{{ *}}xor
// CHECK-NOT: gpu.shuffle
func.func @row_sum(%x: memref<100x300xf32>, %y: memref<100xf32>) {
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<100x300xf32>) outs(%y : memref<100xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %out, %in fastmath<reassoc> : f32
    linalg.yield %s : f32
  }
  return
}
