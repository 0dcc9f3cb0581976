// Layouts of the hot views, written into a layout that is there already: a view costs less than a
// call, so they are inline, and the callers have checked the arguments.
#pragma once

#include "rushlight/core/layout.h"

namespace rushlight {

// Index `index` in [0, size) of dim d, which is dropped.
RL_INLINE void select_layout(const Layout& from, int d, int64_t index, Layout& to) {
  const int n = from.ndim();
  const int64_t *from_shape = from.shape().data(), *from_strides = from.strides().data();
  to.unset(n - 1, from.offset() + index * from_strides[d]);
  if (n == 1) return to.set_dense(1);
  int64_t *shape = to.mutable_shape().data(), *strides = to.mutable_strides().data();
  for (int i = 0; i < d; ++i) shape[i] = from_shape[i], strides[i] = from_strides[i];
  for (int i = d + 1; i < n; ++i) shape[i - 1] = from_shape[i], strides[i - 1] = from_strides[i];
  to.refresh();
}

// Every step-th index from start up to end of dim d; Python's rules for what lies outside.
RL_INLINE void slice_layout(const Layout& from, int d, int64_t start, int64_t end, int64_t step,
                            Layout& to) {
  const int n = from.ndim();
  const int64_t *from_shape = from.shape().data(), *from_strides = from.strides().data();
  const int64_t size = from_shape[d];
  if (start < 0) start += size;
  if (end < 0) end += size;
  start = start < 0 ? 0 : start > size ? size : start;
  end = end < start ? start : end > size ? size : end;
  to.unset(n, from.offset() + start * from_strides[d]);
  int64_t *shape = to.mutable_shape().data(), *strides = to.mutable_strides().data();
  for (int i = 0; i < n; ++i) shape[i] = from_shape[i], strides[i] = from_strides[i];
  if (RL_LIKELY(step == 1)) {
    shape[d] = end - start;
  } else {
    // (end - start + step - 1) / step without overflow for a huge step.
    shape[d] = end == start ? 0 : (end - start - 1) / step + 1;
    // A step past the end of 64 bits leaves one element, whose stride does not matter.
    int64_t stride;
    if (!__builtin_mul_overflow(strides[d], step, &stride)) strides[d] = stride;
  }
  to.refresh();
}

// Dims d and e in [0, ndim) exchanged.
RL_INLINE void swap_layout(const Layout& from, int d, int e, Layout& to) {
  const int n = from.ndim();
  const int64_t *from_shape = from.shape().data(), *from_strides = from.strides().data();
  to.unset(n, from.offset());
  int64_t *shape = to.mutable_shape().data(), *strides = to.mutable_strides().data();
  for (int i = 0; i < n; ++i) shape[i] = from_shape[i], strides[i] = from_strides[i];
  shape[d] = from_shape[e], strides[d] = from_strides[e];
  shape[e] = from_shape[d], strides[e] = from_strides[d];
  to.refresh();
}

// A new first dim of size 1, for a layout of fewer than Dims::kInline dims.
RL_INLINE void first_dim_layout(const Layout& from, Layout& to) {
  const int n = from.ndim();
  const int64_t *from_shape = from.shape().data(), *from_strides = from.strides().data();
  to.unset(n + 1, from.offset());
  int64_t *shape = to.mutable_shape().data(), *strides = to.mutable_strides().data();
  shape[0] = 1;
  strides[0] = n > 0 ? from_shape[0] * from_strides[0] : 1;
  for (int i = 0; i < n; ++i) shape[i + 1] = from_shape[i], strides[i + 1] = from_strides[i];
  to.refresh();
}

// The row-major view of sizes[0..n) of a contiguous layout that has elements; false when it is
// none, when a size is negative or when the count differs.
RL_INLINE bool dense_layout(const Layout& from, const int64_t* sizes, int n, Layout& to) {
  int64_t numel = 1;
  for (int i = 0; i < n; ++i)
    if (sizes[i] < 0 || __builtin_mul_overflow(numel, sizes[i], &numel)) return false;
  if (numel != from.numel() || numel == 0 || !from.is_contiguous()) return false;
  to.unset(n, from.offset());
  int64_t *shape = to.mutable_shape().data(), *strides = to.mutable_strides().data();
  int64_t stride = 1;
  for (int i = n - 1; i >= 0; --i) {
    shape[i] = sizes[i];
    strides[i] = stride;
    stride *= sizes[i];
  }
  to.set_dense(numel);
  return true;
}

}  // namespace rushlight
