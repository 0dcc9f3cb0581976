// Special functions: one row each in special.def.
//
// Operands broadcast and are promoted as in PyTorch; bool and integers become the default float.
// Raises NotImplementedError for a dtype that a function does not take.
#pragma once

#include "rushlight/core/scalar.h"
#include "rushlight/core/tensor.h"
#include "rushlight/iter/special_ops.h"

namespace rushlight {

RL_API const char* op_name(SpecialUnary op);
RL_API const char* op_name(SpecialBinary op);

RL_API Tensor special(SpecialUnary op, const Tensor& self);
RL_API Tensor special(SpecialBinary op, const Tensor& a, const Tensor& b);
RL_API Tensor special(SpecialBinary op, const Tensor& a, const Scalar& b);
RL_API Tensor special(SpecialBinary op, const Scalar& a, const Tensor& b);

// The in-place forms; self keeps its shape and dtype.
RL_API void special_(SpecialUnary op, const Tensor& self);
RL_API void special_(SpecialBinary op, const Tensor& self, const Tensor& other);

}  // namespace rushlight
