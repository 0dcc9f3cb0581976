// Copies with conversion, fills and where: anything that only moves elements.
#include "for_each.h"
#include "lanes.h"
#include "loops.h"
#include "moves.h"
#include "transpose.h"

namespace rushlight::cpu::RL_ISA {
namespace {

// Between float and half precision, or two half precisions, by registers.
template <class To, class From>
inline constexpr bool kThroughFloat = (is_half_v<To> || is_half_v<From>) &&
                                      (is_half_v<To> || std::is_same_v<To, float>) &&
                                      (is_half_v<From> || std::is_same_v<From, float>);
template <class To, class From>
void copy_through_float(To* to, const From* from, int64_t n) {
  constexpr int64_t kSize = Vec<float>::kSize;
  for (; n >= kSize; n -= kSize, to += kSize, from += kSize) write_lanes(to, read_lanes(from));
  if (n > 0) write_lanes(to, read_lanes(from, n), n);
}

template <class To, class From>
void copy_loop(char* const* data, const int64_t* strides, int64_t n) {
  if (strides[0] == sizeof(To) && strides[1] == sizeof(From)) {
    To* r = reinterpret_cast<To*>(data[0]);
    const From* x = reinterpret_cast<const From*>(data[1]);
    if constexpr (kThroughFloat<To, From>) {
      copy_through_float(r, x, n);
    } else {
#pragma GCC ivdep
      for (int64_t i = 0; i < n; ++i) r[i] = convert<To>(x[i]);
    }
    return;
  }
  const int64_t so = strides[0], si = strides[1];
  if (so == sizeof(To) && si == 0) {
    // One number, as in the gradient of a sum.
    To* r = reinterpret_cast<To*>(data[0]);
    const To value = convert<To>(*reinterpret_cast<const From*>(data[1]));
    for (int64_t i = 0; i < n; ++i) r[i] = value;
    return;
  }
  for (int64_t i = 0; i < n; ++i)
    *reinterpret_cast<To*>(data[0] + i * so) = convert<To>(*reinterpret_cast<const From*>(data[1] + i * si));
}

template <class T>
void move_loop(char* const* data, const int64_t* strides, int64_t n) {
  const int64_t so = strides[0], si = strides[1];
  if (so == sizeof(T) && si == sizeof(T)) {
    __builtin_memcpy(data[0], data[1], size_t(n) * sizeof(T));
    return;
  }
  if (so == sizeof(T) && si == -int64_t(sizeof(T)))
    return move_backwards(reinterpret_cast<T*>(data[0]), reinterpret_cast<const T*>(data[1]), n);
  if (so == sizeof(T) && si == 0) {
    T* r = reinterpret_cast<T*>(data[0]);
    const T value = *reinterpret_cast<const T*>(data[1]);
    for (int64_t i = 0; i < n; ++i) r[i] = value;
    return;
  }
  // Less than what it takes to choose a way.
  if (n < 8) {
    for (int64_t i = 0; i < n; ++i)
      *reinterpret_cast<T*>(data[0] + i * so) = *reinterpret_cast<const T*>(data[1] + i * si);
    return;
  }
  move_block(sizeof(T), {data[0], so, 0}, {data[1], si, 0}, n, 1);
}

template <class T>
void where_loop(char* const* data, const int64_t* strides, int64_t n) {
  if (strides[0] == sizeof(T) && strides[1] == 1 && strides[2] == sizeof(T) && strides[3] == sizeof(T)) {
    T* r = reinterpret_cast<T*>(data[0]);
    const uint8_t* c = reinterpret_cast<const uint8_t*>(data[1]);
    const T* a = reinterpret_cast<const T*>(data[2]);
    const T* b = reinterpret_cast<const T*>(data[3]);
#pragma GCC ivdep
    for (int64_t i = 0; i < n; ++i) {
      const T x = a[i], y = b[i];
      r[i] = c[i] ? x : y;
    }
    return;
  }
  for (int64_t i = 0; i < n; ++i)
    *reinterpret_cast<T*>(data[0] + i * strides[0]) =
        *reinterpret_cast<const uint8_t*>(data[1] + i * strides[1])
            ? *reinterpret_cast<const T*>(data[2] + i * strides[2])
            : *reinterpret_cast<const T*>(data[3] + i * strides[3]);
}

template <class T>
void move_all(const NdPlan& plan) {
  if (const int dim = transposed_dim<T>(plan)) return transposing_move<T>(plan, dim);
  if (is_narrow(plan)) return move_narrow(plan, sizeof(T));
  for_each(plan, kItems<T, T>, &move_loop<T>);
}

void move_kernel(const NdPlan& plan, int itemsize) {
  switch (itemsize) {
#define RL_SIZE(size, T) \
  case size:             \
    return move_all<T>(plan);
    RL_FOR_SIZES(RL_SIZE)
#undef RL_SIZE
  }
}
void where_kernel(const NdPlan& plan, int itemsize) {
  switch (itemsize) {
#define RL_SIZE(size, T) \
  case size:             \
    return for_each(plan, kItems<T, bool, T, T>, &where_loop<T>);
    RL_FOR_SIZES(RL_SIZE)
#undef RL_SIZE
  }
}

template <class To, class From>
void copy_kernel(const NdPlan& plan) {
  if constexpr (dtype_of<To> == dtype_of<From>)
    move_kernel(plan, sizeof(To));
  else
    for_each(plan, kItems<To, From>, &copy_loop<To, From>);
}

// A fill is a move from one element.
void fill_kernel(const NdPlan& plan, const void* element, int itemsize);

template <class T>
void fill_loop(char* const* data, const int64_t* strides, int64_t n) {
  const T value = *reinterpret_cast<const T*>(data[1]);
  if (strides[0] == sizeof(T)) {
    T* r = reinterpret_cast<T*>(data[0]);
    for (int64_t i = 0; i < n; ++i) r[i] = value;
    return;
  }
  for (int64_t i = 0; i < n; ++i) *reinterpret_cast<T*>(data[0] + i * strides[0]) = value;
}

void fill_kernel(const NdPlan& plan, const void* element, int itemsize) {
  NdPlan filled;
  filled.ndim = plan.ndim;
  filled.operands = 2;
  filled.numel = plan.numel;
  filled.data[0] = plan.data[0];
  filled.data[1] = static_cast<char*>(const_cast<void*>(element));
  for (int d = 0; d < plan.ndim; ++d) {
    filled.shape[d] = plan.shape[d];
    filled.strides[d][0] = plan.strides[d][0];
    filled.strides[d][1] = 0;
  }
  switch (itemsize) {
#define RL_SIZE(size, T) \
  case size:             \
    return for_each(filled, kItems<T, T>, &fill_loop<T>);
    RL_FOR_SIZES(RL_SIZE)
#undef RL_SIZE
  }
}

template <int To, int From = 0>
void fill_copies_to(PlanKernel* slots) {
  if constexpr (From < kNumDTypes) {
    using T = typename CTypeOf<DType(To)>::Type;
    using S = typename CTypeOf<DType(From)>::Type;
    slots[From] = &copy_kernel<T, S>;
    fill_copies_to<To, From + 1>(slots);
  }
}
template <int To = 0>
void fill_copies(KernelSlots& slots) {
  if constexpr (To < kNumDTypes) {
    fill_copies_to<To>(slots.copy[To]);
    fill_copies<To + 1>(slots);
  }
}

}  // namespace

void register_copy(KernelSlots& slots) {
  fill_copies(slots);
  slots.fill = &fill_kernel;
  slots.where = &where_kernel;
}

}  // namespace rushlight::cpu::RL_ISA
