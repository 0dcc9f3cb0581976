#include "rushlight/core/tensor.h"

#include "free_list.h"

namespace rushlight {

void* TensorImpl::operator new(size_t size) { return FreeList<TensorImpl>::pop(size); }
void TensorImpl::operator delete(void* p) noexcept { FreeList<TensorImpl>::push(p); }
void TensorImpl::destroy(TensorImpl* impl) noexcept { delete impl; }

}  // namespace rushlight
