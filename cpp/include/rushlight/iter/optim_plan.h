// One fused optimizer step over many parameters, laid out flat for the kernels.
#pragma once

#include <cstdint>

namespace rushlight {

// SGD's update of the momentum buffer.
enum class Momentum : uint8_t {
  None,
  First,     // b = g
  Plain,     // b = momentum * b + (1 - dampening) * g, p -= lr * b
  Nesterov,  // the same b, p -= lr * (g + momentum * b)
  FirstNesterov,
};

// `count` elements of a parameter and of what belongs to them; complex numbers count as two.
struct SgdSpan {
  void* param;
  const void* grad;
  void* buffer;  // null for Momentum::None
  int64_t count;
  Momentum momentum;
};
struct SgdScalars {
  double lr, momentum, dampening, weight_decay;
  bool maximize;
};

struct AdamSpan {
  void* param;
  const void* grad;
  void* mean;
  void* square;
  void* max_square;  // null without amsgrad
  int64_t count;
  double step_size;         // lr / (1 - beta1^step)
  double square_root_bias;  // sqrt(1 - beta2^step)
};
struct AdamScalars {
  double beta1, beta2, weight_decay, eps;
  double keep;  // 1 - lr * weight_decay, the factor of decoupled decay
  bool maximize, decoupled;
};

}  // namespace rushlight
