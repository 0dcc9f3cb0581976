// Random fills on a device that is not the CPU.
#pragma once

#include <optional>

#include "rushlight/core/device_backend.h"
#include "rushlight/core/tensor.h"

namespace rushlight {

// A fill of self, which is dense; raises Error where the arguments are out of range.
void device_random(const char* op, const Tensor& self, RandomFill fill, double a, double b);
void device_random_integers(const char* op, const Tensor& self, std::optional<int64_t> from,
                            std::optional<int64_t> to);
// One with the probability at the same place of p, dense and on the same device.
void device_bernoulli(const Tensor& self, const Tensor& p);

}  // namespace rushlight
