// Steps by the rules of functors/update_rules.h.
#include "rushlight/functors/update_rules.h"

#include "loops.h"

namespace rushlight::cpu::RL_ISA {
namespace {

template <template <class> class Rule, class T>
struct Update {
  static void run(const UpdateOptions& o, const UpdateSpan& span, int64_t begin, int64_t end) {
    update_rules::for_rule<Rule, T>(span, [&]<class R, int kPresent>() {
      const update_rules::Element<R, T, kPresent> update(o, span);
      T* param = static_cast<T*>(span.param);
      const T* grad = static_cast<const T*>(span.grad);
      T* state0 = static_cast<T*>(span.state[0]);
      T* state1 = static_cast<T*>(span.state[1]);
      T* state2 = static_cast<T*>(span.state[2]);
#pragma GCC ivdep
      for (int64_t i = begin; i < end; ++i) update(param, grad, state0, state1, state2, i);
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

}  // namespace rushlight::cpu::RL_ISA
