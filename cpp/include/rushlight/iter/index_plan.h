// Reads and writes at positions given by index tensors. Device-free.
#pragma once

#include "rushlight/iter/nd_plan.h"

namespace rushlight {

// Note [Index plans]
// An index is an operand of int64 entries. The indexed tensor takes part with stride 0 in the dims
// that the index replaces; an entry e moves its address by e * step bytes:
//     out[i, j] = self[index[i], j]      self strides (0, row), step = self's stride of dim 0

// out[...] = self[... + index[...] * step]
struct GatherPlan {
  NdPlan nd;     // out, self, index
  int64_t size;  // entries must be below it; negative: they were checked already
  int64_t step;  // bytes
  bool wrap;     // negative entries count from the end
};

// offsets[...] (+)= index[...] * step
struct OffsetsPlan {
  NdPlan nd;  // offsets (int64 bytes), index
  int64_t size;
  int64_t step;
  bool wrap;
  bool accumulate;
};

// The structs of functors/scatter.h.
enum class ScatterOp : uint8_t { Assign, Add, Multiply, Maximum, Minimum };

// self[... + index[i, ...] * step] = op(that, values[i, ...]) for i < n, in this order. Entries of
// different rows never meet, so rows may run in parallel; entries of one row may. Checked entries.
struct ScatterPlan {
  NdPlan rows;  // self, values, index: the dims that the index does not replace
  int64_t n;
  int64_t values_stride;  // bytes from one i to the next
  int64_t index_stride;
  int64_t step;
  int64_t spacing;  // bytes between neighbouring targets: step, or the least of several dims
  int64_t targets;  // size of the indexed dim, or 0 where entries are offsets of several dims
};

// Note [Mask blocks]
// A mask is packed in blocks of fixed length: count the true elements of each, add up, then every
// block knows where its elements go.
inline constexpr int64_t kMaskBlock = 4096;

}  // namespace rushlight
