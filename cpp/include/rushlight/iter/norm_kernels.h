// Operands of the normalisation kernels, and the table of the kernels behind nn's layers: the norms,
// activations and losses. Device-free.
#pragma once

#include <cstdint>

#include "rushlight/iter/gate_plan.h"
#include "rushlight/iter/unit_plan.h"

namespace rushlight {

// Parameters, statistics and their gradients are of the dtype that is computed in: float for half
// precision, else the dtype of x.

// Contiguous (rows, groups * n / groups): every row of n elements has a mean and a scale of its own.
// Row r uses the parameters of group r % groups; `inner` neighbours of a row share one.
struct RowNormPlan {
  int64_t rows, n, groups, inner;
  bool centred;  // false: divided by the root of the mean square, no mean
  double eps;
  const void *x, *weight, *bias;  // (groups * n / inner) parameters, or null
  void *mean, *rstd;              // (rows): out forward, in backward; mean may be null if not centred
  void* out;                      // forward
  const void* grad;               // backward, like x
  void *grad_x, *grad_weight, *grad_bias;  // null where not wanted
  RL_INLINE int64_t channels() const { return n / inner; }  // parameters of a row
  RL_INLINE int64_t parameters() const { return groups * channels(); }
};

// Contiguous (outer, channels, inner): every channel has a mean and a scale.
struct BatchNormPlan {
  int64_t outer, channels, inner;
  bool training;  // the batch's own statistics
  double eps, momentum;
  const void *x, *weight, *bias;      // (channels), or null
  void *running_mean, *running_var;   // (channels), read in evaluation and moved in training; or null
  void *mean, *rstd;                  // (channels): out forward, in backward
  void* out;                          // forward
  const void* grad;                   // backward, like x
  void *grad_x, *grad_weight, *grad_bias;  // null where not wanted
};

struct NormKernels {
  void (*row_forward)(const RowNormPlan& plan);
  void (*row_backward)(const RowNormPlan& plan);
  void (*batch_forward)(const BatchNormPlan& plan);
  void (*batch_backward)(const BatchNormPlan& plan);
  void (*unit)(const UnitPlan& plan);
  // False for a probability outside of [0, 1].
  bool (*loss)(const LossPlan& plan);
  void (*glu)(const GluPlan& plan);
  void (*prelu)(const PreluPlan& plan);
};

}  // namespace rushlight
