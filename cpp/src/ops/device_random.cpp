#include "device_random.h"

#include <cmath>
#include <limits>
#include <mutex>

#include "rushlight/ops/random.h"

namespace rushlight {
namespace {

constexpr int kMaxDevices = 16;

struct DeviceGenerator {
  uint64_t seed = Generator::kDefaultSeed, offset = 0;
};
struct Generators {
  std::mutex mutex;
  DeviceGenerator of[kMaxDevices];
};
Generators& generators() {
  static auto* all = new Generators;
  return *all;
}

void draw(const Tensor& self, RandomRequest request) {
  request.dtype = self.dtype();
  request.data = self.bytes();
  request.numel = self.numel();
  if (request.numel == 0) return;
  std::lock_guard<std::mutex> lock(generators().mutex);
  DeviceGenerator& generator = generators().of[self.device().index];
  request.seed = generator.seed;
  request.offset = generator.offset;
  const CudaBackend& backend = cuda_backend();
  const int before = backend.current_device();
  backend.set_device(self.device().index);
  backend.random(request);
  backend.set_device(before);
  generator.offset = request.offset;
}

// The largest whole number up to which random_() goes.
int64_t last_integer(DType dtype) {
  switch (dtype) {
    case DType::Bool: return 1;
    case DType::U8: return 255;
    case DType::I8: return 127;
    case DType::I16: return 32767;
    case DType::I32: return std::numeric_limits<int32_t>::max();
    case DType::F16: return int64_t(1) << 11;
    case DType::BF16: return int64_t(1) << 8;
    case DType::F32: return int64_t(1) << 24;
    case DType::F64: return int64_t(1) << 53;
    default: return std::numeric_limits<int64_t>::max();
  }
}

}  // namespace

void seed_devices(uint64_t seed) {
  std::lock_guard<std::mutex> lock(generators().mutex);
  for (DeviceGenerator& g : generators().of) g = {seed, 0};
}
void seed_device(int device, uint64_t seed, uint64_t offset) {
  RL_CHECK(device >= 0 && device < kMaxDevices, "invalid CUDA device ", device);
  std::lock_guard<std::mutex> lock(generators().mutex);
  generators().of[device] = {seed, offset};
}
std::pair<uint64_t, uint64_t> device_seed(int device) {
  RL_CHECK(device >= 0 && device < kMaxDevices, "invalid CUDA device ", device);
  std::lock_guard<std::mutex> lock(generators().mutex);
  return {generators().of[device].seed, generators().of[device].offset};
}

void device_random(const char* op, const Tensor& self, RandomFill fill, double a, double b) {
  switch (fill) {
    case RandomFill::Uniform:
      RL_CHECK(a <= b, op, "(): expects to return a [from, to) range, but found from=", a, " > to=", b);
      break;
    case RandomFill::Normal:
      RL_CHECK(b >= 0, op, "(): expects std >= 0.0, but found std ", b);
      break;
    case RandomFill::LogNormal:
    case RandomFill::Cauchy:
      RL_CHECK(b > 0, op, "(): expects a scale > 0.0, but found ", b);
      break;
    case RandomFill::Exponential:
      RL_CHECK(a > 0, op, "(): expects lambda > 0.0, but found lambda=", a);
      break;
    case RandomFill::Geometric:
      RL_CHECK(a > 0 && a < 1, op, "(): expects p to be in (0, 1), but got p=", a);
      break;
    default:
      RL_CHECK(a >= 0 && a <= 1, op, "(): expects p to be in [0, 1], but got p=", a);
  }
  RandomRequest request{};
  request.fill = fill;
  request.a = a;
  request.b = b;
  draw(self, request);
}

void device_random_integers(const char* op, const Tensor& self, std::optional<int64_t> from,
                            std::optional<int64_t> to) {
  const int64_t last = last_integer(self.dtype());
  const int64_t low = from.value_or(0);
  // Both ends included, as unsigned numbers, since the range may hold 2^64 of them.
  const int64_t high = to ? *to - 1 : last;
  RL_CHECK(!to || low < *to, op, "(): expects 'from' to be less than 'to', but got from=", low,
           " >= to=", to.value_or(0));
  RL_CHECK(low >= -last - 1 && high <= last, op, "(): the range from ", low, " to ", high,
           " does not fit ", self.dtype());
  RandomRequest request{};
  request.fill = RandomFill::Integer;
  request.low = low;
  request.range = uint64_t(high) - uint64_t(low) + 1;
  draw(self, request);
}

void device_bernoulli(const Tensor& self, const Tensor& p) {
  RandomRequest request{};
  request.fill = RandomFill::Bernoulli;
  request.probabilities = p.bytes();
  request.probability_dtype = p.dtype();
  draw(self, request);
}

}  // namespace rushlight
