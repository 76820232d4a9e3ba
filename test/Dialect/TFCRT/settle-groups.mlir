// RUN: tfc-opt %s -split-input-file -tfc-settle-groups=min-saved=5 | FileCheck %s
// RUN: tfc-opt %s -split-input-file -tfc-settle-groups=min-saved=1000 | FileCheck %s --check-prefix=FEW

// What saves enough stays; calls say what they cost and write.
// CHECK-LABEL: func.func @stays
// CHECK-COUNT-2: call @tfc.group.0({{.*}}) {tfc.cost = {{.*}} : f64, tfc.writes = array<i1: false, true>}
// CHECK: func.func private @tfc.group.0
// FEW-LABEL: func.func @stays
// FEW-COUNT-2: scf.for
// FEW-NOT: tfc.group
func.func @stays(%a: memref<8xf32>, %b: memref<8xf32>) {
  call @tfc.group.0(%a, %b) : (memref<8xf32>, memref<8xf32>) -> ()
  call @tfc.group.0(%b, %a) : (memref<8xf32>, memref<8xf32>) -> ()
  return
}
func.func private @tfc.group.0(%a: memref<8xf32> {tfc.distinct}, %b: memref<8xf32> {tfc.distinct}) attributes {tfc.group} {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  scf.for %i = %zero to %eight step %one {
    %x = memref.load %a[%i] : memref<8xf32>
    memref.store %x, %b[%i] : memref<8xf32>
  }
  return
}

// -----

// Memory is planned, and threads share loops, in entries.
// CHECK-LABEL: func.func @returns
// CHECK-SAME: (%[[A:.*]]: memref<8xf32>, %[[B:.*]]: memref<8xf32>)
// CHECK: %[[FIRST:.*]] = memref.alloc() : memref<8xf32>
// CHECK: memref.copy %[[A]], %[[FIRST]]
// CHECK: memref.copy %[[FIRST]], %[[B]]
// CHECK: %[[SECOND:.*]] = memref.alloc() : memref<8xf32>
// CHECK: memref.copy %[[B]], %[[SECOND]]
// CHECK: memref.copy %[[SECOND]], %[[A]]
// CHECK-NOT: tfc.group
func.func @returns(%a: memref<8xf32>, %b: memref<8xf32>) {
  call @tfc.group.0(%a, %b) : (memref<8xf32>, memref<8xf32>) -> ()
  call @tfc.group.0(%b, %a) : (memref<8xf32>, memref<8xf32>) -> ()
  return
}
func.func private @tfc.group.0(%a: memref<8xf32> {tfc.distinct}, %b: memref<8xf32> {tfc.distinct}) attributes {tfc.group} {
  %t = memref.alloc() : memref<8xf32>
  memref.copy %a, %t : memref<8xf32> to memref<8xf32>
  memref.copy %t, %b : memref<8xf32> to memref<8xf32>
  return
}

// -----

// What nobody calls goes.
// CHECK-LABEL: func.func @calls_none
// CHECK-NOT: tfc.group
// FEW-LABEL: func.func @calls_none
// FEW-NOT: tfc.group
func.func @calls_none(%a: memref<8xf32>) {
  return
}
func.func private @tfc.group.0(%a: memref<8xf32> {tfc.distinct}) attributes {tfc.group} {
  return
}

// -----

// A function whose body is elsewhere is called as it is.
// FEW-LABEL: func.func @calls_declared
// CHECK-LABEL: func.func @calls_declared
// CHECK: call @tfc.group.0(%{{.*}}) : (memref<8xf32>) -> ()
// CHECK: func.func private @tfc.group.0(memref<8xf32>)
func.func @calls_declared(%a: memref<8xf32>) {
  call @tfc.group.0(%a) : (memref<8xf32>) -> ()
  return
}
func.func private @tfc.group.0(memref<8xf32>) attributes {tfc.group}
