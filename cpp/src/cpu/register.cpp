// Chooses the instruction set once.
#include <cstdlib>
#include <string>

#include "rushlight/core/cpu_info.h"
#include "rushlight/core/error.h"
#include "rushlight/iter/kernel_slots.h"

namespace rushlight {

#if RUSHLIGHT_X86
namespace cpu::v2 {
void register_kernels(KernelSlots& slots);
}
namespace cpu::v3 {
void register_kernels(KernelSlots& slots);
}
namespace cpu::v4 {
void register_kernels(KernelSlots& slots);
}
#else
namespace cpu::generic {
void register_kernels(KernelSlots& slots);
}
#endif

// Kernels without an instruction set of their own, compiled once.
#define RL_PLAIN_FAMILIES(_) _(sort) _(select) _(search) _(scan_extreme)
namespace cpu {
#define RL_DECLARE(family) void register_##family(KernelSlots& slots);
RL_PLAIN_FAMILIES(RL_DECLARE)
#undef RL_DECLARE
}  // namespace cpu

const char* cpu_isa() {
#if RUSHLIGHT_X86
  static const char* const chosen = [] {
    __builtin_cpu_init();
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("avx512cd");
    if (const char* wish = std::getenv("RUSHLIGHT_CPU")) {
      const std::string isa = wish;
      RL_CHECK_VALUE(isa == "v2" || isa == "v3" || isa == "v4",
                     "RUSHLIGHT_CPU: expected v2, v3 or v4, got '", isa, "'");
      RL_CHECK((isa != "v3" || v3) && (isa != "v4" || v4), "RUSHLIGHT_CPU=", isa,
               ": this processor does not have these instructions");
      return isa == "v2" ? "v2" : isa == "v3" ? "v3" : "v4";
    }
    return v4 ? "v4" : v3 ? "v3" : "v2";
  }();
  return chosen;
#else
  return "generic";
#endif
}

void register_cpu_kernels(KernelSlots& slots) {
#define RL_REGISTER(family) cpu::register_##family(slots);
  RL_PLAIN_FAMILIES(RL_REGISTER)
#undef RL_REGISTER
#if RUSHLIGHT_X86
  switch (cpu_isa()[1]) {
    case '2':
      return cpu::v2::register_kernels(slots);
    case '3':
      return cpu::v3::register_kernels(slots);
    default:
      return cpu::v4::register_kernels(slots);
  }
#else
  cpu::generic::register_kernels(slots);
#endif
}

}  // namespace rushlight
