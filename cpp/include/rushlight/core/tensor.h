// The tensor: a storage, a layout and an element type. It knows nothing of gradients.
#pragma once

#include "rushlight/core/dtype.h"
#include "rushlight/core/layout.h"
#include "rushlight/core/storage.h"

namespace rushlight {

class RL_API TensorImpl : public RefCounted {
 public:
  RL_INLINE TensorImpl(StoragePtr storage, Layout&& layout, DType dtype)
      : storage(std::move(storage)), layout(std::move(layout)), dtype(dtype) {}
  RL_INLINE TensorImpl(const StoragePtr& storage, Layout::Unset unset, int ndim, int64_t offset,
                       DType dtype)
      : storage(storage), layout(unset, ndim, offset), dtype(dtype) {}
  static void destroy(TensorImpl* impl) noexcept;
  static void* operator new(size_t size);
  static void operator delete(void* p) noexcept;

  StoragePtr storage;
  Layout layout;
  DType dtype;
};

class Tensor {
 public:
  RL_INLINE Tensor() = default;  // undefined
  RL_INLINE explicit Tensor(IntrusivePtr<TensorImpl> impl) : impl_(std::move(impl)) {}
  RL_INLINE Tensor(StoragePtr storage, Layout layout, DType dtype)
      : impl_(IntrusivePtr<TensorImpl>::adopt(
            new TensorImpl(std::move(storage), std::move(layout), dtype))) {}

  RL_INLINE bool defined() const { return bool(impl_); }
  RL_INLINE DType dtype() const { return impl_->dtype; }
  RL_INLINE Device device() const { return impl_->storage->device(); }
  RL_INLINE const Layout& layout() const { return impl_->layout; }
  RL_INLINE const Dims& shape() const { return impl_->layout.shape(); }
  RL_INLINE const Dims& strides() const { return impl_->layout.strides(); }
  RL_INLINE int64_t size(int d) const { return shape()[d]; }
  RL_INLINE int64_t stride(int d) const { return strides()[d]; }
  RL_INLINE int ndim() const { return impl_->layout.ndim(); }
  RL_INLINE int64_t numel() const { return impl_->layout.numel(); }
  RL_INLINE int64_t offset() const { return impl_->layout.offset(); }
  RL_INLINE size_t itemsize() const { return rushlight::itemsize(impl_->dtype); }
  RL_INLINE size_t nbytes() const { return size_t(numel()) * itemsize(); }
  RL_INLINE bool is_contiguous() const { return impl_->layout.is_contiguous(); }
  RL_INLINE Storage& storage() const { return *impl_->storage; }
  RL_INLINE const StoragePtr& storage_ptr() const { return impl_->storage; }

  // First element.
  RL_INLINE char* bytes() const {
    return static_cast<char*>(impl_->storage->data()) + offset() * int64_t(itemsize());
  }
  template <class T>
  RL_INLINE T* data() const {
    return reinterpret_cast<T*>(bytes());
  }

  // The same storage seen through another layout. The caller has checked the bounds.
  RL_INLINE Tensor view_as(Layout layout) const {
    return Tensor(impl_->storage, std::move(layout), impl_->dtype);
  }

  // The same storage with a layout of ndim dims that the caller fills in.
  RL_INLINE Tensor unset_view(int ndim, int64_t offset) const {
    return Tensor(IntrusivePtr<TensorImpl>::adopt(
        new TensorImpl(impl_->storage, Layout::Unset{}, ndim, offset, impl_->dtype)));
  }

  RL_INLINE TensorImpl* impl() const { return impl_.get(); }
  RL_INLINE TensorImpl* release() { return impl_.release(); }
  RL_INLINE bool is_same(const Tensor& other) const { return impl() == other.impl(); }

 private:
  IntrusivePtr<TensorImpl> impl_;
};

}  // namespace rushlight
