#include "rushlight/core/storage.h"

#include <cstring>

#include "free_list.h"
#include "rushlight/core/allocator.h"
#include "rushlight/core/device_backend.h"
#include "rushlight/core/error.h"

namespace rushlight {

void* Storage::operator new(size_t size) { return FreeList<Storage>::pop(size); }
void Storage::operator delete(void* p) noexcept { FreeList<Storage>::push(p); }

StoragePtr Storage::allocate(size_t nbytes, Device device) {
  RL_CHECK(nbytes <= size_t(INT64_MAX), "cannot allocate ", nbytes, " bytes");
  struct Header {
    Storage* storage = new Storage;
    ~Header() { delete storage; }
  } header;
  Storage* storage = header.storage;
  storage->data_ =
      device.is_cpu() ? cpu_allocate(nbytes) : cuda_backend().allocate(nbytes, device.index);
  storage->nbytes_ = nbytes;
  storage->device_ = device;
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

void Storage::destroy(Storage* storage) noexcept {
  if (storage->deleter_)
    storage->deleter_(storage->context_);
  else if (storage->device_.is_cpu())
    cpu_free(storage->data_, storage->nbytes_);
  else
    cuda_backend().free(storage->data_, storage->nbytes_, storage->device_.index);
  delete storage;
}

void Storage::resize(size_t nbytes) {
  RL_CHECK(is_owned(),
           "Trying to resize storage that is not resizable: its memory belongs to "
           "another library; clone() the tensor first");
  RL_CHECK(exports_.load(std::memory_order_relaxed) == 0,
           "Trying to resize storage that is not resizable: a buffer or NumPy array looks into it; "
           "delete that first, or clone() the tensor");
  RL_CHECK_IMPLEMENTED(device_.is_cpu(), "resize_(): not available on ", device_);
  if (nbytes <= nbytes_) return;
  void* grown = cpu_allocate(nbytes);
  if (nbytes_ > 0) std::memcpy(grown, data_, nbytes_);
  cpu_free(data_, nbytes_);
  data_ = grown;
  nbytes_ = nbytes;
}

}  // namespace rushlight
