// One direction of a recurrent layer over all steps of a batch of sequences.
//
// Note [Packed steps]
// The batch is stored step by step: rows starts[t] to starts[t] + sizes[t] hold step t of the
// sequences that have one. Longer sequences come first, so the sizes do not grow:
//
//            sequence 0   1   2
//   step 0        row 0   1   2      sizes  3, 2, 1
//   step 1            3   4          starts 0, 3, 5
//   step 2            5
//
// `h` (and an LSTM's `c`) has a row a sequence, of which step t replaces the first sizes[t]: it
// starts as the first state and ends as the last one, whichever way the steps are walked.
// Sequences do not depend on each other; threads take some of them each, for all steps.
#pragma once

#include <cstdint>

#include "rushlight/core/dtype.h"

namespace rushlight {

enum class RecurrentMode : uint8_t { Tanh, Relu, Gru, Lstm };

inline int recurrent_gates(RecurrentMode mode) {
  return mode == RecurrentMode::Lstm ? 4 : mode == RecurrentMode::Gru ? 3 : 1;
}

// All matrices are row-major and dense. "total" is the sum of the sizes.
struct RecurrentPlan {
  RecurrentMode mode;
  bool reverse;  // walk from the last step back
  int64_t steps, sequences, total;
  int64_t hidden;  // units
  int64_t state;   // width of h: `hidden`, or less with a projection
  const int64_t *sizes, *starts;
  const void* w_hh;      // (gates * hidden, state)
  const void* w_hr;      // (state, hidden): the projection, or null
  const void* bias;      // (gates * hidden): the sum of both, but for a GRU's new gate the input's
  const void* bias_new;  // (hidden): the product's part of a GRU's new gate
  // The input's part of the gates comes in, their values go out: (total, gates * hidden). Tanh and
  // Relu: the same memory as output.
  void* gates;
  // (total, hidden): an LSTM's c before each step, or a GRU's product of the new gate.
  void* kept;
  void* raw;     // (total, hidden): what is projected, or null
  void* output;  // (total, state)
  void *h, *c;   // (sequences, state), (sequences, hidden)
};

// `forward` holds what its walk left, but for h: the first state again, to be overwritten.
struct RecurrentBackwardPlan {
  RecurrentPlan forward;
  const void* grad_output;  // (total, state), or null for zero
  void* before;             // (total, state), written: h before each step
  void* grad_gates;         // (total, gates * hidden), written: of the input's part
  void* grad_products;      // the same of the state's part, a GRU's; else null, they are equal
  void* grad_projected;     // (total, state), written where there is a projection: of the output
  void *grad_h, *grad_c;    // of the last states; become those of the first
};

struct RecurrentKernels {
  void (*forward)(const RecurrentPlan& plan);
  void (*backward)(const RecurrentBackwardPlan& plan);
};

}  // namespace rushlight
