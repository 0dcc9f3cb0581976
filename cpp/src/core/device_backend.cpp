#include "rushlight/core/device_backend.h"

#include <dlfcn.h>

#include <cstdlib>
#include <string>

#include "rushlight/core/error.h"

namespace rushlight {
namespace {

struct Loaded {
  const CudaBackend* backend = nullptr;
  std::string reason;
  int devices = 0;
};

std::string own_folder() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<void*>(&cuda_available), &info) || !info.dli_fname) return "";
  const std::string path = info.dli_fname;
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

Loaded load() {
  Loaded result;
  const char* named = std::getenv("RUSHLIGHT_CUDA_LIBRARY");
  const std::string path = named && *named ? named : own_folder() + "librushlight_cuda.so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* why = dlerror();
    result.reason = named && *named
                        ? "RUSHLIGHT_CUDA_LIBRARY could not be opened: " + std::string(why ? why : "")
                        : "this build of Rushlight has no CUDA library beside librushlight.so";
    return result;
  }
  using Entry = const CudaBackend* (*)();
  auto entry = reinterpret_cast<Entry>(dlsym(library, "rushlight_cuda_backend"));
  const CudaBackend* backend = entry ? entry() : nullptr;
  if (!backend || backend->abi_version != CudaBackend::kAbiVersion ||
      backend->struct_size != sizeof(CudaBackend)) {
    result.reason = "librushlight_cuda.so belongs to another version of Rushlight";
    return result;
  }
  const char* reason = "no CUDA device";
  result.devices = backend->device_count(&reason);
  if (result.devices > 0)
    result.backend = backend;
  else
    result.reason = reason;
  return result;
}

const Loaded& loaded() {
  static const Loaded* result = new Loaded(load());
  return *result;
}

}  // namespace

bool cuda_available(const char** reason) {
  if (reason) *reason = loaded().reason.c_str();
  return loaded().backend != nullptr;
}

int cuda_device_count() { return loaded().devices; }

Device resolved(Device device) {
  if (device.is_cpu()) return Device{};
  const CudaBackend& backend = cuda_backend();
  if (device.index < 0) device.index = int8_t(backend.current_device());
  RL_CHECK(device.index < loaded().devices, "CUDA error: invalid device ordinal: ", device,
           " was asked for, but there are ", loaded().devices, " CUDA devices");
  return device;
}

const CudaBackend& cuda_backend() {
  const Loaded& state = loaded();
  RL_CHECK(state.backend != nullptr, "CUDA is not available: ", state.reason);
  return *state.backend;
}

}  // namespace rushlight
