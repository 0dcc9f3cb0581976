// Operands of activations and of losses between two tensors. Device-free.
#pragma once

#include "rushlight/core/dtype.h"
#include "rushlight/iter/softmax_plan.h"

namespace rushlight {

// name(parameters a, b, c)
enum class Unit : uint8_t {
  Elu,          // b * x, below 0 a * expm1(c * x)
  Gelu,
  GeluTanh,
  Hardsigmoid,
  Hardswish,
  Hardtanh,     // from a to b
  LeakyRelu,    // below 0 a * x
  LogSigmoid,
  Mish,
  Silu,
  Softplus,     // log1p(exp(a * x)) / a, or x where a * x > b
};

// n elements next to each other.
struct UnitPlan {
  Unit unit;
  DType dtype;
  int64_t n;
  double a, b, c;
  const void* x;
  const void* grad;  // null: the values are wanted, else the gradient of x
  void* out;
  bool one_grad;     // grad is one number, for all elements
};

enum class Loss : uint8_t {
  BinaryCrossEntropy,  // of probabilities
  BinaryCrossEntropyWithLogits,
  Huber,     // straight beyond a
  L1,
  Mse,
  SmoothL1,  // straight beyond a
};

// n elements next to each other, of one floating dtype.
struct LossPlan {
  Loss loss;
  DType dtype;
  Reduction reduction;
  int64_t n;
  double a;
  const void *x, *target;
  const void* grad;  // null: the loss is wanted, else the gradient of x
  void* out;         // n elements; one for a reduced loss
};

}  // namespace rushlight
