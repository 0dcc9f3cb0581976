// The kernels of one device: plain function pointers, empty where the device has no kernel.
#pragma once

#include "rushlight/core/scalar.h"
#include "rushlight/iter/conv_plan.h"
#include "rushlight/iter/pool_plan.h"
#include "rushlight/iter/nd_plan.h"
#include "rushlight/iter/optim_plan.h"
#include "rushlight/iter/reduce_plan.h"
#include "rushlight/iter/resample_plan.h"
#include "rushlight/iter/softmax_plan.h"
#include "rushlight/iter/sort_plan.h"
#include "rushlight/iter/index_plan.h"

namespace rushlight {

enum class UnaryOp : uint8_t {
#define RL_UNARY(name, functor, accepts, result) name,
#include "rushlight/ops.def"
#undef RL_UNARY
  kCount
};
enum class BinaryOp : uint8_t {
#define RL_BINARY(name, functor, accepts, result) name,
#include "rushlight/ops.def"
#undef RL_BINARY
  kCount
};
enum class ReduceOp : uint8_t {
#define RL_REDUCE(name, functor, accepts, result) name,
#include "rushlight/ops.def"
#undef RL_REDUCE
  kCount
};
inline constexpr int kNumUnaryOps = int(UnaryOp::kCount);
inline constexpr int kNumBinaryOps = int(BinaryOp::kCount);
inline constexpr int kNumReduceOps = int(ReduceOp::kCount);

RL_API const char* op_name(UnaryOp op);
RL_API const char* op_name(BinaryOp op);
RL_API const char* op_name(ReduceOp op);

// Runs over all elements of the plan.
using PlanKernel = void (*)(const NdPlan& plan);
using ReduceFn = void (*)(const ReducePlan& plan);

// Note [Kernel slots]
// Filled by explicit register_cpu_kernels() / register_cuda_kernels(): a static link keeps them. An
// empty slot raises NotImplementedError through kernel_or_raise.
struct KernelSlots {
  PlanKernel unary[kNumUnaryOps][kNumDTypes];
  PlanKernel binary[kNumBinaryOps][kNumDTypes];
  ReduceFn reduce[kNumReduceOps][kNumDTypes];
  PlanKernel copy[kNumDTypes][kNumDTypes];  // [to][from]
#define RL_KERNEL(name, result, parameters) result(*name) parameters;
#include "rushlight/iter/kernels.def"
#undef RL_KERNEL
};

RL_API KernelSlots& kernel_slots(DeviceType type);

[[noreturn]] RL_API void raise_no_kernel(const char* op, Device device, DType dtype);

template <class K>
RL_INLINE K kernel_or_raise(K kernel, const char* op, Device device, DType dtype) {
  if (RL_UNLIKELY(kernel == nullptr)) raise_no_kernel(op, device, dtype);
  return kernel;
}

}  // namespace rushlight
