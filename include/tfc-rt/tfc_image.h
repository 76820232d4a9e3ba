//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Linked code as bytes: what is left to do in a process is to copy segments,
// and to write a few addresses.
//
// The compiler makes images of objects (lib/Target/Image.cpp), the host of
// compiled code loads them (python/bindings/native/LoadedCode.cpp). Both are of
// one build and run on one machine: numbers are as the processor has them.
// Segments keep their distances, so that code refers to its own image by these;
// only whole addresses in data, and those of other libraries, depend on where
// the image is.
//
//   tfc_image_header | segments | fixups | symbols | names of imports | names |
//   contents of the segments
//===----------------------------------------------------------------------===//

#ifndef TFC_RT_TFC_IMAGE_H
#define TFC_RT_TFC_IMAGE_H

#include <stdint.h>

#define TFC_IMAGE_MAGIC 0x31676d49636674ull // "tfcImg1"

enum { TFC_IMAGE_READ = 1, TFC_IMAGE_WRITE = 2, TFC_IMAGE_EXECUTE = 4 };

typedef struct tfc_image_header {
  uint64_t magic;
  uint64_t page;     // segments begin at multiples of it
  uint64_t memory;   // bytes of the whole image in memory
  uint64_t segments; // numbers of what follows
  uint64_t fixups;
  uint64_t symbols;
  uint64_t imports;
  uint64_t names; // bytes; each name ends with a zero
} tfc_image_header;

typedef struct tfc_image_segment {
  uint64_t offset;  // in memory
  uint64_t content; // bytes; what is behind them is zero
  uint64_t memory;
  uint64_t protection;
} tfc_image_segment;

// The address of an import, or, without one, of the image, and `addend` are
// stored at `place`.
typedef struct tfc_image_fixup {
  uint64_t place;
  uint64_t import; // its number + 1; 0: the image
  int64_t addend;
} tfc_image_fixup;

// Where a symbol is, and where its name begins. Of an import there is only the
// latter (a `uint64_t`).
typedef struct tfc_image_symbol {
  uint64_t offset;
  uint64_t name;
} tfc_image_symbol;

#endif // TFC_RT_TFC_IMAGE_H
