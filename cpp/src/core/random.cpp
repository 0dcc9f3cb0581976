#include "rushlight/core/random.h"

#include <pthread.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "random_kernels.h"

namespace rushlight {
namespace {

// The layout of PyTorch's saved CPU state: the C struct of its first versions (words in 64 bits,
// three doubles of which only the second is used), then the cached float sample.
struct SavedState {
  uint64_t seed;
  int32_t left;
  int32_t seeded;
  uint64_t next;
  uint64_t words[Mt19937::kSize];
  double normal_x;
  double normal_y;
  double normal_rho;
  int32_t normal_is_valid;
  int32_t padding;
  float next_float_normal;
  uint8_t next_float_normal_is_valid;
  uint8_t tail_padding[3];
};
static_assert(sizeof(SavedState) == Generator::kStateBytes);

uint64_t system_seed() {
  std::random_device device;
  const uint64_t high = device();
  return high << 32 | device();
}

constexpr double kTwoPi = 6.283185307179586476925286766559;

}  // namespace

Mt19937::Mt19937(uint64_t seed) {
  state_.seed = seed;
  state_.left = 1;
  state_.next = 0;
  uint32_t word = uint32_t(seed);
  state_.words[0] = word;
  for (uint32_t i = 1; i < kSize; ++i) {
    word = 1812433253u * (word ^ (word >> 30)) + i;
    state_.words[i] = word;
  }
}

bool Mt19937::set_state(const State& state) {
  if (state.left < 1 || state.left > kSize || state.next > kSize) return false;
  if (state.left > 1 && state.next + uint32_t(state.left) > kSize + 1) return false;
  state_ = state;
  return true;
}

void Mt19937::fill(uint32_t* out, int64_t n) {
  const detail::RandomKernels& kernels = detail::random_kernels();
  while (n > 0) {
    if (state_.left == 1) {
      kernels.twist(state_.words);
      state_.left = kSize + 1;
      state_.next = 0;
    }
    const int64_t count = std::min<int64_t>(n, state_.left - 1);
    kernels.temper(state_.words + state_.next, out, count);
    state_.next += uint32_t(count);
    state_.left -= int32_t(count);
    out += count;
    n -= count;
  }
}

Generator::Generator(uint64_t seed) : engine_(seed) {}

void Generator::manual_seed(uint64_t seed) {
  const std::lock_guard<std::mutex> guard(mutex_);
  engine_ = Mt19937(seed);
  next_float_normal_.reset();
  next_double_normal_.reset();
}

uint64_t Generator::seed() {
  const uint64_t seed = system_seed();
  manual_seed(seed);
  return seed;
}

uint64_t Generator::initial_seed() const {
  const std::lock_guard<std::mutex> guard(mutex_);
  return engine_.state().seed;
}

uint32_t Generator::random() {
  const std::lock_guard<std::mutex> guard(mutex_);
  return engine_();
}

uint64_t Generator::random64() {
  const std::lock_guard<std::mutex> guard(mutex_);
  return engine_.next64();
}

double Generator::next_normal() {
  const std::lock_guard<std::mutex> guard(mutex_);
  return next_normal_unlocked();
}

double Generator::next_normal_unlocked() {
  if (next_double_normal_) {
    const double sample = *next_double_normal_;
    next_double_normal_.reset();
    return sample;
  }
  uint32_t words[4];
  double uniform[2];
  engine_.fill(words, 4);
  detail::random_kernels().unit_double(words, uniform, 2);
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform[1]));
  const double angle = kTwoPi * uniform[0];
  next_double_normal_ = radius * std::sin(angle);
  return radius * std::cos(angle);
}

std::vector<uint8_t> Generator::get_state() const {
  const std::lock_guard<std::mutex> guard(mutex_);
  const Mt19937::State& state = engine_.state();
  SavedState saved{};
  saved.seed = state.seed;
  saved.left = state.left;
  saved.seeded = 1;
  saved.next = state.next;
  std::copy(state.words, state.words + Mt19937::kSize, saved.words);
  saved.normal_y = next_double_normal_.value_or(0.0);
  saved.normal_is_valid = next_double_normal_.has_value();
  saved.next_float_normal = next_float_normal_.value_or(0.0f);
  saved.next_float_normal_is_valid = next_float_normal_.has_value();
  std::vector<uint8_t> bytes(sizeof saved);
  std::memcpy(bytes.data(), &saved, sizeof saved);
  return bytes;
}

void Generator::set_state(const void* bytes, size_t size) {
  RL_CHECK(size == kStateBytes, "set_state(): expected a CPU generator state of ", kStateBytes,
           " bytes, got ", size);
  SavedState saved;
  std::memcpy(&saved, bytes, sizeof saved);
  Mt19937::State state;
  state.seed = saved.seed;
  state.left = saved.left;
  state.next = saved.next > Mt19937::kSize ? Mt19937::kSize + 1 : uint32_t(saved.next);
  std::transform(saved.words, saved.words + Mt19937::kSize, state.words,
                 [](uint64_t word) { return uint32_t(word); });
  const std::lock_guard<std::mutex> guard(mutex_);
  RL_CHECK(saved.seeded != 0 && engine_.set_state(state),
           "set_state(): invalid mt19937 state (seeded=", saved.seeded, ", left=", saved.left,
           ", next=", saved.next, "); pass what get_state() returned");
  next_float_normal_.reset();
  next_double_normal_.reset();
  if (saved.next_float_normal_is_valid) next_float_normal_ = saved.next_float_normal;
  if (saved.normal_is_valid) next_double_normal_ = saved.normal_y;
}

std::shared_ptr<Generator> Generator::clone() const {
  auto copy = std::make_shared<Generator>();
  const std::lock_guard<std::mutex> guard(mutex_);
  copy->engine_ = engine_;
  copy->next_float_normal_ = next_float_normal_;
  copy->next_double_normal_ = next_double_normal_;
  return copy;
}

const std::shared_ptr<Generator>& default_generator_ptr() {
  // Never destroyed: other static objects may still draw while the process ends.
  static const auto& generator = *[] {
    auto* created = new std::shared_ptr<Generator>(new Generator(system_seed()));
    static std::mutex& mutex = (*created)->mutex_;
    // A child forked amid another thread's fill would find the lock held by nobody.
    pthread_atfork([] { mutex.lock(); }, [] { mutex.unlock(); }, [] { mutex.unlock(); });
    return created;
  }();
  return generator;
}

Generator& default_generator() { return *default_generator_ptr(); }

}  // namespace rushlight
