// RUN: tfc-opt %s | tfc-opt | FileCheck %s
// RUN: tfc-opt %s -canonicalize | FileCheck %s --check-prefix=CANON

// CHECK-LABEL: func @string_op
// CHECK: tfc.string "join"(%{{.*}}, %{{.*}}) {type = tensor<2x!tfc.string>}
func.func @string_op(%x: tensor<2x!tfc.string>) -> tensor<2x!tfc.string> {
  %sep = tfc.constant dense<"\00,\"\\"> : tensor<!tfc.string>
  %r = tfc.string "join"(%sep, %x) {type = tensor<2x!tfc.string>}
      : (tensor<!tfc.string>, tensor<2x!tfc.string>) -> tensor<2x!tfc.string>
  return %r : tensor<2x!tfc.string>
}

// Constants of strings are not folded: MLIR reshapes only those of numbers.
// CANON-LABEL: func @constants
// CANON: tfc.reshape
// CANON: tfc.transpose
func.func @constants() -> (tensor<1x2x!tfc.string>, tensor<1x2x!tfc.string>) {
  %x = tfc.constant dense<["a", "b"]> : tensor<2x!tfc.string>
  %y = tfc.reshape %x {shape = array<i64: 1, 2>} : (tensor<2x!tfc.string>) -> tensor<1x2x!tfc.string>
  %z = tfc.constant dense<"a"> : tensor<2x1x!tfc.string>
  %t = tfc.transpose %z {perm = array<i64: 1, 0>} : (tensor<2x1x!tfc.string>) -> tensor<1x2x!tfc.string>
  return %y, %t : tensor<1x2x!tfc.string>, tensor<1x2x!tfc.string>
}
