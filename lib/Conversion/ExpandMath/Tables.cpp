//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// Functions of f32 as a polynomial for each part of their range, whose
// coefficients AVX-512 looks up in two registers: an instruction for each of
// them, but a shorter polynomial, and neither a division nor an exponential.
//
//===----------------------------------------------------------------------===//

#include "Writer.h"

using namespace mlir;
using namespace tfc::expand;

static constexpr int parts = 32, terms = 6;

namespace {
/// f(x) = sum of terms[i] (x - center)^i. Each power of two has four parts;
/// part 0 goes from zero to where part 1 begins.
struct Pieces {
  float first; ///< where part 1 begins
  float last;  ///< from here on, f is as large as it gets
  float centers[parts];
  float terms[::terms][parts];
};
} // namespace

/// Chebyshev interpolants of our own, within 2^-29 of the result; of zero to
/// the first part the Taylor series. The last one has its center at its end,
/// so that all that is larger is 1. Rounding makes that 1.41 ULP.
static constexpr Pieces tanhPieces = {
    0.046875f,
    9.02f,
    {0.0f,       0.05078125f, 0.05859375f, 0.0703125f, 0.0859375f, 0.1015625f,
     0.1171875f, 0.140625f,   0.171875f,   0.203125f,  0.234375f,  0.28125f,
     0.34375f,   0.40625f,    0.46875f,    0.5625f,    0.6875f,    0.8125f,
     0.9375f,    1.125f,      1.375f,      1.625f,     1.875f,     2.25f,
     2.75f,      3.25f,       3.75f,       4.5f,       5.5f,       6.5f,
     7.5f,       9.02f},
    {{0.0f,        0.050737645f, 0.058526788f, 0.07019686f, 0.08572657f,
      0.10121473f, 0.11665399f,  0.1397053f,   0.17020231f, 0.20037672f,
      0.2301757f,  0.2740616f,   0.33082113f,  0.38528398f, 0.43718877f,
      0.50983f,    0.59637356f,  0.6709671f,   0.7340715f,  0.8093011f,
      0.8798267f,  0.92534626f,  0.95404524f,  0.9780261f,  0.99185973f,
      0.99699765f, 0.99889445f,  0.9997532f,   0.9999666f,  0.99999547f,
      0.9999994f,  1.0f},
     {1.0f,          0.9974257f,    0.99657464f,   0.9950724f,   0.9926509f,
      0.9897556f,    0.98639184f,   0.9804824f,    0.9710312f,   0.9598492f,
      0.94701916f,   0.9248902f,    0.8905574f,    0.85155624f,  0.80886596f,
      0.7400734f,    0.6443386f,    0.5498032f,    0.461139f,    0.34503177f,
      0.22590497f,   0.14373437f,   0.08979764f,   0.043464918f, 0.016214287f,
      0.0059957155f, 0.0022098925f, 4.9352046e-4f, 6.680499e-5f, 9.041334e-6f,
      1.2236163e-6f, 5.8781232e-8f},
     {0.0f,          -0.05060703f,   -0.05832631f,   -0.06985096f,
      -0.08509656f,  -0.10017785f,   -0.11506654f,   -0.1369786f,
      -0.16527174f,  -0.19233142f,   -0.2179808f,    -0.25347686f,
      -0.29461515f,  -0.32809094f,   -0.3536271f,    -0.3773113f,
      -0.3842664f,   -0.3688999f,    -0.33850914f,   -0.27923712f,
      -0.19875874f,  -0.13300462f,   -0.085671104f,  -0.042508237f,
      -0.0160811f,   -0.0059771794f, -0.0022072394f, -4.926109e-4f,
      -6.669535e-5f, -9.026742e-6f,  -1.221646e-6f,  -5.5724357e-8f},
     {-0.33333334f, -0.32990754f,  -0.32877788f,  -0.32678747f,  -0.3235886f,
      -0.31977904f, -0.3153743f,   -0.30769083f,  -0.29554743f,  -0.281411f,
      -0.26549917f, -0.23882847f,  -0.19938754f,  -0.15744391f,  -0.115020186f,
      -0.05432663f, 0.014386619f,  0.06425177f,   0.094776765f,  0.11097461f,
      0.099570915f, 0.075163744f,  0.05180164f,   0.027087644f,  0.01054639f,
      0.003961058f, 0.0014683203f, 3.2854697e-4f, 4.4501558e-5f, 6.023319e-6f,
      8.151802e-7f, 5.031041e-8f},
     {0.0f,           0.033607308f,   0.038683917f,   0.04622073f,
      0.056102794f,   0.06575563f,    0.07514139f,    0.08862791f,
      0.10537286f,    0.12047574f,    0.13374698f,    0.14984088f,
      0.16406149f,    0.16992727f,    0.16807866f,    0.15324941f,
      0.119441f,      0.07989823f,    0.04336298f,    0.0037006172f,
      -0.021095164f,  -0.02512124f,   -0.020848915f,  -0.012390377f,
      -0.0051511293f, -0.0019794968f, -7.398719e-4f,  -1.7254586e-4f,
      -2.3397764e-5f, -3.1673903e-6f, -4.2867518e-7f, 2.9227776e-10f},
     {0.13333334f,   0.13042784f,   0.12947348f,   0.12779257f,  0.12510762f,
      0.12192758f,   0.11827461f,   0.11195339f,   0.10214395f,  0.09097897f,
      0.07874677f,   0.0590575f,    0.031952824f,  0.005923865f, -0.017165111f,
      -0.043507483f, -0.061594207f, -0.06268455f,  -0.05306602f, -0.03202853f,
      -0.009495421f, 0.0014063526f, 0.0046056462f, 0.003978528f, 0.0019131746f,
      7.6951965e-4f, 2.9223596e-4f, 6.790717e-5f,  9.225234e-6f, 1.2491414e-6f,
      1.6906466e-7f, 2.245979e-8f}}};

/// f(|x|) of a function that is as large as it gets from `last` on.
static Value evaluate(Writer &w, Value x, const Pieces &pieces) {
  Value magnitude = w.abs(x), limit = w.constant(pieces.last);
  magnitude = w.select(w.greater(magnitude, limit), limit, magnitude);
  // The exponent and two more digits count parts. NaN goes anywhere.
  constexpr int64_t digits = 2;
  int64_t shift = w.mantissaBits() - digits;
  int64_t before = llvm::APFloat(pieces.first).bitcastToAPInt().getSExtValue() -
                   (int64_t(1) << shift);
  Value index =
      w.shiftRight(w.subI(w.toBits(magnitude), w.integer(before)), shift);
  index = w.maxI(index, w.integer(0));
  Value t = w.exactSub(magnitude, w.lookup(index, pieces.centers));
  Value y = w.lookup(index, pieces.terms[terms - 1]);
  for (int i = terms - 2; i >= 0; --i)
    y = w.exactMulAdd(y, t, w.lookup(index, pieces.terms[i]));
  return y;
}

Value tfc::expand::expandTanhByTable(Writer &w, Value x) {
  return w.copySign(evaluate(w, x, tanhPieces), x);
}
