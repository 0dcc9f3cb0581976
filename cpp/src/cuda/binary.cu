// Pointwise ops of two operands. A number operand is a host pointer with stride 0: see from_host.
#include "launch.cuh"
#include "rushlight/functors/binary.h"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

// An operand that is one element on the host travels by value.
template <class T>
struct Element {
  bool given[2];
  T value[2];
};

template <class Op, class T, class R>
struct BinaryElement {
  Element<T> host;
  __device__ void operator()(char* (&at)[3]) const {
    const T a = host.given[0] ? host.value[0] : *reinterpret_cast<const T*>(at[1]);
    const T b = host.given[1] ? host.value[1] : *reinterpret_cast<const T*>(at[2]);
    *reinterpret_cast<R*>(at[0]) = R(Op{}(Compute<T>(a), Compute<T>(b)));
  }
};

bool is_host_pointer(const void* p) {
  cudaPointerAttributes attributes;
  check(cudaPointerGetAttributes(&attributes, p), "cudaPointerGetAttributes");
  return attributes.type == cudaMemoryTypeUnregistered || attributes.type == cudaMemoryTypeHost;
}

template <class Op, class Rule, DType D>
void binary_kernel(const NdPlan& plan) {
  using T = typename CTypeOf<D>::Type;
  BinaryElement<Op, T, typename Rule::template Result<T>> f{};
  for (int k = 0; k < 2; ++k) {
    bool broadcast = true;
    for (int d = 0; d < plan.ndim; ++d) broadcast &= plan.strides[d][k + 1] == 0;
    f.host.given[k] = broadcast && is_host_pointer(plan.data[k + 1]);
    if (f.host.given[k]) f.host.value[k] = *reinterpret_cast<const T*>(plan.data[k + 1]);
  }
  for_each<3>(plan, f);
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
