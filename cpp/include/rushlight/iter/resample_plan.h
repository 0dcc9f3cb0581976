// A dim resampled by weights. Device-free.
#pragma once

#include <cstdint>

namespace rushlight {

// in (outer, n, inner) to out (outer, count, inner), both contiguous: out[i] is the sum over t of
// weights[t][i] * in[places[t][i]], in the order of t. Floats have weights of their own dtype.
// Bytes have int32 weights that are 2^bits too large, and the sum, of fewer than 32 bits, is
// rounded.
struct ResamplePlan {
  const void* in;
  void* out;
  int64_t outer, n, count, inner, taps;
  const int64_t* places;  // (taps, count), each in [0, n)
  const void* weights;    // (taps, count)
  int bits;
};

}  // namespace rushlight
