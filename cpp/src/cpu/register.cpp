// Chooses the instruction set once, among those that were compiled (RUSHLIGHT_ISAS).
#include <cstdlib>
#include <string>

#include "rushlight/core/cpu_info.h"
#include "rushlight/core/error.h"
#include "rushlight/iter/kernel_slots.h"

namespace rushlight {

#define RL_DECLARE(isa)                      \
  namespace cpu::isa {                       \
  void register_kernels(KernelSlots& slots); \
  }
#if RUSHLIGHT_HAS_v4
RL_DECLARE(v4)
#endif
#if RUSHLIGHT_HAS_v3
RL_DECLARE(v3)
#endif
#if RUSHLIGHT_HAS_v2
RL_DECLARE(v2)
#endif
#if RUSHLIGHT_HAS_generic
RL_DECLARE(generic)
#endif
#undef RL_DECLARE

// Kernels without an instruction set of their own, compiled once.
#define RL_PLAIN_FAMILIES(_) _(sort) _(select) _(search) _(scan_extreme) _(special)
namespace cpu {
#define RL_DECLARE(family) void register_##family(KernelSlots& slots);
RL_PLAIN_FAMILIES(RL_DECLARE)
#undef RL_DECLARE
}  // namespace cpu

namespace {

struct Isa {
  const char* name;
  bool supported;
  void (*register_kernels)(KernelSlots&);
};

const Isa* choose() {
#if RUSHLIGHT_X86
  __builtin_cpu_init();
  [[maybe_unused]] const bool v3 = __builtin_cpu_supports("avx2") &&
                                   __builtin_cpu_supports("fma") &&
                                   __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi2");
  [[maybe_unused]] const bool v4 =
      v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512cd");
#endif
  // The best first.
  static const Isa compiled[] = {
#if RUSHLIGHT_HAS_v4
      {"v4", v4, &cpu::v4::register_kernels},
#endif
#if RUSHLIGHT_HAS_v3
      {"v3", v3, &cpu::v3::register_kernels},
#endif
#if RUSHLIGHT_HAS_v2
      {"v2", true, &cpu::v2::register_kernels},
#endif
#if RUSHLIGHT_HAS_generic
      {"generic", true, &cpu::generic::register_kernels},
#endif
  };
  const char* wish = nullptr;
#if RUSHLIGHT_X86
  wish = std::getenv("RUSHLIGHT_CPU");
#endif
  const std::string name = wish ? wish : "v2";
  RL_CHECK_VALUE(name == "v2" || name == "v3" || name == "v4",
                 "RUSHLIGHT_CPU: expected v2, v3 or v4, got '", name, "'");
  const Isa* found = nullptr;
  for (const Isa& isa : compiled) {
    if (wish ? name == isa.name : isa.supported) {
      found = &isa;
      break;
    }
  }
  RL_CHECK(found, wish ? "RUSHLIGHT_CPU: " : "", "this build has no kernels for ",
           wish ? wish : "this processor", "; see the CMake variable RUSHLIGHT_ISAS");
  RL_CHECK(found->supported, "RUSHLIGHT_CPU=", wish,
           ": this processor does not have these instructions");
  return found;
}

const Isa& chosen() {
  static const Isa* const isa = choose();
  return *isa;
}

}  // namespace

const char* cpu_isa() { return chosen().name; }

void register_cpu_kernels(KernelSlots& slots) {
#define RL_REGISTER(family) cpu::register_##family(slots);
  RL_PLAIN_FAMILIES(RL_REGISTER)
#undef RL_REGISTER
  chosen().register_kernels(slots);
}

}  // namespace rushlight
