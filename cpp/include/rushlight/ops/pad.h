// Padding: with a constant, or with elements of the input.
#pragma once

#include <string_view>

#include "rushlight/core/scalar.h"
#include "rushlight/core/tensor.h"

namespace rushlight {

// widths: (before, after) of the last dim, then of the one in front of it, ...; negative ones crop.
// New memory, row-major. Raises Error where the widths do not fit the shape.
RL_API Tensor pad_constant(const Tensor& input, const Dims& widths, const Scalar& value);

// mode: "reflect" (mirrored at the edge's elements), "replicate" (the edge's elements) or "circular"
// (the other side's). No width is negative. Raises Error where there are too few elements, and
// NotImplementedError for another mode.
RL_API Tensor pad_mapped(const Tensor& input, const Dims& widths, std::string_view mode);

}  // namespace rushlight
