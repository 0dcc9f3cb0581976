#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "random_kernels.h"
#include "rushlight/core/random.h"

namespace rushlight {
namespace {

using detail::random_kernels;

constexpr int kBlock = 1024;

// The bits of a mantissa with its hidden one.
template <class T>
constexpr int kDigits = std::is_same_v<T, Half>       ? 11
                        : std::is_same_v<T, BFloat16> ? 8
                                                      : std::numeric_limits<T>::digits;
template <class T>
constexpr bool kIsReduced = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;
template <class T>
constexpr bool kIsFloating = std::is_floating_point_v<T> || kIsReduced<T>;
template <class T>
constexpr bool kIsWideUnsigned =
    std::is_same_v<T, uint16_t> || std::is_same_v<T, uint32_t> || std::is_same_v<T, uint64_t>;
template <class T>
using Compute = std::conditional_t<std::is_same_v<T, double>, double, float>;

template <class T>
double largest() {
  if constexpr (std::is_same_v<T, Half>) return 65504.0;
  else if constexpr (std::is_same_v<T, BFloat16>) return 0x1.fep127;
  else return double(std::numeric_limits<T>::max());
}

// Calls fn(TypeTag<T>{}) for the dtypes `Allowed<T>` admits, with T real.
template <template <class> class Allowed, class Fn>
void dispatch_allowed(const char* name, DType dtype, Fn&& fn) {
  dispatch(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (Allowed<T>::value) fn(tag);
    else raise<NotImplementedError>(name, "(): not implemented for ", dtype);
  });
}
template <class T>
struct IsFloating : std::bool_constant<kIsFloating<T>> {};
template <class T>
struct IsReal : std::bool_constant<kIsFloating<T> || std::is_integral_v<T>> {};
template <class T>
struct HasBernoulli : std::bool_constant<IsReal<T>::value && !kIsWideUnsigned<T>> {};
template <class T>
struct IsNumber : std::bool_constant<HasBernoulli<T>::value && !std::is_same_v<T, bool>> {};

// Out-of-range values, which C++ leaves undefined, become the smallest integer, as x86 has it.
template <class Int>
Int truncate(double value) {
  constexpr double kBound = -double(std::numeric_limits<Int>::min());
  return value >= -kBound && value < kBound ? Int(value) : std::numeric_limits<Int>::min();
}

template <class T>
T from_double(double value) {
  if constexpr (kIsReduced<T>) return T(float(value));
  else if constexpr (std::is_same_v<T, int64_t>) return truncate<int64_t>(value);
  else if constexpr (std::is_integral_v<T>) return T(truncate<int32_t>(value));
  else return T(value);
}

template <class T>
T from_int64(int64_t value) {
  if constexpr (kIsReduced<T>) return T(float(value));
  else return T(value);
}

void store(const float* in, Half* out, int64_t n) {
  random_kernels().to_half(in, reinterpret_cast<uint16_t*>(out), n);
}
void store(const float* in, BFloat16* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = BFloat16(in[i]);
}

// `n` numbers in [0, 1).
template <class C>
void draw_unit(Mt19937& engine, C* out, int64_t n) {
  constexpr int kWords = std::is_same_v<C, double> ? 2 : 1;
  uint32_t words[kBlock];
  while (n > 0) {
    const int64_t count = std::min<int64_t>(n, kBlock / kWords);
    engine.fill(words, count * kWords);
    if constexpr (kWords == 2) random_kernels().unit_double(words, out, count);
    else random_kernels().unit_float(words, out, count);
    out += count;
    n -= count;
  }
}

// out[i] = fn(u) for n numbers u in [0, 1) of type C.
template <class C, class T, class Fn>
void map_unit(Mt19937& engine, T* out, int64_t n, Fn fn) {
  C unit[kBlock];
  while (n > 0) {
    const int64_t count = std::min<int64_t>(n, kBlock);
    draw_unit(engine, unit, count);
    for (int64_t i = 0; i < count; ++i) out[i] = fn(unit[i]);
    out += count;
    n -= count;
  }
}

template <class T>
void uniform_block(Mt19937& engine, T* data, int64_t n, Compute<T> from, Compute<T> to) {
  using C = Compute<T>;
  C buffer[kBlock];
  C* values = buffer;
  if constexpr (!kIsReduced<T>) values = data;
  draw_unit(engine, values, n);
  const bool is_unit = from == 0 && to == 1;
  if (!is_unit) {
    if constexpr (std::is_same_v<C, double>)
      random_kernels().affine_double(values, n, to - from, from);
    else random_kernels().affine_float(values, n, to - from, from);
  }
  if constexpr (kIsReduced<T>) store(values, data, n);
  if (is_unit && !kIsReduced<T>) return;
  // Rounding can reach the excluded upper bound.
  const T excluded(to), replacement(from);
  for (int64_t i = 0; i < n; ++i)
    data[i] = Compute<T>(data[i]) == Compute<T>(excluded) ? replacement : data[i];
}

void box_muller(float* data, int64_t blocks, float mean, float std) {
  random_kernels().box_muller(data, blocks, mean, std);
}
void box_muller(double* data, int64_t blocks, double mean, double std) {
  for (; blocks > 0; --blocks, data += 16) {
    for (int i = 0; i < 8; ++i) {
      const double radius = std::sqrt(-2 * std::log(1 - data[i]));
      const double angle = 6.283185307179586476925286766559 * data[i + 8];
      data[i] = std::fma(radius * std::cos(angle), std, mean);
      data[i + 8] = std::fma(radius * std::sin(angle), std, mean);
    }
  }
}

// n >= 16. Note [Normal tail]: PyTorch also draws for the n % 16 elements it then makes anew in
// float32 and float64, and does not in float16 and bfloat16.
template <class T>
void normal_blocks(Mt19937& engine, T* data, int64_t n, Compute<T> mean, Compute<T> std) {
  using C = Compute<T>;
  C buffer[kBlock];
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t count = std::min<int64_t>(n - begin, kBlock), blocks = count / 16;
    if constexpr (kIsReduced<T>) {
      draw_unit(engine, buffer, blocks * 16);
      box_muller(buffer, blocks, mean, std);
      store(buffer, data + begin, blocks * 16);
    } else {
      draw_unit(engine, data + begin, count);
      box_muller(data + begin, blocks, mean, std);
    }
  }
  if (n % 16 == 0) return;
  draw_unit(engine, buffer, 16);
  box_muller(buffer, 1, mean, std);
  if constexpr (kIsReduced<T>) store(buffer, data + n - 16, 16);
  else std::copy(buffer, buffer + 16, data + n - 16);
}

