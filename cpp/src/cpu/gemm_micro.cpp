#include "gemm_micro.h"

#include "rushlight/iter/kernel_slots.h"
#include "vec.h"

namespace rushlight::cpu::RL_ISA {
namespace {

// Accumulators of kRows x kVecs registers, chosen so that they, a row of b and one element of a fit
// the register file and enough of them are independent to hide the multiply-add's latency.
#if RL_VEC_AVX512
constexpr int kRows = 8, kVecs = 2;
#elif RL_VEC_AVX2
constexpr int kRows = 6, kVecs = 2;
#else
constexpr int kRows = 4, kVecs = 2;
#endif
constexpr int kDepth = 256;

RL_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

template <class T>
RL_INLINE Vec<T> multiply_add(Vec<T> a, Vec<T> b, Vec<T> c) {
#if RL_VEC_AVX2
  return fma(a, b, c);
#else
  return a * b + c;
#endif
}

// to[k][i] = from[i][k] for `width` rows of `from`, zeros up to `sliver`. A cache line of each row
// after the other: the rows are read as so many streams.
template <class S, class T>
void pack_across(const S* from, int64_t ld, int64_t width, int64_t depth, int64_t sliver, T* to) {
  constexpr int64_t kStep = 64 / sizeof(S);
  for (int64_t begin = 0; begin < depth; begin += kStep) {
    const int64_t end = smaller(begin + kStep, depth);
    for (int64_t i = 0; i < width; ++i) {
      const S* row = from + i * ld;
      __builtin_prefetch(row + begin + 4 * kStep);
      if (end - begin == kStep)
        for (int64_t k = 0; k < kStep; ++k) to[(begin + k) * sliver + i] = T(row[begin + k]);
      else
        for (int64_t k = begin; k < end; ++k) to[k * sliver + i] = T(row[k]);
    }
  }
  for (int64_t i = width; i < sliver; ++i)
    for (int64_t k = 0; k < depth; ++k) to[k * sliver + i] = T(0);
}

// to[sliver][k][i] = from[k][sliver * Sliver + i] for the `slivers` full ones that stand side by
// side: a row of `from` is read in one go, not a few lines of every page.
template <class S, class T, int Sliver>
void pack_along(const S* from, int64_t ld, int64_t slivers, int64_t depth, T* to) {
  for (int64_t k = 0; k < depth; ++k)
    for (int64_t s = 0; s < slivers; ++s)
      for (int64_t i = 0; i < Sliver; ++i)
        to[(s * depth + k) * Sliver + i] = T(from[k * ld + s * Sliver + i]);
}
template <class S, class T, int Sliver>
void pack_along_partly(const S* from, int64_t ld, int64_t width, int64_t depth, T* to) {
  for (int64_t k = 0; k < depth; ++k)
    for (int64_t i = 0; i < Sliver; ++i)
      to[k * Sliver + i] = i < width ? T(from[k * ld + i]) : T(0);
}

template <class S, class T, int Sliver>
void pack(const S* from, int64_t ld, bool across, int64_t extent, int64_t depth, T* to) {
  const int64_t full = extent / Sliver;
  if (across) {
    for (int64_t i = 0; i < extent; i += Sliver)
      pack_across(from + i * ld, ld, smaller(Sliver, extent - i), depth, Sliver, to + i * depth);
    return;
  }
  constexpr int64_t kGroup = 1024 / Sliver / sizeof(S);
  for (int64_t i = 0; i < full; i += kGroup)
    pack_along<S, T, Sliver>(from + i * Sliver, ld, smaller(kGroup, full - i), depth,
                             to + i * Sliver * depth);
  if (full * Sliver < extent)
    pack_along_partly<S, T, Sliver>(from + full * Sliver, ld, extent - full * Sliver, depth,
                                    to + full * Sliver * depth);
}

template <class S, class T>
void pack_a(const void* stored, int64_t ld, bool trans, int64_t m, int64_t k, void* to) {
  pack<S, T, kRows>(static_cast<const S*>(stored), ld, !trans, m, k, static_cast<T*>(to));
}
template <class S, class T>
void pack_b(const void* stored, int64_t ld, bool trans, int64_t n, int64_t k, void* to) {
  pack<S, T, kVecs * Vec<T>::kSize>(static_cast<const S*>(stored), ld, trans, n, k,
                                    static_cast<T*>(to));
}

// One tile of up to kTileRows rows; rows and cols are what of it lies inside c. Not inlined: the
// loop around it would keep its own values in the registers that the sums need.
template <class T, bool kPackedA, int kTileRows>
__attribute__((noinline)) void multiply_tile(int64_t rows, int64_t cols, int64_t k, const T* a,
                                             int64_t lda, const T* b, T alpha, T beta, T* c,
                                             int64_t ldc) {
  using V = Vec<T>;
  constexpr int kLanes = V::kSize;
  V sums[kTileRows][kVecs];
  const T* row_of_a[kTileRows];
#pragma GCC unroll 16
  for (int i = 0; i < kTileRows; ++i) {
    // A row beyond the last is read as the last and never written.
    const int64_t row = smaller(i, rows - 1);
    row_of_a[i] = kPackedA ? a + i : a + row * lda;
    // c is wanted only after the sum; by then it has come.
    __builtin_prefetch(c + row * ldc, 1);
    __builtin_prefetch(c + row * ldc + kLanes, 1);
#pragma GCC unroll 4
    for (int j = 0; j < kVecs; ++j) sums[i][j] = V(T(0));
  }
  constexpr int kStep = kPackedA ? kRows : 1;
#pragma GCC unroll 8
  for (int64_t p = 0; p < k; ++p, b += kVecs * kLanes) {
    V row[kVecs];
#pragma GCC unroll 4
    for (int j = 0; j < kVecs; ++j) row[j] = V::loadu(b + j * kLanes);
#pragma GCC unroll 16
    for (int i = 0; i < kTileRows; ++i) {
      const V factor(row_of_a[i][p * kStep]);
#pragma GCC unroll 4
      for (int j = 0; j < kVecs; ++j) sums[i][j] = multiply_add(factor, row[j], sums[i][j]);
    }
  }
  const V scale(alpha), keep(beta);
#pragma GCC unroll 16
  for (int i = 0; i < kTileRows; ++i) {
    if (i >= rows) break;
#pragma GCC unroll 4
    for (int j = 0; j < kVecs; ++j) {
      T* to = c + i * ldc + j * kLanes;
      const int64_t left = cols - j * kLanes;
      V value = scale * sums[i][j];
      if (left >= kLanes) {
        if (beta != T(0)) value = value + keep * V::loadu(to);
        value.storeu(to);
      } else if (left > 0) {
        if (beta != T(0)) value = value + keep * V::load_partial(to, left);
        value.store_partial(to, left);
      }
    }
  }
}

// The last rows take a lower tile, so that a product of few rows costs no more than them.
template <class T, bool kPackedA>
RL_INLINE void multiply_rows_of_tile(int64_t rows, int64_t cols, int64_t k, const T* a, int64_t lda,
                                     const T* b, T alpha, T beta, T* c, int64_t ldc) {
  if (rows > 4)
    multiply_tile<T, kPackedA, kRows>(smaller(kRows, rows), cols, k, a, lda, b, alpha, beta, c,
                                      ldc);
  else if (rows > 2)
    multiply_tile<T, kPackedA, 4>(rows, cols, k, a, lda, b, alpha, beta, c, ldc);
  else if (rows == 2)
    multiply_tile<T, kPackedA, 2>(rows, cols, k, a, lda, b, alpha, beta, c, ldc);
  else
    multiply_tile<T, kPackedA, 1>(rows, cols, k, a, lda, b, alpha, beta, c, ldc);
}

template <class T, bool kPackedA>
void multiply(int64_t m, int64_t n, int64_t k, const void* block_a, int64_t lda,
              const void* packed_b, double alpha, double beta, void* c, int64_t ldc) {
  constexpr int kCols = kVecs * Vec<T>::kSize;
  const T* a = static_cast<const T*>(block_a);
  const T* b = static_cast<const T*>(packed_b);
  T* to = static_cast<T*>(c);
  // A sliver of b stays in the first cache while the slivers of a pass by.
  // The next sliver is fetched into the second meanwhile, a part with each tile. Measured with one
  // thread: 1024^3 76 -> 80 GFLOP/s, 2048^3 77 -> 81. Few rows go through it too fast for that.
  const int64_t sliver = k * kCols * int64_t(sizeof(T));
  const int64_t part = m < 8 * kRows ? 0 : (sliver * kRows / m + 127) & ~int64_t(63);
  for (int64_t j = 0; j < n; j += kCols) {
    const char* next = reinterpret_cast<const char*>(b + (j + kCols) * k);
    const char* end = j + kCols < n ? next + sliver : next;
    for (int64_t i = 0; i < m; i += kRows) {
      for (const char* stop = next + smaller(part, end - next); next < stop; next += 64)
        __builtin_prefetch(next, 0, 2);
      multiply_rows_of_tile<T, kPackedA>(m - i, smaller(kCols, n - j), k,
                                         a + i * (kPackedA ? k : lda), lda, b + j * k, T(alpha),
                                         T(beta), to + i * ldc + j, ldc);
    }
  }
}

template <class S, class T>
constexpr GemmMicro micro() {
  GemmMicro parts{kRows,         kVecs * Vec<T>::kSize, kDepth, sizeof(T), &pack_a<S, T>,
                  &pack_b<S, T>, &multiply<T, true>,    nullptr};
  if constexpr (sizeof(S) == sizeof(T)) parts.multiply_rows = &multiply<T, false>;
  return parts;
}

constexpr GemmMicro kFloat = micro<float, float>();
constexpr GemmMicro kDouble = micro<double, double>();
constexpr GemmMicro kHalf = micro<Half, float>();
constexpr GemmMicro kBFloat16 = micro<BFloat16, float>();

const GemmMicro* gemm_micro(DType dtype) {
  switch (dtype) {
    case DType::F32: return &kFloat;
    case DType::F64: return &kDouble;
    case DType::F16: return &kHalf;
    case DType::BF16: return &kBFloat16;
    default: return nullptr;
  }
}

}  // namespace

void register_gemm_micro(KernelSlots& slots) { slots.gemm_micro = &gemm_micro; }

}  // namespace rushlight::cpu::RL_ISA
