// RUN: tfc-opt %s --tfc-poll-host -split-input-file | FileCheck %s
// RUN: tfc-opt %s --tfc-poll-host=enabled=false -split-input-file | FileCheck %s --check-prefix=OFF

// OFF-NOT: tfcrt.poll
// OFF-NOT: } {tfc.steps}

// A while asks at the end of an iteration, when its counter is 0.
// CHECK-LABEL: @whiles
// CHECK: %[[LEFT:.*]] = memref.alloca() : memref<i32>
// CHECK: %[[ASKED:.*]] = memref.alloca() : memref<i32>
// CHECK: memref.store %{{.*}}, %[[LEFT]]
// CHECK: memref.store %{{.*}}, %[[ASKED]]
// CHECK: scf.while
// CHECK: } do {
// CHECK: %[[BEFORE:.*]] = memref.load %[[LEFT]]
// CHECK: %[[NOW:.*]] = arith.subi %[[BEFORE]]
// CHECK: memref.store %[[NOW]], %[[LEFT]]
// CHECK: %[[IS:.*]] = arith.cmpi eq, %[[NOW]]
// CHECK: scf.if %[[IS]] {
// CHECK: %[[COUNT:.*]] = memref.load %[[ASKED]]
// CHECK: %[[NEXT:.*]] = tfcrt.poll %[[COUNT]]
// CHECK: memref.store %[[NEXT]], %[[LEFT]]
// CHECK: memref.store %[[NEXT]], %[[ASKED]]
// CHECK: scf.yield
func.func @whiles(%x: i32) -> i32 attributes {tfc.body_of = @f} {
  %zero = arith.constant 0 : i32
  %r = scf.while (%a = %x) : (i32) -> i32 {
    %c = arith.cmpi sgt, %a, %zero : i32
    scf.condition(%c) %a : i32
  } do {
  ^bb0(%a: i32):
    %b = arith.shrsi %a, %zero : i32
    scf.yield %b : i32
  }
  return %zero : i32
}

// -----

// One that counts to a small number does not.
// CHECK-LABEL: @counts
// CHECK-NOT: tfcrt.poll
func.func @counts(%x: i32) -> i32 attributes {tfc.body_of = @f} {
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %four = arith.constant 4 : i32
  %r:2 = scf.while (%i = %zero, %a = %x) : (i32, i32) -> (i32, i32) {
    %c = arith.cmpi slt, %i, %four : i32
    scf.condition(%c) %i, %a : i32, i32
  } do {
  ^bb0(%i: i32, %a: i32):
    %j = arith.addi %i, %one : i32
    %b = arith.muli %a, %a : i32
    scf.yield %j, %b : i32, i32
  }
  return %r#1 : i32
}

// -----

// Steps of a program count if they take some time, or if nobody knows what they take.
// CHECK-LABEL: @steps
// CHECK-NOT: tfc.steps
// CHECK: scf.for
// CHECK: scf.for
// CHECK: tfcrt.poll
// CHECK: scf.for
// CHECK: scf.for
// CHECK: tfcrt.poll
// CHECK-NOT: tfcrt.poll
func.func @steps(%m: memref<1024xf32>, %n: index) attributes {tfc.body_of = @f} {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %many = arith.constant 1024 : index
  scf.for %i = %zero to %n step %one {
    scf.for %j = %zero to %many step %one {
      %a = memref.load %m[%j] : memref<1024xf32>
      %b = arith.addf %a, %a : f32
      memref.store %b, %m[%j] : memref<1024xf32>
    }
  } {tfc.steps}
  scf.for %i = %zero to %n step %one {
    scf.for %j = %zero to %n step %one {
      %a = memref.load %m[%j] : memref<1024xf32>
      memref.store %a, %m[%j] : memref<1024xf32>
    }
  } {tfc.steps}
  return
}

// -----

