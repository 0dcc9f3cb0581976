// Steps by the rules of functors/update_rules.h.
#include "rushlight/functors/update_rules.h"

#include "launch.cuh"

namespace rushlight::cuda {
namespace {

template <class R, class T, int kPresent>
struct UpdateElement {
  update_rules::Element<R, T, kPresent> update;
  T* param;
  const T* grad;
  T *state0, *state1, *state2;
  __device__ void operator()(int64_t i) const { update(param, grad, state0, state1, state2, i); }
};

template <template <class> class Rule, class T>
struct Update {
  static void run(const UpdateOptions& o, const UpdateSpan& span, int64_t begin, int64_t end) {
    const auto from_begin = [&](void* p) { return p ? static_cast<T*>(p) + begin : nullptr; };
    update_rules::for_rule<Rule, T>(span, [&]<class R, int kPresent>() {
      for_range(end - begin,
                UpdateElement<R, T, kPresent>{
                    update_rules::Element<R, T, kPresent>(o, span), from_begin(span.param),
                    static_cast<const T*>(span.grad) + begin, from_begin(span.state[0]),
                    from_begin(span.state[1]), from_begin(span.state[2])});
    });
  }
};

const OptimizerKernels* optimizers(DType dtype) {
  static constexpr OptimizerKernels kHalf = optimizer_kernels<Update, Half>(),
                                    kBFloat16 = optimizer_kernels<Update, BFloat16>(),
                                    kFloat = optimizer_kernels<Update, float>(),
                                    kDouble = optimizer_kernels<Update, double>();
  switch (dtype) {
    case DType::F16: return &kHalf;
    case DType::BF16: return &kBFloat16;
    case DType::F32: return &kFloat;
    case DType::F64: return &kDouble;
    default: return nullptr;
  }
}

}  // namespace

void register_optimizers(KernelSlots& slots) { slots.optimizers = &optimizers; }

}  // namespace rushlight::cuda
