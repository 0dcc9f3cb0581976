// The order in which a strided tensor takes random numbers. See Note [Random order].
#pragma once

#include "rushlight/core/tensor.h"

namespace rushlight {

// The dims of t from the largest stride to the smallest: the order of its memory.
inline Dims memory_order(const Tensor& t) {
  Dims order(t.ndim());
  for (int i = 0; i < t.ndim(); ++i) {
    int at = i;
    while (at > 0 && t.stride(int(order[at - 1])) < t.stride(i)) {
      order[at] = order[at - 1];
      --at;
    }
    order[at] = i;
  }
  return order;
}

}  // namespace rushlight
