// tril and triu.
#include "moves.h"
#include "rushlight/iter/kernel_slots.h"

namespace rushlight::cpu::RL_ISA {
namespace {

void triangle_kernel(char* out, const char* in, int64_t batch, int64_t rows, int64_t columns,
                     int64_t diagonal, bool upper, int itemsize) {
  const int64_t row_bytes = columns * itemsize;
  const int64_t grain = kGrain / columns;
  // Beyond the matrix all diagonals are alike.
  diagonal = diagonal > columns ? columns : diagonal < -rows ? -rows : diagonal;
  parallel_for(0, batch * rows, grain > 0 ? grain : 1, [&](int64_t b, int64_t e) {
    for (int64_t r = b; r < e; ++r) {
      // Columns [0, edge) are in the lower triangle (strictly below the upper one).
      int64_t edge = r % rows + diagonal + (upper ? 0 : 1);
      edge = edge < 0 ? 0 : edge > columns ? columns : edge;
      const int64_t edge_bytes = edge * itemsize;
      char* to = out + r * row_bytes;
      const char* from = in + r * row_bytes;
      const int64_t first = upper ? edge_bytes : 0, last = upper ? row_bytes : edge_bytes;
      if (to != from) __builtin_memcpy(to + first, from + first, size_t(last - first));
      __builtin_memset(to + (upper ? 0 : edge_bytes), 0,
                       size_t(upper ? edge_bytes : row_bytes - edge_bytes));
    }
  });
}

}  // namespace

void register_triangle(KernelSlots& slots) { slots.triangle = &triangle_kernel; }

}  // namespace rushlight::cpu::RL_ISA
