// Changing a tensor's own layout and storage.
#pragma once

#include "rushlight/core/tensor.h"

namespace rushlight {

// Row-major in `shape`; the storage grows (keeping its bytes) where it is too small, and never
// shrinks. Raises Error when the storage is not ours to resize.
RL_API void resize_(const Tensor& self, const Dims& shape);
// Another storage and layout; a storage that is too short grows, as PyTorch's does. Raises Error
// when it is not ours to resize.
RL_API void set_(const Tensor& self, StoragePtr storage, const Dims& shape, const Dims& strides,
                 int64_t offset);

}  // namespace rushlight
