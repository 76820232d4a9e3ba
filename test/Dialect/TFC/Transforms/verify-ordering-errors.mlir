// RUN: tfc-opt %s -tfc-verify-ordering -split-input-file -verify-diagnostics

// A dropped edge.
func.func @dropped(%v: !tfc.resource<tensor<f32>> {tfc.name = "counter"}, %x: tensor<f32>) {
  // expected-note @below {{it must come after this op}}
  %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  // expected-error-re @below {{no token orders line {{[0-9]+}} writes counter after line {{[0-9]+}} read it}}
  %t1 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

// A write that joins only one of two reads.
func.func @dropped_reader(%v: !tfc.resource<tensor<f32>> {tfc.name = "v"}, %x: tensor<f32>) {
  // expected-note @below {{it must come after this op}}
  %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  %b, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  // expected-error-re @below {{no token orders line {{[0-9]+}} writes v after line {{[0-9]+}} read it}}
  %t2 = tfc.assign_variable %v, %x after(%t1) : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

// An assertion that does not wait for a write.
func.func @unshown(%v: !tfc.resource<tensor<f32>> {tfc.name = "v"}, %x: tensor<f32>, %p: tensor<i1>) {
  // expected-note @below {{it must come after this op}}
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  // expected-error-re @below {{no token orders line {{[0-9]+}} may stop the program after line {{[0-9]+}} wrote v}}
  %t1 = tfc.assert %p, "no" {summarize = 3 : i64}
  return
}

// -----

// A write that does not wait for an assertion.
func.func @passed(%v: !tfc.resource<tensor<f32>> {tfc.name = "v"}, %x: tensor<f32>, %p: tensor<i1>) {
  // expected-note @below {{it must come after this op}}
  %t0 = tfc.assert %p, "no" {summarize = 3 : i64}
  // expected-error-re @below {{no token orders line {{[0-9]+}} writes v after line {{[0-9]+}} might have stopped the program}}
  %t1 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

// An edge between effects that commute.
func.func @extra(%v: !tfc.resource<tensor<f32>>, %w: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  // expected-note @below {{the token is of this op}}
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  // expected-error @below {{waits for a token that can be dropped: the two effects do not conflict}}
  %t1 = tfc.assign_variable %w, %x after(%t0) : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

// An edge between two reads.
func.func @ordered_reads(%v: !tfc.resource<tensor<f32>>) {
  // expected-note @below {{the token is of this op}}
  %a, %t0 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  // expected-error @below {{waits for a token that can be dropped: the two effects do not conflict}}
  %b, %t1 = tfc.read_variable %v after(%t0) : !tfc.resource<tensor<f32>> -> tensor<f32>
  return
}

// -----

// An edge that others imply.
func.func @implied(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  // expected-note @below {{the token is of this op}}
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %a, %t1 = tfc.read_variable %v after(%t0) : !tfc.resource<tensor<f32>> -> tensor<f32>
  // expected-error @below {{waits for a token that can be dropped: other tokens imply it}}
  %t2 = tfc.assign_variable %v, %x after(%t0, %t1) : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}

// -----

// An edge that is there twice.
func.func @twice(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  // expected-note @below {{the token is of this op}}
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  // expected-error @below {{waits for a token that can be dropped: it is there twice}}
  %a, %t1 = tfc.read_variable %v after(%t0, %t0) : !tfc.resource<tensor<f32>> -> tensor<f32>
  return
}

// -----

// Two effects have changed places: the second print lost its edge, the first one waits for it no more.
func.func @swapped() {
  // expected-note @below {{it must come after this op}}
  %t1 = tfc.print "b\0A" {summarize = 3 : i64, stream = "stdout"}
  // expected-error-re @below {{no token orders line {{[0-9]+}} writes the console after line {{[0-9]+}} wrote it}}
  %t0 = tfc.print "a\0A" {summarize = 3 : i64, stream = "stdout"}
  return
}

// -----

// A forgotten region: the branch writes the variable inside.
func.func @forgotten_region(%v: !tfc.resource<tensor<f32>> {tfc.name = "v"}, %x: tensor<f32>, %p: tensor<i1>) {
  // expected-note @below {{it must come after this op}}
  %t = tfc.if %p {
    %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
    tfc.yield
  } else {
    tfc.yield
  }
  // expected-error-re @below {{no token orders line {{[0-9]+}} reads v after line {{[0-9]+}} wrote it}}
  %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32>
  return
}

// -----

// The order inside a region is not that outside.
func.func @inside(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) {
  // expected-note @below {{the token is of this op}}
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  %t = tfc.if %p after(%t0) {
    // expected-error @below {{waits for a token that is not of an earlier effect of the same block}}
    %a, %t1 = tfc.read_variable %v after(%t0) : !tfc.resource<tensor<f32>> -> tensor<f32>
    tfc.yield
  } else {
    tfc.yield
  }
  return
}

// -----

// A branch without effects waits for nothing.
func.func @pure(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>, %p: tensor<i1>) {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  // expected-error @below {{has no effect, but waits for a token}}
  %t = tfc.if %p after(%t0) {
    tfc.yield
  } else {
    tfc.yield
  }
  return
}

// -----

// The effects of a callee count.
func.func @call(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  // expected-note @below {{it must come after this op}}
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  // expected-error @below {{no token orders}}
  %t1 = tfc.call @write(%v, %x) : (!tfc.resource<tensor<f32>>, tensor<f32>) -> ()
  return
}
func.func private @write(%v: !tfc.resource<tensor<f32>>, %x: tensor<f32>) {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32>
  return
}
