// Moves of short rows. See Note [Narrow rows].
#pragma once

#include "for_each.h"

// Elements of one size are moved as bits.
#define RL_FOR_SIZES(_) _(1, uint8_t) _(2, uint16_t) _(4, uint32_t) _(8, uint64_t) _(16, Bits128)

namespace rushlight::cpu {

struct Bits128 {
  uint64_t low, high;
};

// Rows up to this length are narrow.
inline constexpr int64_t kNarrow = 64;

RL_INLINE bool is_narrow(const NdPlan& plan) {
  return plan.ndim > 1 && plan.shape[0] <= kNarrow && plan.numel >= 2 * kNarrow;
}

// A block in memory: element i of row r lies at data + i * step + r * row, in bytes.
struct Block {
  char* data;
  int64_t step, row;
};
// n elements of `item` bytes in each of `rows` rows.
void move_block(int item, const Block& to, const Block& from, int64_t n, int64_t rows);
// All of a plan of two operands with narrow rows.
void move_narrow(const NdPlan& plan, int item);

}  // namespace rushlight::cpu
