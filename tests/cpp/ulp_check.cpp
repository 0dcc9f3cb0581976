// Largest errors of rushlight::math against the C library in a wider type (double for float, long
// double for double). Built once per instruction set by tools/ulp_table.py, which prints the table.
//
// Usage: ulp_check [--stride N] [--only NAME]; N = 1 visits all 2^32 floats. Prints one line per
// function: type, name, largest error in ULP, its argument(s), number of wrong special results,
// number of lanes where the vector and the scalar results differ.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "../../cpp/src/cpu/vec.h"

namespace rushlight::cpu::RL_ISA {
namespace {

struct Report {
  double worst = 0, at = 0, at_y = 0;
  long special = 0, split = 0;
};

template <class T>
double ulp_error(T got, long double want) {
  constexpr int kDigits = sizeof(T) == 4 ? 24 : 53, kMinExponent = sizeof(T) == 4 ? -125 : -1021;
  constexpr int kMaxExponent = sizeof(T) == 4 ? 128 : 1024;
  int exponent;
  std::frexp(want, &exponent);
  if (exponent < kMinExponent) exponent = kMinExponent;
  if (exponent > kMaxExponent) exponent = kMaxExponent;
  const long double unit = std::ldexp(1.0L, exponent - kDigits);
  const long double limit = std::ldexp(1.0L, kMaxExponent);
  // Infinity stands for the first value that does not fit, for the result and the reference.
  long double value = std::isinf(got) ? std::copysign(limit, (long double)got) : (long double)got;
  if (std::fabs(want) > limit) want = std::copysign(limit, want);
  return double(std::fabs(value - want) / unit);
}

template <class T>
bool same_bits(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0 || (a != a && b != b);
}

template <class T>
void compare(Report& report, T x, T y, T got, long double want) {
  if (std::isnan(want) || std::isnan(got)) {
    report.special += std::isnan(want) != std::isnan(got);
    return;
  }
  if (want == 0 && std::signbit(want) != std::signbit(got)) ++report.special;
  const double error = ulp_error(got, want);
  if (error > report.worst) report = {error, double(x), double(y), report.special, report.split};
}

template <class T, class Fn, class Reference>
void check_block(Report& report, const T* x, const T* y, Fn fn, Reference reference) {
  using V = Vec<T>;
  T lanes[V::kSize];
  fn(V::loadu(x), V::loadu(y)).storeu(lanes);
  for (int i = 0; i < V::kSize; ++i) {
    const T scalar = fn(x[i], y[i]);
    report.split += !same_bits(scalar, lanes[i]);
    compare(report, x[i], y[i], lanes[i], (long double)reference(x[i], y[i]));
  }
}

uint64_t mix(uint64_t& state) {  // splitmix64 (Steele, Lea and Flood, 2014)
  uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

template <class T>
struct Wider {
  using Type = long double;
};
template <>
struct Wider<float> {
  using Type = double;
};

template <class T>
T random_value(uint64_t& state) {
  const uint64_t bits = mix(state);
  if (bits % 4 == 0) {  // any bit pattern
    if constexpr (sizeof(T) == 4) return bit_cast<T>(uint32_t(bits >> 32));
    return T(bit_cast<double>(mix(state)));
  }
  const int exponent = int(bits >> 8) % 24;  // 2^-12 ... 2^11
  const double mantissa = 1 + double(mix(state) >> 11) * 0x1p-53;
  return T(std::ldexp(bits & 128 ? mantissa : -mantissa, exponent - 12));
}

template <class T>
inline constexpr T kSpecials[] = {T(0.0),
                                  T(-0.0),
                                  T(1),
                                  T(-1),
                                  T(0.5),
                                  T(-0.5),
                                  T(2),
                                  T(-2),
                                  T(3),
                                  T(-3),
                                  T(1e30),
                                  T(-1e30),
                                  T(1e-30),
                                  T(-1e-30),
                                  T(88.5),
                                  T(88.8),
                                  T(-103.5),
                                  T(-104.5),
                                  T(709.5),
                                  T(-745),
                                  T(9.01),
                                  T(-9.5),
                                  T(__builtin_huge_val()),
                                  T(-__builtin_huge_val()),
                                  T(__builtin_nan("")),
                                  T(1e-40),
                                  T(-1e-40),
                                  T(5e-324),
                                  T(1.4e-45),
                                  T(-1.4e-45),
                                  T(3.4e38),
                                  T(-3.4e38),
                                  T(1e300),
                                  T(-1e300)};

template <class T, class Fn, class Reference>
void run(const char* type, const char* name, bool binary, int64_t stride, const char* only, Fn fn,
         Reference reference) {
  if (only && std::string(only) != name) return;
  constexpr int kSize = Vec<T>::kSize;
  Report report;
  T x[kSize], y[kSize];
  int lane = 0;
  const auto feed = [&](T a, T b) {
    x[lane] = a;
    y[lane] = b;
    if (++lane == kSize) {
      check_block<T>(report, x, y, fn, reference);
      lane = 0;
    }
  };
  for (T a : kSpecials<T>)
    for (T b : kSpecials<T>) feed(a, binary ? b : T(1));
  if (sizeof(T) == 4 && !binary) {
    for (int64_t bits = 0; bits < int64_t(1) << 32; bits += stride)
      feed(T(bit_cast<float>(uint32_t(bits))), T(1));
  } else {
    uint64_t state = 1;
    const int64_t count = (int64_t(1) << 32) / stride / (sizeof(T) == 4 ? 1 : 4);
    for (int64_t i = 0; i < count; ++i) {
      const T a = random_value<T>(state);
      feed(a, binary ? random_value<T>(state) : T(1));
    }
  }
  while (lane != 0) feed(T(1), T(1));
  std::printf("%s %s %.3f %.9g %.9g %ld %ld\n", type, name, report.worst, report.at, report.at_y,
              report.special, report.split);
  std::fflush(stdout);
}

template <class W>
W exact_sigmoid(W x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}

template <class T>
void check_all(const char* type, int64_t stride, const char* only) {
  using W = typename Wider<T>::Type;
#define RL_CHECK_1(name, expression)    \
  run<T>(                               \
      type, #name, false, stride, only, \
      [](auto x, auto) {                \
        using math::name;               \
        return name(x);                 \
      },                                \
      [](W x, W) { return W(expression); });
#define RL_CHECK_2(name, expression)                                                    \
  run<T>(                                                                               \
      type, #name, true, stride, only, [](auto x, auto y) { return math::name(x, y); }, \
      [](W x, W y) { return W(expression); });
  RL_CHECK_1(exp, std::exp(x))
  RL_CHECK_1(exp2, std::exp2(x))
  RL_CHECK_1(expm1, std::expm1(x))
  RL_CHECK_1(log, std::log(x))
  RL_CHECK_1(log2, std::log2(x))
  RL_CHECK_1(log10, std::log10(x))
  RL_CHECK_1(log1p, std::log1p(x))
  RL_CHECK_1(sin, std::sin(x))
  RL_CHECK_1(cos, std::cos(x))
  RL_CHECK_1(tan, std::tan(x))
  RL_CHECK_1(asin, std::asin(x))
  RL_CHECK_1(acos, std::acos(x))
  RL_CHECK_1(atan, std::atan(x))
  RL_CHECK_1(sinh, std::sinh(x))
  RL_CHECK_1(cosh, std::cosh(x))
  RL_CHECK_1(tanh, std::tanh(x))
  RL_CHECK_1(asinh, std::asinh(x))
  RL_CHECK_1(acosh, std::acosh(x))
  RL_CHECK_1(atanh, std::atanh(x))
  RL_CHECK_1(erf, std::erf(x))
  RL_CHECK_1(erfc, std::erfc(x))
  RL_CHECK_1(sigmoid, exact_sigmoid(x))
  RL_CHECK_1(sqrt, std::sqrt(x))
  RL_CHECK_1(rsqrt, 1 / std::sqrt(x))
  RL_CHECK_2(pow, std::pow(x, y))
  RL_CHECK_2(atan2, std::atan2(x, y))
  RL_CHECK_2(hypot, std::hypot(x, y))
  RL_CHECK_2(fmod, std::fmod(x, y))
}

}  // namespace
}  // namespace rushlight::cpu::RL_ISA

int main(int argc, char** argv) {
  int64_t stride = 1021;
  const char* only = nullptr;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!std::strcmp(argv[i], "--stride")) stride = std::atoll(argv[i + 1]);
    if (!std::strcmp(argv[i], "--only")) only = argv[i + 1];
  }
  rushlight::cpu::RL_ISA::check_all<float>("float", stride, only);
  rushlight::cpu::RL_ISA::check_all<double>("double", stride, only);
}
