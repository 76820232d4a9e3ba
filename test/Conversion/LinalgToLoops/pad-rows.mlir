// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=512" --split-input-file | FileCheck %s
// RUN: tfc-opt %s --tfc-linalg-to-loops="vector-bits=512 parallel=false" --split-input-file | FileCheck %s --check-prefix=ALONE

// An image and the margins around it are written row by row, in one loop that threads share. Windows are shared by
// their rows, so that a row of all images is an iteration.

#image = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1 + d2, d3 + d4)>
#window = affine_map<(d0, d1, d2, d3, d4) -> (d2, d4)>
#result = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3)>

// CHECK-LABEL: func.func @windows
// CHECK:       %[[PADDED:.*]] = memref.alloc() : memref<8x132x132xf32>
// CHECK:       tfcrt.parallel(%{{.*}}, %{{.*}}) in %{{.*}} to %c132
// CHECK:         scf.for %[[ROW:.*]] =
// CHECK:           %[[AT:.*]] = arith.subi %[[ROW]], %c2
// CHECK:           %[[HAS:.*]] = arith.cmpi ult, %[[AT]], %c128
// CHECK:           scf.if %[[HAS]]
// CHECK:             memref.subview %[[PADDED]][0, %[[ROW]], 2] [8, 1, 128] [1, 1, 1]
// CHECK:             memref.subview %{{.*}}[0, %{{.*}}, 0] [8, 1, 128] [1, 1, 1]
// CHECK:           %[[IS_FIRST:.*]] = arith.cmpi ult, %[[ROW]], %c2
// CHECK:           scf.if %[[IS_FIRST]]
// CHECK:             memref.subview %[[PADDED]][0, %[[ROW]], 0] [8, 1, 132] [1, 1, 1]
// CHECK:           memref.subview %[[PADDED]][0, %[[ROW]], 0] [8, 1, 2] [1, 1, 1]
// CHECK:       tfcrt.parallel(%{{.*}}, %{{.*}}) in %{{.*}} to %c128
// ALONE-LABEL: func.func @windows
// ALONE-NOT:   scf.if
// ALONE:       return
func.func @windows(%address: !llvm.ptr, %w: memref<5x5xf32>, %r: memref<8x128x128xf32>) {
  %x = tfcrt.bind %address : !llvm.ptr -> memref<8x128x128xf32>
  %zero = arith.constant 0.0 : f32
  %padded = memref.alloc() : memref<8x132x132xf32>
  %inner = memref.subview %padded[0, 2, 2] [8, 128, 128] [1, 1, 1] : memref<8x132x132xf32> to memref<8x128x128xf32, strided<[17424, 132, 1], offset: 266>>
  memref.copy %x, %inner : memref<8x128x128xf32> to memref<8x128x128xf32, strided<[17424, 132, 1], offset: 266>>
  %above = memref.subview %padded[0, 0, 0] [8, 2, 132] [1, 1, 1] : memref<8x132x132xf32> to memref<8x2x132xf32, strided<[17424, 132, 1]>>
  linalg.fill ins(%zero : f32) outs(%above : memref<8x2x132xf32, strided<[17424, 132, 1]>>)
  memref.copy %above, %above : memref<8x2x132xf32, strided<[17424, 132, 1]>> to memref<8x2x132xf32, strided<[17424, 132, 1]>>
  %below = memref.subview %padded[0, 130, 0] [8, 2, 132] [1, 1, 1] : memref<8x132x132xf32> to memref<8x2x132xf32, strided<[17424, 132, 1], offset: 17160>>
  linalg.fill ins(%zero : f32) outs(%below : memref<8x2x132xf32, strided<[17424, 132, 1], offset: 17160>>)
  %left = memref.subview %padded[0, 0, 0] [8, 132, 2] [1, 1, 1] : memref<8x132x132xf32> to memref<8x132x2xf32, strided<[17424, 132, 1]>>
  linalg.fill ins(%zero : f32) outs(%left : memref<8x132x2xf32, strided<[17424, 132, 1]>>)
  %right = memref.subview %padded[0, 0, 130] [8, 132, 2] [1, 1, 1] : memref<8x132x132xf32> to memref<8x132x2xf32, strided<[17424, 132, 1], offset: 130>>
  linalg.fill ins(%zero : f32) outs(%right : memref<8x132x2xf32, strided<[17424, 132, 1], offset: 130>>)
  linalg.generic {indexing_maps = [#image, #window, #result],
      iterator_types = ["parallel", "parallel", "reduction", "parallel", "reduction"]}
      ins(%padded, %w : memref<8x132x132xf32>, memref<5x5xf32>) outs(%r : memref<8x128x128xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b fastmath<contract> : f32
    %n = arith.addf %s, %p fastmath<reassoc,contract> : f32
    linalg.yield %n : f32
  }
  memref.dealloc %padded : memref<8x132x132xf32>
  return
}

// -----

// What no op of linalg reads, as products do, is shared by the rows of all images. A margin of one row or column has
// lost that dimension.

// CHECK-LABEL: func.func @product
// CHECK:       tfcrt.parallel(%{{.*}}, %{{.*}}) in %{{.*}} to %c120
// CHECK:         scf.for %[[NUMBER:.*]] =
// CHECK:           %[[ROW:.*]] = arith.remui %[[NUMBER]], %c30
// CHECK:           %[[IMAGE:.*]] = arith.divui %[[NUMBER]], %c30
// CHECK:           scf.if
// CHECK:             memref.subview %{{.*}}[%[[IMAGE]], %[[ROW]], 1, 0] [1, 1, 28, 64] [1, 1, 1, 1]
// CHECK:           arith.cmpi ult, %[[ROW]], %c1
// CHECK:           scf.if
// CHECK:           memref.subview %{{.*}}[%[[IMAGE]], %[[ROW]], 29, 0] [1, 1, 1, 64] [1, 1, 1, 1] : memref<4x30x30x64xf32> to memref<64xf32
// CHECK-NOT:   tfcrt.parallel
func.func @product(%address: !llvm.ptr) -> memref<4x30x30x64xf32> {
  %x = tfcrt.bind %address : !llvm.ptr -> memref<4x28x28x64xf32>
  %zero = arith.constant 0.0 : f32
  %p = memref.alloc() : memref<4x30x30x64xf32>
  %inner = memref.subview %p[0, 1, 1, 0] [4, 28, 28, 64] [1, 1, 1, 1] : memref<4x30x30x64xf32> to memref<4x28x28x64xf32, strided<[57600, 1920, 64, 1], offset: 1984>>
  memref.copy %x, %inner : memref<4x28x28x64xf32> to memref<4x28x28x64xf32, strided<[57600, 1920, 64, 1], offset: 1984>>
  %above = memref.subview %p[0, 0, 0, 0] [4, 1, 30, 64] [1, 1, 1, 1] : memref<4x30x30x64xf32> to memref<4x30x64xf32, strided<[57600, 64, 1]>>
  linalg.fill ins(%zero : f32) outs(%above : memref<4x30x64xf32, strided<[57600, 64, 1]>>)
  %right = memref.subview %p[0, 0, 29, 0] [4, 30, 1, 64] [1, 1, 1, 1] : memref<4x30x30x64xf32> to memref<4x30x64xf32, strided<[57600, 1920, 1], offset: 1856>>
  linalg.fill ins(%zero : f32) outs(%right : memref<4x30x64xf32, strided<[57600, 1920, 1], offset: 1856>>)
  return %p : memref<4x30x30x64xf32>
}

// -----

// Not where that is too short for threads, nor what may be read before it is filled.

// CHECK-LABEL: func.func @short
// CHECK-NOT:   scf.if
// CHECK-LABEL: func.func @read_between
// CHECK-NOT:   scf.if
// CHECK:       return
func.func @short(%address: !llvm.ptr) -> memref<32x64xf32> {
  %x = tfcrt.bind %address : !llvm.ptr -> memref<30x62xf32>
  %zero = arith.constant 0.0 : f32
  %p = memref.alloc() : memref<32x64xf32>
  %inner = memref.subview %p[1, 1] [30, 62] [1, 1] : memref<32x64xf32> to memref<30x62xf32, strided<[64, 1], offset: 65>>
  memref.copy %x, %inner : memref<30x62xf32> to memref<30x62xf32, strided<[64, 1], offset: 65>>
  %above = memref.subview %p[0, 0] [1, 64] [1, 1] : memref<32x64xf32> to memref<64xf32, strided<[1]>>
  linalg.fill ins(%zero : f32) outs(%above : memref<64xf32, strided<[1]>>)
  return %p : memref<32x64xf32>
}
func.func @read_between(%address: !llvm.ptr, %r: memref<1xf32>) -> memref<512x512xf32> {
  %x = tfcrt.bind %address : !llvm.ptr -> memref<510x510xf32>
  %zero = arith.constant 0.0 : f32
  %at = arith.constant 0 : index
  %p = memref.alloc() : memref<512x512xf32>
  %inner = memref.subview %p[1, 1] [510, 510] [1, 1] : memref<512x512xf32> to memref<510x510xf32, strided<[512, 1], offset: 513>>
  memref.copy %x, %inner : memref<510x510xf32> to memref<510x510xf32, strided<[512, 1], offset: 513>>
  %v = memref.load %p[%at, %at] : memref<512x512xf32>
  memref.store %v, %r[%at] : memref<1xf32>
  %above = memref.subview %p[0, 0] [1, 512] [1, 1] : memref<512x512xf32> to memref<512xf32, strided<[1]>>
  linalg.fill ins(%zero : f32) outs(%above : memref<512xf32, strided<[1]>>)
  return %p : memref<512x512xf32>
}
