// Two objects of one compiled function with static buffers, as a C++ class.
#include "scorer.hpp"
#include <cstdio>

int main() {
  demo::Scorer a, b;
  for (int i = 0; i < 4; ++i) {
    a.arg_x_data()[i] = float(i);
    b.arg_x_data()[i] = 1;
  }
  if (!a.Run() || !b.Run()) {
    std::fprintf(stderr, "%s\n", a.error_msg().c_str());
    return 1;
  }
  std::printf("scores %.2f %.2f, result '%s' is number %d\n", a.result_score_data()[0], b.result_score_data()[0], "score",
              b.LookupResultIndex("score"));
  return 0;
}
