// The special functions, by number: what a kernel is asked for.
#pragma once

#include <cstdint>

namespace rushlight {

enum class SpecialUnary : uint8_t {
#define RL_SPECIAL_UNARY(name, halves) name,
#include "rushlight/iter/special.def"
#undef RL_SPECIAL_UNARY
  kCount
};
enum class SpecialBinary : uint8_t {
#define RL_SPECIAL_BINARY(name, halves, exact) name,
#include "rushlight/iter/special.def"
#undef RL_SPECIAL_BINARY
  kCount
};

}  // namespace rushlight
