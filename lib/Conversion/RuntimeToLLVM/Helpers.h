//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The helpers that bodies call, one definition a module, in the LLVM dialect.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_RUNTIMETOLLVM_HELPERS_H
#define TFC_LIB_CONVERSION_RUNTIMETOLLVM_HELPERS_H

namespace tfc::rt {

/// Buffers of dynamic size are nodes of a list: the first 64 bytes of each hold
/// a pointer to the one made before it, the data follows. `%head` is the
/// address of the newest one's pointer.
inline constexpr const char *helpers = R"mlir(
llvm.func internal @tfc.report(%ctx: !llvm.ptr, %code: i32, %message: !llvm.ptr, %location: !llvm.ptr,
                               %summarize: i32, %n: i32, %tensors: !llvm.ptr)
    attributes {no_inline, passthrough = ["cold"]} {
  %slot = llvm.getelementptr %ctx[0, 8] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(i32, i32, ptr, i64, ptr, ptr, ptr, ptr, ptr, ptr, ptr)>
  %f = llvm.load %slot : !llvm.ptr -> !llvm.ptr
  %null = llvm.mlir.zero : !llvm.ptr
  %has = llvm.icmp "ne" %f, %null : !llvm.ptr
  llvm.cond_br %has, ^call, ^end
^call:
  llvm.call %f(%ctx, %code, %message, %location, %summarize, %n, %tensors) : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr, !llvm.ptr, i32, i32, !llvm.ptr) -> ()
  llvm.br ^end
^end:
  llvm.return
}
llvm.func internal @tfc.print(%ctx: !llvm.ptr, %format: !llvm.ptr, %summarize: i32, %stream: !llvm.ptr,
                              %n: i32, %tensors: !llvm.ptr) -> i32 attributes {no_inline} {
  %ok = llvm.mlir.constant(0 : i32) : i32
  %slot = llvm.getelementptr %ctx[0, 7] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(i32, i32, ptr, i64, ptr, ptr, ptr, ptr, ptr, ptr, ptr)>
  %f = llvm.load %slot : !llvm.ptr -> !llvm.ptr
  %null = llvm.mlir.zero : !llvm.ptr
  %has = llvm.icmp "ne" %f, %null : !llvm.ptr
  llvm.cond_br %has, ^call, ^end(%ok : i32)
^call:
  %status = llvm.call %f(%ctx, %format, %summarize, %stream, %n, %tensors) : !llvm.ptr, (!llvm.ptr, !llvm.ptr, i32, !llvm.ptr, i32, !llvm.ptr) -> i32
  llvm.br ^end(%status : i32)
^end(%result: i32):
  llvm.return %result : i32
}
llvm.func internal @tfc.multiply_sizes(%a: i64, %b: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %most = llvm.mlir.constant(2305843009213693952 : i64) : i64
  %bits = llvm.mlir.constant(30 : i64) : i64
  %product = llvm.mul %a, %b : i64
  %both = llvm.or %a, %b : i64
  %high = llvm.lshr %both, %bits : i64
  %small = llvm.icmp "eq" %high, %zero : i64
  llvm.cond_br %small, ^done(%product : i64), ^large
^large:
  %none = llvm.icmp "eq" %b, %zero : i64
  llvm.cond_br %none, ^done(%zero : i64), ^divide
^divide:
  %limit = llvm.udiv %most, %b : i64
  %over = llvm.icmp "ugt" %a, %limit : i64
  %result = llvm.select %over, %most, %product : i1, i64
  llvm.br ^done(%result : i64)
^done(%bytes: i64):
  llvm.return %bytes : i64
}
llvm.mlir.global internal constant @tfc.no_host("the host has no functions to call\00")
llvm.func internal @tfc.call_host(%ctx: !llvm.ptr, %id: i64, %m: i32, %inputs: !llvm.ptr, %n: i32, %outputs: !llvm.ptr,
                                  %shapes: !llvm.ptr, %location: !llvm.ptr) -> i32 attributes {no_inline} {
  %slot = llvm.getelementptr %ctx[0, 10] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(i32, i32, ptr, i64, ptr, ptr, ptr, ptr, ptr, ptr, ptr)>
  %f = llvm.load %slot : !llvm.ptr -> !llvm.ptr
  %null = llvm.mlir.zero : !llvm.ptr
  %has = llvm.icmp "ne" %f, %null : !llvm.ptr
  llvm.cond_br %has, ^call, ^none
^none:
  %code = llvm.mlir.constant(5 : i32) : i32
  %zero = llvm.mlir.constant(0 : i32) : i32
  %message = llvm.mlir.addressof @tfc.no_host : !llvm.ptr
  llvm.call @tfc.report(%ctx, %code, %message, %location, %zero, %zero, %null) : (!llvm.ptr, i32, !llvm.ptr, !llvm.ptr, i32, i32, !llvm.ptr) -> ()
  llvm.br ^end(%code : i32)
^call:
  %status = llvm.call %f(%ctx, %id, %m, %inputs, %n, %outputs, %shapes) : !llvm.ptr, (!llvm.ptr, i64, i32, !llvm.ptr, i32, !llvm.ptr, !llvm.ptr) -> i32
  llvm.br ^end(%status : i32)
^end(%result: i32):
  llvm.return %result : i32
}
llvm.func internal @tfc.poll(%ctx: !llvm.ptr, %asked: i32, %since: !llvm.ptr) -> i32 attributes {no_inline, passthrough = ["cold"]} {
  %never = llvm.mlir.constant(2147483647 : i32) : i32
  %slot = llvm.getelementptr %ctx[0, 11] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(i32, i32, ptr, i64, ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr)>
  %f = llvm.load %slot : !llvm.ptr -> !llvm.ptr
  %null = llvm.mlir.zero : !llvm.ptr
  %has = llvm.icmp "ne" %f, %null : !llvm.ptr
  llvm.cond_br %has, ^call, ^end(%never : i32)
^call:
  %next = llvm.call %f(%ctx, %asked, %since) : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr) -> i32
  llvm.br ^end(%next : i32)
