// The bytes under a tensor, for saving and loading.
#include "casters.h"
#include "rushlight/ops/resize.h"
#include "rushlight/ops/view.h"

namespace rushlight::python {
namespace {

const Tensor& cpu_tensor(const char* op, const Tensor& t) {
  RL_CHECK(t.device().is_cpu(), op, "(): expected a CPU tensor, got one on ", t.device());
  return t;
}

// The whole storage as bytes: a tensor, whose memoryview keeps the memory alive.
Tensor storage_bytes(const Tensor& t) {
  Storage& storage = cpu_tensor("_storage_bytes", t).storage();
  return Tensor(t.storage_ptr(), Layout(Dims({int64_t(storage.nbytes())})), DType::U8);
}

size_t storage_id(const Tensor& t) { return reinterpret_cast<size_t>(&t.storage()); }

// The storage seen as elements of any dtype at these places.
Tensor storage_view(const Tensor& t, DType dtype, const Dims& size, const Dims& stride,
                    int64_t offset) {
  RL_CHECK(size.size() == stride.size(), "_storage_view(): got ", size.size(), " sizes but ",
           stride.size(), " strides");
  bool negative = offset < 0;
  for (int i = 0; i < size.size(); ++i) negative |= size[i] < 0 || stride[i] < 0;
  RL_CHECK(!negative, "_storage_view(): negative size ", size, ", stride ", stride, " or offset ",
           offset);
  Layout layout(size, stride, offset);
  checked_mul(offset, int64_t(itemsize(dtype)));  // without elements the span is 0
  const int64_t held = int64_t(t.storage().nbytes() / itemsize(dtype));
  RL_CHECK(layout.span() <= held, "_storage_view(): size ", size, ", stride ", stride,
           " and offset ", offset, " need ", layout.span(), " elements of ", dtype,
           ", but the storage holds ", held);
  return Tensor(t.storage_ptr(), std::move(layout), dtype);
}

size_t storage_nbytes(const Tensor& t) { return t.storage().nbytes(); }
void storage_resize(const Tensor& t, int64_t nbytes) {
  RL_CHECK(nbytes >= 0, "resize_(): a storage of ", nbytes, " bytes");
  t.storage().resize(size_t(nbytes));
}
// Whether another library owns the memory, so that its size cannot change.
bool storage_borrowed(const Tensor& t) {
  try {
    t.storage().resize(t.storage().nbytes());
    return false;
  } catch (const Error&) {
    return true;
  }
}
int64_t storage_users(const Tensor& t) { return t.storage().use_count(); }

// self becomes a view of the storage under source, whose dtype does not matter.
void set_tensor(const Tensor& self, const Tensor& source, int64_t offset, const Dims& size,
                const std::optional<Dims>& stride) {
  RL_CHECK(self.device() == source.device(), "set_(): the devices ", self.device(), " and ",
           source.device(), " differ");
  const bool given = stride && (stride->size() > 0 || size.size() == 0);
  set_(self, source.storage_ptr(), size, given ? *stride : Layout(size).strides(), offset);
}

}  // namespace

void bind_storage(py::module_& m) {
  m.def("_storage_bytes", &storage_bytes);
  m.def("_storage_id", &storage_id);
  m.def("_storage_nbytes", &storage_nbytes);
  m.def("_storage_resize", &storage_resize);
  m.def("_storage_borrowed", &storage_borrowed);
  m.def("_storage_users", &storage_users);
  m.def("_storage_view", &storage_view);
  m.def("_view_dtype", &view_dtype);
  m.def("_set", &set_tensor);
}

}  // namespace rushlight::python
