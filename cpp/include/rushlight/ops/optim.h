// Optimizer steps: one call updates all parameters of a group in place.
#pragma once

#include <string>
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

// What a step of another optimizer works on; see Note [Update rules]. states[k][i] is state k of
// parameter i, undefined for all where the options do without it; counts[k][i] is a 0-d float32 or
// float64 number on the CPU, the step count first.
struct UpdateLists {
  std::vector<Tensor> params, grads;
  std::vector<std::vector<Tensor>> states, counts;
};

// One step by the rule of that name: adadelta, adagrad, adamax, asgd, nadam, radam, rmsprop, rprop.
// `options` are in the order of the rule's row in ops/update_rules.cpp. States and counts are
// updated in place. Raises ValueError for an unknown rule and Error when shapes, dtypes or devices
// differ.
RL_API void update_(const std::string& rule, const UpdateLists& lists,
                    const std::vector<double>& options);

}  // namespace rushlight