// Short ones run in pieces, which carry what the loop carries; it asks between two of them.
// CHECK-LABEL: @pieces
// CHECK-SAME: %[[M:.*]]: memref<1024xf32>, %[[N:.*]]: index, %[[X:.*]]: f32
// CHECK: %[[PIECE:.*]] = arith.muli
// CHECK: %[[R:.*]]:2 = scf.while (%[[P:.*]] = %{{.*}}, %[[S:.*]] = %[[X]]) : (index, f32) -> (index, f32) {
// CHECK: %[[MORE:.*]] = arith.cmpi slt, %[[P]], %[[N]]
// CHECK: scf.condition(%[[MORE]]) %[[P]], %[[S]]
// CHECK: ^bb0(%[[FROM:.*]]: index, %[[SUM:.*]]: f32):
// CHECK: %[[LEFT:.*]] = arith.subi %[[N]], %[[FROM]]
// CHECK: %[[LENGTH:.*]] = arith.minui %[[LEFT]], %[[PIECE]]
// CHECK: %[[TO:.*]] = arith.addi %[[FROM]], %[[LENGTH]]
// CHECK: %[[IS:.*]] = arith.cmpi slt, %[[TO]], %[[N]]
// CHECK: %[[NEXT:.*]] = scf.for %{{.*}} = %[[FROM]] to %[[TO]] step %{{.*}} iter_args(%{{.*}} = %[[SUM]])
// CHECK-NOT: memref.store
// CHECK: }
// CHECK: scf.if %[[IS]] {
// CHECK: tfcrt.poll
// CHECK: scf.yield %[[TO]], %[[NEXT]]
// CHECK: return %[[R]]#1
func.func @pieces(%m: memref<1024xf32>, %n: index, %x: f32) -> f32 attributes {tfc.body_of = @f} {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %r = scf.for %i = %zero to %n step %one iter_args(%s = %x) -> f32 {
    %a = memref.load %m[%zero] : memref<1024xf32>
    %b = arith.addf %a, %s : f32
    scf.yield %b : f32
  } {tfc.steps}
  return %r : f32
}

// -----

// Loops of an op do not ask, nor does what is in them, nor short loops of a known length, nor functions that are no
// entry's body.
// CHECK-LABEL: @op
// CHECK-NOT: tfc.steps
// CHECK-NOT: tfcrt.poll
// CHECK-NOT: scf.while
func.func @op(%m: memref<1024xf32>, %n: index) attributes {tfc.body_of = @f} {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %many = arith.constant 1024 : index
  scf.for %i = %zero to %n step %one {
    scf.for %j = %zero to %many step %one {
      %a = memref.load %m[%j] : memref<1024xf32>
      %b = arith.addf %a, %a : f32
      memref.store %b, %m[%j] : memref<1024xf32>
    } {tfc.steps}
  }
  scf.for %i = %zero to %many step %one {
    %a = memref.load %m[%zero] : memref<1024xf32>
    memref.store %a, %m[%zero] : memref<1024xf32>
  } {tfc.steps}
  return
}

func.func @other(%m: memref<1024xf32>, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %many = arith.constant 1024 : index
  scf.for %i = %zero to %n step %one {
    scf.for %j = %zero to %many step %one {
      %a = memref.load %m[%j] : memref<1024xf32>
      %b = arith.addf %a, %a : f32
      memref.store %b, %m[%j] : memref<1024xf32>
    }
  } {tfc.steps}
  return
}

// -----

