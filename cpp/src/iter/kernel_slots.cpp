#include "rushlight/iter/kernel_slots.h"

#include "rushlight/core/device_backend.h"
#include "rushlight/core/error.h"

namespace rushlight {

void register_cpu_kernels(KernelSlots& slots);  // cpu/register.cpp

namespace {

KernelSlots g_cpu;
KernelSlots g_cuda;

const char* const kUnaryNames[] = {
#define RL_UNARY(name, functor, accepts, result) #name,
#include "rushlight/ops.def"
#undef RL_UNARY
};
const char* const kBinaryNames[] = {
#define RL_BINARY(name, functor, accepts, result) #name,
#include "rushlight/ops.def"
#undef RL_BINARY
};
const char* const kReduceNames[] = {
#define RL_REDUCE(name, functor, accepts, result) #name,
#include "rushlight/ops.def"
#undef RL_REDUCE
};

}  // namespace

const char* op_name(UnaryOp op) { return kUnaryNames[int(op)]; }
const char* op_name(BinaryOp op) { return kBinaryNames[int(op)]; }
const char* op_name(ReduceOp op) { return kReduceNames[int(op)]; }

KernelSlots& kernel_slots(DeviceType type) {
  if (RL_LIKELY(type == DeviceType::CPU)) {
    static const bool filled = (register_cpu_kernels(g_cpu), true);
    (void)filled;
    return g_cpu;
  }
  static const bool filled = [] {
    RL_CHECK(cuda_backend().slots_size == sizeof(KernelSlots),
             "librushlight_cuda.so belongs to another version of Rushlight");
    cuda_backend().register_kernels(g_cuda);
    return true;
  }();
  (void)filled;
  return g_cuda;
}

void raise_no_kernel(const char* op, Device device, DType dtype) {
  raise<NotImplementedError>("\"", op, "\" not implemented for '", dtype_name(dtype), "' on ", device);
}

}  // namespace rushlight
