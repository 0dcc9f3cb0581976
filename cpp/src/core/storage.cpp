#include "rushlight/core/storage.h"

#include <atomic>
#include <cstring>

#include "free_list.h"
#include "rushlight/core/allocator.h"
#include "rushlight/core/device_backend.h"
#include "rushlight/core/error.h"
#include "rushlight/core/inference.h"
#include "static_tls.h"

namespace rushlight {
namespace {

RL_STATIC_TLS thread_local uint32_t t_first_version = 0;
std::atomic<bool> g_any_pinned{false};

// Memory of a storage that was made shorter. Its views may still reach to the old end, so the bytes
// stay until the storage goes or grows beyond them.
struct Shortened {
  void* data;
  size_t capacity;
  Device device;
};
void* take(size_t nbytes, Device device) {
  return device.is_cpu() ? cpu_allocate(nbytes) : cuda_backend().allocate(nbytes, device.index);
}
void release(void* data, size_t nbytes, Device device) {
  if (device.is_cpu())
    cpu_free(data, nbytes);
  else
    cuda_backend().free(data, nbytes, device.index);
}
void free_shortened(void* context) {
  auto* memory = static_cast<Shortened*>(context);
  release(memory->data, memory->capacity, memory->device);
  delete memory;
}

}  // namespace

void set_inference_storages(bool on) { t_first_version = on ? kInferenceVersion : 0; }

void* Storage::operator new(size_t size) { return FreeList<Storage>::pop(size); }
void Storage::operator delete(void* p) noexcept { FreeList<Storage>::push(p); }

StoragePtr Storage::allocate(size_t nbytes, Device device) {
  RL_CHECK(nbytes <= size_t(INT64_MAX), "cannot allocate ", nbytes, " bytes");
  struct Header {
    Storage* storage = new Storage;
    ~Header() { delete storage; }
  } header;
  Storage* storage = header.storage;
  if (RL_UNLIKELY(!device.is_cpu())) device = resolved(device);
  storage->data_ = take(nbytes, device);
  storage->nbytes_ = nbytes;
  storage->device_ = device;
  storage->set_version(t_first_version);
  header.storage = nullptr;
  return StoragePtr::adopt(storage);
}

StoragePtr Storage::borrow(void* data, size_t nbytes, Device device, Deleter deleter,
                           void* context) {
  Storage* storage = new Storage;
  storage->data_ = data;
  storage->nbytes_ = nbytes;
  storage->device_ = device;
  storage->deleter_ = deleter;
  storage->context_ = context;
  return StoragePtr::adopt(storage);
}

StoragePtr Storage::allocate_pinned(size_t nbytes) {
  RL_CHECK(nbytes <= size_t(INT64_MAX), "cannot allocate ", nbytes, " bytes");
  struct Block {
    void* data;
    ~Block() {
      if (data) cuda_backend().pinned_free(data);
    }
  } block{cuda_backend().pinned_allocate(nbytes)};
  StoragePtr storage =
      borrow(block.data, nbytes, Device{}, cuda_backend().pinned_free, block.data);
  block.data = nullptr;
  storage->set_version(t_first_version);
  g_any_pinned.store(true, std::memory_order_relaxed);
  return storage;
}

// Looks for no device before something was pinned.
bool Storage::is_pinned() const {
  return g_any_pinned.load(std::memory_order_relaxed) && device_.is_cpu() && deleter_ &&
         cuda_backend().pinned(data_);
}

void Storage::destroy(Storage* storage) noexcept {
  if (storage->deleter_)
    storage->deleter_(storage->context_);
  else
    release(storage->data_, storage->nbytes_, storage->device_);
  delete storage;
}

void Storage::resize(size_t nbytes) {
  const bool shortened = deleter_ == free_shortened;
  RL_CHECK(is_owned() || shortened,
           "Trying to resize storage that is not resizable: its memory belongs to "
           "another library; clone() the tensor first");
  const size_t capacity = shortened ? static_cast<Shortened*>(context_)->capacity : nbytes_;
  if (nbytes <= capacity) {
    if (!shortened && nbytes < nbytes_) {
      context_ = new Shortened{data_, nbytes_, device_};
      deleter_ = free_shortened;
    }
    nbytes_ = nbytes;
    return;
  }
  RL_CHECK(exports_.load(std::memory_order_relaxed) == 0,
           "Trying to resize storage that is not resizable: a buffer or NumPy array looks into it; "
           "delete that first, or clone() the tensor");
  void* grown = take(nbytes, device_);
  if (capacity > 0) {
    if (device_.is_cpu())
      std::memcpy(grown, data_, capacity);
    else
      cuda_backend().copy(grown, data_, capacity, 2, device_.index, true);
  }
  if (shortened) {
    free_shortened(context_);
    deleter_ = nullptr;
    context_ = nullptr;
  } else {
    release(data_, nbytes_, device_);
  }
  data_ = grown;
  nbytes_ = nbytes;
}

}  // namespace rushlight
