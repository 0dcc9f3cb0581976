// A bound on the memory of all CPU tensors.
#pragma once

#include <cstdint>

#include "rushlight/core/macros.h"

namespace rushlight {

// An allocation of more than 1 KB that would take the live ones over `bytes` raises
// OutOfMemoryError; negative takes the bound away.
RL_API void set_memory_limit(int64_t bytes);

}  // namespace rushlight
