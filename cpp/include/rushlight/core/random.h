// The CPU random generator and the functions that fill a buffer from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "rushlight/core/dtype.h"
#include "rushlight/core/mt19937.h"

namespace rushlight {

// A CPU generator whose stream is PyTorch's: the same seed and the same calls give the same
// numbers. Every method takes the generator's lock. After a fork parent and child continue with
// equal states; a fork waits for a fill from the default generator that another thread has begun.
class RL_API Generator {
 public:
  static constexpr uint64_t kDefaultSeed = 67280421310721;
  // The size of a saved state: PyTorch's, whose fields are listed in random.cpp.
  static constexpr size_t kStateBytes = 5056;

  explicit Generator(uint64_t seed = kDefaultSeed);
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  void manual_seed(uint64_t seed);
  // Seeds from the operating system and returns that seed.
  uint64_t seed();
  uint64_t initial_seed() const;

  uint32_t random();
  uint64_t random64();

  // PyTorch's state layout, as torch.get_rng_state() returns it.
  std::vector<uint8_t> get_state() const;
  // @throws Error if the size or the contents are no such state; the generator is unchanged then.
  void set_state(const void* bytes, size_t size);

  // A new generator in the same state.
  std::shared_ptr<Generator> clone() const;

  // One standard normal sample in double; two are made at a time and the second is kept.
  double next_normal();

 private:
  friend class GeneratorLock;
  friend const std::shared_ptr<Generator>& default_generator_ptr();
  double next_normal_unlocked();

  mutable std::mutex mutex_;
  Mt19937 engine_;
  // Part of a saved state; the CPU's own functions only use the double one.
  std::optional<float> next_float_normal_;
  std::optional<double> next_double_normal_;
};

// Holds a generator for the length of one fill, so that threads never interleave within it.
class RL_API GeneratorLock {
 public:
  explicit GeneratorLock(Generator& generator)
      : generator_(generator), guard_(generator.mutex_) {}
  Mt19937& engine() { return generator_.engine_; }
  double next_normal() { return generator_.next_normal_unlocked(); }

 private:
  Generator& generator_;
  std::lock_guard<std::mutex> guard_;
};

// The generator used where none is named. As in PyTorch its first seed is drawn from the operating
// system; manual_seed() makes a program repeatable.
RL_API const std::shared_ptr<Generator>& default_generator_ptr();
RL_API Generator& default_generator();

// Note [Random order]
// All functions below write n contiguous elements and draw in that order. PyTorch fills a tensor
// that is not contiguous in the order of its memory: dimensions sorted by stride, the largest first
// (a transposed matrix gets the numbers its untransposed one would get). So a caller fills a buffer
// of numel() elements and copies it to the elements in that order. This also holds for bernoulli
// with a tensor of probabilities: the output's strides decide and p is read in the same order.
// The one function with another stream for such a tensor is fill_normal: its `contiguous` must be
// false then. randn_like() of a transposed or channels-last tensor is such a case; randn() is not.

// Uniform in [from, to). Floating and complex dtypes; a complex number is two draws.
// float16, bfloat16, float32: one word an element, 24 bits; float64: two words, 53 bits.
// @throws Error if from > to or a bound is outside dtype
// @throws NotImplementedError if dtype is not floating or complex
RL_API void fill_uniform(Generator& generator, void* data, DType dtype, int64_t n, double from,
                         double to);

// Normal. Floating and complex dtypes; a complex number is two draws with std / sqrt(2).
// From 16 (real) elements on and when `contiguous`, in blocks of 16 from 16 uniform numbers; a
// length that is no multiple of 16 redraws its last 16 elements. Otherwise one by one through the
// generator's cached second sample.
// @throws Error if not std >= 0
// @throws NotImplementedError if dtype is not floating or complex
RL_API void fill_normal(Generator& generator, void* data, DType dtype, int64_t n, double mean,
                        double std, bool contiguous = true);

// exp of a normal number, drawn one by one in double.
// @throws Error if not std > 0
// @throws NotImplementedError if dtype is not floating
RL_API void fill_log_normal(Generator& generator, void* data, DType dtype, int64_t n, double mean,
                            double std);

// Whole numbers in [low, high), or [low, the largest whole number of dtype] without high: the
// integer's maximum, 2^mantissa for a floating dtype. All dtypes but complex. One word an element,
// two where the range is 2^28 or more. A floating dtype moves low and high inwards to whole numbers
// it can hold.
// @throws Error if low >= high, a bound is outside dtype, or dtype is complex
// @throws NotImplementedError for low = INT64_MIN without high, unless dtype is int64, float64,
// float32 or bfloat16
RL_API void fill_randint(Generator& generator, void* data, DType dtype, int64_t n, int64_t low,
                         std::optional<int64_t> high);

// random_() without a range: [0, the largest integer of dtype], [0, 2^mantissa] for a floating
// dtype, either value for bool. int64 and float64 take two words an element, the others one.
// @throws NotImplementedError if dtype is complex, uint16, uint32 or uint64
RL_API void fill_random(Generator& generator, void* data, DType dtype, int64_t n);

// One with probability p, else zero; two words an element whatever the dtype. Dropout draws its
// mask this way with p = 1 - drop probability, then divides the mask by p; dropout2d and the like
// draw one element for each channel.
// @throws Error if p is not in [0, 1]
// @throws NotImplementedError if dtype is complex, uint16, uint32 or uint64
RL_API void fill_bernoulli(Generator& generator, void* data, DType dtype, int64_t n, double p);

// The same with a probability for each element: two words an element if p is float64, else one.
// @throws Error if an element of p is not in [0, 1]; nothing is written or drawn then
// @throws NotImplementedError if dtype is complex, uint16, uint32 or uint64, or p_dtype is not
// floating
RL_API void fill_bernoulli(Generator& generator, void* data, DType dtype, const void* p,
                           DType p_dtype, int64_t n);

// @throws Error if not lambda > 0 or dtype is not floating
RL_API void fill_exponential(Generator& generator, void* data, DType dtype, int64_t n,
                             double lambda);

// The number of trials up to the first success.
// @throws Error if p is not in (0, 1)
// @throws NotImplementedError if dtype is bool, complex, uint16, uint32 or uint64
RL_API void fill_geometric(Generator& generator, void* data, DType dtype, int64_t n, double p);

// @throws Error if not sigma > 0 or dtype is not floating
RL_API void fill_cauchy(Generator& generator, void* data, DType dtype, int64_t n, double median,
                        double sigma);

// A permutation of 0, ..., n - 1.
// @throws Error if n < 0 or dtype cannot hold n - 1
// @throws NotImplementedError if dtype is bool, complex, uint16, uint32 or uint64
RL_API void fill_randperm(Generator& generator, void* data, DType dtype, int64_t n);

}  // namespace rushlight
