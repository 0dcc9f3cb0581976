#include "for_each.h"

#include "narrow.h"

namespace rushlight::cpu {
namespace {

// How an operand's narrow rows reach the loop.
enum class Rows : uint8_t {
  kFlat,    // they follow each other
  kOne,     // all are one element
  kSame,    // all are the same row: copied once
  kPacked,  // each is copied
};

Rows rows_of(const NdPlan& plan, int operand, int64_t item) {
  bool same = true, flat = plan.strides[0][operand] == item;
  int64_t next = item * plan.shape[0];
  for (int d = 1; d < plan.ndim; ++d) {
    const int64_t stride = plan.strides[d][operand];
    same &= stride == 0;
    flat &= stride == next;
    next *= plan.shape[d];
  }
  if (flat) return Rows::kFlat;
  if (same) return plan.strides[0][operand] == 0 ? Rows::kOne : Rows::kSame;
  return Rows::kPacked;
}

// Elements of a buffer: all buffers of a plan stay in the first-level cache.
constexpr int64_t kPacked = 512;

// Operand 0 is written.
void narrow_rows(const NdPlan& plan, const NdPlan& rows, const Rows* kinds, const uint8_t* items,
                 Loop loop, int64_t begin, int64_t end) {
  alignas(64) char buffers[kMaxOperands][kPacked * 16];
  const int64_t n = plan.shape[0];
  const int64_t count = kPacked / n;
  const auto buffer = [&](int k) { return Block{buffers[k], items[k], items[k] * n}; };
  char* data[kMaxOperands];
  int64_t strides[kMaxOperands];
  for (int k = 0; k < plan.operands; ++k) {
    data[k] = kinds[k] == Rows::kOne ? plan.data[k] : buffers[k];
    strides[k] = kinds[k] == Rows::kOne ? 0 : items[k];
    if (kinds[k] == Rows::kSame)
      move_block(items[k], buffer(k), {plan.data[k], plan.strides[0][k], 0}, n, count);
  }
  for (int64_t b = begin; b < end; b += count) {
    const int64_t e = b + count < end ? b + count : end;
    const auto move_packed = [&](int first, int last, bool in) {
      int64_t done = 0;
      walk_rows(rows, b, e, [&](char* const* at, int64_t m) {
        for (int k = first; k < last; ++k) {
          if (kinds[k] != Rows::kPacked) continue;
          const Block far{at[k], plan.strides[0][k], rows.strides[0][k]};
          Block near = buffer(k);
          near.data += done * near.row;
          in ? move_block(items[k], near, far, n, m) : move_block(items[k], far, near, n, m);
        }
        done += m;
      });
    };
    move_packed(1, plan.operands, true);
    for (int k = 0; k < plan.operands; ++k)
      if (kinds[k] == Rows::kFlat) data[k] = plan.data[k] + b * n * items[k];
    loop(data, strides, (e - b) * n);
    move_packed(0, 1, false);
  }
}

}  // namespace

void for_each_nd(const NdPlan& plan, const uint8_t* items, Loop loop) {
  if (plan.numel == 0) return;
  if (plan.ndim == 1) {
    parallel_for(0, plan.numel, kGrain, [&](int64_t b, int64_t e) {
      char* data[kMaxOperands];
      for (int k = 0; k < plan.operands; ++k) data[k] = plan.data[k] + b * plan.strides[0][k];
      loop(data, plan.strides[0], e - b);
    });
  } else if (is_narrow(plan)) {
    NdPlan rows;
    drop_inner(plan, rows);
    Rows kinds[kMaxOperands];
    for (int k = 0; k < plan.operands; ++k) kinds[k] = rows_of(plan, k, items[k]);
    parallel_for(0, rows.numel, kGrain / plan.shape[0],
                 [&](int64_t b, int64_t e) { narrow_rows(plan, rows, kinds, items, loop, b, e); });
  } else {
    parallel_for(0, plan.numel, kGrain, [&](int64_t b, int64_t e) {
      walk_rows(plan, b, e, [&](char* const* data, int64_t n) { loop(data, plan.strides[0], n); });
    });
  }
}

}  // namespace rushlight::cpu
