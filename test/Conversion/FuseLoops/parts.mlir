// RUN: tfc-opt %s --tfc-fuse-loops -split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>

// What is computed and the margins around it are one loop over rows: the first and the last one are
// filled in their own iterations, and of each row its ends.
// CHECK-LABEL: @margins
// CHECK: scf.for %[[I:.*]] =
// CHECK: %[[OWN:.*]] = arith.subi %[[I]]
// CHECK: %[[IS:.*]] = arith.cmpi ult, %[[OWN]]
// CHECK: scf.if %[[IS]]
// CHECK: linalg.generic
// CHECK: arith.cmpi eq, %[[I]]
// CHECK: scf.if
// CHECK: linalg.fill {{.*}} memref<256xf32
// CHECK: linalg.fill {{.*}} memref<1xf32
// CHECK-NOT: linalg.fill
func.func @margins(%x_pointer: !llvm.ptr, %y_pointer: !llvm.ptr) {
  %zero = arith.constant 0.0 : f32
  %x = tfcrt.bind %x_pointer : !llvm.ptr -> memref<256x256xf32>
  %y = tfcrt.bind %y_pointer : !llvm.ptr -> memref<256x256xf32>
  %up = memref.subview %x[0, 1] [254, 254] [1, 1] : memref<256x256xf32> to memref<254x254xf32, strided<[256, 1], offset: 1>>
  %down = memref.subview %x[2, 1] [254, 254] [1, 1] : memref<256x256xf32> to memref<254x254xf32, strided<[256, 1], offset: 513>>
  %inner = memref.subview %y[1, 1] [254, 254] [1, 1] : memref<256x256xf32> to memref<254x254xf32, strided<[256, 1], offset: 257>>
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%up, %down : memref<254x254xf32, strided<[256, 1], offset: 1>>, memref<254x254xf32, strided<[256, 1], offset: 513>>)
      outs(%inner : memref<254x254xf32, strided<[256, 1], offset: 257>>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  }
  %row = memref.subview %y[0, 0] [1, 256] [1, 1] : memref<256x256xf32> to memref<256xf32, strided<[1]>>
  linalg.fill ins(%zero : f32) outs(%row : memref<256xf32, strided<[1]>>)
  %column = memref.subview %y[0, 255] [256, 1] [1, 1] : memref<256x256xf32> to memref<256xf32, strided<[256], offset: 255>>
  linalg.fill ins(%zero : f32) outs(%column : memref<256xf32, strided<[256], offset: 255>>)
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Rows that change places (a roll) are read in the iteration that gets them: no buffer holds all.
// CHECK-LABEL: @rolled
// CHECK-NOT: memref.alloc() {{.*}} memref<128x128xf32>
// CHECK: %[[ROW:.*]] = memref.alloc() {{.*}}memref<128xf32>
// CHECK: scf.for
// CHECK: scf.if
// CHECK: linalg.generic {{.*}} outs(%[[ROW]]
// CHECK: scf.if
// CHECK: linalg.generic {{.*}} outs(%[[ROW]]
// CHECK: linalg.generic {{.*}} ins(%[[ROW]]
func.func @rolled(%x_pointer: !llvm.ptr, %r_pointer: !llvm.ptr) {
  %x = tfcrt.bind %x_pointer : !llvm.ptr -> memref<128x128xf32>
  %r = tfcrt.bind %r_pointer : !llvm.ptr -> memref<128x128xf32>
  %rolled = memref.alloc() {alignment = 64 : i64} : memref<128x128xf32>
  %last = memref.subview %x[127, 0] [1, 128] [1, 1] : memref<128x128xf32> to memref<128xf32, strided<[1], offset: 16256>>
  %top = memref.subview %rolled[0, 0] [1, 128] [1, 1] : memref<128x128xf32> to memref<128xf32, strided<[1]>>
  memref.copy %last, %top : memref<128xf32, strided<[1], offset: 16256>> to memref<128xf32, strided<[1]>>
  %others = memref.subview %x[0, 0] [127, 128] [1, 1] : memref<128x128xf32> to memref<127x128xf32, strided<[128, 1]>>
  %rest = memref.subview %rolled[1, 0] [127, 128] [1, 1] : memref<128x128xf32> to memref<127x128xf32, strided<[128, 1], offset: 128>>
  memref.copy %others, %rest : memref<127x128xf32, strided<[128, 1]>> to memref<127x128xf32, strided<[128, 1], offset: 128>>
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%rolled, %x : memref<128x128xf32>, memref<128x128xf32>) outs(%r : memref<128x128xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.subf %a, %b : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// The second op reads the row that the first one writes in the next iteration.
// CHECK-LABEL: @next_row
// CHECK-NOT: scf.for
func.func @next_row(%x_pointer: !llvm.ptr, %y_pointer: !llvm.ptr, %r_pointer: !llvm.ptr) {
  %x = tfcrt.bind %x_pointer : !llvm.ptr -> memref<128x128xf32>
  %y = tfcrt.bind %y_pointer : !llvm.ptr -> memref<128x128xf32>
  %r = tfcrt.bind %r_pointer : !llvm.ptr -> memref<128x128xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : memref<128x128xf32>) outs(%y : memref<128x128xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  }
  %now = memref.subview %y[0, 0] [127, 128] [1, 1] : memref<128x128xf32> to memref<127x128xf32, strided<[128, 1]>>
  %next = memref.subview %y[1, 0] [127, 128] [1, 1] : memref<128x128xf32> to memref<127x128xf32, strided<[128, 1], offset: 128>>
  %part = memref.subview %r[0, 0] [127, 128] [1, 1] : memref<128x128xf32> to memref<127x128xf32, strided<[128, 1]>>
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%now, %next : memref<127x128xf32, strided<[128, 1]>>, memref<127x128xf32, strided<[128, 1], offset: 128>>)
      outs(%part : memref<127x128xf32, strided<[128, 1]>>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  }
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Two parts of one buffer that have no element in common may be written and read at other rows.
// CHECK-LABEL: @halves
// CHECK: scf.for
// CHECK: linalg.generic
// CHECK: linalg.generic
// CHECK-NOT: scf.for
func.func @halves(%x_pointer: !llvm.ptr, %y_pointer: !llvm.ptr) {
  %x = tfcrt.bind %x_pointer : !llvm.ptr -> memref<128x128xf32>
  %y = tfcrt.bind %y_pointer : !llvm.ptr -> memref<128x128xf32>
  %left = memref.subview %x[0, 0] [128, 64] [1, 1] : memref<128x128xf32> to memref<128x64xf32, strided<[128, 1]>>
  %right = memref.subview %x[0, 64] [128, 64] [1, 1] : memref<128x128xf32> to memref<128x64xf32, strided<[128, 1], offset: 64>>
  %half = memref.subview %y[0, 0] [128, 64] [1, 1] : memref<128x128xf32> to memref<128x64xf32, strided<[128, 1]>>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%left : memref<128x64xf32, strided<[128, 1]>>) outs(%right : memref<128x64xf32, strided<[128, 1], offset: 64>>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%left : memref<128x64xf32, strided<[128, 1]>>) outs(%half : memref<128x64xf32, strided<[128, 1]>>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.mulf %a, %a : f32
    linalg.yield %s : f32
  }
  return
}

// -----

// Windows of a padded copy are read in the image itself: the copy stays one.
// CHECK-LABEL: @windows
// CHECK: memref.copy
// CHECK-NOT: scf.for
func.func @windows(%x_pointer: !llvm.ptr, %w_pointer: !llvm.ptr, %r_pointer: !llvm.ptr) {
  %zero = arith.constant 0.0 : f32
  %x = tfcrt.bind %x_pointer : !llvm.ptr -> memref<126x126xf32>
  %r = tfcrt.bind %r_pointer : !llvm.ptr -> memref<126x128xf32>
  %padded = memref.alloc() {alignment = 64 : i64} : memref<128x128xf32>
  %inner = memref.subview %padded[1, 1] [126, 126] [1, 1] : memref<128x128xf32> to memref<126x126xf32, strided<[128, 1], offset: 129>>
  memref.copy %x, %inner : memref<126x126xf32> to memref<126x126xf32, strided<[128, 1], offset: 129>>
  %window = tfcrt.bind %w_pointer : !llvm.ptr -> memref<3xf32>
  linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0 + d2, d1)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>],
      iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%padded, %window : memref<128x128xf32>, memref<3xf32>) outs(%r : memref<126x128xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %o : f32
    linalg.yield %s : f32
  }
  return
}