// a % divisor for 32-bit numbers by two multiplications: D. Lemire, O. Kaser, N. Kurz, "Faster
// remainder by direct computation", Software: Practice and Experience 49(6), 2019.
class FastRemainder {
  __extension__ using Wide = unsigned __int128;

 public:
  explicit FastRemainder(uint32_t divisor)
      : magic_(~uint64_t(0) / divisor + 1), divisor_(divisor) {}
  uint32_t operator()(uint32_t a) const {
    return uint32_t((static_cast<Wide>(magic_ * a) * divisor_) >> 64);
  }

 private:
  uint64_t magic_;
  uint64_t divisor_;
};

template <class T, class Fn>
void map_words32(Mt19937& engine, T* out, int64_t n, Fn fn) {
  uint32_t words[kBlock];
  while (n > 0) {
    const int64_t count = std::min<int64_t>(n, kBlock);
    engine.fill(words, count);
    for (int64_t i = 0; i < count; ++i) out[i] = fn(words[i]);
    out += count;
    n -= count;
  }
}
template <class T, class Fn>
void map_words64(Mt19937& engine, T* out, int64_t n, Fn fn) {
  uint32_t words[kBlock];
  while (n > 0) {
    const int64_t count = std::min<int64_t>(n, kBlock / 2);
    engine.fill(words, 2 * count);
    for (int64_t i = 0; i < count; ++i)
      out[i] = fn(uint64_t(words[2 * i]) << 32 | words[2 * i + 1]);
    out += count;
    n -= count;
  }
}

