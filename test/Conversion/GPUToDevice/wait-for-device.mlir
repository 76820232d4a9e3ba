// RUN: tfc-opt %s -tfc-wait-for-device | FileCheck %s

module attributes {gpu.container_module} {
  gpu.module @k {
    gpu.func @k(%a: memref<1xf32>, %b: memref<1xf32>) kernel {
      %c0 = arith.constant 0 : index
      %x = memref.load %a[%c0] : memref<1xf32>
      memref.store %x, %b[%c0] : memref<1xf32>
      gpu.return
    }
  }

  // The host waits before it reads, not between launches; and not twice.
  // CHECK-LABEL: func @reads
  // CHECK: gpu.launch_func
  // CHECK-SAME: {tfc.written = 2 : i64}
  // CHECK-NEXT: gpu.launch_func
  // CHECK-NEXT: gpu.wait
  // CHECK-NEXT: memref.load
  // CHECK-NEXT: memref.load
  // CHECK-NEXT: arith.addf
  // CHECK-NEXT: return
  func.func @reads(%a: memref<1xf32>, %b: memref<1xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    gpu.launch_func @k::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%a : memref<1xf32>, %b : memref<1xf32>)
    gpu.launch_func @k::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%a : memref<1xf32>, %b : memref<1xf32>)
    %x = memref.load %a[%c0] : memref<1xf32>
    %y = memref.load %b[%c0] : memref<1xf32>
    %z = arith.addf %x, %y : f32
    return %z : f32
  }

  // Shared memory is no buffer of the launch: nothing is copied back, and nothing waits.
  gpu.module @s {
    gpu.func @s(%a: memref<1xf32>, %n: f32) workgroup(%t: memref<1xf32, #gpu.address_space<workgroup>>) kernel {
      %c0 = arith.constant 0 : index
      %x = memref.load %a[%c0] : memref<1xf32>
      memref.store %x, %t[%c0] : memref<1xf32, #gpu.address_space<workgroup>>
      gpu.return
    }
  }
  // CHECK-LABEL: func @shared
  // CHECK: gpu.launch_func
  // CHECK-SAME: {tfc.written = 0 : i64}
  func.func @shared(%a: memref<1xf32>, %n: f32) {
    %c1 = arith.constant 1 : index
    gpu.launch_func @s::@s blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%a : memref<1xf32>, %n : f32)
    return
  }

  // A kernel of the iteration before may be running at the start of the next.
  // CHECK-LABEL: func @loop
  // CHECK: scf.for
  // CHECK-NEXT: gpu.wait
  // CHECK-NEXT: memref.store
  // CHECK-NEXT: gpu.launch_func
  // CHECK: gpu.wait
  // CHECK-NEXT: return
  func.func @loop(%a: memref<1xf32>, %b: memref<1xf32>, %v: f32) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c9 = arith.constant 9 : index
    scf.for %i = %c0 to %c9 step %c1 {
      memref.store %v, %a[%c0] : memref<1xf32>
      gpu.launch_func @k::@k blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%a : memref<1xf32>, %b : memref<1xf32>)
    }
    return
  }
}
