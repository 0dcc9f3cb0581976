// What a pooling kernel computes. Device-free.
#pragma once

#include "rushlight/core/dtype.h"

namespace rushlight {

// Windows over `planes` row-major planes of in_height x in_width: the one of output (j, i) begins at
// (j * stride_y - pad_y, i * stride_x - pad_x) and has kernel_y x kernel_x elements, dilation apart.
// Elements outside of the plane do not count. Where kernel_y is 0 the windows are those of adaptive
// pooling: of output (j, i) rows floor(j h / h') to ceil((j + 1) h / h') and such columns.
struct PoolWindows {
  DType dtype;
  int64_t planes;
  int64_t in_height, in_width, out_height, out_width;
  int64_t kernel_y, kernel_x, stride_y, stride_x, pad_y, pad_x, dilation_y, dilation_x;

  RL_INLINE int64_t in_plane() const { return in_height * in_width; }
  RL_INLINE int64_t out_plane() const { return out_height * out_width; }
};

struct MaxPoolPlan : PoolWindows {
  const void* input;
  void* values;
  int64_t* indices;  // in the plane; null where nobody asks
};

struct MaxPoolBackwardPlan {
  DType dtype;
  int64_t planes, in_plane, out_plane;
  const void* grad_output;
  const int64_t* indices;
  void* grad_input;
};

struct AveragePoolPlan : PoolWindows {
  bool count_padding;
  int64_t divisor;  // 0: the number of elements
  const void* from;
  void* to;
};

// Output (j, i) is the mean of rows floor(j h / h') to ceil((j + 1) h / h') and such columns.
struct AdaptivePoolPlan {
  DType dtype;
  int64_t planes, in_height, in_width, out_height, out_width;
  const void* from;
  void* to;
};

}  // namespace rushlight
