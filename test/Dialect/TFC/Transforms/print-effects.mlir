// RUN: tfc-opt %s -tfc-print-effects -o /dev/null | FileCheck %s
// RUN: tfc-opt %s -tfc-print-effects=format=dot -o /dev/null | FileCheck %s --check-prefix=DOT
// RUN: tfc-opt %s -tfc-print-effects=format=json -o /dev/null | FileCheck %s --check-prefix=JSON

// CHECK: effects of @f: 6, with 3 edges
// CHECK: #0 line 3: assign_variable writes v
// CHECK: #1 line 4: read_variable reads v
// CHECK:     after #0: line 4 reads v after line 3 wrote it
// CHECK: #2 line 5: if writes the console, writes v
// CHECK:     after #1: line 5 writes v after line 4 read it
// CHECK:   then:
// CHECK:     #3 line 6: assign_variable writes v
// CHECK:   else:
// CHECK:     #4 line 7: print writes the console
// CHECK: #5 line 8: assert may stop
// CHECK:     after #2: line 8 may stop the program after line 5 wrote the console

// DOT: digraph "f" {
// DOT: n0 [label="line 3: assign_variable; writes v"];
// DOT: n2 -> n3 [style=dotted, arrowhead=none, label="then"];
// DOT: n0 -> n1 [label="line 4 reads v after line 3 wrote it"];

// JSON: "reason": "line 4 reads v after line 3 wrote it"
// JSON: "file": "train.py"
// JSON: "function": "step"
func.func @f(%v: !tfc.resource<tensor<f32>> {tfc.name = "v"}, %x: tensor<f32>, %p: tensor<i1>) {
  %t0 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32> loc("step"("train.py":3:1))
  %a, %t1 = tfc.read_variable %v : !tfc.resource<tensor<f32>> -> tensor<f32> loc("step"("train.py":4:1))
  %t = tfc.if %p {
    %t2 = tfc.assign_variable %v, %x : !tfc.resource<tensor<f32>>, tensor<f32> loc("step"("train.py":6:1))
    tfc.yield
  } else {
    %t3 = tfc.print "{}\0A", %a : tensor<f32> {summarize = 3 : i64, stream = "stdout"} loc("step"("train.py":7:1))
    tfc.yield
  } loc("step"("train.py":5:1))
  %t4 = tfc.assert %p, "no" {summarize = 3 : i64} loc("step"("train.py":8:1))
  return
}
