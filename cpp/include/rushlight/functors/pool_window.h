// Where pooling windows lie: host and device.
#pragma once

#include "rushlight/iter/pool_plan.h"

namespace rushlight {

// One side of a window, cut to the plane, and its length before that.
struct PoolSpan {
  int64_t begin, end, padded;
};
RL_HD_INLINE PoolSpan pool_span(int64_t at, int64_t stride, int64_t kernel, int64_t pad, int64_t size) {
  const int64_t begin = at * stride - pad;
  const int64_t end = begin + kernel < size + pad ? begin + kernel : size + pad;
  return {begin > 0 ? begin : 0, end < size ? end : size, end - begin};
}
RL_HD_INLINE PoolSpan pool_span_y(const AveragePoolPlan& p, int64_t j) {
  return pool_span(j, p.stride_y, p.kernel_y, p.pad_y, p.in_height);
}
RL_HD_INLINE PoolSpan pool_span_x(const AveragePoolPlan& p, int64_t i) {
  return pool_span(i, p.stride_x, p.kernel_x, p.pad_x, p.in_width);
}
RL_HD_INLINE int64_t pool_divisor(const AveragePoolPlan& p, const PoolSpan& y, const PoolSpan& x) {
  if (p.divisor) return p.divisor;
  return p.count_padding ? y.padded * x.padded : (y.end - y.begin) * (x.end - x.begin);
}

RL_HD_INLINE int64_t adaptive_begin(int64_t at, int64_t in, int64_t out) { return at * in / out; }
RL_HD_INLINE int64_t adaptive_end(int64_t at, int64_t in, int64_t out) {
  return ((at + 1) * in + out - 1) / out;
}

}  // namespace rushlight
