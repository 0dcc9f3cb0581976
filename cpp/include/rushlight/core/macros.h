// Function qualifiers shared by host and device code.
#pragma once

#if defined(__CUDACC__)
#define RL_HD __host__ __device__
#else
#define RL_HD
#endif

// Note [No weak symbols in kernels]
// Kernel files are compiled once per instruction set. A function that is emitted as a weak symbol
// there could be chosen by the linker for the whole library and then fault on an older machine.
// So whatever a kernel file includes is either always inlined (RL_INLINE) or has internal linkage;
// tools/check_symbols.py verifies it on the built objects.
#define RL_INLINE inline __attribute__((always_inline))
#define RL_HD_INLINE RL_HD inline __attribute__((always_inline))

#define RL_LIKELY(x) __builtin_expect(!!(x), 1)
#define RL_UNLIKELY(x) __builtin_expect(!!(x), 0)

#define RL_API __attribute__((visibility("default")))
