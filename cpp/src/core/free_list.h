// A short per-thread list of free blocks for small objects of one type.
#pragma once

#include <cstdlib>

#include "rushlight/core/error.h"
#include "static_tls.h"

namespace rushlight {

template <class T>
class FreeList {
 public:
  static void* pop(size_t size) {
    State& state = state_;
    if (RL_LIKELY(state.head != nullptr)) {
      void* p = state.head;
      state.head = *static_cast<void**>(p);
      --state.count;
      return p;
    }
    void* p = std::malloc(size);
    RL_CHECK_AS(OutOfMemoryError, p != nullptr, "out of memory: could not allocate ", size,
                " bytes");
    return p;
  }
  static void push(void* p) noexcept {
#if __SANITIZE_ADDRESS__
    return std::free(p);  // AddressSanitizer is to see a touch of a freed object
#endif
    State& state = state_;
    if (RL_UNLIKELY(state.count >= state.limit)) {
      if (state.limit != 0) return std::free(p);
      // First use on this thread: from now on its exit empties the list.
      if (closed_) return std::free(p);
      static thread_local Closer closer;
      closer.arm();
      state.limit = kLimit;
    }
    *static_cast<void**>(p) = state.head;
    state.head = p;
    ++state.count;
  }

 private:
  static constexpr int kLimit = 256;
  struct State {
    void* head;
    int count;
    int limit;
  };
  struct Closer {
    void arm() {}
    ~Closer() {
      closed_ = true;
      state_.limit = 0;
      while (void* p = state_.head) {
        state_.head = *static_cast<void**>(p);
        std::free(p);
      }
      state_.count = 0;
    }
  };

  RL_STATIC_TLS static inline thread_local State state_ = {nullptr, 0, 0};
  static inline thread_local bool closed_ = false;
};

}  // namespace rushlight
