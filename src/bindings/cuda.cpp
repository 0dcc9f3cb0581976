// The CUDA devices of rushlight.cuda: what there are, their memory, streams and events. Handles are
// numbers.
#include "op.h"
#include "rushlight/core/device_backend.h"
#include "rushlight/ops/random.h"

namespace rushlight::python {
namespace {

int checked(int device) {
  RL_CHECK(device >= 0 && device < cuda_device_count(), "CUDA error: invalid device ordinal: ", device,
           " was asked for, but there are ", cuda_device_count(), " CUDA devices");
  return device;
}
void* handle_of(uintptr_t number) { return reinterpret_cast<void*>(number); }
uintptr_t number_of(void* handle) { return reinterpret_cast<uintptr_t>(handle); }

}  // namespace

void bind_cuda(py::module_& m) {
  m.def("cuda_status", [] {
    const char* reason = "";
    const bool available = cuda_available(&reason);
    return py::make_tuple(available, reason);
  });
  m.def("_cuda_device_count", [] { return cuda_device_count(); });
  m.def("_cuda_current_device", [] { return cuda_backend().current_device(); });
  m.def("_cuda_set_device", [](int device) {
    const CudaBackend& backend = cuda_backend();
    backend.set_device(checked(device));
  });
  m.def("_cuda_properties", [](int device) {
    CudaProperties p;
    const CudaBackend& backend = cuda_backend();
    backend.properties(checked(device), &p);
    return py::make_tuple(p.name, p.total_memory, p.multiprocessors, p.major, p.minor);
  });
  m.def("_cuda_memory", [](int device) {
    CudaMemory s;
    const CudaBackend& backend = cuda_backend();
    backend.memory(checked(device), &s);
    return py::make_tuple(s.allocated, s.most_allocated, s.reserved, s.most_reserved);
  });
  m.def("_cuda_reset_peaks", [](int device) {
    const CudaBackend& backend = cuda_backend();
    backend.reset_peaks(checked(device));
  });
  m.def("_cuda_empty_cache", [] { cuda_backend().empty_cache(); });
  m.def("_cuda_synchronize", [](int device) {
    const CudaBackend& backend = cuda_backend();
    checked(device);
    py::gil_scoped_release free;
    backend.synchronize(device);
  });
  m.def("_cuda_seed_all", [](uint64_t seed) { seed_devices(seed); });
  m.def("_cuda_set_seed", [](int device, uint64_t seed, uint64_t offset) { seed_device(device, seed, offset); });
  m.def("_cuda_seed", [](int device) { return device_seed(device); });

  m.def("_cuda_stream_create", [](int device, int priority) {
    const CudaBackend& backend = cuda_backend();
    return number_of(backend.stream_create(checked(device), priority));
  });
  m.def("_cuda_stream_destroy", [](uintptr_t s) { cuda_backend().stream_destroy(handle_of(s)); });
  m.def("_cuda_stream_current", [](int device) {
    const CudaBackend& backend = cuda_backend();
    return number_of(backend.stream_current(checked(device)));
  });
  m.def("_cuda_stream_set", [](int device, uintptr_t s) {
    const CudaBackend& backend = cuda_backend();
    backend.stream_set(checked(device), handle_of(s));
  });
  m.def("_cuda_stream_synchronize", [](uintptr_t s) {
    const CudaBackend& backend = cuda_backend();
    py::gil_scoped_release free;
    backend.stream_synchronize(handle_of(s));
  });
  m.def("_cuda_stream_idle", [](uintptr_t s) { return cuda_backend().stream_idle(handle_of(s)); });

  m.def("_cuda_event_create",
        [](bool timing, bool blocking) { return number_of(cuda_backend().event_create(timing, blocking)); });
  m.def("_cuda_event_destroy", [](uintptr_t e) { cuda_backend().event_destroy(handle_of(e)); });
  m.def("_cuda_event_record",
        [](uintptr_t e, uintptr_t s) { cuda_backend().event_record(handle_of(e), handle_of(s)); });
  m.def("_cuda_event_wait",
        [](uintptr_t e, uintptr_t s) { cuda_backend().event_wait(handle_of(e), handle_of(s)); });
  m.def("_cuda_event_synchronize", [](uintptr_t e) {
    const CudaBackend& backend = cuda_backend();
    py::gil_scoped_release free;
    backend.event_synchronize(handle_of(e));
  });
  m.def("_cuda_event_done", [](uintptr_t e) { return cuda_backend().event_done(handle_of(e)); });
  m.def("_cuda_event_elapsed", [](uintptr_t start, uintptr_t end) {
    return cuda_backend().event_elapsed(handle_of(start), handle_of(end));
  });
}

}  // namespace rushlight::python
