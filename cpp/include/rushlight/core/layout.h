// Shape, strides and offset of a tensor: how elements map to a storage, apart from the storage.
#pragma once

#include "rushlight/core/dims.h"

namespace rushlight {

class Layout {
 public:
  Layout() : offset_(0), numel_(1), contiguous_(true) {}
  // Row-major.
  RL_INLINE explicit Layout(const Dims& shape) : shape_(shape), strides_(shape.size()), offset_(0) {
    set_contiguous();
  }
  RL_INLINE Layout(const Dims& shape, const Dims& strides, int64_t offset)
      : shape_(shape), strides_(strides), offset_(offset) {
    refresh();
  }

  // n dims to be filled in, then refresh(). See Note [Layout fast paths].
  struct Unset {};
  RL_INLINE Layout(Unset, int n, int64_t offset) : shape_(n), strides_(n), offset_(offset) {}

  RL_INLINE const Dims& shape() const { return shape_; }
  RL_INLINE const Dims& strides() const { return strides_; }
  RL_INLINE int64_t offset() const { return offset_; }
  RL_INLINE int64_t numel() const { return numel_; }
  RL_INLINE int ndim() const { return shape_.size(); }
  RL_INLINE bool is_contiguous() const { return contiguous_; }

  // Elements from the start of the storage that the layout may touch (0 when empty).
  int64_t span() const {
    if (numel_ == 0) return 0;
    int64_t last = offset_;
    for (int i = 0; i < ndim(); ++i)
      last = checked_add(last, checked_mul(shape_[i] - 1, strides_[i]));
    return checked_add(last, 1);
  }

  // Note [Layout fast paths]
  // Views of the hot paths (select, slice, transpose) fill in the layout of the new tensor where it
  // lies and then call refresh(), which computes numel and contiguity, or set_dense().
  RL_INLINE void unset(int n, int64_t offset) {
    shape_.resize(n);
    strides_.resize(n);
    offset_ = offset;
  }
  RL_INLINE void set_dense(int64_t numel) {
    numel_ = numel;
    contiguous_ = true;
  }
  RL_INLINE Dims& mutable_shape() { return shape_; }
  RL_INLINE Dims& mutable_strides() { return strides_; }
  RL_INLINE void set_offset(int64_t offset) { offset_ = offset; }

  RL_INLINE void refresh() {
    int64_t expected = 1;
    bool contiguous = true;
    bool empty = false;
    const int64_t *shape = shape_.data(), *strides = strides_.data();
    for (int i = ndim() - 1; i >= 0; --i) {
      if (shape[i] != 1) {
        contiguous &= strides[i] == expected;
        empty |= shape[i] == 0;
        const bool fits = shape[i] >= 0 && !__builtin_mul_overflow(expected, shape[i], &expected);
        RL_CHECK(fits || empty, "size overflow or negative dimension in shape ", shape_);
      }
    }
    numel_ = empty ? 0 : expected;
    contiguous_ = contiguous || empty;
  }

 private:
  RL_INLINE void set_contiguous() {
    int64_t stride = 1, numel = 1;
    for (int i = ndim() - 1; i >= 0; --i) {
      strides_[i] = stride;
      const int64_t size = shape_[i];
      RL_CHECK(size >= 0, "Trying to create tensor with negative dimension ", size, ": ", shape_);
      numel = checked_mul(numel, size);
      stride = checked_mul(stride, size > 0 ? size : 1);
    }
    numel_ = numel;
    contiguous_ = true;
  }

  Dims shape_, strides_;
  int64_t offset_;
  int64_t numel_;
  bool contiguous_;
};

}  // namespace rushlight