// Pieces of an op that takes long ask when they begin, those of a short one and of one that writes a variable do not.
// CHECK-LABEL: @shared
// CHECK: tfcrt.parallel
// CHECK-NEXT: %[[ONE:.*]] = arith.constant 1 : i32
// CHECK-NEXT: tfcrt.poll %[[ONE]]
// CHECK-NEXT: scf.for
// CHECK: tfcrt.parallel
// CHECK-NOT: tfcrt.poll
// CHECK: return
func.func @shared(%v: !llvm.ptr {llvm.noalias}, %r: !llvm.ptr {llvm.noalias}, %n: index) attributes {tfc.body_of = @f} {
  %variable = tfcrt.bind %v[%n] : !llvm.ptr -> memref<?xf32>
  %result = tfcrt.bind %r[%n] {result} : !llvm.ptr -> memref<?xf32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %many = arith.constant 1024 : index
  tfcrt.parallel(%from, %to) in %zero to %n grain %many {
    scf.for %i = %from to %to step %one {
      %a = memref.load %variable[%i] : memref<?xf32>
      memref.store %a, %result[%i] : memref<?xf32>
    }
  }
  tfcrt.parallel(%from, %to) in %zero to %many grain %many {
    scf.for %i = %from to %to step %one {
      %a = memref.load %variable[%i] : memref<?xf32>
      memref.store %a, %result[%i] : memref<?xf32>
    }
  }
  tfcrt.parallel(%from, %to) in %zero to %n grain %many {
    scf.for %i = %from to %to step %one {
      %a = memref.load %result[%i] : memref<?xf32>
      memref.store %a, %variable[%i] : memref<?xf32>
    }
  }
  return
}

// -----

// A loop of the program over each element counts where it is, from one element to the next.
// CHECK-LABEL: @elements
// CHECK: tfcrt.parallel
// CHECK: %[[LEFT:.*]] = memref.alloca() : memref<i32>
// CHECK: memref.store %{{.*}}, %[[LEFT]]
// CHECK: scf.for
// CHECK: scf.while
// CHECK: } do {
// CHECK: memref.load %[[LEFT]]
// CHECK: tfcrt.poll
// CHECK-NOT: tfc.steps
func.func @elements(%v: !llvm.ptr {llvm.noalias}) attributes {tfc.body_of = @f} {
  %m = tfcrt.bind %v : !llvm.ptr -> memref<1024xi32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %least = arith.constant 0 : i32
  %many = arith.constant 1024 : index
  tfcrt.parallel(%from, %to) in %zero to %many grain %one {
    scf.for %i = %from to %to step %one {
      %x = memref.load %m[%i] : memref<1024xi32>
      %r = scf.while (%a = %x) : (i32) -> i32 {
        %c = arith.cmpi sgt, %a, %least : i32
        scf.condition(%c) %a : i32
      } do {
      ^bb0(%a: i32):
        %b = arith.shrsi %a, %a : i32
        scf.yield %b : i32
      } attributes {tfc.steps}
      memref.store %r, %m[%i] : memref<1024xi32>
    }
  }
  return
}

// -----

// Ops that follow each other ask after a fifth of a second, and so does the loop of one that takes that long.
// CHECK-LABEL: @straight
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.if
// CHECK: tfcrt.poll
// CHECK: tfcrt.poll
// CHECK: return
func.func @straight(%r: !llvm.ptr {llvm.noalias}) attributes {tfc.body_of = @f} {
  %m = tfcrt.bind %r {result} : !llvm.ptr -> memref<1000000xf32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %many = arith.constant 1000000 : index
  scf.for %i = %zero to %many step %one {
    scf.for %j = %zero to %many step %one {
      %a = memref.load %m[%j] : memref<1000000xf32>
      memref.store %a, %m[%i] : memref<1000000xf32>
    }
  }
  return
}

// -----

