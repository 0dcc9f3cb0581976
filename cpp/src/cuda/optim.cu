// Optimizer updates: see functors/optim.h.
#include "rushlight/functors/optim.h"

#include "launch.cuh"

namespace rushlight::cuda {
namespace {

template <class T, Momentum kMomentum, bool kDecay>
struct SgdElement {
  SgdUpdate<T, kMomentum, kDecay> update;
  T* param;
  const T* grad;
  T* buffer;
  __device__ void operator()(int64_t i) const { update(param[i], grad[i], buffer + i); }
};

template <class T>
void sgd_of(const SgdScalars& o, const SgdSpan& span, int64_t begin, int64_t end) {
  for_sgd(o, span, [&]<Momentum kMomentum, bool kDecay>() {
    T* buffer = static_cast<T*>(span.buffer);
    for_range(end - begin, SgdElement<T, kMomentum, kDecay>{
                               SgdUpdate<T, kMomentum, kDecay>(o), static_cast<T*>(span.param) + begin,
                               static_cast<const T*>(span.grad) + begin, buffer ? buffer + begin : nullptr});
  });
}

template <class T, Decay kDecay, bool kMax>
struct AdamElement {
  AdamUpdate<T, kDecay, kMax> update;
  T* param;
  const T* grad;
  T *mean, *square, *max_square;
  __device__ void operator()(int64_t i) const {
    update(param[i], grad[i], mean[i], square[i], max_square + i);
  }
};

template <class T>
void adam_of(const AdamScalars& o, const AdamSpan& span, int64_t begin, int64_t end) {
  for_adam(o, span, [&]<Decay kDecay, bool kMax>() {
    T* max_square = static_cast<T*>(span.max_square);
    for_range(end - begin,
              AdamElement<T, kDecay, kMax>{AdamUpdate<T, kDecay, kMax>(o, span), static_cast<T*>(span.param) + begin,
                                           static_cast<const T*>(span.grad) + begin,
                                           static_cast<T*>(span.mean) + begin, static_cast<T*>(span.square) + begin,
                                           max_square ? max_square + begin : nullptr});
  });
}

void sgd(DType dtype, const SgdScalars& o, const SgdSpan& span, int64_t begin, int64_t end) {
  for_floats("sgd_", dtype, [&](auto tag) { sgd_of<typename decltype(tag)::type>(o, span, begin, end); });
}
void adam(DType dtype, const AdamScalars& o, const AdamSpan& span, int64_t begin, int64_t end) {
  for_floats("adam_", dtype, [&](auto tag) { adam_of<typename decltype(tag)::type>(o, span, begin, end); });
}

}  // namespace

void register_optim(KernelSlots& slots) {
  slots.sgd = &sgd;
  slots.adam = &adam;
}

}  // namespace rushlight::cuda
