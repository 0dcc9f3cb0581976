// Pointwise ops of two operands.
#include "pointwise.cuh"
#include "rushlight/functors/binary.h"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

template <class Op, class T, class R>
struct BinaryElement {
  __device__ R operator()(const T& a, const T& b) const { return R(Op{}(Compute<T>(a), Compute<T>(b))); }
};

template <class Op, class Rule, DType D>
void binary_kernel(const NdPlan& plan) {
  using T = typename CTypeOf<D>::Type;
  using R = typename Rule::template Result<T>;
  pointwise<R, T, T>(plan, BinaryElement<Op, T, R>{});
}

template <class Op, class Rule, unsigned kAccepts, int D = 0>
void fill_binary(PlanKernel* slots) {
  if constexpr (D < kNumDTypes) {
    if constexpr (accepts(kAccepts, DType(D))) slots[D] = &binary_kernel<Op, Rule, DType(D)>;
    fill_binary<Op, Rule, kAccepts, D + 1>(slots);
  }
}

}  // namespace

void register_binary(KernelSlots& slots) {
#define RL_BINARY(name, functor, accepts, result) \
  fill_binary<functor, result, accepts>(slots.binary[int(BinaryOp::name)]);
#include "rushlight/ops.def"
#undef RL_BINARY
}

}  // namespace rushlight::cuda