int64_t wrapping_add(int64_t a, int64_t b) { return int64_t(uint64_t(a) + uint64_t(b)); }

int floor_log2(int64_t value) {
  const uint64_t magnitude = value < 0 ? -uint64_t(value) : uint64_t(value);
  return magnitude == 0 ? 0 : 63 - __builtin_clzll(magnitude);
}

// low or high - 1 may round outwards when stored in T; then the next whole number of T is taken.
template <class T>
int64_t move_low_inwards(int64_t low) {
  const int64_t stored = truncate<int64_t>(double(from_int64<T>(wrapping_add(low, 1))));
  if (stored >= low) return low;
  const int shift = floor_log2(wrapping_add(low, 1)) - kDigits<T> + 1;
  return wrapping_add(stored, shift < 0 ? 0 : int64_t(1) << shift);
}
template <class T>
int64_t move_high_inwards(int64_t high) {
  const int64_t stored = truncate<int64_t>(double(from_int64<T>(wrapping_add(high, -1))));
  if (stored < high) return high;
  const int shift = floor_log2(wrapping_add(high, -1)) - kDigits<T> + 1;
  return wrapping_add(stored, -(shift < 0 ? 0 : int64_t(1) << shift));
}

template <class T>
void check_range(DType dtype, int64_t low, int64_t last) {
  bool low_fits, last_fits;
  if constexpr (kIsFloating<T>) {
    low_fits = std::abs(double(low)) <= largest<T>();
    last_fits = std::abs(double(last)) <= largest<T>();
  } else {
    constexpr int64_t kMin =
        std::is_same_v<T, uint64_t> ? 0 : int64_t(std::numeric_limits<T>::min());
    constexpr int64_t kMax = std::is_same_v<T, uint64_t>
                                 ? std::numeric_limits<int64_t>::max()
                                 : int64_t(std::numeric_limits<T>::max());
    low_fits = low >= kMin && low <= kMax;
    last_fits = last >= kMin && last <= kMax;
  }
  RL_CHECK(low_fits, "random_(): 'from' = ", low, " is out of bounds for ", dtype);
  RL_CHECK(last_fits, "random_(): 'to - 1' = ", last, " is out of bounds for ", dtype);
}

// range == 0 stands for 2^64.
template <class T>
void randint_body(Mt19937& engine, T* out, int64_t n, uint64_t range, int64_t low) {
  if (range == 0) {
    map_words64(engine, out, n,
                [=](uint64_t bits) { return from_int64<T>(wrapping_add(int64_t(bits), low)); });
  } else if (range >= uint64_t(1) << 28) {
    map_words64(engine, out, n, [=](uint64_t bits) {
      return from_int64<T>(wrapping_add(int64_t(bits % range), low));
    });
  } else {
    const FastRemainder remainder{uint32_t(range)};
    map_words32(engine, out, n,
                [=](uint32_t bits) { return from_int64<T>(low + int64_t(remainder(bits))); });
  }
}

void check_floating(const char* name, DType dtype) {
  RL_CHECK(is_floating(dtype), name, "(): expected a floating point dtype, got ", dtype,
           "; the distribution is continuous");
}

template <class T>
bool all_probabilities(const T* p, int64_t n) {
  bool valid = true;
  for (int64_t i = 0; i < n; ++i) {
    const Compute<T> value(p[i]);
    valid &= value >= 0 && value <= 1;
  }
  return valid;
}

