// Units that are one formula of one number, with their gradients. Device-free.
#pragma once

#include <cstdint>

namespace rushlight {

enum class UnitOp : uint8_t { Gelu, GeluTanh, Silu, LeakyRelu };

// `n` dense elements of one dtype, in the same order in all operands.
struct UnitPlan {
  UnitOp op;
  double slope;  // of LeakyRelu
  int64_t n;
  const void* x;
  const void* grad;  // of the result; null: the result itself is wanted
  void* out;         // the result, or the gradient of x
};

using UnitKernel = void (*)(const UnitPlan& plan);

}  // namespace rushlight
