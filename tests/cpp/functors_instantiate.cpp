// Instantiates every functor for every type it takes. Compiled once per instruction set; the object
// must hold no weak symbol (Note [No weak symbols in kernels]).
#include "../../cpp/src/cpu/vec.h"
#include "rushlight/functors/binary.h"
#include "rushlight/functors/unary.h"

namespace rushlight::cpu::RL_ISA {
namespace {

template <class F, class T>
void unary(const T* in, void* out, int64_t n) {
  using Scalar = decltype(F{}(in[0]));
  auto* result = (Scalar*)out;
  int64_t i = 0;
  if constexpr (F::template kVectorizes<T>) {
    using V = Vec<T>;
    for (; i + V::kSize <= n; i += V::kSize) F{}(V::loadu(in + i)).storeu(result + i);
    F{}(V::load_partial(in + i, n - i)).store_partial(result + i, n - i);
  } else {
    for (; i < n; ++i) result[i] = F{}(in[i]);
  }
}
template <class F, class T>
void binary(const T* a, void* out, int64_t n) {
  const T* b = a + n;
  using Scalar = decltype(F{}(a[0], b[0]));
  auto* result = (Scalar*)out;
  int64_t i = 0;
  if constexpr (F::template kVectorizes<T>) {
    using V = Vec<T>;
    for (; i + V::kSize <= n; i += V::kSize)
      F{}(V::loadu(a + i), V::loadu(b + i)).storeu(result + i);
    F{}(V::load_partial(a + i, n - i), V::load_partial(b + i, n - i))
        .store_partial(result + i, n - i);
  } else {
    for (; i < n; ++i) result[i] = F{}(a[i], b[i]);
  }
}
template <class T, class... Fs>
void each_unary(const void* in, void* out, int64_t n) {
  (unary<Fs>((const T*)in, out, n), ...);
}
template <class T, class... Fs>
void each_binary(const void* in, void* out, int64_t n) {
  (binary<Fs>((const T*)in, out, n), ...);
}

#define RL_ANY_UNARY     Neg, Abs, Sign, Square, LogicalNot, IsNan, IsInf, IsFinite, Conj, Angle
#define RL_ORDERED_UNARY Floor, Ceil, Trunc, Round, Relu
#define RL_FLOATING_UNARY                                                                        \
  Reciprocal, Sqrt, Rsqrt, Exp, Exp2, Expm1, Log, Log2, Log10, Log1p, Sin, Cos, Tan, Asin, Acos, \
      Atan, Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Sigmoid
#define RL_ANY_BINARY Add, Sub, Mul, Div, Eq, Ne, LogicalAnd, LogicalOr, LogicalXor, Pow
#define RL_ORDERED_BINARY                                                            \
  TruncDiv, FloorDiv, Remainder, Fmod, Maximum, Minimum, Fmax, Fmin, Lt, Le, Gt, Ge, \
      ThresholdBackward

template <class T>
void each(const void* in, void* out, int64_t n) {
  each_unary<T, RL_ANY_UNARY>(in, out, n);
  each_binary<T, RL_ANY_BINARY>(in, out, n);
  if constexpr (!ComplexScalar<T>) {
    each_unary<T, RL_ORDERED_UNARY>(in, out, n);
    each_binary<T, RL_ORDERED_BINARY>(in, out, n);
  }
  if constexpr (IntScalar<T>) {
    each_unary<T, BitwiseNot>(in, out, n);
    each_binary<T, BitwiseAnd, BitwiseOr, BitwiseXor, ShiftLeft, ShiftRight>(in, out, n);
  } else {
    each_unary<T, RL_FLOATING_UNARY>(in, out, n);
    each_binary<T, SigmoidBackward, TanhBackward>(in, out, n);
  }
  if constexpr (FloatScalar<T>) {
    each_unary<T, Erf, Erfc, Frac>(in, out, n);
    each_binary<T, Atan2, Hypot>(in, out, n);
  }
}

}  // namespace

void instantiate_all(const void* in, void* out, int64_t n) {
  each<bool>(in, out, n);
  each<uint8_t>(in, out, n);
  each<int8_t>(in, out, n);
  each<int16_t>(in, out, n);
  each<int32_t>(in, out, n);
  each<int64_t>(in, out, n);
  each<float>(in, out, n);
  each<double>(in, out, n);
  each<c64>(in, out, n);
  each<c128>(in, out, n);
  store_float((Half*)out, load_float((const Half*)in));
  store_float((BFloat16*)out, load_float((const BFloat16*)in));
  store_float_partial((Half*)out, load_float_partial((const Half*)in, n), n);
  store_float_partial((BFloat16*)out, load_float_partial((const BFloat16*)in, n), n);
}

}  // namespace rushlight::cpu::RL_ISA