^end(%result: i32):
  llvm.return %result : i32
}
llvm.func internal @tfc.deallocate(%ctx: !llvm.ptr, %data: !llvm.ptr) attributes {no_inline} {
  %slot = llvm.getelementptr %ctx[0, 6] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(i32, i32, ptr, i64, ptr, ptr, ptr, ptr, ptr, ptr, ptr)>
  %f = llvm.load %slot : !llvm.ptr -> !llvm.ptr
  llvm.call %f(%ctx, %data) : !llvm.ptr, (!llvm.ptr, !llvm.ptr) -> ()
  llvm.return
}
llvm.func internal @tfc.parallel_for(%ctx: !llvm.ptr, %begin: i64, %end: i64, %grain: i64, %body: !llvm.ptr,
                                     %env: !llvm.ptr) -> i32 attributes {no_inline} {
  %slot = llvm.getelementptr %ctx[0, 9] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(i32, i32, ptr, i64, ptr, ptr, ptr, ptr, ptr, ptr, ptr)>
  %f = llvm.load %slot : !llvm.ptr -> !llvm.ptr
  %null = llvm.mlir.zero : !llvm.ptr
  %has = llvm.icmp "ne" %f, %null : !llvm.ptr
  %count = llvm.sub %end, %begin : i64
  %many = llvm.icmp "sgt" %count, %grain : i64
  %parallel = llvm.and %has, %many : i1
  llvm.cond_br %parallel, ^host, ^here
^host:
  %status = llvm.call %f(%ctx, %begin, %end, %grain, %body, %env) : !llvm.ptr, (!llvm.ptr, i64, i64, i64, !llvm.ptr, !llvm.ptr) -> i32
  llvm.return %status : i32
^here:
  %own = llvm.call %body(%ctx, %env, %begin, %end) : !llvm.ptr, (!llvm.ptr, !llvm.ptr, i64, i64) -> i32
  llvm.return %own : i32
}
llvm.mlir.global internal constant @tfc.out_of_memory("out of memory\00")
llvm.func internal @tfc.allocate_result(%ctx: !llvm.ptr, %bytes: i64, %location: !llvm.ptr) -> !llvm.ptr attributes {no_inline} {
  %slot = llvm.getelementptr %ctx[0, 5] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(i32, i32, ptr, i64, ptr, ptr, ptr, ptr, ptr, ptr, ptr)>
  %f = llvm.load %slot : !llvm.ptr -> !llvm.ptr
  %p = llvm.call %f(%ctx, %bytes) : !llvm.ptr, (!llvm.ptr, i64) -> !llvm.ptr
  %null = llvm.mlir.zero : !llvm.ptr
  %has = llvm.icmp "ne" %p, %null : !llvm.ptr
  llvm.cond_br %has, ^end, ^none
^none:
  %code = llvm.mlir.constant(3 : i32) : i32
  %zero = llvm.mlir.constant(0 : i32) : i32
  %message = llvm.mlir.addressof @tfc.out_of_memory : !llvm.ptr
  llvm.call @tfc.report(%ctx, %code, %message, %location, %zero, %zero, %null) : (!llvm.ptr, i32, !llvm.ptr, !llvm.ptr, i32, i32, !llvm.ptr) -> ()
  llvm.br ^end
^end:
  llvm.return %p : !llvm.ptr
}
llvm.func internal @tfc.allocate(%ctx: !llvm.ptr, %head: !llvm.ptr, %bytes: i64, %location: !llvm.ptr) -> !llvm.ptr attributes {no_inline} {
  %header = llvm.mlir.constant(64 : i64) : i64
  %all = llvm.add %bytes, %header : i64
  %node = llvm.call @tfc.allocate_result(%ctx, %all, %location) : (!llvm.ptr, i64, !llvm.ptr) -> !llvm.ptr
  %null = llvm.mlir.zero : !llvm.ptr
  %has = llvm.icmp "ne" %node, %null : !llvm.ptr
  llvm.cond_br %has, ^link, ^none
^none:
  llvm.return %null : !llvm.ptr
^link:
  %before = llvm.load %head : !llvm.ptr -> !llvm.ptr
  llvm.store %before, %node : !llvm.ptr, !llvm.ptr
  llvm.store %node, %head : !llvm.ptr, !llvm.ptr
  %data = llvm.getelementptr %node[64] : (!llvm.ptr) -> !llvm.ptr, i8
  llvm.return %data : !llvm.ptr
}
llvm.func internal @tfc.set_variable(%ctx: !llvm.ptr, %buffer: !llvm.ptr, %original: !llvm.ptr, %data: !llvm.ptr, %bytes: i64,
                                     %sizes: !llvm.ptr, %next: !llvm.ptr, %n: i64, %location: !llvm.ptr) -> i32 attributes {no_inline} {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %ok = llvm.mlir.constant(0 : i32) : i32
  %out_of_memory = llvm.mlir.constant(3 : i32) : i32
  %null = llvm.mlir.zero : !llvm.ptr
  %now = llvm.load %buffer : !llvm.ptr -> !llvm.ptr
  %has = llvm.icmp "ne" %now, %null : !llvm.ptr
  llvm.cond_br %has, ^compare(%zero : i64), ^grow
^compare(%i: i64):
  %more = llvm.icmp "ult" %i, %n : i64
  llvm.cond_br %more, ^look, ^overwrite
^look:
  %a = llvm.getelementptr %sizes[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %b = llvm.getelementptr %next[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %size = llvm.load %a : !llvm.ptr -> i64
  %wanted = llvm.load %b : !llvm.ptr -> i64
  %same = llvm.icmp "eq" %size, %wanted : i64
  %j = llvm.add %i, %one : i64
  llvm.cond_br %same, ^compare(%j : i64), ^grow
^overwrite:
  "llvm.intr.memmove"(%now, %data, %bytes) <{isVolatile = false}> : (!llvm.ptr, !llvm.ptr, i64) -> ()
  llvm.return %ok : i32
^grow:
  %p = llvm.call @tfc.allocate_result(%ctx, %bytes, %location) : (!llvm.ptr, i64, !llvm.ptr) -> !llvm.ptr
  %got = llvm.icmp "ne" %p, %null : !llvm.ptr
  llvm.cond_br %got, ^fill, ^none
^none:
  llvm.return %out_of_memory : i32
^fill:
  "llvm.intr.memcpy"(%p, %data, %bytes) <{isVolatile = false}> : (!llvm.ptr, !llvm.ptr, i64) -> ()
  llvm.store %p, %buffer : !llvm.ptr, !llvm.ptr
  %all = llvm.mlir.constant(8 : i64) : i64
  %length = llvm.mul %n, %all : i64
  "llvm.intr.memcpy"(%sizes, %next, %length) <{isVolatile = false}> : (!llvm.ptr, !llvm.ptr, i64) -> ()
  %callers = llvm.icmp "eq" %now, %original : !llvm.ptr
  llvm.cond_br %callers, ^done, ^free
^free:
  %slot = llvm.getelementptr %ctx[0, 6] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(i32, i32, ptr, i64, ptr, ptr, ptr, ptr, ptr, ptr, ptr)>
  %f = llvm.load %slot : !llvm.ptr -> !llvm.ptr
  llvm.call %f(%ctx, %now) : !llvm.ptr, (!llvm.ptr, !llvm.ptr) -> ()
  llvm.br ^done
^done:
  llvm.return %ok : i32
}
llvm.func internal @tfc.release(%ctx: !llvm.ptr, %head: !llvm.ptr, %mark: !llvm.ptr, %kept: !llvm.ptr, %n: i64) attributes {no_inline} {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %slot = llvm.getelementptr %ctx[0, 6] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(i32, i32, ptr, i64, ptr, ptr, ptr, ptr, ptr, ptr, ptr)>
  %first = llvm.load %head : !llvm.ptr -> !llvm.ptr
  llvm.br ^next(%head, %first : !llvm.ptr, !llvm.ptr)
^next(%link: !llvm.ptr, %node: !llvm.ptr):
  %end = llvm.icmp "eq" %node, %mark : !llvm.ptr
  llvm.cond_br %end, ^done, ^look
^look:
  %after = llvm.load %node : !llvm.ptr -> !llvm.ptr
  %data = llvm.getelementptr %node[64] : (!llvm.ptr) -> !llvm.ptr, i8
  llvm.br ^search(%zero : i64)
^search(%i: i64):
  %more = llvm.icmp "ult" %i, %n : i64
  llvm.cond_br %more, ^compare, ^free
^compare:
  %where = llvm.getelementptr %kept[%i] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.ptr
  %keep = llvm.load %where : !llvm.ptr -> !llvm.ptr
  %same = llvm.icmp "eq" %keep, %data : !llvm.ptr
  %j = llvm.add %i, %one : i64
  llvm.cond_br %same, ^next(%node, %after : !llvm.ptr, !llvm.ptr), ^search(%j : i64)
^free:
  llvm.store %after, %link : !llvm.ptr, !llvm.ptr
  %f = llvm.load %slot : !llvm.ptr -> !llvm.ptr
  llvm.call %f(%ctx, %node) : !llvm.ptr, (!llvm.ptr, !llvm.ptr) -> ()
  llvm.br ^next(%link, %after : !llvm.ptr, !llvm.ptr)
^done:
  llvm.return
}
)mlir";

} // namespace tfc::rt

#endif // TFC_LIB_CONVERSION_RUNTIMETOLLVM_HELPERS_H