template <class P, class T>
void bernoulli_body(Mt19937& engine, T* out, const P* p, int64_t n) {
  using C = Compute<P>;
  C unit[kBlock];
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t count = std::min<int64_t>(n - begin, kBlock);
    draw_unit(engine, unit, count);
    for (int64_t i = 0; i < count; ++i)
      out[begin + i] = unit[i] < C(p[begin + i]) ? T(1) : T(0);
  }
}

}  // namespace

void fill_uniform(Generator& generator, void* data, DType dtype, int64_t n, double from,
                  double to) {
  if (is_complex(dtype)) return fill_uniform(generator, data, real_of(dtype), 2 * n, from, to);
  dispatch_allowed<IsFloating>("uniform_", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const double bound = largest<T>();
    RL_CHECK(std::abs(from) <= bound, "uniform_(): from = ", from, " is out of bounds for ", dtype);
    RL_CHECK(std::abs(to) <= bound, "uniform_(): to = ", to, " is out of bounds for ", dtype);
    RL_CHECK(from <= to, "uniform_(): expected from <= to, got from = ", from, " > to = ", to);
    RL_CHECK(to - from <= bound, "uniform_(): expected to - from <= ", bound, ", the largest ",
             dtype, ", got from = ", from, " and to = ", to);
    GeneratorLock lock(generator);
    T* out = static_cast<T*>(data);
    for (int64_t begin = 0; begin < n; begin += kBlock)
      uniform_block(lock.engine(), out + begin, std::min<int64_t>(n - begin, kBlock),
                    Compute<T>(from), Compute<T>(to));
  });
}

void fill_normal(Generator& generator, void* data, DType dtype, int64_t n, double mean, double std,
                 bool contiguous) {
  RL_CHECK(std >= 0, "normal_(): expected std >= 0, got ", std);
  if (n == 0) return;
  if (is_complex(dtype))
    return fill_normal(generator, data, real_of(dtype), 2 * n, mean, std / std::sqrt(2.0),
                       contiguous);
  dispatch_allowed<IsFloating>("normal_", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    GeneratorLock lock(generator);
    T* out = static_cast<T*>(data);
    if (contiguous && n >= 16)
      return normal_blocks(lock.engine(), out, n, Compute<T>(mean), Compute<T>(std));
    for (int64_t i = 0; i < n; ++i)
      out[i] = from_double<T>(std::fma(lock.next_normal(), std, mean));
  });
}

void fill_log_normal(Generator& generator, void* data, DType dtype, int64_t n, double mean,
                     double std) {
  RL_CHECK(std > 0, "log_normal_(): expected std > 0, got ", std);
  if (n == 0) return;
  dispatch_allowed<IsFloating>("log_normal_", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    GeneratorLock lock(generator);
    T* out = static_cast<T*>(data);
    for (int64_t i = 0; i < n; ++i)
      out[i] = from_double<T>(std::exp(std::fma(lock.next_normal(), std, mean)));
  });
}

void fill_randint(Generator& generator, void* data, DType dtype, int64_t n, int64_t low,
                  std::optional<int64_t> high) {
  RL_CHECK(!is_complex(dtype), "random_(): expected an integer, floating point or bool dtype, got ",
           dtype);
  dispatch_allowed<IsReal>("random_", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    constexpr int64_t kMinInt64 = std::numeric_limits<int64_t>::min();
    uint64_t range = 0;
    if (high) {
      int64_t to = *high;
      RL_CHECK(low < to, "random_(): expected 'from' to be less than 'to', got from = ", low,
               " >= to = ", to);
      if constexpr (kIsFloating<T>) {
        low = move_low_inwards<T>(low);
        to = move_high_inwards<T>(to);
        RL_CHECK(low < to, "random_(): expected 'from' to be less than 'to' when stored in ", dtype,
                 ", got from = ", low, " >= to = ", to);
      }
      check_range<T>(dtype, low, to - 1);
      range = uint64_t(to) - uint64_t(low);
    } else if (low != kMinInt64) {
      int64_t last;
      if constexpr (kIsFloating<T>) {
        last = int64_t(1) << kDigits<T>;
        low = move_low_inwards<T>(low);
        RL_CHECK(low < last, "random_(): expected 'from' to be less than ", last, " for ", dtype,
                 ", got from = ", low);
      } else {
        last = int64_t(std::numeric_limits<T>::max());
      }
      check_range<T>(dtype, low, last);
      range = uint64_t(last) - uint64_t(low) + 1;
    } else {
      constexpr bool kHasAllBits = std::is_same_v<T, int64_t> || std::is_same_v<T, double> ||
                                   std::is_same_v<T, float> || std::is_same_v<T, BFloat16>;
      RL_CHECK_IMPLEMENTED(kHasAllBits, "random_(): the full 64-bit range is not implemented for ",
                           dtype, ", only for int64, float64, float32 and bfloat16");
      low = 0;
    }
    GeneratorLock lock(generator);
    randint_body(lock.engine(), static_cast<T*>(data), n, range, low);
  });
}

