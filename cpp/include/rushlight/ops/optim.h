// Optimizer steps: one call updates all parameters of a group in place.
#pragma once

#include <vector>

#include "rushlight/core/tensor.h"

namespace rushlight {

struct SgdOptions {
  double lr;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
  bool maximize = false;
};

// Stochastic gradient descent. With momentum, buffers[i] is updated in place; where it is undefined
// it becomes a copy of the gradient, as PyTorch starts it. The arithmetic and its rounding are
// those of PyTorch's single-tensor form. Raises Error when shapes, dtypes or devices differ.
RL_API void sgd_(const std::vector<Tensor>& params, const std::vector<Tensor>& grads,
                 std::vector<Tensor>& buffers, const SgdOptions& options);

struct AdamOptions {
  double lr;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double weight_decay = 0;
  double eps = 1e-8;
  bool amsgrad = false;
  bool maximize = false;
  bool decoupled = false;  // AdamW's weight decay
};

// Adam. `steps` holds 0-d float32 or float64 counts, which go up by one; max_squares is read only
// with amsgrad. Raises Error when shapes, dtypes or devices differ.
RL_API void adam_(const std::vector<Tensor>& params, const std::vector<Tensor>& grads,
                  const std::vector<Tensor>& means, const std::vector<Tensor>& squares,
                  const std::vector<Tensor>& max_squares, const std::vector<Tensor>& steps,
                  const AdamOptions& options);

}  // namespace rushlight
