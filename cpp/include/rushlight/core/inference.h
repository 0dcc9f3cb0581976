// Memory made in inference mode, whose tensors are never recorded.
#pragma once

#include <cstdint>

#include "rushlight/core/macros.h"

namespace rushlight {

// The first version of a storage allocated in inference mode; all others begin at 0. In-place
// writes only count upwards, so a storage stays on its side.
inline constexpr uint32_t kInferenceVersion = uint32_t(1) << 31;

// Whether this thread's new storages are of inference mode.
RL_API void set_inference_storages(bool on);

}  // namespace rushlight