void fill_random(Generator& generator, void* data, DType dtype, int64_t n) {
  if (n == 0) return;
  dispatch_allowed<HasBernoulli>("random_", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    GeneratorLock lock(generator);
    T* out = static_cast<T*>(data);
    if constexpr (std::is_same_v<T, bool>) {
      map_words32(lock.engine(), out, n, [](uint32_t bits) { return bool(bits & 1); });
    } else if constexpr (std::is_same_v<T, int64_t>) {
      map_words64(lock.engine(), out, n, [](uint64_t bits) { return int64_t(bits << 1 >> 1); });
    } else if constexpr (std::is_same_v<T, double>) {
      map_words64(lock.engine(), out, n,
                  [](uint64_t bits) { return double(bits % ((uint64_t(1) << 53) + 1)); });
    } else if constexpr (kIsFloating<T>) {
      const FastRemainder remainder((1u << kDigits<T>)+1);
      map_words32(lock.engine(), out, n,
                  [=](uint32_t bits) { return T(float(remainder(bits))); });
    } else {
      constexpr uint32_t kMask = uint32_t(std::numeric_limits<T>::max());
      map_words32(lock.engine(), out, n, [](uint32_t bits) { return T(bits & kMask); });
    }
  });
}

void fill_bernoulli(Generator& generator, void* data, DType dtype, int64_t n, double p) {
  RL_CHECK(0 <= p && p <= 1, "bernoulli_(): expected p to be in [0, 1], got p = ", p);
  if (n == 0) return;
  dispatch_allowed<HasBernoulli>("bernoulli_", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    GeneratorLock lock(generator);
    map_unit<double>(lock.engine(), static_cast<T*>(data), n,
                     [=](double unit) { return unit < p ? T(1) : T(0); });
  });
}

void fill_bernoulli(Generator& generator, void* data, DType dtype, const void* p, DType p_dtype,
                    int64_t n) {
  bool valid = true;
  dispatch_allowed<IsFloating>("bernoulli_ with p", p_dtype, [&](auto tag) {
    using P = typename decltype(tag)::type;
    valid = all_probabilities(static_cast<const P*>(p), n);
  });
  RL_CHECK(valid, "bernoulli_(): expected every element of p to be in [0, 1]");
  dispatch_allowed<HasBernoulli>("bernoulli_", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    GeneratorLock lock(generator);
    T* out = static_cast<T*>(data);
    switch (p_dtype) {
      case DType::F64: return bernoulli_body(lock.engine(), out, static_cast<const double*>(p), n);
      case DType::F32: return bernoulli_body(lock.engine(), out, static_cast<const float*>(p), n);
      case DType::F16: return bernoulli_body(lock.engine(), out, static_cast<const Half*>(p), n);
      default: return bernoulli_body(lock.engine(), out, static_cast<const BFloat16*>(p), n);
    }
  });
}

