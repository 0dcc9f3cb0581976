// Bessel functions of orders 0 and 1, and the Airy function.
#include <cmath>
#include <limits>

#include "special.h"

namespace rushlight::cpu::special {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kLogTwo = 0.69314718055994530942;
constexpr double kEps = std::numeric_limits<double>::epsilon();
// From here on Hankel's asymptotic series end below the rounding error.
constexpr double kFar = 25;

// I_n for 0 <= x < kFar by its power series, all terms positive.
double i_series(int n, double x) {
  const double s = x * x / 4;
  double term = n ? x / 2 : 1, sum = term;
  for (int k = 1; k < 200; ++k) {
    term *= s / (double(k) * (k + n));
    sum += term;
    if (term < kEps * 0.1 * sum) break;
  }
  return sum;
}

// e^-x I_n for x >= kFar.
double i_far(int n, double x) {
  const double mu = 4.0 * n * n;
  double term = 1, sum = 1;
  for (int k = 1; k < 40; ++k) {
    const double odd = 2 * k - 1;
    const double next = -term * (mu - odd * odd) / (8.0 * k * x);
    if (std::fabs(next) > std::fabs(term)) break;
    term = next;
    sum += term;
    if (std::fabs(term) < kEps * 0.1) break;
  }
  return sum / std::sqrt(2 * kPi * x);
}

double i_scaled(int n, double x) {
  if (x < kFar) return i_series(n, x) * std::exp(-x);
  return x == kInf ? 0 : i_far(n, x);
}

double i_plain(int n, double x) {
  if (x < kFar) return i_series(n, x);
  if (x == kInf) return kNaN;  // as PyTorch
  // In two halves: e^x overflows a little before the function does.
  const double half = std::exp(x / 2);
  return half * i_far(n, x) * half;
}

// e^x K_order(x) for x >= 1: the trapezoidal rule on the integral of
// exp(-x (cosh t - 1)) cosh(order t), which converges geometrically.
double k_integral(double order, double x) {
  const double h = std::fmin(0.125, 0.5 / std::sqrt(x));
  double sum = 0.5;
  for (int i = 1; i < 1000; ++i) {
    const double t = i * h, s = std::sinh(t / 2);
    const double term = std::exp(-2 * x * s * s) * std::cosh(order * t);
    sum += term;
    if (term < kEps * 0.01 * sum) break;
  }
  return sum * h;
}

// K_0 and K_1 for 0 < x < 1.
double k_series(int n, double x) {
  const double s = x * x / 4, logarithm = (std::log(x) - kLogTwo);
  double term = n ? x / 2 : 1, harmonic = 0, sum = 0;
  for (int k = 0; k < 40; ++k) {
    if (k) {
      term *= s / (double(k) * (k + n));
      harmonic += 1.0 / k;
    }
    // The digamma function at the integers k + 1 and k + 1 + n.
    const double psi = n ? 2 * harmonic + 1.0 / (k + 1) - 2 * kEuler : harmonic - kEuler;
    const double part = n ? term * (logarithm - psi / 2) : term * (psi - logarithm);
    sum += part;
    if (k && std::fabs(part) < kEps * 0.01 * std::fabs(sum)) break;
  }
  return n ? 1 / x + sum : sum;
}

double k_scaled(int n, double x) {
  if (std::isnan(x) || x < 0) return kNaN;
  if (x == 0) return kInf;
  if (x == kInf) return 0;
  return x < 1 ? k_series(n, x) * std::exp(x) : k_integral(n, x);
}
double k_plain(int n, double x) {
  if (!(x > 0)) return x == 0 ? kInf : kNaN;
  if (x == kInf) return 0;
  return x < 1 ? k_series(n, x) : k_integral(n, x) * std::exp(-x);
}

struct Oscillating {
  double j0, j1, y0, y1;
};

// 0 < x < kFar: Miller's backward recurrence gives all J at once, Neumann's series Y from them.
Oscillating near_zero(double x) {
  const double logarithm = (std::log(x) - kLogTwo) + kEuler;
  if (x < 1e-8) {
    return {1, x / 2, 2 / kPi * logarithm, x / kPi * (logarithm - 0.5) - 2 / (kPi * x)};
  }
  const int top = x < 1 ? 14 : 2 * (int(x) / 2) + 36;
  double above = 0, here = 1e-30, norm = 0, sum0 = 0, sum1 = 0;
  for (int n = top; n > 0; --n) {
    const double below = 2.0 * n / x * here - above;
    above = here;
    here = below;
    // now here = J(n - 1), above = J(n)
    const int order = n - 1;
    if (order == 0) break;
    if (order % 2 == 0) {
      norm += 2 * here;
      const int k = order / 2;
      sum0 += (k % 2 ? -here : here) / k;
    } else if (order > 1) {
      const int k = order / 2;
      sum1 += (k % 2 ? -here : here) * (2.0 * k + 1) / (double(k) * (k + 1));
    }
  }
  norm += here;
  const double j0 = here / norm, j1 = above / norm;
  return {j0, j1, 2 / kPi * logarithm * j0 - 4 / kPi * (sum0 / norm),
          2 / kPi * ((logarithm - 1) * j1 - j0 / x - sum1 / norm)};
}

// J_n and Y_n for x >= kFar.
void hankel(int n, double x, double* j, double* y) {
  const double mu = 4.0 * n * n;
  double p = 1, q = 0, term = 1;
  for (int k = 1; k < 60; ++k) {
    const double odd = 2 * k - 1;
    const double next = term * (mu - odd * odd) / (8.0 * k * x);
    if (std::fabs(next) > std::fabs(term)) break;
    term = next;
    if (k % 2)
      q += k % 4 == 1 ? term : -term;
    else
      p += k % 4 == 0 ? term : -term;
    if (std::fabs(term) < kEps * 0.01) break;
  }
  // cos and sin of x - pi/4 - n pi/2 without rounding that angle.
  const double c = std::cos(x), s = std::sin(x), root = std::sqrt(0.5);
  const double cosine = n ? (s - c) * root : (c + s) * root;
  const double sine = n ? -(s + c) * root : (s - c) * root;
  const double scale = std::sqrt(2 / (kPi * x));
  *j = scale * (p * cosine - q * sine);
  *y = scale * (p * sine + q * cosine);
}

double j_of(int n, double x) {
  double j, y;
  if (x == 0) return n ? 0 : 1;
  if (x < kFar) return n ? near_zero(x).j1 : near_zero(x).j0;
  hankel(n, x, &j, &y);
  return j;
}
double y_of(int n, double x) {
  double j, y;
  if (!(x > 0)) return x == 0 ? -kInf : kNaN;
  if (x == kInf) return kNaN;  // as PyTorch
  if (x < kFar) return n ? near_zero(x).y1 : near_zero(x).y0;
  hankel(n, x, &j, &y);
  return y;
}

}  // namespace

