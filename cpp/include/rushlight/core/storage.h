// A counted block of bytes on a device, shared by the tensors that view it.
#pragma once

#include "rushlight/core/device.h"
#include "rushlight/core/intrusive_ptr.h"

namespace rushlight {

class RL_API Storage : public RefCounted {
 public:
  using Deleter = void (*)(void* context);

  // Memory of the device's caching allocator, uninitialised.
  static IntrusivePtr<Storage> allocate(size_t nbytes, Device device);
  // Memory owned by someone else; deleter(context) runs when the last tensor lets go.
  static IntrusivePtr<Storage> borrow(void* data, size_t nbytes, Device device, Deleter deleter,
                                      void* context);
  // Page-locked memory of the host, which a CUDA device copies from while the host goes on. Raises
  // Error without such a device.
  static IntrusivePtr<Storage> allocate_pinned(size_t nbytes);
  static void destroy(Storage* storage) noexcept;

  RL_INLINE void* data() const { return data_; }
  RL_INLINE size_t nbytes() const { return nbytes_; }
  RL_INLINE Device device() const { return device_; }
  bool is_owned() const { return deleter_ == nullptr; }
  bool is_pinned() const;

  // Grows owned memory, keeping its bytes; a shorter storage keeps its memory too, since the tensors
  // that share it rely on it. Raises Error on borrowed memory, or to move what is exported.
  void resize(size_t nbytes);

  // Note [Exports]
  // The buffer protocol hands out this storage's address; until that buffer is released the memory
  // may not move.
  void add_export() { exports_.fetch_add(1, std::memory_order_relaxed); }
  void drop_export() { exports_.fetch_sub(1, std::memory_order_relaxed); }

  // Counts in-place writes, so that autograd notices an overwritten value.
  RL_INLINE uint32_t version() const { return version_.load(std::memory_order_relaxed); }
  RL_INLINE void bump_version() { version_.store(version() + 1, std::memory_order_relaxed); }
  void set_version(uint32_t version) { version_.store(version, std::memory_order_relaxed); }

 private:
  Storage() = default;
  static void* operator new(size_t size);
  static void operator delete(void* p) noexcept;

  void* data_ = nullptr;
  size_t nbytes_ = 0;
  Deleter deleter_ = nullptr;
  void* context_ = nullptr;
  Device device_;
  std::atomic<uint32_t> version_{0};
  std::atomic<uint32_t> exports_{0};
};

using StoragePtr = IntrusivePtr<Storage>;

}  // namespace rushlight
