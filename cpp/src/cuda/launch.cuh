// Launching kernels over plans.
#pragma once

#include <cuda_runtime.h>

#include "rushlight/core/error.h"
#include "rushlight/functors/rules.h"
#include "rushlight/iter/kernel_slots.h"

namespace rushlight::cuda {

inline void check(cudaError_t status, const char* what) {
  RL_CHECK(status == cudaSuccess, what, ": CUDA error: ", cudaGetErrorString(status));
}

inline constexpr int kThreads = 256;
inline constexpr int kPerThread = 4;
// After coalescing more dims than this are too rare to be worth a bigger kernel argument.
inline constexpr int kMaxLaunchDims = 12;

// The part of a plan that travels to the device by value.
template <int kOperands>
struct DevicePlan {
  int ndim;
  int64_t numel;
  int64_t shape[kMaxLaunchDims];
  int64_t strides[kMaxLaunchDims][kOperands];
  char* data[kOperands];

  explicit DevicePlan(const NdPlan& plan) : ndim(plan.ndim), numel(plan.numel) {
    RL_CHECK_IMPLEMENTED(plan.ndim <= kMaxLaunchDims, "CUDA kernels take at most ", kMaxLaunchDims,
                         " dimensions that cannot be merged, got ", plan.ndim);
    for (int d = 0; d < plan.ndim; ++d) {
      shape[d] = plan.shape[d];
      for (int k = 0; k < kOperands; ++k) strides[d][k] = plan.strides[d][k];
    }
    for (int k = 0; k < kOperands; ++k) data[k] = plan.data[k];
  }

  // The operands' addresses of one element.
  __device__ void locate(int64_t index, char* (&at)[kOperands]) const {
    for (int k = 0; k < kOperands; ++k) at[k] = data[k];
    for (int d = 0; d < ndim; ++d) {
      const int64_t i = d + 1 < ndim ? index % shape[d] : index;
      index /= shape[d];
      for (int k = 0; k < kOperands; ++k) at[k] += i * strides[d][k];
    }
  }
};

template <int kOperands, class F>
__global__ void for_each_kernel(const DevicePlan<kOperands> plan, const F f) {
  const int64_t first = int64_t(blockIdx.x) * kThreads * kPerThread + threadIdx.x;
#pragma unroll
  for (int j = 0; j < kPerThread; ++j) {
    const int64_t index = first + int64_t(j) * kThreads;
    if (index >= plan.numel) return;
    char* at[kOperands];
    plan.locate(index, at);
    f(at);
  }
}

// f(char* (&at)[kOperands]) on every element, on the current device's legacy stream.
template <int kOperands, class F>
void for_each(const NdPlan& plan, const F& f) {
  if (plan.numel == 0) return;
  const int64_t per_block = int64_t(kThreads) * kPerThread;
  const int64_t blocks = (plan.numel + per_block - 1) / per_block;
  RL_CHECK(blocks <= INT32_MAX, "too many elements for one CUDA kernel: ", plan.numel);
  for_each_kernel<kOperands><<<unsigned(blocks), kThreads>>>(DevicePlan<kOperands>(plan), f);
  check(cudaGetLastError(), "kernel launch");
}

void register_unary(KernelSlots& slots);
void register_binary(KernelSlots& slots);
void register_copy(KernelSlots& slots);
void register_reduce(KernelSlots& slots);

}  // namespace rushlight::cuda
