#include "stream.cuh"

namespace rushlight::cuda {
namespace {

thread_local int t_device = -1;  // what was last made current by this thread; -1: not known yet
thread_local cudaStream_t t_streams[kMaxDevices] = {};

}  // namespace

int use(int device) {
  if (t_device < 0) check(cudaGetDevice(&t_device), "cudaGetDevice");
  if (device < 0 || device == t_device) return t_device;
  RL_CHECK(device < kMaxDevices, "CUDA devices above ", kMaxDevices - 1, " are not supported, got ",
           device);
  check(cudaSetDevice(device), "cudaSetDevice");
  t_device = device;
  return device;
}

cudaStream_t current_stream() { return t_streams[use(-1)]; }
cudaStream_t& stream_of(int device) { return t_streams[device < 0 ? use(-1) : device]; }

}  // namespace rushlight::cuda
