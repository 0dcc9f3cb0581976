// The gamma function's logarithm and its derivatives, Hurwitz zeta and incomplete gamma functions.
#include <math.h>
#include <cmath>
#include <cstdint>
#include <limits>

#include "special.h"

namespace rushlight::cpu::special {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kEps = std::numeric_limits<double>::epsilon();

// Bernoulli numbers B(2), B(4), ... over (2k)!.
constexpr double kBernoulli[] = {
    1.0 / 12,
    -1.0 / 720,
    1.0 / 30240,
    -1.0 / 1209600,
    1.0 / 47900160,
    -691.0 / 1307674368000.0,
    1.0 / 74724249600.0,
    -3617.0 / 10670622842880000.0,
    43867.0 / 5109094217170944000.0,
    -174611.0 / 802857662698291200000.0,
};

// `sum` and the series by Euler-Maclaurin, for q > 0.
double zeta_positive(double x, double q, double sum = 0) {
  if (q > 1e8) return (1 / (x - 1) + 1 / (2 * q)) * std::pow(q, 1 - x);
  double a = q;
  for (int i = 0; i < 10 || a < 10; ++i, a += 1) {
    const double term = std::pow(a, -x);
    sum += term;
    if (term < kEps * 0.01 * std::fabs(sum)) return sum;
  }
  double power = std::pow(a, -x);
  sum += power * a / (x - 1) + power / 2;
  double factor = x;
  power /= a;
  for (int k = 0; k < 10; ++k) {
    const double term = kBernoulli[k] * factor * power;
    sum += term;
    if (std::fabs(term) < kEps * 0.01 * std::fabs(sum)) break;
    factor *= (x + 2 * k + 1) * (x + 2 * k + 2);
    power /= a * a;
  }
  return sum;
}

double trigamma(double x) {
  if (x < 0.5) {
    // Reflection, with the sine of the distance to the nearest integer.
    const double s = std::sin(kPi * (x - std::round(x)));
    return kPi * kPi / (s * s) - zeta_positive(2, 1 - x);
  }
  return x == kInf ? 0 : zeta_positive(2, x);
}

// log(1 + d) - d without cancellation.
double log1p_minus(double d) {
  if (std::fabs(d) > 0.5) return std::log1p(d) - d;
  // log(1 + d) = 2 artanh(r) with r = d / (2 + d), and 2r - d = -d r.
  const double r = d / (2 + d), square = r * r;
  double sum = 0, power = square;
  for (int k = 3; k < 60; k += 2) {
    const double term = power / k;
    sum += term;
    if (term < kEps * 0.1 * sum) break;
    power *= square;
  }
  return r * (2 * sum - d);
}

// log(Gamma(a)) less Stirling's main terms, for a >= 10.
double stirling_rest(double a) {
  const double s = 1 / (a * a);
  return (1.0 / 12 -
          s * (1.0 / 360 -
               s * (1.0 / 1260 -
                    s * (1.0 / 1680 - s * (1.0 / 1188 - s * (691.0 / 360360 - s / 156)))))) /
         a;
}

// x^a e^-x / Gamma(a).
double gamma_density(double a, double x) {
  if (a < 10) return std::exp(a * std::log(x) - x - lgamma(a));
  const double d = (x - a) / a;
  return std::exp(a * log1p_minus(d) - stirling_rest(a)) * std::sqrt(a / (2 * kPi));
}

int64_t term_limit(double a) { return int64_t(2000 + 40 * std::sqrt(std::fmin(a, 1e10))); }

// The regularized lower function by its power series, all terms positive.
double lower_series(double a, double x) {
  double term = 1 / a, sum = term;
  const int64_t limit = term_limit(a);
  for (int64_t n = 1; n < limit; ++n) {
    term *= x / (a + double(n));
    sum += term;
    if (term < kEps * 0.1 * sum) break;
  }
  return sum * gamma_density(a, x);
}

// The regularized upper function by Legendre's continued fraction (modified Lentz).
double upper_fraction(double a, double x) {
  const double tiny = 1e-300;
  double b = x + 1 - a;
  double c = 1 / tiny, d = 1 / (b == 0 ? tiny : b), h = d;
  const int64_t limit = term_limit(a);
  for (int64_t n = 1; n < limit; ++n) {
    const double coefficient = -double(n) * (double(n) - a);
    b += 2;
    d = coefficient * d + b;
    if (std::fabs(d) < tiny) d = tiny;
    c = b + coefficient / c;
    if (std::fabs(c) < tiny) c = tiny;
    d = 1 / d;
    const double change = c * d;
    h *= change;
    if (std::fabs(change - 1) < kEps) break;
  }
  return h * gamma_density(a, x);
}

// The regularized upper function for small x, where 1 - lower would cancel.
double upper_series(double a, double x) {
  double term = 1, sum = 0;
  for (int n = 1; n < 500; ++n) {
    term *= -x / n;
    const double part = term / (a + n);
    sum += part;
    if (std::fabs(part) <= kEps * 0.1 * std::fabs(sum)) break;
  }
  const double logarithm = a * std::log(x) - lgamma(1 + a);
  return -std::expm1(logarithm) - std::exp(logarithm) * a * sum;
}

}  // namespace

