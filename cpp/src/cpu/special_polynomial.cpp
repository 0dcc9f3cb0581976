// Orthogonal polynomials by their three-term recurrences, with PyTorch's special cases.
#include <cmath>
#include <cstdint>
#include <limits>

#include "rushlight/iter/special_limits.h"
#include "special.h"

namespace rushlight::cpu::special {
namespace {

// PyTorch takes the degree as an integer.
int64_t degree(double n) {
  if (!(n > -9e18)) return -1;
  return n > 9e18 ? std::numeric_limits<int64_t>::max() : int64_t(n);
}

// next(k, p, q): the polynomial of degree k + 1 from those of degrees k - 1 and k.
template <class T, class Next>
double recur(T first, T second, int64_t n, const Next& next) {
  if (n == 0) return double(first);
  T p = first, q = second;
  for (int64_t k = 1; k < n && !std::isnan(q); ++k) {
    const T r = next(T(k), p, q);
    p = q;
    q = r;
  }
  return double(q);
}

// Outside of [-1, 1] without the recurrence, whose result is NaN once it overflows.
template <class T, Chebyshev kKind>
double chebyshev_outside(double x, double m, double even) {
  const double angle = std::acosh(std::fabs(x));
  if (!(angle * m < std::log(double(std::numeric_limits<T>::max()))))
    return std::numeric_limits<double>::quiet_NaN();
  const double sign = x < 0 ? even : 1;
  // On the left the third and the fourth kind change places.
  const bool third = (kKind == Chebyshev::V) == (x > 0);
  switch (kKind) {
    case Chebyshev::T: return sign * std::cosh(m * angle);
    case Chebyshev::U: return sign * std::sinh((m + 1) * angle) / std::sinh(angle);
    case Chebyshev::V:
    case Chebyshev::W:
      return sign * (third ? std::cosh((m + 0.5) * angle) / std::cosh(angle / 2)
                           : std::sinh((m + 0.5) * angle) / std::sinh(angle / 2));
  }
}

}  // namespace

template <class T, Chebyshev kKind, bool kShifted>
double chebyshev(double given, double n_given) {
  const int64_t n = degree(n_given);
  if (n < 0) return 0;
  const T x = kShifted ? T(given) + T(given) - 1 : T(given);
  const double even = n % 2 == 0 ? 1 : -1, m = double(n);
  const bool at_end = kShifted ? given == 0 || given == 1 : std::fabs(x) == 1;
  if (at_end) {
    const bool right = x > 0;
    switch (kKind) {
      case Chebyshev::T: return right ? 1 : even;
      case Chebyshev::U: return right ? m + 1 : even * (m + 1);
      case Chebyshev::V: return right ? 1 : even * (m + m + 1);
      case Chebyshev::W: return right ? m + m + 1 : even;
    }
  }
  if (n > 8 && std::fabs(x) < 1) {
    const double angle = std::acos(double(x));
    switch (kKind) {
      case Chebyshev::T: return std::cos(m * angle);
      case Chebyshev::U: return std::sin((m + 1) * angle) / std::sin(angle);
      case Chebyshev::V: return std::cos((m + 0.5) * angle) / std::cos(angle / 2);
      case Chebyshev::W: return std::sin((m + 0.5) * angle) / std::sin(angle / 2);
    }
  }
  if (n > kLongestRecurrence && std::fabs(x) > 1) return chebyshev_outside<T, kKind>(x, m, even);
  const T second = kKind == Chebyshev::T   ? x
                   : kKind == Chebyshev::U ? x + x
                   : kKind == Chebyshev::V ? x + x - 1
                                           : x + x + 1;
  return recur<T>(1, second, n, [x](T, T p, T q) { return (x + x) * q - p; });
}

#define RL_INSTANCES(kind)                                                   \
  template double chebyshev<float, Chebyshev::kind, false>(double, double);  \
  template double chebyshev<double, Chebyshev::kind, false>(double, double); \
  template double chebyshev<float, Chebyshev::kind, true>(double, double);   \
  template double chebyshev<double, Chebyshev::kind, true>(double, double);
RL_INSTANCES(T)
RL_INSTANCES(U)
RL_INSTANCES(V)
RL_INSTANCES(W)
#undef RL_INSTANCES

// PyTorch gives NaN above these degrees.
template <class T>
constexpr int64_t kHermiteLimit = sizeof(T) == 4 ? 128 : 512;

template <class T>
double hermite_h(double given, double n_given) {
  const int64_t n = degree(n_given);
  const T x = T(given);
  if (n < 0) return 0;
  if (n > kHermiteLimit<T>) return std::numeric_limits<double>::quiet_NaN();
  return recur<T>(1, x + x, n, [x](T k, T p, T q) { return (x + x) * q - (k + k) * p; });
}
template <class T>
double hermite_he(double given, double n_given) {
  const int64_t n = degree(n_given);
  const T x = T(given);
  if (n < 0) return 0;
  if (n > kHermiteLimit<T>) return std::numeric_limits<double>::quiet_NaN();
  return recur<T>(1, x, n, [x](T k, T p, T q) { return x * q - k * p; });
}
template <class T>
double laguerre(double given, double n_given) {
  const int64_t n = degree(n_given);
  const T x = T(given);
  if (n < 0) return 0;
  if (x == 0) return 1;
  return recur<T>(1, 1 - x, n,
                  [x](T k, T p, T q) { return ((k + k + 1 - x) * q - k * p) / (k + 1); });
}
template <class T>
double legendre(double given, double n_given) {
  const int64_t n = degree(n_given);
  const T x = T(given);
  if (n < 0) return 0;
  if (std::fabs(x) == 1) return x > 0 || n % 2 == 0 ? 1 : -1;
  return recur<T>(1, x, n, [x](T k, T p, T q) { return ((k + k + 1) * x * q - k * p) / (k + 1); });
}

#define RL_INSTANCES(name)                     \
  template double name<float>(double, double); \
  template double name<double>(double, double);
RL_INSTANCES(hermite_h)
RL_INSTANCES(hermite_he)
RL_INSTANCES(laguerre)
RL_INSTANCES(legendre)
#undef RL_INSTANCES

}  // namespace rushlight::cpu::special
