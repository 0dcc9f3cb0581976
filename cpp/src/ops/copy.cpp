#include "rushlight/ops/copy.h"

#include <cstring>

#include "rushlight/core/device_backend.h"
#include "rushlight/core/parallel.h"
#include "rushlight/iter/kernel_slots.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/factory.h"

namespace rushlight {
namespace {

void copy_bytes(char* to, const char* from, int64_t nbytes) {
  parallel_for(0, nbytes, int64_t(1) << 19,
               [&](int64_t b, int64_t e) { std::memcpy(to + b, from + b, size_t(e - b)); });
}

// Elements of another tensor of the same shape and device, which shares no memory.
void move_elements(const Tensor& to, const Tensor& from) {
  NdPlan plan;
  const Tensor* operands[] = {&to, &from};
  make_plan(plan, to.shape(), operands, 2);
  kernel_or_raise(kernel_slots(to.device().type).copy[int(to.dtype())][int(from.dtype())], "copy_",
                  to.device(), to.dtype())(plan);
}

void copy_across(const Tensor& to, const Tensor& from, bool non_blocking) {
  const bool to_cpu = to.device().is_cpu(), from_cpu = from.device().is_cpu();
  const int kind = from_cpu ? 0 : to_cpu ? 1 : 2;
  const Device device = from_cpu ? to.device() : from.device();
  const Tensor source = contiguous(to_dtype(from, to.dtype()));
  if (to.is_contiguous()) {
    cuda_backend().copy(to.bytes(), source.bytes(), to.nbytes(), kind, device.index, !non_blocking);
  } else {
    Tensor dense = empty(to.shape(), to.dtype(), to.device());
    cuda_backend().copy(dense.bytes(), source.bytes(), dense.nbytes(), kind, device.index,
                        !non_blocking);
    copy_(to, dense);
  }
}

}  // namespace

void copy_(const Tensor& self, const Tensor& src) { copy_(self, src, false); }

void copy_(const Tensor& self, const Tensor& src, bool non_blocking) {
  if (self.is_same(src)) return;
  const Tensor from = expand_to("copy_", src, self.shape());
  check_no_internal_overlap("copy_", self);
  if (self.numel() == 0) return;
  if (self.device() != from.device()) return copy_across(self, from, non_blocking);
  if (self.dtype() == from.dtype() && self.is_contiguous() && from.is_contiguous() &&
      self.device().is_cpu() && !may_share_memory(self, from))
    return copy_bytes(self.bytes(), from.bytes(), int64_t(self.nbytes()));
  // A source that overlaps the target in another order is read whole first.
  const bool same_elements = self.bytes() == from.bytes() && self.strides() == from.strides() &&
                             self.dtype() == from.dtype();
  if (same_elements) return;
  move_elements(self, may_share_memory(self, from) ? clone(from) : from);
}

Tensor clone(const Tensor& self) {
  if (self.is_contiguous() && self.device().is_cpu()) {
    Tensor out = empty(self.shape(), self.dtype(), self.device());
    copy_bytes(out.bytes(), self.bytes(), int64_t(self.nbytes()));
    return out;
  }
  Tensor out = empty_like(self, self.dtype());
  if (out.numel() > 0) move_elements(out, self);
  return out;
}

Tensor contiguous(const Tensor& self) {
  if (self.is_contiguous()) return self;
  Tensor out = empty(self.shape(), self.dtype(), self.device());
  if (out.numel() > 0) move_elements(out, self);
  return out;
}

Tensor to_dtype(const Tensor& self, DType dtype) {
  if (self.dtype() == dtype) return self;
  Tensor out = empty_like(self, dtype);
  if (out.numel() > 0) move_elements(out, self);
  return out;
}

Tensor to_device(const Tensor& self, Device device, bool non_blocking) {
  if (self.device() == device || self.device() == resolved(device)) return self;
  Tensor out = non_blocking && device.is_cpu() ? empty_pinned(Layout(self.shape()), self.dtype())
                                               : empty(self.shape(), self.dtype(), device);
  copy_(out, self, non_blocking);
  return out;
}

Tensor pin_memory(const Tensor& self) {
  RL_CHECK(self.device().is_cpu(), "cannot pin '", self.device(),
           "' memory: only dense CPU tensors can be pinned");
  if (self.storage().is_pinned()) return self;
  const Layout layout =
      self.is_contiguous() ? Layout(self.shape()) : empty_like(self, self.dtype()).layout();
  Tensor out = empty_pinned(layout, self.dtype());
  copy_(out, self);
  return out;
}

}  // namespace rushlight
