// Checks and small views shared by the indexing ops.
#pragma once

#include "rushlight/iter/kernel_slots.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"

namespace rushlight {

inline void check_same_device(const char* op, const Tensor& a, const Tensor& b) {
  RL_CHECK(a.device() == b.device(), op,
           "(): Expected all tensors to be on the same device, but found ", a.device(), " and ",
           b.device());
}

// A 0-d tensor is indexed as a 1-d tensor of one element.
inline Tensor at_least_1d(const Tensor& t) {
  return t.ndim() > 0 ? t : t.view_as(Layout(Dims({1}), Dims({1}), t.offset()));
}

// t seen with `shape`, all its dims but `dim` read, `dim` standing still (stride 0).
inline Tensor standing_still(const Tensor& t, const Dims& shape, int dim) {
  Dims strides = t.strides();
  strides[dim] = 0;
  return t.view_as(Layout(shape, strides, t.offset()));
}

// The first element along dim, seen with shape's other dims.
inline Tensor first_of(const Tensor& t, const Dims& shape, int dim) {
  Dims sizes = shape, strides = t.strides();
  sizes.erase(dim);
  strides.erase(dim);
  return t.view_as(Layout(sizes, strides, t.offset()));
}

inline int64_t step_bytes(const Tensor& t, int dim) {
  return t.stride(dim) * int64_t(t.itemsize());
}

// Entries as int64; an empty index may have any dtype.
inline Tensor index_as_int64(const char* op, const Tensor& index, bool int64_only = false) {
  const DType d = index.dtype();
  if (index.numel() > 0) {
    if (int64_only)
      RL_CHECK(d == DType::I64, op, "(): Expected a long tensor for index, but got ", d);
    else
      RL_CHECK(d == DType::I64 || d == DType::I32, op,
               "(): Expected dtype int32/int64 for index, but got ", d);
  }
  return to_dtype(index, DType::I64);
}

// Raises E for the first entry that is outside [-size, size) or, unless wrap, [0, size).
template <class E>
[[gnu::cold]] void raise_out_of_range(const char* op, const Tensor& index, int dim, int64_t size,
                                      bool wrap) {
  const Tensor dense = contiguous(to_device(index, Device{}));
  const int64_t* entries = dense.data<int64_t>();
  for (int64_t i = 0; i < dense.numel(); ++i)
    if (entries[i] >= size || entries[i] < (wrap ? -size : 0))
      raise<E>(op, "(): index ", entries[i], " is out of bounds for dimension ", dim, " with size ",
               size);
  raise<E>(op, "(): an index changed while it was read");
}

inline bool entries_in_range(const char* op, const Tensor& index, int64_t size) {
  if (index.numel() == 0) return true;
  NdPlan plan;
  const Tensor* operands[] = {&index};
  make_plan(plan, index.shape(), operands, 1);
  return kernel_or_raise(kernel_slots(index.device().type).index_in_range, op, index.device(),
                         index.dtype())(plan, size);
}

// A tensor that is safe to read while `self` is written.
inline Tensor apart_from(const Tensor& self, const Tensor& source) {
  return may_share_memory(self, source) ? clone(source) : source;
}

// Runs a ScatterPlan: self (standing still in dim), index (checked) and values have one shape. See
// ScatterPlan for the numbers.
void scatter_entries(const char* op, ScatterOp how, const Tensor& self, int dim,
                     const Tensor& index, const Tensor& values, int64_t step, int64_t spacing,
                     int64_t targets);

}  // namespace rushlight
