// Sharing memory with other libraries through the buffer protocol.
#include "op.h"
#include "unrecorded.h"
#include "rushlight/core/allocator.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/elementwise.h"

namespace rushlight::python {
namespace {

// Owns one exported buffer; freed with the interpreter lock held.
struct Borrowed {
  Py_buffer view;
};

void release_borrowed(void* context) {
  auto* borrowed = static_cast<Borrowed*>(context);
  if (!Py_IsInitialized()) return;  // the interpreter is gone, and the buffer with it
  py::gil_scoped_acquire lock;
  py::error_scope on_its_way;  // the exporter must not see, nor clear, an exception in flight
  PyBuffer_Release(&borrowed->view);
  delete borrowed;
}

// The dtype of a struct-module format of native order.
bool parse_format(const char* format, Py_ssize_t itemsize, DType* dtype) {
  if (!format) format = "B";
  if (*format == '@' || *format == '=' || *format == '<' || *format == '|') ++format;
  const std::string f = format;
  const bool is_signed = f == "b" || f == "h" || f == "i" || f == "l" || f == "q" || f == "n";
  const bool is_unsigned = f == "B" || f == "H" || f == "I" || f == "L" || f == "Q" || f == "N";
  if (f == "?")
    *dtype = DType::Bool;
  else if (f == "e")
    *dtype = DType::F16;
  else if (f == "f")
    *dtype = DType::F32;
  else if (f == "d")
    *dtype = DType::F64;
  else if (f == "Zf")
    *dtype = DType::C64;
  else if (f == "Zd")
    *dtype = DType::C128;
  else if (is_signed)
    *dtype = itemsize == 1 ? DType::I8 : itemsize == 2 ? DType::I16 : itemsize == 4 ? DType::I32 : DType::I64;
  else if (is_unsigned)
    *dtype = itemsize == 1 ? DType::U8 : itemsize == 2 ? DType::U16 : itemsize == 4 ? DType::U32 : DType::U64;
  else
    return false;
  return itemsize == Py_ssize_t(rushlight::itemsize(*dtype));
}

// A tensor sharing the memory of an object that exports a strided buffer.
Tensor from_buffer_object(py::object object) {
  auto borrowed = std::make_unique<Borrowed>();
  if (PyObject_GetBuffer(object.ptr(), &borrowed->view, PyBUF_RECORDS_RO) != 0)
    throw py::error_already_set();
  Py_buffer& view = borrowed->view;
  struct Guard {
    Py_buffer* view;
    ~Guard() {
      if (view) PyBuffer_Release(view);
    }
  } guard{&view};
  DType dtype;
  RL_CHECK_TYPE(parse_format(view.format, view.itemsize, &dtype),
                "from_numpy(): can't convert an array of format '", view.format ? view.format : "B",
                "'. The only supported types are: float64, float32, float16, complex64, complex128, "
                "int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool, in native byte order.");
  RL_CHECK_VALUE(view.ndim <= kMaxDims, "from_numpy(): at most ", kMaxDims, " dimensions, got ", view.ndim);
  Dims shape(view.ndim), strides(view.ndim);
  int64_t span = 1;
  for (int d = 0; d < view.ndim; ++d) {
    shape[d] = view.shape[d];
    const Py_ssize_t stride = view.strides[d];
    RL_CHECK_VALUE(stride >= 0,
                   "from_numpy(): At least one stride in the given array is negative, and tensors with "
                   "negative strides are not supported. (You can probably work around this by making a "
                   "copy of your array with array.copy().)");
    RL_CHECK_VALUE(stride % view.itemsize == 0 || shape[d] <= 1,
                   "from_numpy(): given array strides not a multiple of the element byte size. Copy the "
                   "array to reallocate the memory.");
    strides[d] = stride / view.itemsize;
    if (shape[d] == 0) span = 0;
    if (span > 0) span = checked_add(span, checked_mul(shape[d] - 1, strides[d]));
  }
  Layout layout(shape, strides, 0);
  StoragePtr storage = Storage::borrow(view.buf, size_t(checked_mul(span, view.itemsize)), Device{},
                                       release_borrowed, borrowed.get());
  guard.view = nullptr;
  borrowed.release();
  return Tensor(std::move(storage), std::move(layout), dtype);
}

// count elements of a dtype from a writable or read-only buffer, sharing its memory.
Tensor frombuffer(py::object buffer, DType dtype, int64_t count, int64_t offset) {
  auto borrowed = std::make_unique<Borrowed>();
  if (PyObject_GetBuffer(buffer.ptr(), &borrowed->view, PyBUF_SIMPLE) != 0) throw py::error_already_set();
  Py_buffer& view = borrowed->view;
  const int64_t item = int64_t(rushlight::itemsize(dtype)), length = view.len;
  const int64_t rest = length - offset;
  try {
    RL_CHECK_VALUE(offset >= 0 && offset <= length, "frombuffer(): offset (", offset,
                   " bytes) must be non-negative and no greater than buffer length (", length, " bytes)");
    if (count < 0) {
      RL_CHECK_VALUE(rest % item == 0, "frombuffer(): buffer length (", rest,
                     " bytes) after offset (", offset, " bytes) must be a multiple of element size (", item, ")");
      count = rest / item;
    }
    RL_CHECK_VALUE(count <= rest / item, "frombuffer(): requested buffer length (", count, " * ", item,
                   " bytes) after offset (", offset, " bytes) must not be greater than actual buffer length (",
                   length, " bytes)");
  } catch (...) {
    PyBuffer_Release(&view);
    throw;
  }
  StoragePtr storage = Storage::borrow(static_cast<char*>(view.buf) + offset, size_t(count * item), Device{},
                                       release_borrowed, borrowed.get());
  borrowed.release();
  return Tensor(std::move(storage), Layout(Dims({count})), dtype);
}

py::list to_list(const Tensor& t) {
  RL_CHECK(t.ndim() == 1 && t.is_contiguous() && t.device().is_cpu(), "to_list(): expected a dense 1-d tensor");
  py::list result(size_t(t.numel()));
  dispatch(t.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* data = t.data<T>();
    for (int64_t i = 0; i < t.numel(); ++i) {
      PyObject* item;
      if constexpr (dtype_of<T> == DType::Bool)
        item = PyBool_FromLong(reinterpret_cast<const uint8_t*>(data)[i] != 0);
      else if constexpr (dtype_of<T> == DType::U64)
        item = PyLong_FromUnsignedLongLong(data[i]);
      else if constexpr (dtype_of<T> < DType::F16)
        item = PyLong_FromLongLong(data[i]);
      else if constexpr (dtype_of<T> >= DType::C64)
        item = PyComplex_FromDoubles(double(data[i].re), double(data[i].im));
      else
        item = PyFloat_FromDouble(double(data[i]));
      if (!item) throw py::error_already_set();
      PyList_SET_ITEM(result.ptr(), i, item);
    }
  });
  return result;
}

}  // namespace

void bind_interop(py::module_& m) {
  m.def("from_buffer_object", &from_buffer_object, py::arg("object"));
  m.def("frombuffer", &frombuffer, py::arg("buffer"), py::kw_only(), py::arg("dtype"), py::arg("count") = -1,
        py::arg("offset") = 0);
  m.def("to_list", &to_list, py::arg("tensor"));
  m.def(
      "to_device",
      [](const Tensor& t, const std::string& device, bool non_blocking) {
        return to_device(t, Device::parse(device), non_blocking);
      },
      py::arg("tensor"), py::arg("device"), py::arg("non_blocking") = false);
  def_unrecorded<&pin_memory>(m, "pin_memory(input)");
  m.def("is_pinned", [](const Tensor& t) { return t.storage().is_pinned(); }, py::arg("tensor"));
  m.def("result_type", [](const Tensor& a, const Tensor& b) { return result_type(a, b); });
  m.def("result_type", [](const Tensor& a, const Scalar& b) { return result_type(a.dtype(), b); });
  m.def("result_type", [](const Scalar& a, const Tensor& b) { return result_type(b.dtype(), a); });
}

}  // namespace rushlight::python
