// Note [Update rules]
// One step of most optimizers is a pointwise formula over a parameter, its gradient and up to three
// states of its shape, with numbers that the group's options and the parameter's step count decide.
// A rule is such a formula; one loop runs them all, a row of ops/update_rules.cpp says what a rule
// reads.
#pragma once

#include <cstdint>

namespace rushlight {

enum class UpdateRule : uint8_t { Adadelta, Adagrad, Adamax, Asgd, NAdam, RAdam, RMSprop, Rprop };
inline constexpr int kNumUpdateRules = int(UpdateRule::Rprop) + 1;

inline constexpr int kMaxUpdateStates = 3, kMaxUpdateFactors = 3, kMaxUpdateOptions = 10;

// `count` elements of a parameter and of what belongs to them; complex numbers count as two.
struct UpdateSpan {
  void* param;
  const void* grad;
  void* state[kMaxUpdateStates];  // null where the rule does without
  int64_t count;
  double factor[kMaxUpdateFactors];  // from the parameter's own counts; see the rule's kernel
};

// Every rule's options begin with these three; what follows is the rule's own.
enum UpdateOption : int { kOptionLr, kOptionWeightDecay, kOptionMaximize, kOwnOptions };

struct UpdateOptions {
  double value[kMaxUpdateOptions];
};

// Elements [begin, end) of a span.
using UpdateKernel = void (*)(const UpdateOptions& options, const UpdateSpan& span, int64_t begin,
                              int64_t end);

// The kernels of one floating dtype.
struct OptimizerKernels {
  UpdateKernel update[kNumUpdateRules];
};

// Where a rule's own options stand.
namespace update_options {
inline constexpr int kRho = kOwnOptions, kAdadeltaEps = kOwnOptions + 1;
inline constexpr int kLrDecay = kOwnOptions, kAdagradEps = kOwnOptions + 1;
inline constexpr int kBeta1 = kOwnOptions, kBeta2 = kOwnOptions + 1, kEps = kOwnOptions + 2;
inline constexpr int kDecoupled = kOwnOptions + 3, kMomentumDecay = kOwnOptions + 4;
inline constexpr int kLambd = kOwnOptions, kT0 = kOwnOptions + 1, kPower = kOwnOptions + 2;
inline constexpr int kAlpha = kOwnOptions, kRmspropEps = kOwnOptions + 1,
                     kMomentum = kOwnOptions + 2, kCentered = kOwnOptions + 3;
inline constexpr int kShrink = kOwnOptions, kGrow = kOwnOptions + 1, kSmallest = kOwnOptions + 2,
                     kLargest = kOwnOptions + 3;
}  // namespace update_options

}  // namespace rushlight
