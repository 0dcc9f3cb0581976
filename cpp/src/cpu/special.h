// The special functions in double precision; poles, branch points and NaN as in PyTorch.
#pragma once

namespace rushlight::cpu::special {

inline constexpr double kPi = 3.14159265358979323846;
inline constexpr double kEuler = 0.57721566490153286061;

double lgamma(double x);
double digamma(double x);
double zeta(double x, double q);
double polygamma(double n, double x);
double igamma(double a, double x);
double igammac(double a, double x);

double erfinv(double y);
double erfcx(double x);
double ndtri(double p);
double log_ndtr(double x);
double entr(double x);
double xlog1py(double x, double y);

double i0(double x);
double i0e(double x);
double i1(double x);
double i1e(double x);
double k0(double x);
double k1(double x);
double k0e(double x);
double k1e(double x);
double j0(double x);
double j1(double x);
double y0(double x);
double y1(double x);
double spherical_j0(double x);
double airy_ai(double x);

// Orthogonal polynomials of degree n, by recurrences in T.
enum class Chebyshev { T, U, V, W };
template <class T, Chebyshev kKind, bool kShifted>
double chebyshev(double x, double n);
template <class T>
double hermite_h(double x, double n);
template <class T>
double hermite_he(double x, double n);
template <class T>
double laguerre(double x, double n);
template <class T>
double legendre(double x, double n);

}  // namespace rushlight::cpu::special
