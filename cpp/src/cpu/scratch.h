// Memory for the length of a call.
#pragma once

#include <cstddef>

#include "rushlight/core/macros.h"

namespace rushlight::cpu {

// body(context, scratch), with `bytes` bytes aligned to 64. Freed here, also when body raises: kernel
// files hold no clean-up code, as that refers to a weak symbol.
void run_with_scratch(size_t bytes, void (*body)(const void* context, void* scratch),
                      const void* context);

// f(scratch).
template <class F>
RL_INLINE void with_scratch(size_t bytes, const F& f) {
  struct Call {
    static void run(const void* context, void* scratch) {
      (*static_cast<const F*>(context))(scratch);
    }
  };
  run_with_scratch(bytes, &Call::run, &f);
}

}  // namespace rushlight::cpu