double lgamma(double x) {
#if defined(_WIN32)
  return std::lgamma(x);
#else
  int sign;  // std::lgamma writes a global
  return ::lgamma_r(x, &sign);
#endif
}

double digamma(double x) {
  if (x == 0) return std::copysign(kInf, -x);
  if (std::isinf(x)) return x > 0 ? x : kNaN;
  double result = 0;
  if (x < 0) {
    if (x == std::trunc(x)) return kNaN;
    result = -kPi / std::tan(kPi * (x - std::round(x)));
    x = 1 - x;
  }
  // The root at 1.46 is approached by its own series, so that digits are kept.
  constexpr double kRoot = 1.4616321449683623, kRootRest = 9.549995429965697e-17;
  const double from_root = (x - kRoot) - kRootRest;
  if (std::fabs(from_root) < 0.05 && result == 0) {
    double sum = 0, power = from_root;
    for (int n = 1; n < 20; ++n) {
      const double term = power * zeta_positive(n + 1, kRoot);
      sum += n % 2 ? term : -term;
      if (std::fabs(term) <= kEps * 0.1 * std::fabs(sum)) break;
      power *= from_root;
    }
    return sum;
  }
  for (; x < 12; x += 1) result -= 1 / x;
  const double s = 1 / (x * x);
  const double tail =
      s * (1.0 / 12 - s * (1.0 / 120 -
                           s * (1.0 / 252 -
                                s * (1.0 / 240 - s * (1.0 / 132 - s * (691.0 / 32760 - s / 12))))));
  return result + (std::log(x) - 0.5 / x - tail);
}

double zeta(double x, double q) {
  if (x == 1) return kInf;
  if (x < 1) return kNaN;
  if (q <= 0 && q == std::floor(q)) return kInf;
  if (std::isnan(x) || std::isnan(q) || q == kInf) return kNaN;
  if (q > 0) return zeta_positive(x, q);
  if (x != std::floor(x)) return kNaN;
  const double part = q - std::floor(q), count = -std::floor(q);
  if (count < 50) {
    // The negative bases first: what cancels, cancels exactly.
    double sum = 0;
    for (double i = 0; i < count; i += 1) sum += std::pow(q + i, -x);
    return zeta_positive(x, part, sum);
  }
  // They are the terms of the mirrored series, up to their sign.
  const double mirrored = zeta_positive(x, 1 - part) - zeta_positive(x, count + 1 - part);
  return zeta_positive(x, part) + (std::fmod(x, 2) == 0 ? mirrored : -mirrored);
}

double polygamma(double n, double x) {
  if (n == 0) return digamma(x);
  if (std::isnan(x)) return x;
  if (n == 1) return trigamma(x);
  const double sign = std::fmod(n, 2) == 0 ? -1 : 1;
  const double z = zeta(n + 1, x);
  if (n < 160) return sign * std::tgamma(n + 1) * z;
  return sign * std::exp(lgamma(n + 1)) * z;
}

double igamma(double a, double x) {
  if (x < 0 || a < 0) return kNaN;
  if (a == 0) return x > 0 ? 1 : kNaN;
  if (x == 0) return 0;
  if (std::isinf(a)) return std::isinf(x) ? kNaN : 0;
  if (std::isinf(x)) return 1;
  if (std::isnan(a) || std::isnan(x)) return kNaN;
  return x > 1 && x > a ? 1 - upper_fraction(a, x) : lower_series(a, x);
}

double igammac(double a, double x) {
  if (x < 0 || a < 0) return kNaN;
  if (a == 0) return x > 0 ? 0 : kNaN;
  if (x == 0) return 1;
  if (std::isinf(a)) return std::isinf(x) ? kNaN : 1;
  if (std::isinf(x)) return 0;
  if (std::isnan(a) || std::isnan(x)) return kNaN;
  if (x > 1.1) return x < a ? 1 - lower_series(a, x) : upper_fraction(a, x);
  return x < a ? 1 - lower_series(a, x) : upper_series(a, x);
}

}  // namespace rushlight::cpu::special
