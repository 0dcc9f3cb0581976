// Launching kernels: the stream, errors, and one thread for each element of a plan.
#pragma once

#include <cuda_runtime.h>

#include <utility>

#include "rushlight/core/error.h"
#include "rushlight/functors/rules.h"
#include "rushlight/iter/kernel_slots.h"
#include "stream.cuh"

namespace rushlight::cuda {

inline constexpr int kThreads = 256;
// After coalescing more dims than this are too rare to be worth a bigger kernel argument.
inline constexpr int kMaxLaunchDims = 12;
// Elements of one launch: positions are 32-bit numbers on the device.
inline constexpr int64_t kMaxLaunch = int64_t(1) << 30;

inline unsigned blocks_for(int64_t threads) { return unsigned((threads + kThreads - 1) / kThreads); }

// Division of numbers below 2^31 by a number fixed before the launch, by a multiplication with its
// rounded-up reciprocal (Granlund and Montgomery, "Division by invariant integers using
// multiplication", 1994).
struct Divider {
  uint32_t divisor, magic, shift;

  Divider() = default;
  explicit Divider(int64_t d) : divisor(uint32_t(d)), shift(0) {
    while ((uint64_t(1) << shift) < uint64_t(d)) ++shift;
    magic = uint32_t((((uint64_t(1) << shift) - uint64_t(d)) << 32) / uint64_t(d) + 1);
  }
  __device__ uint32_t divide(uint32_t n) const {
    return uint32_t((uint64_t(__umulhi(n, magic)) + n) >> shift);
  }
  // n becomes the quotient; returns the remainder.
  __device__ uint32_t step(uint32_t& n) const {
    const uint32_t quotient = divide(n), rest = n - quotient * divisor;
    n = quotient;
    return rest;
  }
};

// The part of a plan that travels to the device by value.
template <int kOperands>
struct DevicePlan {
  int ndim;
  uint32_t numel;
  Divider shape[kMaxLaunchDims];
  int64_t strides[kMaxLaunchDims][kOperands];
  char* data[kOperands];

  // Fewer than kMaxLaunch elements.
  explicit DevicePlan(const NdPlan& plan) : ndim(plan.ndim), numel(uint32_t(plan.numel)) {
    RL_CHECK_IMPLEMENTED(plan.ndim <= kMaxLaunchDims, "CUDA kernels take at most ", kMaxLaunchDims,
                         " dimensions that cannot be merged, got ", plan.ndim);
    for (int d = 0; d < plan.ndim; ++d) {
      shape[d] = Divider(plan.shape[d]);
      for (int k = 0; k < kOperands; ++k) strides[d][k] = plan.strides[d][k];
    }
    for (int k = 0; k < kOperands; ++k) data[k] = plan.data[k];
  }

  // The operands' addresses of one element.
  __device__ void locate(uint32_t index, char* (&at)[kOperands]) const {
    for (int k = 0; k < kOperands; ++k) at[k] = data[k];
    for (int d = 0; d < ndim; ++d) {
      const int64_t i = d + 1 < ndim ? shape[d].step(index) : index;
      for (int k = 0; k < kOperands; ++k) at[k] += i * strides[d][k];
    }
  }
};

// run(part) for parts of the plan of fewer than kMaxLaunch elements each.
template <class Run>
void in_parts(const NdPlan& plan, const Run& run) {
  if (plan.numel == 0) return;
  if (plan.numel < kMaxLaunch) return run(plan);
  const int outer = plan.ndim - 1;
  const int64_t half = plan.shape[outer] / 2;
  for (const bool second : {false, true}) {
    NdPlan part;
    part.ndim = plan.ndim;
    part.operands = plan.operands;
    for (int d = 0; d < plan.ndim; ++d) {
      part.shape[d] = plan.shape[d];
      for (int k = 0; k < plan.operands; ++k) part.strides[d][k] = plan.strides[d][k];
    }
    part.shape[outer] = second ? plan.shape[outer] - half : half;
    part.numel = plan.numel / plan.shape[outer] * part.shape[outer];
    if (plan.shape[outer] == 1) {
      part.ndim = outer;
      part.numel = second ? 0 : plan.numel;
    }
    for (int k = 0; k < plan.operands; ++k)
      part.data[k] = plan.data[k] + (second ? half * plan.strides[outer][k] : 0);
    in_parts(part, run);
  }
}

template <int kOperands, class F>
__global__ void __launch_bounds__(kThreads)
    for_each_kernel(const DevicePlan<kOperands> plan, const F f) {
  const uint32_t index = blockIdx.x * kThreads + threadIdx.x;
  if (index >= plan.numel) return;
  char* at[kOperands];
  plan.locate(index, at);
  f(at);
}

// f(char* (&at)[kOperands]) on every element.
template <int kOperands, class F>
void for_each(const NdPlan& plan, const F& f) {
  in_parts(plan, [&](const NdPlan& part) {
    for_each_kernel<kOperands>
        <<<blocks_for(part.numel), kThreads, 0, current_stream()>>>(DevicePlan<kOperands>(part), f);
    check_launch();
  });
}

template <class F>
__global__ void __launch_bounds__(kThreads) for_range_kernel(const int64_t n, const F f) {
  for (int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x; i < n;
       i += int64_t(gridDim.x) * kThreads)
    f(i);
}

// f(int64_t i) for i < n.
template <class F>
void for_range(int64_t n, const F& f) {
  if (n == 0) return;
  const int64_t blocks = (n + kThreads - 1) / kThreads;
  for_range_kernel<<<unsigned(blocks < 65536 ? blocks : 65536), kThreads, 0, current_stream()>>>(n, f);
  check_launch();
}

// fn(TypeTag{}) for the type of each size of an element.
struct alignas(16) Bits128 {
  uint64_t low, high;
};
template <class T>
struct TypeTag {
  using type = T;
};
template <class F>
void for_size(int itemsize, const F& fn) {
  switch (itemsize) {
    case 1: return fn(TypeTag<uint8_t>{});
    case 2: return fn(TypeTag<uint16_t>{});
    case 4: return fn(TypeTag<uint32_t>{});
    case 8: return fn(TypeTag<uint64_t>{});
    case 16: return fn(TypeTag<Bits128>{});
  }
}
// The same for the floating dtypes; raises NotImplementedError for another.
template <class F>
void for_floats(const char* op, DType dtype, const F& fn) {
  switch (dtype) {
    case DType::F16: return fn(TypeTag<Half>{});
    case DType::BF16: return fn(TypeTag<BFloat16>{});
    case DType::F32: return fn(TypeTag<float>{});
    case DType::F64: return fn(TypeTag<double>{});
    default: raise_no_kernel(op, Device{DeviceType::CUDA, -1}, dtype);
  }
}

#define RL_CUDA_FAMILIES(_) \
  _(unary) \
  _(binary) \
  _(copy) \
  _(reduce) \
  _(reduce_arg) \
  _(reduce_var) \
  _(matmul) \
  _(softmax) \
  _(loss) \
  _(index) \
  _(mask) \
  _(scatter) \
  _(scan) \
  _(sort) \
  _(conv) \
  _(pool) \
  _(optim) \
  _(optimizers)
#define RL_DECLARE(family) void register_##family(KernelSlots& slots);
RL_CUDA_FAMILIES(RL_DECLARE)
#undef RL_DECLARE

}  // namespace rushlight::cuda
