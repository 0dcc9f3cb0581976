// One loop for all special functions of one argument, and one for those of two.
#include "special.h"

#include "for_each.h"
#include "rushlight/iter/kernel_slots.h"
#include "rushlight/iter/special_ops.h"

namespace rushlight::cpu {
namespace {

// These cost far more than an addition.
constexpr int64_t kSpecialGrain = kGrain / 32;

using Unary = double (*)(double);
struct Binary {
  double (*of_float)(double, double);
  double (*of_double)(double, double);
};

Unary unary_of(SpecialUnary op) {
  switch (op) {
#define RL_CASE(name, function) \
  case SpecialUnary::name: return &special::function;
    RL_CASE(lgamma, lgamma)
    RL_CASE(digamma, digamma)
    RL_CASE(erfinv, erfinv)
    RL_CASE(i0, i0)
    RL_CASE(i0e, i0e)
    RL_CASE(i1, i1)
    RL_CASE(i1e, i1e)
    RL_CASE(entr, entr)
    RL_CASE(ndtri, ndtri)
    RL_CASE(log_ndtr, log_ndtr)
    RL_CASE(erfcx, erfcx)
    RL_CASE(bessel_j0, j0)
    RL_CASE(bessel_j1, j1)
    RL_CASE(bessel_y0, y0)
    RL_CASE(bessel_y1, y1)
    RL_CASE(modified_bessel_i0, i0)
    RL_CASE(modified_bessel_i1, i1)
    RL_CASE(modified_bessel_k0, k0)
    RL_CASE(modified_bessel_k1, k1)
    RL_CASE(scaled_modified_bessel_k0, k0e)
    RL_CASE(scaled_modified_bessel_k1, k1e)
    RL_CASE(spherical_bessel_j0, spherical_j0)
    RL_CASE(airy_ai, airy_ai)
#undef RL_CASE
    case SpecialUnary::kCount: break;
  }
  return nullptr;
}

template <special::Chebyshev kKind, bool kShifted>
constexpr Binary kChebyshev = {&special::chebyshev<float, kKind, kShifted>,
                               &special::chebyshev<double, kKind, kShifted>};

Binary binary_of(SpecialBinary op) {
  using special::Chebyshev;
  switch (op) {
    case SpecialBinary::igamma: return {&special::igamma, &special::igamma};
    case SpecialBinary::igammac: return {&special::igammac, &special::igammac};
    case SpecialBinary::polygamma: return {&special::polygamma, &special::polygamma};
    case SpecialBinary::xlog1py: return {&special::xlog1py, &special::xlog1py};
    case SpecialBinary::zeta: return {&special::zeta, &special::zeta};
    case SpecialBinary::chebyshev_polynomial_t: return kChebyshev<Chebyshev::T, false>;
    case SpecialBinary::chebyshev_polynomial_u: return kChebyshev<Chebyshev::U, false>;
    case SpecialBinary::chebyshev_polynomial_v: return kChebyshev<Chebyshev::V, false>;
    case SpecialBinary::chebyshev_polynomial_w: return kChebyshev<Chebyshev::W, false>;
    case SpecialBinary::shifted_chebyshev_polynomial_t: return kChebyshev<Chebyshev::T, true>;
    case SpecialBinary::shifted_chebyshev_polynomial_u: return kChebyshev<Chebyshev::U, true>;
    case SpecialBinary::shifted_chebyshev_polynomial_v: return kChebyshev<Chebyshev::V, true>;
    case SpecialBinary::shifted_chebyshev_polynomial_w: return kChebyshev<Chebyshev::W, true>;
    case SpecialBinary::hermite_polynomial_h:
      return {&special::hermite_h<float>, &special::hermite_h<double>};
    case SpecialBinary::hermite_polynomial_he:
      return {&special::hermite_he<float>, &special::hermite_he<double>};
    case SpecialBinary::laguerre_polynomial_l:
      return {&special::laguerre<float>, &special::laguerre<double>};
    case SpecialBinary::legendre_polynomial_p:
      return {&special::legendre<float>, &special::legendre<double>};
    case SpecialBinary::kCount: break;
  }
  return {nullptr, nullptr};
}

template <class Row>
void each_row(const NdPlan& plan, const Row& row) {
  if (plan.numel == 0) return;
  parallel_for(0, plan.numel, kSpecialGrain,
               [&](int64_t b, int64_t e) { walk_rows(plan, b, e, row); });
}

template <class T>
void unary_of_type(const NdPlan& plan, Unary f) {
  const int64_t* strides = plan.strides[0];
  each_row(plan, [&](char* const* data, int64_t n) {
    for (int64_t i = 0; i < n; ++i)
      *reinterpret_cast<T*>(data[0] + i * strides[0]) =
          T(f(double(*reinterpret_cast<const T*>(data[1] + i * strides[1]))));
  });
}

template <class T>
void binary_of_type(const NdPlan& plan, double (*f)(double, double)) {
  const int64_t* strides = plan.strides[0];
  each_row(plan, [&](char* const* data, int64_t n) {
    for (int64_t i = 0; i < n; ++i)
      *reinterpret_cast<T*>(data[0] + i * strides[0]) =
          T(f(double(*reinterpret_cast<const T*>(data[1] + i * strides[1])),
              double(*reinterpret_cast<const T*>(data[2] + i * strides[2]))));
  });
}

void special_unary(const NdPlan& plan, DType dtype, int op) {
  const Unary f = unary_of(SpecialUnary(op));
  if (dtype == DType::F64)
    unary_of_type<double>(plan, f);
  else
    unary_of_type<float>(plan, f);
}

void special_binary(const NdPlan& plan, DType dtype, int op) {
  const Binary f = binary_of(SpecialBinary(op));
  if (dtype == DType::F64)
    binary_of_type<double>(plan, f.of_double);
  else
    binary_of_type<float>(plan, f.of_float);
}

}  // namespace

void register_special(KernelSlots& slots) {
  slots.special_unary = &special_unary;
  slots.special_binary = &special_binary;
}

}  // namespace rushlight::cpu
