// What a convolution kernel computes. Device-free.
#pragma once

#include "rushlight/core/dtype.h"

namespace rushlight {

// One position of the kernel window, relative to an output's origin in the input.
struct ConvTap {
  int64_t dy, dx;
  int64_t weight;  // element offset of this position in a weight matrix
};

// Note [Correlation]
// For every image n, group g, output channel o and position (j, i):
//   out[n, g, o, out_y + j * out_sy, out_x + i * out_sx] = bias[g, o] +
//       sum over c and taps t of in[n, g, c, j * in_sy + t.dy, i * in_sx + t.dx] * w(g, o, c, t)
// where an input outside of its plane counts as 0. A forward convolution is one of these. The
// gradient of the input is one for each residue of the stride: its positions of that residue all
// meet the same taps. All tensors are row-major.
struct ConvGeometry {
  int64_t batch, groups;
  int64_t in_channels, in_height, in_width;     // of one group
  int64_t out_channels, out_height, out_width;  // of one group
  int64_t rows, cols;                           // positions (j, i) to compute
  int64_t in_sy, in_sx;
  int64_t out_y, out_x, out_sy, out_sx;
  const ConvTap* taps;
  int64_t tap_count;

  RL_INLINE int64_t in_plane() const { return in_height * in_width; }
  RL_INLINE int64_t out_plane() const { return out_height * out_width; }
};

struct CorrelatePlan : ConvGeometry {
  DType dtype;
  const void* input;
  const void* weight;
  const void* bias;  // may be null
  void* output;
  int64_t weight_group, weight_out, weight_in;  // element steps of g, o and c
};

// grad_weight[g, o, c, t.weight] = sum over n, j, i of grad[n, g, o, j, i] *
//     in[n, g, c, j * in_sy + t.dy, i * in_sx + t.dx]; every element is written.
struct WeightGradientPlan : ConvGeometry {
  DType dtype;
  const void* input;
  const void* grad;
  void* grad_weight;  // (groups * out_channels, in_channels, tap_count)
};

}  // namespace rushlight
