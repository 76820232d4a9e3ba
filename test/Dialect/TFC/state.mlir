// RUN: tfc-opt %s | tfc-opt | FileCheck %s
// RUN: tfc-opt %s -mlir-print-op-generic | tfc-opt | FileCheck %s

// CHECK-LABEL: @variable(
func.func @variable(%v: !tfc.resource<tensor<?xf32>>, %x: tensor<2xf32>) -> tensor<?xf32> {
  // CHECK: %[[T:.*]] = tfc.assign_variable %{{.*}}, %{{.*}} : {{.*}}, tensor<2xf32>
  // CHECK: %{{.*}}, %{{.*}} = tfc.read_variable %{{.*}} after(%[[T]]) : {{.*}} -> tensor<?xf32>
  %t = tfc.assign_variable %v, %x : !tfc.resource<tensor<?xf32>>, tensor<2xf32>
  %y, %u = tfc.read_variable %v after(%t) : !tfc.resource<tensor<?xf32>> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// CHECK-LABEL: @print(
func.func @print(%x: tensor<2xf32>, %n: tensor<*xi32>) {
  // CHECK: %[[T:.*]] = tfc.print "{} {{[{][{][}][}]}} {}\0A", %{{.*}}, %{{.*}} : tensor<2xf32>, tensor<*xi32> {stream = "stderr", summarize = 3 : i64}
  // CHECK: tfc.print "done" after(%[[T]]) {stream = "stdout", summarize = -1 : i64}
  %t = tfc.print "{} {{}} {}\n", %x, %n : tensor<2xf32>, tensor<*xi32> {stream = "stderr", summarize = 3 : i64}
  %u = tfc.print "done" after(%t) {stream = "stdout", summarize = -1 : i64}
  return
}

// CHECK-LABEL: @assert(
func.func @assert(%c: tensor<i1>, %x: tensor<2xf32>, %v: !tfc.resource<tensor<?xf32>>) {
  // CHECK: %[[T:.*]] = tfc.assert %{{.*}}, "wrong" {summarize = 3 : i64}
  // CHECK: tfc.assert %{{.*}}, "wrong", %{{.*}} : tensor<2xf32> pending(%{{.*}} = %{{.*}} : !tfc.resource<tensor<?xf32>> -> tensor<2xf32>) after(%[[T]]) {code = 2 : i64, summarize = 3 : i64}
  %t = tfc.assert %c, "wrong" {summarize = 3 : i64}
  %u = tfc.assert %c, "wrong", %x : tensor<2xf32> pending(%v = %x : !tfc.resource<tensor<?xf32>> -> tensor<2xf32>) after(%t) {code = 2 : i64, summarize = 3 : i64}
  return
}

// CHECK-LABEL: @host_call(
func.func @host_call(%x: tensor<2xf32>, %n: tensor<i32>) -> tensor<?xf32> {
  // CHECK: %[[T:.*]] = tfc.host_call 1() {types = []} : () -> ()
  // CHECK: %{{.*}}:2, %{{.*}} = tfc.host_call 2(%{{.*}}, %{{.*}}) after(%[[T]]) {types = [tensor<?xf32>, tensor<*xi32>]} : (tensor<2xf32>, tensor<i32>) -> (tensor<?xf32>, tensor<*xi32>)
  %t = tfc.host_call 1() {types = []} : () -> ()
  %a, %b, %u = tfc.host_call 2(%x, %n) after(%t) {types = [tensor<?xf32>, tensor<*xi32>]} : (tensor<2xf32>, tensor<i32>) -> (tensor<?xf32>, tensor<*xi32>)
  return %a : tensor<?xf32>
}
