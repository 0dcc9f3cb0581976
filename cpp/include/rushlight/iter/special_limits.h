// Bounds of the special functions that ops and kernels agree on.
#pragma once

#include <cstdint>

namespace rushlight {

// Degrees above it are refused, or computed in closed form: a three-term recurrence takes a step
// a degree, and a kernel cannot be interrupted.
inline constexpr int64_t kLongestRecurrence = int64_t(1) << 20;

}  // namespace rushlight
