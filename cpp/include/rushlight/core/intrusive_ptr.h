// Reference counts inside the object.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "rushlight/core/macros.h"

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace rushlight {

// Whether the process has never started a thread: then counting needs no locked instructions, which
// are most of the price of a small view.
RL_INLINE bool single_threaded() {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded;
#else
  return false;
#endif
}

class RefCounted {
 public:
  RL_INLINE void retain() const {
    if (single_threaded())
      refs_.store(refs_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    else
      refs_.fetch_add(1, std::memory_order_relaxed);
  }
  // True when this was the last reference. A sole owner needs no locked instruction.
  RL_INLINE bool drop() const {
    const uint32_t refs = refs_.load(std::memory_order_acquire);
    if (refs == 1) return true;
    if (single_threaded()) {
      refs_.store(refs - 1, std::memory_order_relaxed);
      return false;
    }
    return refs_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  RL_INLINE uint32_t use_count() const { return refs_.load(std::memory_order_acquire); }

 protected:
  RefCounted() : refs_(1) {}
  ~RefCounted() = default;

 private:
  mutable std::atomic<uint32_t> refs_;
};

// T offers static void destroy(T*).
template <class T>
class IntrusivePtr {
 public:
  RL_INLINE IntrusivePtr() : p_(nullptr) {}
  RL_INLINE IntrusivePtr(const IntrusivePtr& other) : p_(other.p_) {
    if (p_) p_->retain();
  }
  RL_INLINE IntrusivePtr(IntrusivePtr&& other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
  RL_INLINE IntrusivePtr& operator=(IntrusivePtr other) noexcept {
    std::swap(p_, other.p_);
    return *this;
  }
  RL_INLINE ~IntrusivePtr() { reset(); }

  // Takes over a reference that the caller owns.
  RL_INLINE static IntrusivePtr adopt(T* p) {
    IntrusivePtr result;
    result.p_ = p;
    return result;
  }
  // Adds a reference.
  RL_INLINE static IntrusivePtr share(T* p) {
    if (p) p->retain();
    return adopt(p);
  }
  // Gives the reference to the caller.
  RL_INLINE T* release() { return std::exchange(p_, nullptr); }
  RL_INLINE void reset() {
    if (p_ && p_->drop()) T::destroy(p_);
    p_ = nullptr;
  }

  RL_INLINE T* get() const { return p_; }
  RL_INLINE T* operator->() const { return p_; }
  RL_INLINE T& operator*() const { return *p_; }
  RL_INLINE explicit operator bool() const { return p_ != nullptr; }

 private:
  T* p_;
};

}  // namespace rushlight
