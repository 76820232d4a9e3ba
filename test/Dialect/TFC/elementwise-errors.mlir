// RUN: tfc-opt %s -split-input-file -verify-diagnostics

func.func @add_c1(%x: tensor<2xf32>, %y: tensor<2xi32>) {
  // expected-error @below {{expected operands of one element type, got 'f32' and 'i32'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.add %x, %y : (tensor<2xf32>, tensor<2xi32>) -> tensor<2xf32>
  return
}

// -----

func.func @add_c2(%x: tensor<2x3xf32>, %y: tensor<4x3xf32>) {
  // expected-error @below {{shapes [2, 3] and [4, 3] do not broadcast: expected equal sizes or 1 in dimension -2, got 2 and 4}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.add %x, %y : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @add_of_bool(%x: tensor<2xi1>) {
  // expected-error @below {{operand #0 must be tensor of number values, but got 'tensor<2xi1>'}}
  %r = tfc.add %x, %x : (tensor<2xi1>, tensor<2xi1>) -> tensor<2xi1>
  return
}

// -----

func.func @exp_of_int(%x: tensor<2xi32>) {
  // expected-error @below {{operand #0 must be tensor of floating point or complex values, but got 'tensor<2xi32>'}}
  %r = tfc.exp %x : (tensor<2xi32>) -> tensor<2xi32>
  return
}

// -----

func.func @less_c1(%x: tensor<2xf32>, %y: tensor<2xf64>) {
  // expected-error @below {{expected operands of one element type, got 'f32' and 'f64'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.less %x, %y : (tensor<2xf32>, tensor<2xf64>) -> tensor<2xi1>
  return
}

// -----

func.func @less_gives_bool(%x: tensor<2xf32>) {
  // expected-error @below {{inferred type(s) 'tensor<2xi1>' are incompatible with return type(s) of operation 'tensor<2xf32>'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.less %x, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @complex_of_half(%x: tensor<2xf16>) {
  // expected-error @below {{expected f32 or f64 parts of a complex number, got 'f16'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.complex %x, %x : (tensor<2xf16>, tensor<2xf16>) -> tensor<2xcomplex<f32>>
  return
}

// -----

func.func @select_c1(%c: tensor<i1>, %x: tensor<2xf32>, %y: tensor<2xi32>) {
  // expected-error @below {{expected operands of one element type, got 'f32' and 'i32'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.select %c, %x, %y : (tensor<i1>, tensor<2xf32>, tensor<2xi32>) -> tensor<2xf32>
  return
}

// -----

func.func @select_c2(%c: tensor<3xi1>, %x: tensor<2xf32>) {
  // expected-error @below {{shapes [3] and [2] do not broadcast: expected equal sizes or 1 in dimension -1, got 3 and 2}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.select %c, %x, %x : (tensor<3xi1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @cast_to_none(%x: tensor<2xf32>) {
  // expected-error @below {{expected `dtype` to be a bool, integer, floating point or complex element type, got 'none'}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.cast %x {dtype = none} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @bitcast_c1(%x: tensor<2xf32>) {
  // expected-error @below {{expected `dtype` to have 32 bits as 'f32', got 'i64' with 64}}
  // expected-error @below {{failed to infer returned types}}
  %r = tfc.bitcast %x {dtype = i64} : (tensor<2xf32>) -> tensor<2xi64>
  return
}
