// Uniform reductions: the rows RL_REDUCE of ops.def.
#include "reduce_leaf.h"

namespace rushlight::cpu::RL_ISA {

void register_reduce(KernelSlots& slots) {
#define RL_REDUCE(name, functor, accepts, result) \
  fill_reduce<functor, result, accepts>(slots.reduce[int(ReduceOp::name)]);
#include "rushlight/ops.def"
#undef RL_REDUCE
}

}  // namespace rushlight::cpu::RL_ISA
