// Uniform reductions.
#include "reduce_launch.cuh"
#include "rushlight/functors/reduce.h"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

template <class Op, class T, class R>
struct UniformMonoid {
  using A = typename Op::template Acc<T>;
  using Element = T;
  ReduceHow how;
  R* out;
  __device__ A identity() const { return Op::template identity<A>(); }
  __device__ A load(const T& element, uint32_t) const { return A(lift_element<Op, T>(element)); }
  __device__ A combine(A a, A b) const { return Op::combine(a, b); }
  __device__ void store(int64_t at, A total) const { out[at] = R(Op::project(total, how)); }
};

template <class Op, class Rule, DType D>
void uniform_kernel(const ReducePlan& plan) {
  using T = typename CTypeOf<D>::Type;
  using R = typename Rule::template Result<T>;
  reduce(plan, UniformMonoid<Op, T, R>{plan.how, reinterpret_cast<R*>(plan.out[0])});
}

template <class Op, class Rule, unsigned kAccepts, int D = 0>
void fill_reduce(ReduceFn* slots) {
  if constexpr (D < kNumDTypes) {
    if constexpr (accepts(kAccepts, DType(D))) slots[D] = &uniform_kernel<Op, Rule, DType(D)>;
    fill_reduce<Op, Rule, kAccepts, D + 1>(slots);
  }
}

}  // namespace

void register_reduce(KernelSlots& slots) {
#define RL_REDUCE(name, functor, accepts, result) \
  fill_reduce<functor, result, accepts>(slots.reduce[int(ReduceOp::name)]);
#include "rushlight/ops.def"
#undef RL_REDUCE
}

}  // namespace rushlight::cuda