void fill_exponential(Generator& generator, void* data, DType dtype, int64_t n, double lambda) {
  RL_CHECK(lambda > 0, "exponential_(): expected lambda > 0, got ", lambda);
  if (n == 0) return;
  check_floating("exponential_", dtype);
  dispatch_allowed<IsFloating>("exponential_", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    GeneratorLock lock(generator);
    const double scale = -1.0 / lambda;
    map_unit<double>(lock.engine(), static_cast<T*>(data), n,
                     [=](double unit) { return from_double<T>(scale * std::log1p(-unit)); });
  });
}

void fill_geometric(Generator& generator, void* data, DType dtype, int64_t n, double p) {
  RL_CHECK(0 < p && p < 1, "geometric_(): expected p to be in (0, 1), got p = ", p);
  if (n == 0) return;
  dispatch_allowed<IsNumber>("geometric_", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    GeneratorLock lock(generator);
    const double log_failure = std::log1p(-p);
    map_unit<double>(lock.engine(), static_cast<T*>(data), n, [=](double unit) {
      return from_double<T>(std::ceil(std::log(unit) / log_failure));
    });
  });
}

void fill_cauchy(Generator& generator, void* data, DType dtype, int64_t n, double median,
                 double sigma) {
  RL_CHECK(sigma > 0, "cauchy_(): expected sigma > 0, got ", sigma);
  check_floating("cauchy_", dtype);
  dispatch_allowed<IsFloating>("cauchy_", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    GeneratorLock lock(generator);
    map_unit<double>(lock.engine(), static_cast<T*>(data), n, [=](double unit) {
      const double tangent = std::tan(3.14159265358979323846 * (unit - 0.5));
      return from_double<T>(std::fma(sigma, tangent, median));
    });
  });
}

void fill_randperm(Generator& generator, void* data, DType dtype, int64_t n) {
  RL_CHECK(n >= 0, "randperm(): expected n >= 0, got ", n);
  dispatch_allowed<IsNumber>("randperm", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (kIsFloating<T>) {
      const bool exact = std::is_same_v<T, BFloat16> || n <= (int64_t(1) << kDigits<T>)+1;
      RL_CHECK(exact, "randperm(): ", dtype, " cannot hold n = ", n, " whole numbers; the most is ",
               (int64_t(1) << kDigits<T>)+1);
    } else {
      RL_CHECK(n == 0 || uint64_t(n - 1) <= uint64_t(std::numeric_limits<T>::max()),
               "randperm(): n = ", n, " is too large for ", dtype);
    }
    T* out = static_cast<T*>(data);
    GeneratorLock lock(generator);
    Mt19937& engine = lock.engine();
    uint32_t words[kBlock];
    // PyTorch's bound, under which 32 random bits are taken to be enough.
    if (n < int64_t(std::numeric_limits<uint32_t>::max() / 20)) {
      for (int64_t i = 0; i < n; ++i) out[i] = from_int64<T>(i);
      for (int64_t begin = 0; begin < n - 1; begin += kBlock) {
        const int64_t count = std::min<int64_t>(n - 1 - begin, kBlock);
        engine.fill(words, count);
        for (int64_t i = begin; i < begin + count; ++i)
          std::swap(out[i], out[i + words[i - begin] % uint32_t(n - i)]);
      }
      return;
    }
    // Fisher and Yates' shuffle in its inside-out form, which needs no initial order.
    for (int64_t begin = 0; begin < n; begin += kBlock / 2) {
      const int64_t count = std::min<int64_t>(n - begin, kBlock / 2);
      engine.fill(words, 2 * count);
      for (int64_t i = begin; i < begin + count; ++i) {
        const uint32_t* pair = words + 2 * (i - begin);
        const uint64_t bits = uint64_t(pair[0]) << 32 | pair[1];
        const int64_t other = int64_t(bits % uint64_t(i + 1));
        out[i] = out[other];
        out[other] = from_int64<T>(i);
      }
    }
  });
}

}  // namespace rushlight
