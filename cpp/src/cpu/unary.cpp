// Pointwise ops of one operand.
#include "pointwise.h"

namespace rushlight::cpu::RL_ISA {

void register_unary(KernelSlots& slots) {
#define RL_UNARY(name, functor, accepts, result) \
  fill_unary<functor, result, accepts>(slots.unary[int(UnaryOp::name)]);
#include "rushlight/ops.def"
#undef RL_UNARY
}

}  // namespace rushlight::cpu::RL_ISA
