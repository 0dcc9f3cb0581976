// Uniform reductions: one block a result, a fixed tree over fixed strides.
#include "launch.cuh"
#include "rushlight/functors/reduce.h"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

struct DeviceReducePlan {
  int kept, reduced;
  int64_t count, outputs;
  const char* in;
  char* out;
  ReduceHow how;
  int64_t kept_shape[kMaxLaunchDims], kept_in[kMaxLaunchDims], kept_out[kMaxLaunchDims];
  int64_t reduced_shape[kMaxLaunchDims], reduced_in[kMaxLaunchDims];

  explicit DeviceReducePlan(const ReducePlan& plan)
      : kept(plan.kept), reduced(plan.reduced), count(plan.count), outputs(plan.outputs),
        in(plan.in), out(plan.out[0]), how(plan.how) {
    RL_CHECK_IMPLEMENTED(kept <= kMaxLaunchDims && reduced <= kMaxLaunchDims,
                         "CUDA reductions take at most ", kMaxLaunchDims,
                         " kept and reduced dimensions each, got ", kept, " and ", reduced);
    for (int d = 0; d < kept; ++d) {
      kept_shape[d] = plan.kept_shape[d];
      kept_in[d] = plan.kept_in[d];
      kept_out[d] = plan.kept_out[d];
    }
    for (int d = 0; d < reduced; ++d) {
      reduced_shape[d] = plan.reduced_shape[d];
      reduced_in[d] = plan.reduced_in[d];
    }
  }
};

template <class Op, class T, class R>
__global__ void reduce_block(const DeviceReducePlan plan) {
  using A = typename Op::template Acc<T>;
  __shared__ __align__(16) unsigned char shared_bytes[kThreads * sizeof(A)];
  A* shared = reinterpret_cast<A*>(shared_bytes);
  for (int64_t result = blockIdx.x; result < plan.outputs; result += gridDim.x) {
    const char* base = plan.in;
    int64_t out_at = 0, rest = result;
    for (int d = 0; d < plan.kept; ++d) {
      const int64_t i = rest % plan.kept_shape[d];
      rest /= plan.kept_shape[d];
      base += i * plan.kept_in[d];
      out_at += i * plan.kept_out[d];
    }
    A total = Op::template identity<A>();
    for (int64_t e = threadIdx.x; e < plan.count; e += kThreads) {
      const char* at = base;
      int64_t left = e;
      for (int d = 0; d < plan.reduced; ++d) {
        at += (left % plan.reduced_shape[d]) * plan.reduced_in[d];
        left /= plan.reduced_shape[d];
      }
      total = Op::combine(total, A(lift_element<Op, T>(*reinterpret_cast<const T*>(at))));
    }
    shared[threadIdx.x] = total;
    __syncthreads();
    for (int half = kThreads / 2; half > 0; half /= 2) {
      if (threadIdx.x < half)
        shared[threadIdx.x] = Op::combine(shared[threadIdx.x], shared[threadIdx.x + half]);
      __syncthreads();
    }
    if (threadIdx.x == 0) reinterpret_cast<R*>(plan.out)[out_at] = R(Op::project(shared[0], plan.how));
    __syncthreads();
  }
}

template <class Op, class Rule, DType D>
void reduce_kernel(const ReducePlan& plan) {
  using T = typename CTypeOf<D>::Type;
  const int64_t blocks = plan.outputs < 65535 ? plan.outputs : 65535;
  reduce_block<Op, T, typename Rule::template Result<T>>
      <<<unsigned(blocks), kThreads>>>(DeviceReducePlan(plan));
  check(cudaGetLastError(), "reduction launch");
}

template <class Op, class Rule, unsigned kAccepts, int D = 0>
void fill_reduce(ReduceFn* slots) {
  if constexpr (D < kNumDTypes) {
    if constexpr (accepts(kAccepts, DType(D))) slots[D] = &reduce_kernel<Op, Rule, DType(D)>;
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
