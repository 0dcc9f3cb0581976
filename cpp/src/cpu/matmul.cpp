// Products of matrices (through the BLAS tiles of gemm.h) and of two vectors.
#include "gemm.h"
#include "loops.h"
#include "rushlight/core/parallel.h"

namespace rushlight::cpu::RL_ISA {
namespace {

// A long sum is cut into at most kMaxBlocks blocks by its length alone.
constexpr int64_t kMaxBlocks = 256;
constexpr int64_t kLeastBlock = 16384;

template <class T>
RL_INLINE T lane_sum(Vec<T> v) {
  T lanes[Vec<T>::kSize];
  v.storeu(lanes);
  for (int width = Vec<T>::kSize / 2; width > 0; width /= 2)
    for (int i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  return lanes[0];
}

RL_INLINE Vec<double> load_value(const double* p) { return Vec<double>::loadu(p); }
RL_INLINE Vec<double> load_value_partial(const double* p, int64_t n) {
  return Vec<double>::load_partial(p, n);
}
template <class T>
RL_INLINE Vec<float> load_value(const T* p) {
  return load_float(p);
}
template <class T>
RL_INLINE Vec<float> load_value_partial(const T* p, int64_t n) {
  return load_float_partial(p, n);
}

template <class T>
Compute<T> float_dot(const T* a, const T* b, int64_t n) {
  using C = Compute<T>;
  using V = Vec<C>;
  constexpr int64_t w = V::kSize;
  if (n < 4 * w) {
    V sum(C(0));
    int64_t i = 0;
    for (; i + w <= n; i += w) sum = fma(load_value(a + i), load_value(b + i), sum);
    if (i < n) sum = fma(load_value_partial(a + i, n - i), load_value_partial(b + i, n - i), sum);
    return lane_sum(sum);
  }
  V s0(C(0)), s1(C(0)), s2(C(0)), s3(C(0));
  int64_t i = 0;
  for (; i + 4 * w <= n; i += 4 * w) {
    s0 = fma(load_value(a + i), load_value(b + i), s0);
    s1 = fma(load_value(a + i + w), load_value(b + i + w), s1);
    s2 = fma(load_value(a + i + 2 * w), load_value(b + i + 2 * w), s2);
    s3 = fma(load_value(a + i + 3 * w), load_value(b + i + 3 * w), s3);
  }
  for (; i + w <= n; i += w) s0 = fma(load_value(a + i), load_value(b + i), s0);
  if (i < n) s1 = fma(load_value_partial(a + i, n - i), load_value_partial(b + i, n - i), s1);
  return lane_sum((s0 + s1) + (s2 + s3));
}

template <class T>
struct SumType {
  using Type = Compute<T>;
};
template <IntScalar T>
struct SumType<T> {
  using Type = uint64_t;  // wraps without overflow
};

template <class T>
typename SumType<T>::Type block_dot(const T* a, int64_t step_a, const T* b, int64_t step_b,
                                    int64_t n) {
  using S = typename SumType<T>::Type;
  if constexpr (dtype_of<T> >= DType::F16 && dtype_of<T> < DType::C64)
    if (step_a == 1 && step_b == 1) return float_dot(a, b, n);
  S s0(0), s1(0);
  int64_t i = 0;
  for (; i + 2 <= n; i += 2) {
    s0 = s0 + S(a[i * step_a]) * S(b[i * step_b]);
    s1 = s1 + S(a[(i + 1) * step_a]) * S(b[(i + 1) * step_b]);
  }
  if (i < n) s0 = s0 + S(a[i * step_a]) * S(b[i * step_b]);
  return s0 + s1;
}

template <class T>
[[gnu::noinline]] T long_dot(int64_t n, const T* a, int64_t step_a, const T* b, int64_t step_b) {
  using S = typename SumType<T>::Type;
  const int64_t even = (n + kMaxBlocks - 1) / kMaxBlocks;
  const int64_t block = even > kLeastBlock ? even : kLeastBlock;
  const int64_t blocks = (n + block - 1) / block;
  S partial[kMaxBlocks];
  partial[0] = S(0);
  parallel_for(0, blocks, 2, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t from = i * block, count = n - from < block ? n - from : block;
      partial[i] = block_dot(a + from * step_a, step_a, b + from * step_b, step_b, count);
    }
  });
  S sum = partial[0];
  for (int64_t i = 1; i < blocks; ++i) sum = sum + partial[i];
  return T(sum);
}

template <class T>
RL_INLINE void dot(int64_t n, const void* va, int64_t step_a, const void* vb, int64_t step_b,
                   void* out) {
  const T *a = static_cast<const T*>(va), *b = static_cast<const T*>(vb);
  *static_cast<T*>(out) = RL_LIKELY(n <= kLeastBlock) ? T(block_dot(a, step_a, b, step_b, n))
                                                      : long_dot(n, a, step_a, b, step_b);
}

void dot_kernel(DType dtype, int64_t n, const void* a, int64_t step_a, const void* b,
                int64_t step_b, void* out) {
  switch (dtype) {
#define RL_DOT(name) \
  case DType::name:  \
    return dot<CTypeOf<DType::name>::Type>(n, a, step_a, b, step_b, out);
    RL_DOT(F32)
    RL_DOT(F64)
    RL_DOT(U8)
    RL_DOT(I8)
    RL_DOT(I16)
    RL_DOT(I32)
    RL_DOT(I64)
    RL_DOT(F16)
    RL_DOT(BF16)
    RL_DOT(C64)
    RL_DOT(C128)
#undef RL_DOT
    default:
      return;
  }
}

}  // namespace

void register_matmul(KernelSlots& slots) {
  slots.gemm = &gemm_batched;
  slots.dot = &dot_kernel;
}

}  // namespace rushlight::cpu::RL_ISA
