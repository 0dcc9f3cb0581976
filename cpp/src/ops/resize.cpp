#include "rushlight/ops/resize.h"

#include "rushlight/ops/factory.h"

namespace rushlight {

void resize_(const Tensor& self, const Dims& shape) {
  if (self.shape() == shape) return;
  for (int64_t s : shape)
    RL_CHECK(s >= 0, "resize_(): Trying to create tensor with negative dimension ", s, ": ", shape);
  Layout layout(shape);
  const int64_t end = checked_add(self.offset(), layout.numel());
  const size_t needed = checked_nbytes(end, self.dtype());
  if (layout.numel() > 0 && needed > self.storage().nbytes()) self.storage().resize(needed);
  layout.set_offset(self.offset());
  self.impl()->layout = std::move(layout);
}

void set_(const Tensor& self, StoragePtr storage, const Dims& shape, const Dims& strides,
          int64_t offset) {
  RL_CHECK(shape.size() == strides.size(), "set_(): mismatch in length of strides ", strides, " and shape ",
           shape);
  RL_CHECK(offset >= 0, "set_(): invalid storage offset ", offset);
  for (int i = 0; i < shape.size(); ++i)
    RL_CHECK(shape[i] >= 0 && strides[i] >= 0, "set_(): sizes and strides must be non-negative, got ",
             shape, " and ", strides);
  Layout layout(shape, strides, offset);
  checked_nbytes(offset, self.dtype());  // without elements the span is 0
  const size_t needed = checked_nbytes(layout.span(), self.dtype());
  if (needed > storage->nbytes()) storage->resize(needed);
  self.impl()->storage = std::move(storage);
  self.impl()->layout = std::move(layout);
}

}  // namespace rushlight
