// Several operands walked together: broadcast, ordered and coalesced. Device-free.
#pragma once

#include "rushlight/core/tensor.h"

namespace rushlight {

inline constexpr int kMaxOperands = 5;

// Dimension 0 is the innermost. Strides are in bytes; operand 0 is the output, or the first of them.
struct NdPlan {
  int ndim;
  int operands;
  int64_t numel;
  int64_t shape[kMaxDims];
  char* data[kMaxOperands];
  int64_t strides[kMaxDims][kMaxOperands];  // [dim][operand]: one inner loop reads one row

  NdPlan() {}
  NdPlan(const NdPlan&) = delete;

  // One dimension, every operand dense or (stride 0) a single element.
  RL_INLINE void set_flat(int64_t n) {
    ndim = 1;
    numel = n;
    shape[0] = n;
  }
};

// Shape of a op b; raises Error naming op and both shapes when they do not broadcast.
RL_API Dims broadcast_shapes(const char* op, const Dims& a, const Dims& b);

// Fills the plan for operands whose shapes broadcast to `shape` (unchecked). Dims are sorted by the
// output's strides, so that memory is walked forward, and merged where all operands allow it.
RL_API void make_plan(NdPlan& plan, const Dims& shape, const Tensor* const* operands, int count);

// t seen with `shape` (missing and size-1 dims get stride 0); raises Error when it cannot be.
RL_API Tensor expand_to(const char* op, const Tensor& t, const Dims& shape);

// Raises Error when two elements of t share memory, so that writing t in place has no meaning.
RL_API void check_no_internal_overlap(const char* op, const Tensor& t);
// Raises Error when `in` overlaps `out` without being the same elements in the same order.
RL_API void check_no_partial_overlap(const char* op, const Tensor& out, const Tensor& in);
// True when some byte may belong to both.
RL_API bool may_share_memory(const Tensor& a, const Tensor& b);

}  // namespace rushlight
