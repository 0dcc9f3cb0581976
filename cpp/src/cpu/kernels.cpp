// All kernels of one instruction set.
#include "rushlight/iter/kernel_slots.h"

namespace rushlight::cpu::RL_ISA {

#define RL_FAMILIES(_) \
  _(unary) \
  _(binary) \
  _(copy) \
  _(optim) \
  _(recurrent) \
  _(optimizers) \
  _(matmul) \
  _(gemm_micro) \
  _(conv) \
  _(conv_weight) \
  _(pool_max) \
  _(pool_average) \
  _(reduce) \
  _(reduce_arg) \
  _(reduce_var) \
  _(softmax) \
  _(attention) \
  _(loss) \
  _(norm) \
  _(scan) \
  _(index) \
  _(mask) \
  _(scatter) \
  _(resample) \
  _(triangle)

#define RL_DECLARE(family) void register_##family(KernelSlots& slots);
RL_FAMILIES(RL_DECLARE)
#undef RL_DECLARE

void register_kernels(KernelSlots& slots) {
#define RL_REGISTER(family) register_##family(slots);
  RL_FAMILIES(RL_REGISTER)
#undef RL_REGISTER
}

}  // namespace rushlight::cpu::RL_ISA
