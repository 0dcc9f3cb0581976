// One dim resampled by weights. See ResamplePlan.
#include "moves.h"
#include "rushlight/iter/kernel_slots.h"
#include "scratch.h"

namespace rushlight::cpu::RL_ISA {
namespace {

// Elements that are summed side by side: runs of the dims behind, or rows.
constexpr int64_t kRows = 16;
constexpr int64_t kRun = 1024;

// T, what it is summed in, and how the sum becomes a T.
template <class T>
struct Sums {
  using Sum = T;
  static RL_INLINE Sum start(int) { return 0; }
  static RL_INLINE T finish(Sum sum, int) { return sum; }
};

template <>
struct Sums<uint8_t> {
  using Sum = int32_t;
  static RL_INLINE Sum start(int bits) { return bits ? Sum(1) << (bits - 1) : 0; }
  static RL_INLINE uint8_t finish(Sum sum, int bits) {
    sum >>= bits;
    sum = sum < 0 ? 0 : sum;
    return uint8_t(sum > 255 ? 255 : sum);
  }
};

// A run of at most kRun of the dims behind, for one output.
template <class T>
RL_INLINE void sum_run(const ResamplePlan& p, const T* in, T* out, int64_t i, int64_t run) {
  using S = Sums<T>;
  using Sum = typename S::Sum;
  const Sum* weights = static_cast<const Sum*>(p.weights) + i;
  const int64_t* places = p.places + i;
  Sum sums[kRun];
  for (int64_t j = 0; j < run; ++j) sums[j] = S::start(p.bits);
  for (int64_t t = 0; t < p.taps; ++t) {
    const Sum weight = weights[t * p.count];
    if (weight == 0) continue;
    const T* from = in + places[t * p.count] * p.inner;
    for (int64_t j = 0; j < run; ++j) sums[j] += weight * Sum(from[j]);
  }
  for (int64_t j = 0; j < run; ++j) out[j] = S::finish(sums[j], p.bits);
}

template <class T>
void along_outer_dim(const ResamplePlan& p) {
  const int64_t grain = kGrain / (p.inner * p.taps);
  parallel_for(0, p.outer * p.count, grain > 0 ? grain : 1, [&](int64_t b, int64_t e) {
    for (int64_t row = b; row < e; ++row) {
      const T* in = static_cast<const T*>(p.in) + row / p.count * p.n * p.inner;
      T* out = static_cast<T*>(p.out) + row * p.inner;
      for (int64_t j = 0; j < p.inner; j += kRun) {
        const int64_t left = p.inner - j;
        sum_run(p, in + j, out + j, row % p.count, left < kRun ? left : kRun);
      }
    }
  });
}

// Rows side by side: lane l of column c is element c of row l. The last ones are taken twice.
template <class T>
RL_INLINE void sum_rows(const ResamplePlan& p, const T* in, T* out, int64_t rows,
                        typename Sums<T>::Sum* lanes) {
  using S = Sums<T>;
  using Sum = typename S::Sum;
  for (int64_t l = 0; l < kRows; ++l) {
    const T* row = in + (l < rows ? l : rows - 1) * p.n;
    for (int64_t c = 0; c < p.n; ++c) lanes[c * kRows + l] = Sum(row[c]);
  }
  const Sum* weights = static_cast<const Sum*>(p.weights);
  for (int64_t i = 0; i < p.count; ++i) {
    Sum sums[kRows];
    for (int64_t l = 0; l < kRows; ++l) sums[l] = S::start(p.bits);
    for (int64_t t = 0; t < p.taps; ++t) {
      const Sum weight = weights[t * p.count + i];
      if (weight == 0) continue;
      const Sum* column = lanes + p.places[t * p.count + i] * kRows;
      for (int64_t l = 0; l < kRows; ++l) sums[l] += weight * column[l];
    }
    for (int64_t l = 0; l < rows; ++l) out[l * p.count + i] = S::finish(sums[l], p.bits);
  }
}

template <class T>
void along_last_dim(const ResamplePlan& p) {
  using Sum = typename Sums<T>::Sum;
  const int64_t blocks = (p.outer + kRows - 1) / kRows;
  const int64_t grain = kGrain / (kRows * (p.n + p.count * p.taps));
  parallel_for(0, blocks, grain > 0 ? grain : 1, [&](int64_t b, int64_t e) {
    with_scratch(size_t(p.n * kRows) * sizeof(Sum), [&](void* scratch) {
      for (int64_t block = b; block < e; ++block) {
        const int64_t row = block * kRows, left = p.outer - row;
        sum_rows(p, static_cast<const T*>(p.in) + row * p.n, static_cast<T*>(p.out) + row * p.count,
                 left < kRows ? left : kRows, static_cast<Sum*>(scratch));
      }
    });
  });
}

template <class T>
void resample_as(const ResamplePlan& p) {
  p.inner == 1 ? along_last_dim<T>(p) : along_outer_dim<T>(p);
}

void resample_kernel(const ResamplePlan& p, DType dtype) {
  if (dtype == DType::U8) {
    resample_as<uint8_t>(p);
  } else if (dtype == DType::F32) {
    resample_as<float>(p);
  } else {
    resample_as<double>(p);
  }
}

}  // namespace

void register_resample(KernelSlots& slots) { slots.resample = &resample_kernel; }

}  // namespace rushlight::cpu::RL_ISA
