#include "gemm_tile.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "rushlight/core/blas.h"
#include "rushlight/core/error.h"

namespace rushlight::cpu {
namespace {

template <class T>
const T* at(bool trans, const void* base, int64_t ld, int64_t row, int64_t col) {
  return static_cast<const T*>(base) + (trans ? col * ld + row : row * ld + col);
}

// ---- float, double and complex: OpenBLAS

template <class T>
struct Blas;
template <>
struct Blas<float> {
  using Arg = float;
  static auto gemm() { return blas::table().sgemm; }
  static auto gemv() { return blas::table().sgemv; }
  static Arg arg(const float& v) { return v; }
};
template <>
struct Blas<double> {
  using Arg = double;
  static auto gemm() { return blas::table().dgemm; }
  static auto gemv() { return blas::table().dgemv; }
  static Arg arg(const double& v) { return v; }
};
template <>
struct Blas<c64> {
  using Arg = const void*;
  static auto gemm() { return blas::table().cgemm; }
  static auto gemv() { return blas::table().cgemv; }
  static Arg arg(const c64& v) { return &v; }
};
template <>
struct Blas<c128> {
  using Arg = const void*;
  static auto gemm() { return blas::table().zgemm; }
  static auto gemv() { return blas::table().zgemv; }
  static Arg arg(const c128& v) { return &v; }
};

// y = beta * y before a gemv with beta 1: OpenBLAS' own scaling by 0 keeps a NaN in y on some CPUs.
template <class T>
void scale_vector(T* y, int64_t count, int64_t step, T beta) {
  if (beta == T(1)) return;
  for (int64_t i = 0; i < count; ++i) y[i * step] = beta == T(0) ? T(0) : beta * y[i * step];
}

template <class T>
void blas_tile(const GemmProblem& p, const GemmRange& r, const void* a, const void* b, void* out) {
  using B = Blas<T>;
  using blas::Int;
  const T alpha = p.alpha.to<T>(), beta = p.beta.to<T>(), one(1);
  const int64_t m = r.i1 - r.i0, n = r.j1 - r.j0, k = r.k1 - r.k0;
  const T* pa = at<T>(p.trans_a, a, p.lda, r.i0, r.k0);
  const T* pb = at<T>(p.trans_b, b, p.ldb, r.k0, r.j0);
  T* po = static_cast<T*>(out);
  const int ta = p.trans_a ? blas::kTrans : blas::kNoTrans;
  const int tb = p.trans_b ? blas::kTrans : blas::kNoTrans;
  if (p.n == 1) {
    scale_vector(po, m, p.ldc, beta);
    B::gemv()(blas::kRowMajor, ta, Int(p.trans_a ? k : m), Int(p.trans_a ? m : k), B::arg(alpha),
              pa, Int(p.lda), pb, Int(p.trans_b ? 1 : p.ldb), B::arg(one), po, Int(p.ldc));
  } else if (p.m == 1) {
    scale_vector(po, n, 1, beta);
    const int t = p.trans_b ? blas::kNoTrans : blas::kTrans;
    B::gemv()(blas::kRowMajor, t, Int(p.trans_b ? n : k), Int(p.trans_b ? k : n), B::arg(alpha), pb,
              Int(p.ldb), pa, Int(p.trans_a ? p.lda : 1), B::arg(one), po, 1);
  } else {
    B::gemm()(blas::kRowMajor, ta, tb, Int(m), Int(n), Int(k), B::arg(alpha), pa, Int(p.lda), pb,
              Int(p.ldb), B::arg(beta), po, Int(p.ldc));
  }
}

// ---- integers, and the others where a stride exceeds what BLAS can take

// Wrap-around without undefined overflow; small unsigned types would be promoted to int.
template <class T, bool = std::is_integral_v<T>>
struct Accumulator {
  using Type = T;
};
template <class T>
struct Accumulator<T, true> {
  using Type = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
};
template <>
struct Accumulator<Half, false> {
  using Type = float;
};
template <>
struct Accumulator<BFloat16, false> {
  using Type = float;
};

constexpr int64_t kRowBlock = 256;

template <class T>
void plain_tile(const GemmProblem& p, const GemmRange& r, const void* a, const void* b, void* out) {
  using Acc = typename Accumulator<T>::Type;
  const Acc alpha = p.alpha.to<Acc>(), beta = p.beta.to<Acc>();
  T* po = static_cast<T*>(out);
  Acc sums[kRowBlock];
  for (int64_t i = r.i0; i < r.i1; ++i) {
    for (int64_t j0 = r.j0; j0 < r.j1; j0 += kRowBlock) {
      const int64_t width = std::min(kRowBlock, r.j1 - j0);
      std::fill_n(sums, width, Acc(0));
      for (int64_t k = r.k0; k < r.k1; ++k) {
        const Acc factor(*at<T>(p.trans_a, a, p.lda, i, k));
        const T* pb = at<T>(p.trans_b, b, p.ldb, k, j0);
        const int64_t step = p.trans_b ? p.ldb : 1;
        if (step == 1)
          for (int64_t j = 0; j < width; ++j) sums[j] = sums[j] + factor * Acc(pb[j]);
        else
          for (int64_t j = 0; j < width; ++j) sums[j] = sums[j] + factor * Acc(pb[j * step]);
      }
      T* row = po + (i - r.i0) * p.ldc + (j0 - r.j0);
      for (int64_t j = 0; j < width; ++j) {
        const Acc value = alpha * sums[j];
        row[j] = T(beta == Acc(0) ? value : value + beta * Acc(row[j]));
      }
    }
  }
}

// A transposed b is walked along k: a plain dot product keeps the reads contiguous.
template <class T>
void plain_dot_tile(const GemmProblem& p, const GemmRange& r, const void* a, const void* b,
                    void* out) {
  using Acc = typename Accumulator<T>::Type;
  const Acc alpha = p.alpha.to<Acc>(), beta = p.beta.to<Acc>();
  T* po = static_cast<T*>(out);
  for (int64_t i = r.i0; i < r.i1; ++i)
    for (int64_t j = r.j0; j < r.j1; ++j) {
      const T* pa = at<T>(false, a, p.lda, i, r.k0);
      const T* pb = at<T>(true, b, p.ldb, r.k0, j);
      Acc sum(0);
      for (int64_t k = 0; k < r.k1 - r.k0; ++k) sum = sum + Acc(pa[k]) * Acc(pb[k]);
      T& to = po[(i - r.i0) * p.ldc + (j - r.j0)];
      const Acc value = alpha * sum;
      to = T(beta == Acc(0) ? value : value + beta * Acc(to));
    }
}

template <class T>
GemmTileFn plain(const GemmProblem& p) {
  return p.trans_b && !p.trans_a ? &plain_dot_tile<T> : &plain_tile<T>;
}

}  // namespace

GemmTileFn gemm_tile(const GemmProblem& p) {
  // An empty sum only scales c, which the plain loop does without asking BLAS how it sees k == 0.
  const bool fits =
      p.k > 0 && std::max({p.lda, p.ldb, p.ldc}) <= std::numeric_limits<blas::Int>::max();
  // Opened here, where a missing library can still be reported from the calling thread.
  if (fits && is_inexact(p.dtype) && !is_reduced_float(p.dtype)) blas::table();
  switch (p.dtype) {
    case DType::F32: return fits ? &blas_tile<float> : plain<float>(p);
    case DType::F64: return fits ? &blas_tile<double> : plain<double>(p);
    case DType::C64: return fits ? &blas_tile<c64> : plain<c64>(p);
    case DType::C128: return fits ? &blas_tile<c128> : plain<c128>(p);
    // Any half-precision product with a k is blocked.
    case DType::F16: return plain<Half>(p);
    case DType::BF16: return plain<BFloat16>(p);
    case DType::U8: return plain<uint8_t>(p);
    case DType::I8: return plain<int8_t>(p);
    case DType::I16: return plain<int16_t>(p);
    case DType::I32: return plain<int32_t>(p);
    case DType::I64: return plain<int64_t>(p);
    default: return nullptr;
  }
}

}  // namespace rushlight::cpu
