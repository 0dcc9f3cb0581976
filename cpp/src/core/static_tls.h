// Thread-local variables read on every call. In a shared library each read is a call of the
// loader's unless the variable lies in the block laid out at start; glibc keeps a little room there
// (1,664 bytes, 512 of them for any library) for libraries loaded later, so a few words at most.
#pragma once

#if defined(__GLIBC__) || defined(__linux__)
#include <features.h>
#endif

#if defined(__GLIBC__) && defined(__ELF__)
#define RL_STATIC_TLS __attribute__((tls_model("initial-exec")))
#else
#define RL_STATIC_TLS
#endif
