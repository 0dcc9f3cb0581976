// Average pooling with fixed and with adaptive windows.
#include "row_loops.h"
#include "rushlight/core/allocator.h"
#include "rushlight/core/parallel.h"
#include "rushlight/functors/pool_window.h"

namespace rushlight::cpu::RL_ISA {
namespace {

// Adds `count` outputs' worth of one kernel column to sums.
template <class T>
RL_INLINE void add_strided(Compute<T>* __restrict sums, const T* in, int64_t step, int64_t count) {
  if (step == 1) {
    for (int64_t i = 0; i < count; ++i) sums[i] += Compute<T>(in[i]);
  } else if (step == 2) {
    for (int64_t i = 0; i < count; ++i) sums[i] += Compute<T>(in[2 * i]);
  } else {
    for (int64_t i = 0; i < count; ++i) sums[i] += Compute<T>(in[i * step]);
  }
}

// Calls fn(first output, one past the last, input column of the first) for the kernel column kx.
template <class Fn>
RL_INLINE void for_column(const AveragePoolPlan& p, int64_t i0, int64_t i1, int64_t kx,
                          const Fn& fn) {
  const int64_t shift = kx - p.pad_x;
  int64_t first = shift < 0 ? (-shift + p.stride_x - 1) / p.stride_x : 0;
  int64_t last = p.in_width - 1 - shift < 0 ? 0 : (p.in_width - 1 - shift) / p.stride_x + 1;
  if (first < i0) first = i0;
  if (last > i1) last = i1;
  if (first < last) fn(first, last, first * p.stride_x + shift);
}

constexpr int64_t kRun = 256;  // outputs at a time

template <class T>
void average_planes(const AveragePoolPlan& p) {
  using C = Compute<T>;
  const int64_t work = p.out_plane() * p.kernel_y * p.kernel_x;
  parallel_for(0, p.planes, kGrain / (work + 1) + 1, [&](int64_t begin, int64_t end) {
    C sums[kRun];
    for (int64_t plane = begin; plane < end; ++plane) {
      const T* in = static_cast<const T*>(p.from) + plane * p.in_plane();
      T* out = static_cast<T*>(p.to) + plane * p.out_plane();
      for (int64_t j = 0; j < p.out_height; ++j, out += p.out_width) {
        const PoolSpan y = pool_span_y(p, j);
        for (int64_t i0 = 0; i0 < p.out_width; i0 += kRun) {
          const int64_t i1 = i0 + kRun < p.out_width ? i0 + kRun : p.out_width;
          for (int64_t i = 0; i < i1 - i0; ++i) sums[i] = C(0);
          for (int64_t row = y.begin; row < y.end; ++row)
            for (int64_t kx = 0; kx < p.kernel_x; ++kx)
              for_column(p, i0, i1, kx, [&](int64_t first, int64_t last, int64_t x) {
                add_strided(sums + first - i0, in + row * p.in_width + x, p.stride_x, last - first);
              });
          for (int64_t i = i0; i < i1; ++i) {
            const PoolSpan x = pool_span_x(p, i);
            const int64_t divisor = pool_divisor(p, y, x);
            out[i] = y.begin < y.end && x.begin < x.end ? T(sums[i - i0] / C(divisor)) : T(C(0));
          }
        }
      }
    }
  });
}

// Half precision adds up in a row of floats before it is rounded once.
template <class T>
void average_backward_planes(const AveragePoolPlan& p) {
  using C = Compute<T>;
  const int64_t work = p.out_plane() * p.kernel_y * p.kernel_x + p.in_plane();
  const size_t bytes = is_half_v<T> ? size_t(p.in_plane()) * sizeof(C) : 0;
  parallel_for(0, p.planes, kGrain / (work + 1) + 1, [&](int64_t begin, int64_t end) {
    C share[kRun];
    C* wide = is_half_v<T> ? static_cast<C*>(cpu_allocate(bytes)) : nullptr;
    for (int64_t plane = begin; plane < end; ++plane) {
      const T* grad = static_cast<const T*>(p.from) + plane * p.out_plane();
      T* to = static_cast<T*>(p.to) + plane * p.in_plane();
      C* sums;
      if constexpr (is_half_v<T>)
        sums = wide;
      else
        sums = to;
      for (int64_t i = 0; i < p.in_plane(); ++i) sums[i] = C(0);
      for (int64_t j = 0; j < p.out_height; ++j, grad += p.out_width) {
        const PoolSpan y = pool_span_y(p, j);
        for (int64_t i0 = 0; i0 < p.out_width; i0 += kRun) {
          const int64_t i1 = i0 + kRun < p.out_width ? i0 + kRun : p.out_width;
          for (int64_t i = i0; i < i1; ++i)
            share[i - i0] = C(grad[i]) / C(pool_divisor(p, y, pool_span_x(p, i)));
          for (int64_t row = y.begin; row < y.end; ++row)
            for (int64_t kx = 0; kx < p.kernel_x; ++kx)
              for_column(p, i0, i1, kx, [&](int64_t first, int64_t last, int64_t x) {
                C* at = sums + row * p.in_width + x;
                for (int64_t i = first; i < last; ++i)
                  at[(i - first) * p.stride_x] += share[i - i0];
              });
        }
      }
      if constexpr (is_half_v<T>)
        for (int64_t i = 0; i < p.in_plane(); ++i) to[i] = T(wide[i]);
    }
    if (wide) cpu_free(wide, bytes);
  });
}

// ---- adaptive

template <class T>
RL_INLINE Compute<T> row_sum(const T* in, int64_t count) {
  using Loops = RowLoops<T>;
  return Compute<T>(
      Loops::sum_terms(count, [&](int64_t i, int64_t n) __attribute__((always_inline)) {
        return Loops::load(in + i, n);
      }));
}

template <class T>
void adaptive_planes(const AdaptivePoolPlan& p) {
  using C = Compute<T>;
  const int64_t in_plane = p.in_height * p.in_width, out_plane = p.out_height * p.out_width;
  parallel_for(0, p.planes, kGrain / (in_plane + out_plane) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      const T* in = static_cast<const T*>(p.from) + plane * in_plane;
      T* out = static_cast<T*>(p.to) + plane * out_plane;
      for (int64_t j = 0; j < p.out_height; ++j) {
        const int64_t y0 = adaptive_begin(j, p.in_height, p.out_height);
        const int64_t y1 = adaptive_end(j, p.in_height, p.out_height);
        for (int64_t i = 0; i < p.out_width; ++i) {
          const int64_t x0 = adaptive_begin(i, p.in_width, p.out_width);
          const int64_t x1 = adaptive_end(i, p.in_width, p.out_width);
          C sum(0);
          if (x1 - x0 == p.in_width)
            sum = row_sum(in + y0 * p.in_width, (y1 - y0) * p.in_width);
          else
            for (int64_t y = y0; y < y1; ++y) sum += row_sum(in + y * p.in_width + x0, x1 - x0);
          *out++ = T(sum / C(y1 - y0) / C(x1 - x0));
        }
      }
    }
  });
}

