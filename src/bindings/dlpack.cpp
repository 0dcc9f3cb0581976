// Tensors to and from DLPack capsules, without a copy.
#include "dlpack.h"
#include "rushlight/core/device_backend.h"

#include "casters.h"

namespace rushlight::python {
namespace {

template <class M>
struct Names;
template <>
struct Names<dlpack::Managed> {
  static constexpr const char *fresh = "dltensor", *used = "used_dltensor";
};
template <>
struct Names<dlpack::ManagedVersioned> {
  static constexpr const char *fresh = "dltensor_versioned", *used = "used_dltensor_versioned";
};

dlpack::DataType to_dlpack_dtype(DType dtype) {
  uint8_t code = dlpack::kFloat;
  if (dtype == DType::Bool)
    code = dlpack::kBool;
  else if (dtype == DType::BF16)
    code = dlpack::kBfloat;
  else if (dtype >= DType::C64)
    code = dlpack::kComplex;
  else if (dtype == DType::I8 || dtype == DType::I16 || dtype == DType::I32 || dtype == DType::I64)
    code = dlpack::kInt;
  else if (dtype < DType::F16)
    code = dlpack::kUInt;
  return {code, uint8_t(8 * itemsize(dtype)), 1};
}

DType from_dlpack_dtype(dlpack::DataType d) {
  if (d.lanes == 1) {
    for (int i = 0; i < kNumDTypes; ++i) {
      const dlpack::DataType known = to_dlpack_dtype(DType(i));
      if (known.code == d.code && known.bits == d.bits) return DType(i);
    }
  }
  throw py::buffer_error("from_dlpack(): no dtype for type code " + std::to_string(d.code) + " with " +
                         std::to_string(d.bits) + " bits and " + std::to_string(d.lanes) + " lanes");
}

// What a consumer holds: the tensor, whose memory may not move meanwhile (Note [Exports]).
template <class M>
struct Held {
  explicit Held(const Tensor& t) : tensor(t.view_as(t.layout())) {
    tensor.storage().add_export();
    const int n = t.ndim();
    managed.array = {t.numel() ? t.bytes() : nullptr,
                     {t.device().is_cpu() ? dlpack::kCpu : dlpack::kCuda, t.device().is_cpu() ? 0 : t.device().index},
                     n,
                     to_dlpack_dtype(t.dtype()),
                     const_cast<int64_t*>(tensor.shape().data()),
                     const_cast<int64_t*>(tensor.strides().data()),
                     0};
    managed.context = this;
    managed.deleter = [](M* self) { delete static_cast<Held*>(self->context); };
  }
  ~Held() { tensor.storage().drop_export(); }
  Held(const Held&) = delete;
  Tensor tensor;
  M managed;
};

// Runs the deleter of a capsule that nobody consumed.
template <class M>
void drop_capsule(PyObject* capsule) {
  if (!PyCapsule_IsValid(capsule, Names<M>::fresh)) return;
  auto* managed = static_cast<M*>(PyCapsule_GetPointer(capsule, Names<M>::fresh));
  if (managed->deleter) managed->deleter(managed);
}

template <class M>
py::object make_capsule(M* managed) {
  PyObject* capsule = PyCapsule_New(managed, Names<M>::fresh, &drop_capsule<M>);
  if (!capsule) {
    managed->deleter(managed);
    throw py::error_already_set();
  }
  return py::reinterpret_steal<py::object>(capsule);
}

py::object to_capsule(const Tensor& t, bool versioned, bool copied) {
  if (!versioned) return make_capsule(&(new Held<dlpack::Managed>(t))->managed);
  auto* held = new Held<dlpack::ManagedVersioned>(t);
  held->managed.version = {dlpack::kMajor, dlpack::kMinor};
  held->managed.flags = copied ? dlpack::kCopied : 0;
  return make_capsule(&held->managed);
}

// Calls the producer's deleter when the last tensor lets go.
template <class M>
void release_managed(void* context) {
  auto* managed = static_cast<M*>(context);
  if (!managed->deleter || !Py_IsInitialized()) return;
  py::gil_scoped_acquire lock;
  managed->deleter(managed);
}

void check_array(const dlpack::Array& a) {
  if (a.device.type == dlpack::kCuda) {
    const char* reason = "";
    if (!cuda_available(&reason) || a.device.id < 0 || a.device.id >= cuda_device_count())
      throw py::buffer_error("from_dlpack(): memory of cuda:" + std::to_string(a.device.id) +
                             " cannot be imported: " + reason);
  } else if (a.device.type != dlpack::kCpu && a.device.type != dlpack::kCudaHost) {
    throw py::buffer_error("from_dlpack(): only memory of the CPU and of CUDA can be imported, got "
                           "device type " + std::to_string(a.device.type));
  }
  RL_CHECK_VALUE(a.ndim >= 0 && a.ndim <= kMaxDims, "from_dlpack(): at most ", kMaxDims,
                 " dimensions, got ", a.ndim);
}

template <class M>
Tensor take_capsule(PyObject* capsule) {
  auto* managed = static_cast<M*>(PyCapsule_GetPointer(capsule, Names<M>::fresh));
  if (!managed) throw py::error_already_set();
  const dlpack::Array& a = managed->array;
  check_array(a);
  const DType dtype = from_dlpack_dtype(a.dtype);
  Dims shape(a.ndim);
  for (int i = 0; i < a.ndim; ++i) shape[i] = a.shape[i];
  Dims strides = Layout(shape).strides();
  for (int i = 0; a.strides && i < a.ndim; ++i) {
    strides[i] = a.strides[i];
    RL_CHECK_VALUE(strides[i] >= 0 || shape[i] <= 1,
                   "from_dlpack(): tensors with negative strides are not supported; copy the array");
    if (strides[i] < 0) strides[i] = 1;
  }
  Layout layout(shape, strides, 0);
  const size_t nbytes = size_t(checked_mul(layout.span(), int64_t(itemsize(dtype))));
  const Device device = a.device.type == dlpack::kCuda ? Device{DeviceType::CUDA, int8_t(a.device.id)} : Device{};
  StoragePtr storage = Storage::borrow(static_cast<char*>(a.data) + a.byte_offset, nbytes, device,
                                       &release_managed<M>, managed);
  // From here on the storage owns it.
  if (PyCapsule_SetName(capsule, Names<M>::used) != 0) throw py::error_already_set();
  return Tensor(std::move(storage), std::move(layout), dtype);
}

// The tensor, and whether its memory may not be written.
py::tuple from_capsule(py::object capsule) {
  PyObject* c = capsule.ptr();
  if (PyCapsule_IsValid(c, Names<dlpack::Managed>::fresh))
    return py::make_tuple(take_capsule<dlpack::Managed>(c), false);
  RL_CHECK(PyCapsule_IsValid(c, Names<dlpack::ManagedVersioned>::fresh),
           "from_dlpack(): expected a DLPack capsule that was not consumed before");
  const auto* managed = static_cast<dlpack::ManagedVersioned*>(
      PyCapsule_GetPointer(c, Names<dlpack::ManagedVersioned>::fresh));
  if (managed->version.major > dlpack::kMajor)
    throw py::buffer_error("from_dlpack(): the capsule is of DLPack version " +
                           std::to_string(managed->version.major) + ", known is 1");
  const bool read_only = managed->flags & dlpack::kReadOnly;
  return py::make_tuple(take_capsule<dlpack::ManagedVersioned>(c), read_only);
}

}  // namespace

void bind_dlpack(py::module_& m) {
  m.def("_to_dlpack", &to_capsule);
  m.def("_from_dlpack", &from_capsule);
}

}  // namespace rushlight::python
