// Maximum pooling.
#include "loops.h"
#include "rushlight/core/parallel.h"
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

// Output (j, i) of one plane, element by element.
template <class T>
RL_INLINE void max_one(const MaxPoolPlan& p, const T* in, int64_t j, int64_t i, T* value,
                       int64_t* index) {
  const int64_t y0 = j * p.stride_y - p.pad_y, x0 = i * p.stride_x - p.pad_x;
  bool any = false;
  T best = lowest<T>();
  int64_t at = 0;
  for (int64_t ky = 0; ky < p.kernel_y; ++ky) {
    const int64_t y = y0 + ky * p.dilation_y;
    if (y < 0 || y >= p.in_height) continue;
    for (int64_t kx = 0; kx < p.kernel_x; ++kx) {
      const int64_t x = x0 + kx * p.dilation_x;
      if (x < 0 || x >= p.in_width) continue;
      const T candidate = in[y * p.in_width + x];
      if (!any || beats(candidate, best)) {
        best = candidate;
        at = y * p.in_width + x;
        any = true;
      }
    }
  }
  *value = best;
  if (index) *index = at;
}

// Every kStep-th element, `count` of them; nothing behind the last is read.
template <int kStep, class T>
RL_INLINE Vec<T> load_step(const T* p, int64_t count) {
  constexpr int64_t n = Vec<T>::kSize;
  if constexpr (kStep == 1) {
    return count == n ? Vec<T>::loadu(p) : Vec<T>::load_partial(p, count);
  } else {
    using Index = Native<Signed<T>>;
    Index even;
    for (int l = 0; l < n; ++l) even[l] = Signed<T>(l < n / 2 ? 2 * l : 2 * l + 1);
    const int64_t last = 2 * count - 1, low = last < n ? last : n;
    const int64_t high = last > n - 1 ? last - (n - 1) : 0;
    const Vec<T> a = low == n ? Vec<T>::loadu(p) : Vec<T>::load_partial(p, low);
    const Vec<T> b = high == n ? Vec<T>::loadu(p + n - 1) : Vec<T>::load_partial(p + n - 1, high);
    return Vec<T>(__builtin_shuffle(a.v, b.v, even));
  }
}

// Outputs [i0, i1) of row j, whose windows lie inside of the row.
template <class T, int kStep, bool kIndices>
void max_row(const MaxPoolPlan& p, const T* in, int64_t j, int64_t i0, int64_t i1, T* values,
             int64_t* indices) {
  using V = Vec<T>;
  using Int = typename V::Int;
  constexpr int64_t n = V::kSize;
  const int64_t y0 = j * p.stride_y - p.pad_y;
  int64_t first = 0, last = p.kernel_y;
  if (y0 < 0) first = (-y0 + p.dilation_y - 1) / p.dilation_y;
  while (last > first && y0 + (last - 1) * p.dilation_y >= p.in_height) --last;
  for (int64_t i = i0; i < i1; i += n) {
    const int64_t count = i1 - i < n ? i1 - i : n;
    const int64_t x0 = i * kStep - p.pad_x;
    V best(lowest<T>());
    Int at{};
    bool any = false;
    for (int64_t ky = first; ky < last; ++ky) {
      const int64_t row = (y0 + ky * p.dilation_y) * p.in_width + x0;
      for (int64_t kx = 0; kx < p.kernel_x; ++kx) {
        const int64_t offset = row + kx * p.dilation_x;
        const V x = load_step<kStep>(in + offset, count);
        if (!any) {
          best = x;
          if constexpr (kIndices) at = Int(Signed<T>(offset));
          any = true;
          continue;
        }
        const auto wins = (x > best) | is_nan(x);
        best = select(wins, x, best);
        if constexpr (kIndices)
          at = select(Mask<Signed<T>>(wins.bits), Int(Signed<T>(offset)), at);
      }
    }
    best.store_partial(values + i, count);
    if constexpr (kIndices) {
      Signed<T> places[n];
      at.storeu(places);
      for (int64_t l = 0; l < count; ++l) indices[i + l] = int64_t(places[l]) + l * kStep;
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
    if (fits && p.stride_x == 1)
      row = p.indices ? &max_row<T, 1, true> : &max_row<T, 1, false>;
    else if (fits && p.stride_x == 2)
      row = p.indices ? &max_row<T, 2, true> : &max_row<T, 2, false>;
    const int64_t room = p.in_width - 1 - (p.kernel_x - 1) * p.dilation_x + p.pad_x;
    begin_inside = (p.pad_x + p.stride_x - 1) / p.stride_x;
    end_inside = room < 0 ? 0 : room / p.stride_x + 1;
    if (end_inside > p.out_width) end_inside = p.out_width;
    if (begin_inside >= end_inside) row = nullptr;
  }
  const int64_t work = p.out_plane() * p.kernel_y * p.kernel_x;
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
  case DType::name:   \
    return max_pool_planes<CTypeOf<DType::name>::Type>(p);
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
    default:
      return;
  }
}

bool max_pool_backward(const MaxPoolBackwardPlan& p) {
  switch (p.dtype) {
    case DType::F32:
      return max_pool_backward_planes<float>(p);
    case DType::F64:
      return max_pool_backward_planes<double>(p);
    case DType::F16:
      return max_pool_backward_planes<Half>(p);
    case DType::BF16:
      return max_pool_backward_planes<BFloat16>(p);
    default:
      return true;
  }
}

}  // namespace

void register_pool_max(KernelSlots& slots) {
  slots.max_pool = &max_pool;
  slots.max_pool_backward = &max_pool_backward;
}

}  // namespace rushlight::cpu::RL_ISA
