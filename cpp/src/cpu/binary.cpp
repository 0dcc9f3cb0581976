// Pointwise ops of two operands.
#include "pointwise.h"

namespace rushlight::cpu::RL_ISA {

void register_binary(KernelSlots& slots) {
#define RL_BINARY(name, functor, accepts, result) \
  fill_binary<functor, result, accepts>(slots.binary[int(BinaryOp::name)]);
#include "rushlight/ops.def"
#undef RL_BINARY
}

}  // namespace rushlight::cpu::RL_ISA
