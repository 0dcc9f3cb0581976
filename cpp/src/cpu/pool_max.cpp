// Maximum pooling.
#include <utility>

#include "loops.h"
#include "rushlight/core/parallel.h"
#include "rushlight/functors/pool_window.h"
#include "rushlight/iter/pool_plan.h"

namespace rushlight::cpu::RL_ISA {
namespace {

template <class T>
RL_INLINE bool beats(T x, T best) {
  if constexpr (is_half_v<T>)
    return beats(float(x), float(best));
  else
    return x > best || x != x;
}

// What a window has whose dilated elements all miss the plane.
template <class T>
RL_INLINE T lowest() {
  if constexpr (is_half_v<T>)
    return T(-__builtin_inff());
  else if constexpr (FloatScalar<T>)
    return T(-__builtin_inf());
  else if constexpr (std::is_signed_v<T>)
    return T(std::make_unsigned_t<T>(1) << (8 * sizeof(T) - 1));
  else
    return T(0);
}

// The elements of a window that lie inside of the plane, along one dim.
struct Reach {
  int64_t begin, end, step;
};
RL_INLINE Reach fixed_reach(int64_t start, int64_t kernel, int64_t dilation, int64_t size) {
  const int64_t end = start + (kernel - 1) * dilation + 1;
  const int64_t outside = start < 0 ? (-start + dilation - 1) / dilation : 0;
  return {start + outside * dilation, end < size ? end : size, dilation};
}

// Output (j, i) of one plane, element by element.
template <class T>
RL_INLINE void max_one(const MaxPoolPlan& p, const T* in, int64_t j, int64_t i, T* value,
                       int64_t* index) {
  Reach y, x;
  if (p.kernel_y == 0) {
    y = {adaptive_begin(j, p.in_height, p.out_height), adaptive_end(j, p.in_height, p.out_height),
         1};
    x = {adaptive_begin(i, p.in_width, p.out_width), adaptive_end(i, p.in_width, p.out_width), 1};
  } else {
    y = fixed_reach(j * p.stride_y - p.pad_y, p.kernel_y, p.dilation_y, p.in_height);
    x = fixed_reach(i * p.stride_x - p.pad_x, p.kernel_x, p.dilation_x, p.in_width);
  }
  T best = lowest<T>();
  int64_t at = 0;
  if (y.begin < y.end && x.begin < x.end) {
    at = y.begin * p.in_width + x.begin;
    best = in[at];
  }
  for (int64_t row = y.begin; row < y.end; row += y.step) {
    for (int64_t column = x.begin; column < x.end; column += x.step) {
      const T candidate = in[row * p.in_width + column];
      if (beats(candidate, best)) {
        best = candidate;
        at = row * p.in_width + column;
      }
    }
  }
  *value = best;
  if (index) *index = at;
}

template <class V, int... kLane>
RL_INLINE V every_second(V a, V b, std::integer_sequence<int, kLane...>) {
  constexpr int n = sizeof...(kLane);
  return __builtin_shufflevector(a, b, (kLane < n / 2 ? 2 * kLane : 2 * kLane + 1)...);
}

// Every kStep-th element (0: step-th), `count` of them; nothing behind the last is read.
template <int kStep, class T>
RL_INLINE Vec<T> load_step(const T* p, int64_t step, int64_t count) {
  constexpr int64_t n = Vec<T>::kSize;
  if constexpr (kStep == 1) {
    return count == n ? Vec<T>::loadu(p) : Vec<T>::load_partial(p, count);
  } else if constexpr (kStep == 2) {
    // The second half of the lanes from a vector that ends with the last element.
    constexpr auto lanes = std::make_integer_sequence<int, int(n)>();
    if (count == n)
      return Vec<T>(every_second(Vec<T>::loadu(p).v, Vec<T>::loadu(p + n - 1).v, lanes));
    const int64_t last = 2 * count - 1, low = last < n ? last : n;
    const int64_t high = last > n - 1 ? last - (n - 1) : 0;
    return Vec<T>(every_second(Vec<T>::load_partial(p, low).v,
                               Vec<T>::load_partial(p + n - 1, high).v, lanes));
  } else {
    T lanes[n] = {};
    for (int64_t l = 0; l < count; ++l) lanes[l] = p[l * step];
    return Vec<T>::loadu(lanes);
  }
}

// Outputs [i0, i1) of row j, whose windows lie inside of the row.
template <class T, int kStep, bool kIndices>
void max_row(const MaxPoolPlan& p, const T* in, int64_t j, int64_t i0, int64_t i1, T* values,
             int64_t* indices) {
  using V = Vec<T>;
  using Int = typename V::Int;
  constexpr int64_t n = V::kSize;
  const int64_t y0 = j * p.stride_y - p.pad_y, step = kStep ? kStep : p.stride_x;
  int64_t first = 0, last = p.kernel_y;
  if (y0 < 0) first = (-y0 + p.dilation_y - 1) / p.dilation_y;
  while (last > first && y0 + (last - 1) * p.dilation_y >= p.in_height) --last;
  for (int64_t i = i0; i < i1; i += n) {
    const int64_t count = i1 - i < n ? i1 - i : n;
    const int64_t x0 = i * step - p.pad_x;
    V best(lowest<T>());
    Int at{};
    bool any = false;
    for (int64_t ky = first; ky < last; ++ky) {
      const int64_t row = (y0 + ky * p.dilation_y) * p.in_width + x0;
      for (int64_t kx = 0; kx < p.kernel_x; ++kx) {
        const int64_t offset = row + kx * p.dilation_x;
        const V x = load_step<kStep>(in + offset, step, count);
        if (!any) {
          best = x;
          if constexpr (kIndices) at = Int(Signed<T>(offset));
          any = true;
          continue;
        }
        const auto wins = (x > best) | is_nan(x);
        best = select(wins, x, best);
        if constexpr (kIndices) at = select(Mask<Signed<T>>(wins.bits), Int(Signed<T>(offset)), at);
      }
    }
    if (count == n)
      best.storeu(values + i);
    else
      best.store_partial(values + i, count);
    if constexpr (kIndices) {
      Signed<T> places[n];
      at.storeu(places);
      for (int64_t l = 0; l < count; ++l) indices[i + l] = int64_t(places[l]) + l * step;
    }
  }
}

template <class T>
using MaxRow = void (*)(const MaxPoolPlan& p, const T* in, int64_t j, int64_t i0, int64_t i1,
                        T* values, int64_t* indices);

template <class T>
void max_pool_planes(const MaxPoolPlan& p) {
  MaxRow<T> row = nullptr;
  // Outputs whose windows lie inside of a row.
  int64_t begin_inside = 0, end_inside = 0;
  if constexpr (FloatScalar<T>) {
    const bool fits = sizeof(T) == 8 || p.in_plane() < INT32_MAX;
    if (!fits || p.kernel_y == 0)
      row = nullptr;
    else if (p.stride_x == 1)
      row = p.indices ? &max_row<T, 1, true> : &max_row<T, 1, false>;
    else if (p.stride_x == 2)
      row = p.indices ? &max_row<T, 2, true> : &max_row<T, 2, false>;
    else
      row = p.indices ? &max_row<T, 0, true> : &max_row<T, 0, false>;
    const int64_t room = p.in_width - 1 - (p.kernel_x - 1) * p.dilation_x + p.pad_x;
    begin_inside = (p.pad_x + p.stride_x - 1) / p.stride_x;
    end_inside = room < 0 ? 0 : room / p.stride_x + 1;
    if (end_inside > p.out_width) end_inside = p.out_width;
    if (begin_inside >= end_inside) row = nullptr;
  }
  const int64_t work = p.kernel_y == 0 ? p.in_plane() : p.out_plane() * p.kernel_y * p.kernel_x;
  parallel_for(0, p.planes, kGrain / (work + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      const T* in = static_cast<const T*>(p.input) + plane * p.in_plane();
      T* values = static_cast<T*>(p.values) + plane * p.out_plane();
      int64_t* indices = p.indices ? p.indices + plane * p.out_plane() : nullptr;
      for (int64_t j = 0; j < p.out_height; ++j) {
        const auto one = [&](int64_t i) {
          max_one(p, in, j, i, values + i, indices ? indices + i : nullptr);
        };
        if (row) {
          for (int64_t i = 0; i < begin_inside; ++i) one(i);
          row(p, in, j, begin_inside, end_inside, values, indices);
          for (int64_t i = end_inside; i < p.out_width; ++i) one(i);
        } else {
          for (int64_t i = 0; i < p.out_width; ++i) one(i);
        }
        values += p.out_width;
        if (indices) indices += p.out_width;
      }
    }
  });
}

template <class T>
bool max_pool_backward_planes(const MaxPoolBackwardPlan& p) {
  bool valid = true;
  parallel_for(0, p.planes, kGrain / (p.in_plane + p.out_plane + 1) + 1,
               [&](int64_t begin, int64_t end) {
                 for (int64_t plane = begin; plane < end; ++plane) {
                   const T* grad = static_cast<const T*>(p.grad_output) + plane * p.out_plane;
                   const int64_t* at = p.indices + plane * p.out_plane;
                   T* to = static_cast<T*>(p.grad_input) + plane * p.in_plane;
                   __builtin_memset(to, 0, size_t(p.in_plane) * sizeof(T));
                   for (int64_t i = 0; i < p.out_plane; ++i) {
                     if (RL_UNLIKELY(uint64_t(at[i]) >= uint64_t(p.in_plane))) {
                       __atomic_store_n(&valid, false, __ATOMIC_RELAXED);
                       continue;
                     }
                     to[at[i]] = T(Compute<T>(to[at[i]]) + Compute<T>(grad[i]));
                   }
                 }
               });
  return valid;
}

void max_pool(const MaxPoolPlan& p) {
  switch (p.dtype) {
#define RL_POOL(name) \
  case DType::name: return max_pool_planes<CTypeOf<DType::name>::Type>(p);
    RL_POOL(F32)
    RL_POOL(F64)
    RL_POOL(F16)
    RL_POOL(BF16)
    RL_POOL(U8)
    RL_POOL(I8)
    RL_POOL(I16)
    RL_POOL(I32)
    RL_POOL(I64)
#undef RL_POOL
    default: return;
  }
}

bool max_pool_backward(const MaxPoolBackwardPlan& p) {
  switch (p.dtype) {
    case DType::F32: return max_pool_backward_planes<float>(p);
    case DType::F64: return max_pool_backward_planes<double>(p);
    case DType::F16: return max_pool_backward_planes<Half>(p);
    case DType::BF16: return max_pool_backward_planes<BFloat16>(p);
    default: return true;
  }
}

}  // namespace

void register_pool_max(KernelSlots& slots) {
  slots.max_pool = &max_pool;
  slots.max_pool_backward = &max_pool_backward;
}

}  // namespace rushlight::cpu::RL_ISA