double i0(double x) { return std::isnan(x) ? x : i_plain(0, std::fabs(x)); }
double i0e(double x) { return std::isnan(x) ? x : i_scaled(0, std::fabs(x)); }
double i1(double x) { return std::isnan(x) ? x : std::copysign(i_plain(1, std::fabs(x)), x); }
double i1e(double x) { return std::isnan(x) ? x : std::copysign(i_scaled(1, std::fabs(x)), x); }
double k0(double x) { return k_plain(0, x); }
double k1(double x) { return k_plain(1, x); }
double k0e(double x) { return k_scaled(0, x); }
double k1e(double x) { return k_scaled(1, x); }

double j0(double x) {
  if (std::isnan(x)) return x;
  return std::isinf(x) ? kNaN : j_of(0, std::fabs(x));  // as PyTorch
}
double j1(double x) {
  if (std::isnan(x)) return x;
  if (std::isinf(x)) return kNaN;
  return x < 0 ? -j_of(1, -x) : j_of(1, x);
}
double y0(double x) { return y_of(0, x); }
double y1(double x) { return y_of(1, x); }

double spherical_j0(double x) {
  if (std::isinf(x)) return 0;
  if (std::fabs(x) < 0.01) return 1 - x * x / 6 * (1 - x * x / 20);
  return std::sin(x) / x;
}

double airy_ai(double x) {
  if (std::isnan(x) || std::isinf(x)) return kNaN;  // as PyTorch
  if (x > 104) return 0;
  if (x > 2) {
    const double z = 2 * x * std::sqrt(x) / 3;
    return std::sqrt(x / 3) / kPi * k_integral(1.0 / 3, z) * std::exp(-z);
  }
  if (x > -8.5) {
    // Two power series; the wider type pays for what cancels.
    const long double cube = static_cast<long double>(x) * x * x;
    long double f = 1, g = x, sum_f = 1, sum_g = x;
    for (int k = 1; k < 120; ++k) {
      f *= cube / ((3.0L * k - 1) * (3 * k));
      g *= cube / ((3.0L * k) * (3 * k + 1));
      sum_f += f;
      sum_g += g;
      if (fabsl(f) + fabsl(g) < 1e-22L) break;
    }
    return double(0.355028053887817239260063186004183L * sum_f -
                  0.258819403792806798405183560189204L * sum_g);
  }
  const double t = -x, z = 2 * t * std::sqrt(t) / 3;
  double p = 1, q = 0, term = 1;
  for (int k = 1; k < 60; ++k) {
    const double next = term * (6.0 * k - 5) * (6.0 * k - 1) / (72.0 * k * z);
    if (next > term) break;
    term = next;
    if (k % 2)
      q += k % 4 == 1 ? term : -term;
    else
      p += k % 4 == 0 ? term : -term;
    if (term < kEps * 0.01) break;
  }
  const double c = std::cos(z), s = std::sin(z), root = std::sqrt(0.5);
  return ((c + s) * root * p + (s - c) * root * q) / (std::sqrt(kPi) * std::sqrt(std::sqrt(t)));
}

}  // namespace rushlight::cpu::special
