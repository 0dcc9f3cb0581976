// Runs a reduction plan with the leaf functions of one operation and dtype.
#pragma once

#include "rushlight/iter/reduce_plan.h"

namespace rushlight::cpu {

// Note [Fixed reduction trees]
// The order in which elements are combined depends on the shape and strides alone, never on the
// number of threads or the width of a register:
//  - a contiguous run is read in steps of kLaneBytes of accumulators, one accumulator a lane;
//    16 steps make a block, and blocks are merged pairwise like the digits of a binary counter;
//    at the end the lanes are folded in halves (reduce_leaf.h);
//  - columns are added up 16 rows at a time, the blocks merged in the same way;
//  - runs longer than kReduceChunk are cut there, and the pieces merged pairwise;
//  - many short runs of one output are added up like rows of columns, whose sums are then folded in
//    halves.
inline constexpr int64_t kReduceChunk = 65536;
inline constexpr int kLaneBytes = 256;
inline constexpr int kBlockSteps = 16;
// An accumulator has at most this many bytes.
inline constexpr int kMaxAccBytes = 24;

// Accumulators are passed as arrays of bytes. Outputs are named by their index.
struct ReduceLeaf {
  int acc_bytes;
  // Whole outputs from contiguous runs of n <= kReduceChunk elements, in_stride bytes apart, to
  // outputs first, first + out_stride, ...
  void (*rows)(const char* in, int64_t in_stride, int64_t n, int64_t outputs, int64_t first,
               int64_t out_stride, const ReducePlan& plan);
  // One contiguous run, 0 < n <= kReduceChunk.
  void (*run)(const char* in, int64_t n, void* acc);
  // acc[c] = in[0][c] op in[1][c] op ... for c < width; acc has room for width + kLaneBytes.
  void (*columns)(const char* in, int64_t row_stride, int64_t rows, int64_t width, void* acc);
  // acc[i] = acc[i] op other[i].
  void (*combine)(void* acc, const void* other, int64_t count);
  // n elements that lie `stride` bytes apart, next to each other.
  void (*gather)(const char* in, int64_t stride, int64_t n, char* to);
  void (*project)(const void* acc, int64_t count, int64_t first, int64_t out_stride,
                  const ReducePlan& plan);
};

void run_reduce(const ReducePlan& plan, const ReduceLeaf& leaf);

RL_INLINE void reduce_with(const ReducePlan& plan, const ReduceLeaf& leaf) {
  if (RL_LIKELY(plan.kind == ReduceCase::All && plan.count <= kReduceChunk))
    leaf.rows(plan.in, 0, plan.count, 1, 0, 0, plan);
  else
    run_reduce(plan, leaf);
}

}  // namespace rushlight::cpu
