// Optimizer updates: see functors/optim.h.
#include "rushlight/functors/optim.h"

#include "loops.h"

namespace rushlight::cpu::RL_ISA {
namespace {

template <class T>
void sgd_typed(const SgdScalars& o, const SgdSpan& span, int64_t begin, int64_t end) {
  for_sgd(o, span, [&]<Momentum kMomentum, bool kDecay>() {
    const SgdUpdate<T, kMomentum, kDecay> update(o);
    T* param = static_cast<T*>(span.param);
    const T* grad = static_cast<const T*>(span.grad);
    T* buffer = static_cast<T*>(span.buffer);
#pragma GCC ivdep
    for (int64_t i = begin; i < end; ++i) update(param[i], grad[i], buffer + i);
  });
}

template <class T>
void adam_typed(const AdamScalars& o, const AdamSpan& span, int64_t begin, int64_t end) {
  for_adam(o, span, [&]<Decay kDecay, bool kMax>() {
    const AdamUpdate<T, kDecay, kMax> update(o, span);
    T* param = static_cast<T*>(span.param);
    const T* grad = static_cast<const T*>(span.grad);
    T* mean = static_cast<T*>(span.mean);
    T* square = static_cast<T*>(span.square);
    T* max_square = static_cast<T*>(span.max_square);
#pragma GCC ivdep
    for (int64_t i = begin; i < end; ++i)
      update(param[i], grad[i], mean[i], square[i], max_square + i);
  });
}

#define RL_BY_DTYPE(function)                                         \
  switch (dtype) {                                                    \
    case DType::F16: return function<Half>(o, span, begin, end);      \
    case DType::BF16: return function<BFloat16>(o, span, begin, end); \
    case DType::F32: return function<float>(o, span, begin, end);     \
    default: return function<double>(o, span, begin, end);            \
  }

void sgd(DType dtype, const SgdScalars& o, const SgdSpan& span, int64_t begin, int64_t end) {
  RL_BY_DTYPE(sgd_typed)
}

void adam(DType dtype, const AdamScalars& o, const AdamSpan& span, int64_t begin, int64_t end) {
  RL_BY_DTYPE(adam_typed)
}

}  // namespace

void register_optim(KernelSlots& slots) {
  slots.sgd = &sgd;
  slots.adam = &adam;
}

}  // namespace rushlight::cpu::RL_ISA
