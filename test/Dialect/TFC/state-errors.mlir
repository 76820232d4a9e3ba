// RUN: tfc-opt %s -split-input-file -verify-diagnostics

func.func @read_variable_c1(%v: !tfc.resource<tensor<2xf32>>) {
  // expected-error @below {{inferred type(s) 'tensor<2xf32>', '!tfc.token' are incompatible with return type(s) of operation 'tensor<3xf32>', '!tfc.token'}}
  // expected-error @below {{failed to infer returned types}}
  %r, %t = tfc.read_variable %v : !tfc.resource<tensor<2xf32>> -> tensor<3xf32>
  return
}

// -----

func.func @assign_variable_c1(%v: !tfc.resource<tensor<2xf32>>, %x: tensor<3xf32>) {
  // expected-error @below {{expected a value of type 'tensor<2xf32>', got 'tensor<3xf32>'}}
  %t = tfc.assign_variable %v, %x : !tfc.resource<tensor<2xf32>>, tensor<3xf32>
  return
}

// -----

func.func @print_c1(%x: tensor<f32>) {
  // expected-error @below {{expected a placeholder for each of 1 operands, got 2}}
  %t = tfc.print "{} {}", %x : tensor<f32> {summarize = 3 : i64, stream = "stdout"}
  return
}

// -----

func.func @print_c1_brace(%x: tensor<f32>) {
  // expected-error @below {{expected braces of `format` to be in pairs, got "{} {"}}
  %t = tfc.print "{} {", %x : tensor<f32> {summarize = 3 : i64, stream = "stdout"}
  return
}

// -----

func.func @assert_c1(%c: tensor<1xi1>) {
  // expected-error @below {{operand #0 must be bool scalar, but got 'tensor<1xi1>'}}
  %t = "tfc.assert"(%c) {message = "m", summarize = 3 : i64, operandSegmentSizes = array<i32: 1, 0, 0, 0, 0>} : (tensor<1xi1>) -> !tfc.token
  return
}

// -----

func.func @assert_c2(%c: tensor<i1>, %v: !tfc.resource<tensor<2xf32>>, %x: tensor<3xf32>) {
  // expected-error @below {{expected a pending value of type 'tensor<2xf32>', got 'tensor<3xf32>'}}
  %t = tfc.assert %c, "m" pending(%v = %x : !tfc.resource<tensor<2xf32>> -> tensor<3xf32>) {summarize = 3 : i64}
  return
}

// -----

func.func @host_call_c1(%x: tensor<2xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<2xi32>', '!tfc.token' are incompatible with return type(s) of operation 'tensor<2xf32>', '!tfc.token'}}
  // expected-error @below {{failed to infer returned types}}
  %a, %t = tfc.host_call 1(%x) {types = [tensor<2xi32>]} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @print_c2(%v: !tfc.resource<tensor<2xf32>>, %x: tensor<3xf32>) {
  // expected-error @below {{expected a pending value of type 'tensor<2xf32>', got 'tensor<3xf32>'}}
  %t = tfc.print "a" pending(%v = %x : !tfc.resource<tensor<2xf32>> -> tensor<3xf32>) {summarize = 3 : i64, stream = "stdout"}
  return
}
