// Operands of softmax, scans and the negative log likelihood. Device-free.
#pragma once

#include <cstdint>

namespace rushlight {

// Contiguous (outer, n, inner) operands, normalised along n > 0.
struct SoftmaxPlan {
  int64_t outer, n, inner;
  const void* in;    // forward: x; backward: the forward result
  const void* grad;  // backward only
  void* out;         // (outer, inner) for logsumexp
};

enum class ScanOp : uint8_t { Sum, Product, ReversedSum };

enum class Reduction : uint8_t { None, Mean, Sum };

// input (batch, classes, inner) and target (batch, inner), contiguous.
struct NllPlan {
  int64_t batch, classes, inner;
  Reduction reduction;
  int64_t ignore_index;
  const void* input;      // forward only
  const int64_t* target;
  const void* weight;     // (classes), or null for ones
  const void* grad;       // backward only: like the result of the forward pass
  void* out;              // forward: the loss, (batch, inner) or one element; backward: like input
};

}  // namespace rushlight
