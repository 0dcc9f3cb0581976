// Running sums and products.
#include "loops.h"

namespace rushlight::cpu::RL_ISA {
namespace {

// What running values are kept in.
template <class T>
struct RunningType {
  using Type = std::conditional_t<FloatScalar<Compute<T>>, double, T>;
};
template <class T>
struct RunningType<Complex<T>> {
  using Type = c128;
};

template <class T, class A>
RL_INLINE T narrow_to(A a) {
  if constexpr (is_half_v<T>)
    return T(float(a));
  else
    return T(a);
}
template <class A, class T>
RL_INLINE A widen_to(T x) {
  if constexpr (ComplexScalar<T>)
    return A(x);
  else
    return A(Compute<T>(x));
}

constexpr int64_t kStrip = 64;

// A strip of columns, `stride` elements from row to row; negative to go backwards.
template <class Op, class T>
RL_INLINE void scan_strip(const T* x, T* out, int64_t n, int64_t stride, int64_t width) {
  using A = typename RunningType<T>::Type;
  A running[kStrip];
  for (int64_t c = 0; c < width; ++c) {
    running[c] = widen_to<A>(x[c]);
    out[c] = x[c];
  }
  for (int64_t r = 1; r < n; ++r) {
    x += stride;
    out += stride;
    for (int64_t c = 0; c < width; ++c) {
      running[c] = Op{}(running[c], widen_to<A>(x[c]));
      out[c] = narrow_to<T>(running[c]);
    }
  }
}

template <class T>
void scan_of(const SoftmaxPlan& plan, ScanOp op) {
  const int64_t strips = (plan.inner + kStrip - 1) / kStrip;
  const int64_t width = plan.inner < kStrip ? plan.inner : kStrip;
  const int64_t grain = kGrain / (plan.n * width);
  parallel_for(0, plan.outer * strips, grain > 0 ? grain : 1, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; ++i) {
      const int64_t column = i % strips * kStrip;
      const int64_t here = plan.inner - column < kStrip ? plan.inner - column : kStrip;
      const int64_t at = i / strips * plan.n * plan.inner + column;
      const T* x = static_cast<const T*>(plan.in) + at;
      T* out = static_cast<T*>(plan.out) + at;
      const int64_t last = (plan.n - 1) * plan.inner;
      switch (op) {
        case ScanOp::Sum:
          scan_strip<Add>(x, out, plan.n, plan.inner, here);
          break;
        case ScanOp::Product:
          scan_strip<Mul>(x, out, plan.n, plan.inner, here);
          break;
        case ScanOp::ReversedSum:
          scan_strip<Add>(x + last, out + last, plan.n, -plan.inner, here);
          break;
      }
    }
  });
}

void scan(const SoftmaxPlan& plan, DType dtype, ScanOp op) {
  switch (dtype) {
    case DType::F16:
      return scan_of<Half>(plan, op);
    case DType::BF16:
      return scan_of<BFloat16>(plan, op);
    case DType::F32:
      return scan_of<float>(plan, op);
    case DType::F64:
      return scan_of<double>(plan, op);
    case DType::C64:
      return scan_of<c64>(plan, op);
    case DType::C128:
      return scan_of<c128>(plan, op);
    default:
      return scan_of<int64_t>(plan, op);
  }
}

}  // namespace

void register_scan(KernelSlots& slots) { slots.scan = &scan; }

}  // namespace rushlight::cpu::RL_ISA
