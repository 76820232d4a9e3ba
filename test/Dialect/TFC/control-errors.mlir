// RUN: tfc-opt %s -split-input-file -verify-diagnostics

func.func @if_c1(%c: tensor<2xi1>) {
  // expected-error @below {{operand #0 must be bool scalar, but got 'tensor<2xi1>'}}
  %t = "tfc.if"(%c) ({
    tfc.yield
  }, {
    tfc.yield
  }) : (tensor<2xi1>) -> !tfc.token
  return
}

// -----

func.func @if_c2(%c: tensor<i1>, %x: tensor<2xf32>) {
  // expected-error @below {{expected 1 yields of the else region, one for each result, got 0}}
  %r, %t = tfc.if %c -> tensor<2xf32> {
    tfc.yield %x : tensor<2xf32>
  } else {
    tfc.yield
  }
  return
}

// -----

func.func @if_c3(%c: tensor<i1>, %x: tensor<2xf32>, %y: tensor<3xf32>) {
  // expected-error @below {{expected yields of the else region 0 of type 'tensor<2xf32>' as its result, got 'tensor<3xf32>'}}
  %r, %t = tfc.if %c -> tensor<2xf32> {
    tfc.yield %x : tensor<2xf32>
  } else {
    tfc.yield %y : tensor<3xf32>
  }
  return
}

// -----

func.func @if_without_yield(%c: tensor<i1>) {
  // expected-error @below {{the then region must end with tfc.yield}}
  %t = tfc.if %c {
    %a = tfc.print "one" {summarize = 3 : i64, stream = "stdout"}
  } else {
    tfc.yield
  }
  return
}

// -----

func.func @while_c1_inits(%x: tensor<2xf32>, %c: tensor<i1>) {
  // expected-error @below {{expected initial values 0 of type 'tensor<3xf32>' as its result, got 'tensor<2xf32>'}}
  %r, %t = tfc.while %x : tensor<2xf32> -> tensor<3xf32> {
  ^bb0(%a: tensor<3xf32>):
    tfc.yield %c : tensor<i1>
  } do {
  ^bb0(%a: tensor<3xf32>):
    tfc.yield %a : tensor<3xf32>
  }
  return
}

// -----

func.func @while_c1_arguments(%x: tensor<2xf32>, %c: tensor<i1>) {
  // expected-error @below {{expected 1 arguments of the body region, one for each result, got 0}}
  %r, %t = tfc.while %x : tensor<2xf32> -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>):
    tfc.yield %c : tensor<i1>
  } do {
    tfc.yield %x : tensor<2xf32>
  }
  return
}

// -----

func.func @while_c2_number(%x: tensor<2xf32>) {
  // expected-error @below {{expected the condition region to yield 1 value, got 0}}
  %t = tfc.while {
    tfc.yield
  } do {
    tfc.yield
  }
  return
}

// -----

func.func @while_c2_type(%x: tensor<2xf32>) {
  // expected-error @below {{expected the condition region to yield a bool scalar, got 'tensor<2xf32>'}}
  %t = tfc.while {
    tfc.yield %x : tensor<2xf32>
  } do {
    tfc.yield
  }
  return
}

// -----

func.func @while_c3(%x: tensor<2xf32>, %c: tensor<i1>) {
  // expected-error @below {{expected 1 yields of the body region, one for each result, got 2}}
  %r, %t = tfc.while %x : tensor<2xf32> -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>):
    tfc.yield %c : tensor<i1>
  } do {
  ^bb0(%a: tensor<2xf32>):
    tfc.yield %a, %a : tensor<2xf32>, tensor<2xf32>
  }
  return
}

// -----

func.func @yield_outside() {
  // expected-error @below {{'tfc.yield' op expects parent op to be one of 'tfc.if, tfc.while'}}
  tfc.yield
}

// -----

func.func @call_c1(%x: tensor<3xf32>) {
  // expected-error @below {{expected arguments 0 of type 'tensor<2xf32>' as its argument of the callee, got 'tensor<3xf32>'}}
  %t = tfc.call @callee(%x) : (tensor<3xf32>) -> ()
  return
}
func.func private @callee(%x: tensor<2xf32>)

// -----

func.func @call_c1_no_function(%x: tensor<3xf32>) {
  // expected-error @below {{expected a function as callee, got 'nobody'}}
  %t = tfc.call @nobody(%x) : (tensor<3xf32>) -> ()
  return
}
