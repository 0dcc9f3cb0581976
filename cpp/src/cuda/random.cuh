// Random numbers from Philox.
#pragma once

#include "rushlight/core/device_backend.h"

namespace rushlight::cuda {

void fill_random(RandomRequest& request);

}  // namespace rushlight::cuda
