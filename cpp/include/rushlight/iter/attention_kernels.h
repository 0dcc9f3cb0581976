// Scaled dot product attention: what a device offers for one dtype. Device-free.
#pragma once

#include <cstdint>

namespace rushlight {

// (batch, head, row, column) in elements; the columns are adjacent.
template <class T>
struct AttentionOperand {
  T* data = nullptr;
  int64_t batch = 0, head = 0, row = 0;
};

// Note [Attention]
// scores = scale * q @ k.T + mask, out = softmax(scores) @ v for every batch and head. q and out
// have `heads`, k and v `kv_heads` of them, each of which serves heads / kv_heads heads of q. Rows
// that may see no key are 0. A matrix of scores exists as one block at a time: rows are
// normalised as the blocks of keys pass by, and the gradient computes them once more from
// `logsum`, the logarithm of each row's sum of exponentials (Dao et al. 2022, "FlashAttention",
// algorithms 1 and 4). float16 and bfloat16 are computed in float.
struct AttentionPlan {
  int64_t batch, heads, kv_heads;
  int64_t queries, keys;       // > 0
  int64_t width, value_width;  // of q and k, and of v and out
  double scale;
  bool causal;  // query i sees keys 0 ... i
  AttentionOperand<const void> q, k, v;
  // At most one: where attention is allowed, or numbers to add, in the dtype that is computed in.
  AttentionOperand<const bool> allowed;
  AttentionOperand<const void> added;
  AttentionOperand<void> out;  // read by the gradient
  void* logsum;                // (batch, heads, queries), in the dtype that is computed in
};

struct AttentionGradients {
  AttentionOperand<const void> grad;  // of out
  AttentionOperand<void> q, k, v;     // written
};

struct AttentionKernels {
  void (*forward)(const AttentionPlan& plan);
  void (*backward)(const AttentionPlan& plan, const AttentionGradients& gradients);
};

}  // namespace rushlight
