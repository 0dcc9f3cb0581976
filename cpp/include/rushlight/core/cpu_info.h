// Which instruction set the CPU kernels use.
#pragma once

#include "rushlight/core/macros.h"

namespace rushlight {

// "v2", "v3" or "v4" (x86-64 levels), chosen by cpuid or RUSHLIGHT_CPU; "generic" elsewhere.
RL_API const char* cpu_isa();

}  // namespace rushlight