template <class T>
void adaptive_backward_planes(const AdaptivePoolPlan& p) {
  using C = Compute<T>;
  const int64_t in_plane = p.in_height * p.in_width, out_plane = p.out_height * p.out_width;
  const size_t bytes = is_half_v<T> ? size_t(in_plane) * sizeof(C) : 0;
  parallel_for(0, p.planes, kGrain / (in_plane + out_plane) + 1, [&](int64_t begin, int64_t end) {
    C* wide = is_half_v<T> ? static_cast<C*>(cpu_allocate(bytes)) : nullptr;
    for (int64_t plane = begin; plane < end; ++plane) {
      const T* grad = static_cast<const T*>(p.from) + plane * out_plane;
      T* to = static_cast<T*>(p.to) + plane * in_plane;
      C* sums;
      if constexpr (is_half_v<T>)
        sums = wide;
      else
        sums = to;
      for (int64_t i = 0; i < in_plane; ++i) sums[i] = C(0);
      for (int64_t j = 0; j < p.out_height; ++j) {
        const int64_t y0 = adaptive_begin(j, p.in_height, p.out_height);
        const int64_t y1 = adaptive_end(j, p.in_height, p.out_height);
        for (int64_t i = 0; i < p.out_width; ++i) {
          const int64_t x0 = adaptive_begin(i, p.in_width, p.out_width);
          const int64_t x1 = adaptive_end(i, p.in_width, p.out_width);
          const C share = C(*grad++) / C(y1 - y0) / C(x1 - x0);
          for (int64_t y = y0; y < y1; ++y)
            for (int64_t x = x0; x < x1; ++x) sums[y * p.in_width + x] += share;
        }
      }
      if constexpr (is_half_v<T>)
        for (int64_t i = 0; i < in_plane; ++i) to[i] = T(wide[i]);
    }
    if (wide) cpu_free(wide, bytes);
  });
}

#define RL_FLOATS(fn)          \
  switch (p.dtype) {           \
    case DType::F32:           \
      return fn<float>(p);     \
    case DType::F64:           \
      return fn<double>(p);    \
    case DType::F16:           \
      return fn<Half>(p);      \
    case DType::BF16:          \
      return fn<BFloat16>(p);  \
    default:                   \
      return;                  \
  }

void average_pool(const AveragePoolPlan& p) {
  if (p.dtype == DType::I64) return average_planes<int64_t>(p);
  RL_FLOATS(average_planes)
}
void average_pool_backward(const AveragePoolPlan& p) { RL_FLOATS(average_backward_planes) }
void adaptive_pool(const AdaptivePoolPlan& p) { RL_FLOATS(adaptive_planes) }
void adaptive_pool_backward(const AdaptivePoolPlan& p) { RL_FLOATS(adaptive_backward_planes) }
#undef RL_FLOATS

}  // namespace

void register_pool_average(KernelSlots& slots) {
  slots.average_pool = &average_pool;
  slots.average_pool_backward = &average_pool_backward;
  slots.adaptive_pool = &adaptive_pool;
  slots.adaptive_pool_backward = &adaptive_pool_backward;
}

}  // namespace rushlight::cpu::RL_ISA
