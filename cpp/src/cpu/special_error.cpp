// The error function's relatives: inverses, scaled and logarithmic forms; entropy terms.
#include <cmath>
#include <limits>

#include "special.h"

namespace rushlight::cpu::special {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kRootPi = 1.77245385090551602730;
constexpr double kRootHalf = 0.70710678118654752440;

// Within 1 % of the inverse of erf at sqrt(1 - e^l) (Winitzki's formula).
double first_guess(double l) {
  const double a = 0.147, b = 2 / (kPi * a) + l / 2;
  return std::sqrt(std::sqrt(b * b - l / a) - b);
}

// x >= 0 with erf(x) = y, for y in [0, 0.6].
double small_inverse(double y) {
  if (y < 1e-9) return y * kRootPi / 2;
  double x = first_guess(std::log1p(-y * y));
  for (int i = 0; i < 3; ++i) {
    const double step = (std::erf(x) - y) * kRootPi / 2 * std::exp(x * x);
    x -= step / (1 + x * step);
  }
  return x;
}

// x >= 0 with erfc(x) = q, for q in (0, 0.5]: Newton on the logarithm, which is nearly a parabola.
double tail_inverse(double q) {
  const double target = std::log(q);
  double x = first_guess(target + std::log(2 - q));
  for (int i = 0; i < 4; ++i) {
    const double scaled = erfcx(x);
    x += (std::log(scaled) - x * x - target) * scaled * kRootPi / 2;
  }
  return x;
}

}  // namespace

double erfinv(double y) {
  const double size = std::fabs(y);
  if (!(size <= 1)) return kNaN;
  if (size == 1) return std::copysign(kInf, y);
  return std::copysign(size <= 0.6 ? small_inverse(size) : tail_inverse(1 - size), y);
}

double erfcx(double x) {
  if (std::isnan(x)) return x;
  if (x < -26.7) return kInf;
  if (x >= 25) {
    const double s = 0.5 / (x * x);
    return (1 - s * (1 - 3 * s * (1 - 5 * s * (1 - 7 * s * (1 - 9 * s))))) / (x * kRootPi);
  }
  // exp(x^2) with the rounding error of the square put back.
  const double square = x * x, rest = std::fma(x, x, -square);
  return std::exp(square) * (1 + rest) * std::erfc(x);
}

double ndtri(double p) {
  if (!(p >= 0 && p <= 1)) return kNaN;
  if (p == 0) return -kInf;
  if (p == 1) return kInf;
  if (p < 0.25) return -tail_inverse(2 * p) / kRootHalf;
  if (p > 0.75) return tail_inverse(2 * (1 - p)) / kRootHalf;
  const double y = 2 * (p - 0.5);
  return std::copysign(small_inverse(std::fabs(y)), y) / kRootHalf;
}

double log_ndtr(double x) {
  const double t = x * kRootHalf;
  if (x < -1) return std::log(erfcx(-t) / 2) - t * t;
  return std::log1p(-std::erfc(t) / 2);
}

double entr(double x) {
  if (std::isnan(x)) return x;
  if (x > 0) return -x * std::log(x);
  return x == 0 ? 0 : -kInf;
}

double xlog1py(double x, double y) {
  if (std::isnan(y)) return kNaN;
  return x == 0 ? 0 : x * std::log1p(y);
}

}  // namespace rushlight::cpu::special
