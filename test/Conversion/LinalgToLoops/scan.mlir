// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=128" -split-input-file | FileCheck %s --check-prefixes=CHECK,ANY
// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=128 reassociate=false" -split-input-file | FileCheck %s --check-prefixes=CHECK,STRICT
// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=512" -split-input-file | FileCheck %s --check-prefix=WIDE

// Along contiguous memory a vector takes two shuffles for its prefixes; in strict order there are none.
// Wide registers add under a mask.
// WIDE-LABEL: @along_rows
// WIDE-COUNT-4: arith.select
// CHECK-LABEL: @along_rows
// ANY-COUNT-2: vector.shuffle
// ANY: vector.store
// STRICT-NOT: vector.shuffle
// STRICT: iter_args
func.func @along_rows(%a: memref<8x100xf32>, %r: memref<8x100xf32>) {
  tfcrt.scan %a into %r along 1 : memref<8x100xf32>, memref<8x100xf32>
  return
}

// -----

// Down the columns each row is the one before plus the input's.
// CHECK-LABEL: @down_columns
// CHECK: memref.load %arg0
// CHECK: %[[X:.+]] = memref.load %arg0
// CHECK-NEXT: %[[BEFORE:.+]] = memref.load %arg1
// CHECK-NEXT: %[[SUM:.+]] = arith.addf %[[BEFORE]], %[[X]]
// CHECK-NEXT: memref.store %[[SUM]], %arg1
func.func @down_columns(%a: memref<8x100xf32>, %r: memref<8x100xf32>) {
  tfcrt.scan %a into %r along 0 : memref<8x100xf32>, memref<8x100xf32>
  return
}

// -----

// A block starts from what is carried, and leaves what the next one starts from.
// CHECK-LABEL: @from_carry
// CHECK: %[[START:.+]] = memref.load %arg1[]
// ANY: scf.for {{.*}}iter_args(%{{.+}} = %[[START]], %
// ANY-COUNT-2: scf.yield
// ANY: %[[END:.+]] = arith.select
// STRICT: %[[END:.+]] = scf.for {{.*}}iter_args(%{{.+}} = %[[START]])
// CHECK: memref.store %[[END]], %arg1[]
func.func @from_carry(%a: memref<100xf32>, %c: memref<f32>) {
  tfcrt.scan %a into %a along 0 from %c : memref<100xf32>, memref<100xf32>, memref<f32>
  return
}

// -----

// Of large buffers a page ahead is fetched, which is before the elements when going backwards.
// ANY-LABEL: @large
// ANY: memref.prefetch {{.*}}, read
// ANY: memref.prefetch {{.*}}, write
// ANY-LABEL: @large_backwards
// ANY: %[[AHEAD:.+]] = arith.subi %{{.+}}, %c1024
// ANY-NEXT: memref.prefetch %{{.+}}[%{{.+}}, %[[AHEAD]]], read
func.func @large(%a: memref<1024x1024xf32>, %r: memref<1024x1024xf32>) {
  tfcrt.scan %a into %r along 1 : memref<1024x1024xf32>, memref<1024x1024xf32>
  return
}
func.func @large_backwards(%a: memref<1024x1024xf32>, %r: memref<1024x1024xf32>) {
  tfcrt.scan %a into %r along 1 {reverse} : memref<1024x1024xf32>, memref<1024x1024xf32>
  return
}
