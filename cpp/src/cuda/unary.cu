// Pointwise ops of one operand.
#include "pointwise.cuh"
#include "rushlight/functors/unary.h"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

template <class Op, class T, class R>
struct UnaryElement {
  __device__ R operator()(const T& x) const { return R(Op{}(Compute<T>(x))); }
};

template <class Op, class Rule, DType D>
void unary_kernel(const NdPlan& plan) {
  using T = typename CTypeOf<D>::Type;
  using R = typename Rule::template Result<T>;
  pointwise<R, T>(plan, UnaryElement<Op, T, R>{});
}

template <class Op, class Rule, unsigned kAccepts, int D = 0>
void fill_unary(PlanKernel* slots) {
  if constexpr (D < kNumDTypes) {
    if constexpr (accepts(kAccepts, DType(D))) slots[D] = &unary_kernel<Op, Rule, DType(D)>;
    fill_unary<Op, Rule, kAccepts, D + 1>(slots);
  }
}

}  // namespace

void register_unary(KernelSlots& slots) {
#define RL_UNARY(name, functor, accepts, result) \
  fill_unary<functor, result, accepts>(slots.unary[int(UnaryOp::name)]);
#include "rushlight/ops.def"
#undef RL_UNARY
}

}  // namespace rushlight::cuda