// Between two ops that write the same variable nobody asks: its memory may hold half of a value. Behind them, and before, they do.
// CHECK-LABEL: @halves
// CHECK: tfcrt.parallel
// CHECK-NEXT: arith.constant
// CHECK-NEXT: tfcrt.poll
// CHECK: tfcrt.parallel
// CHECK-NOT: tfcrt.poll
// CHECK: tfcrt.parallel
// CHECK-NOT: tfcrt.poll
// CHECK: tfcrt.parallel
// CHECK-NOT: tfcrt.poll
// CHECK: tfcrt.parallel
// CHECK-NEXT: arith.constant
// CHECK-NEXT: tfcrt.poll
func.func @halves(%v: !llvm.ptr {llvm.noalias}, %w: !llvm.ptr {llvm.noalias}, %r: !llvm.ptr {llvm.noalias}, %n: index) attributes {tfc.body_of = @f} {
  %variable = tfcrt.bind %v[%n] : !llvm.ptr -> memref<?xf32>
  %other = tfcrt.bind %w[%n] : !llvm.ptr -> memref<?xf32>
  %result = tfcrt.bind %r[%n] {result} : !llvm.ptr -> memref<?xf32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %many = arith.constant 1024 : index
  tfcrt.parallel(%from, %to) in %zero to %n grain %many {
    scf.for %i = %from to %to step %one {
      %a = memref.load %variable[%i] : memref<?xf32>
      memref.store %a, %result[%i] : memref<?xf32>
    }
  }
  tfcrt.parallel(%from, %to) in %zero to %n grain %many {
    scf.for %i = %from to %to step %one {
      %a = memref.load %result[%i] : memref<?xf32>
      memref.store %a, %variable[%i] : memref<?xf32>
    }
  }
  tfcrt.parallel(%from, %to) in %zero to %n grain %many {
    scf.for %i = %from to %to step %one {
      %a = memref.load %other[%i] : memref<?xf32>
      memref.store %a, %result[%i] : memref<?xf32>
    }
  }
  tfcrt.parallel(%from, %to) in %zero to %n grain %many {
    scf.for %i = %from to %to step %one {
      %a = memref.load %result[%i] : memref<?xf32>
      memref.store %a, %variable[%i] : memref<?xf32>
    }
  }
  tfcrt.parallel(%from, %to) in %zero to %n grain %many {
    scf.for %i = %from to %to step %one {
      %a = memref.load %variable[%i] : memref<?xf32>
      memref.store %a, %result[%i] : memref<?xf32>
    }
  }
  return
}

// -----

// In a branch between two ops that write the same variable nobody asks, in one behind a write of another variable they do.
// CHECK-LABEL: @halves_around_branches
// CHECK: scf.if
// CHECK: tfcrt.parallel
// CHECK-NEXT: arith.constant
// CHECK-NEXT: tfcrt.poll
// CHECK: tfcrt.parallel
// CHECK: scf.if
// CHECK-NOT: tfcrt.poll
// CHECK: return
func.func @halves_around_branches(%v: !llvm.ptr {llvm.noalias}, %w: !llvm.ptr {llvm.noalias}, %r: !llvm.ptr {llvm.noalias}, %n: index, %c: i1) attributes {tfc.body_of = @f} {
  %variable = tfcrt.bind %v[%n] : !llvm.ptr -> memref<?xf32>
  %other = tfcrt.bind %w[%n] : !llvm.ptr -> memref<?xf32>
  %result = tfcrt.bind %r[%n] {result} : !llvm.ptr -> memref<?xf32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %many = arith.constant 1024 : index
  %a = memref.load %result[%zero] : memref<?xf32>
  memref.store %a, %other[%zero] : memref<?xf32>
  scf.if %c {
    tfcrt.parallel(%from, %to) in %zero to %n grain %many {
      scf.for %i = %from to %to step %one {
        %b = memref.load %variable[%i] : memref<?xf32>
        memref.store %b, %result[%i] : memref<?xf32>
      }
    }
  }
  tfcrt.parallel(%from, %to) in %zero to %n grain %many {
    scf.for %i = %from to %to step %one {
      %b = memref.load %result[%i] : memref<?xf32>
      memref.store %b, %variable[%i] : memref<?xf32>
    }
  }
  scf.if %c {
    tfcrt.parallel(%from, %to) in %zero to %n grain %many {
      scf.for %i = %from to %to step %one {
        %b = memref.load %other[%i] : memref<?xf32>
        memref.store %b, %result[%i] : memref<?xf32>
      }
    }
  }
  memref.store %a, %variable[%zero] : memref<?xf32>
  return
}
