// Padding with a constant.
#pragma once

#include "rushlight/core/scalar.h"
#include "rushlight/core/tensor.h"

namespace rushlight {

// widths: (before, after) of the last dim, then of the one in front of it, ...; negative ones crop.
// New memory, row-major. Raises Error where the widths do not fit the shape.
RL_API Tensor pad_constant(const Tensor& input, const Dims& widths, const Scalar& value);

}  // namespace rushlight
