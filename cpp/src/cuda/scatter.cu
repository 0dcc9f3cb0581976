// Writes at positions given by an index. See ScatterPlan.
#include "rushlight/functors/scatter.h"

#include "atomic.cuh"
#include "launch.cuh"

namespace rushlight::cuda {
namespace {

// A thread a row: the entries one after the other, as on the CPU.
template <class Op, class T>
struct RowElement {
  int64_t n, values_stride, index_stride, step;
  __device__ void operator()(char* (&at)[3]) const {
    for (int64_t i = 0; i < n; ++i) {
      const int64_t entry = *reinterpret_cast<const int64_t*>(at[2] + i * index_stride);
      T* to = reinterpret_cast<T*>(at[0] + entry * step);
      *to = Op{}(*to, *reinterpret_cast<const T*>(at[1] + i * values_stride));
    }
  }
};

// A thread an entry of a row: those that meet do so in any order.
template <class Op, class T>
struct EntryElement {
  DevicePlan<3> rows;
  int64_t n, values_stride, index_stride, step;
  __device__ void operator()(int64_t index) const {
    char* at[3];
    rows.locate(uint32_t(index % rows.numel), at);
    const int64_t i = index / rows.numel;
    const int64_t entry = *reinterpret_cast<const int64_t*>(at[2] + i * index_stride);
    T* to = reinterpret_cast<T*>(at[0] + entry * step);
    const T value = *reinterpret_cast<const T*>(at[1] + i * values_stride);
    if constexpr (!Op::kReduces)
      *to = value;
    else if constexpr (std::is_same_v<Op, ScatterAdd> && ComplexScalar<T>) {
      atomicAdd(&to->re, value.re);
      atomicAdd(&to->im, value.im);
    } else if constexpr (std::is_same_v<Op, ScatterAdd> &&
                         (std::is_same_v<T, float> || std::is_same_v<T, double>))
      atomicAdd(to, value);
    else
      atomic_update(to, [&](T x) { return Op{}(x, value); });
  }
};

template <class Op, class T>
void scatter_all(const ScatterPlan& p) {
  if (p.rows.numel == 0 || p.n == 0) return;
  constexpr bool kAtomic = !Op::kReduces || !ComplexScalar<T> || std::is_same_v<Op, ScatterAdd>;
  // With many rows every thread has one to itself, and the sums have a fixed order.
  constexpr int64_t kManyRows = 1 << 14;
  if constexpr (kAtomic) {
    if (p.n > 1 && p.rows.numel < kManyRows)
      return for_range(p.rows.numel * p.n,
                       EntryElement<Op, T>{DevicePlan<3>(p.rows), p.n, p.values_stride, p.index_stride, p.step});
  }
  for_each<3>(p.rows, RowElement<Op, T>{p.n, p.values_stride, p.index_stride, p.step});
}

template <class Op>
void scatter_numbers(const ScatterPlan& p, DType dtype) {
  constexpr bool kOrdered = std::is_same_v<Op, ScatterMaximum> || std::is_same_v<Op, ScatterMinimum>;
  switch (dtype) {
#define RL_SCATTER(name) \
  case DType::name:      \
    return scatter_all<Op, CTypeOf<DType::name>::Type>(p);
    RL_SCATTER(Bool)
    RL_SCATTER(U8)
    RL_SCATTER(I8)
    RL_SCATTER(I16)
    RL_SCATTER(I32)
    RL_SCATTER(I64)
    RL_SCATTER(F32)
    RL_SCATTER(F64)
#undef RL_SCATTER
    case DType::C64:
      if constexpr (!kOrdered) return scatter_all<Op, c64>(p);
      break;
    case DType::C128:
      if constexpr (!kOrdered) return scatter_all<Op, c128>(p);
      break;
    default: break;
  }
  raise_no_kernel("scatter", Device{DeviceType::CUDA, -1}, dtype);
}

void scatter(const ScatterPlan& p, ScatterOp op, DType dtype) {
  switch (op) {
    case ScatterOp::Assign:
      return for_size(int(itemsize(dtype)),
                      [&](auto tag) { scatter_all<ScatterAssign, typename decltype(tag)::type>(p); });
    case ScatterOp::Add: return scatter_numbers<ScatterAdd>(p, dtype);
    case ScatterOp::Multiply: return scatter_numbers<ScatterMultiply>(p, dtype);
    case ScatterOp::Maximum: return scatter_numbers<ScatterMaximum>(p, dtype);
    case ScatterOp::Minimum: return scatter_numbers<ScatterMinimum>(p, dtype);
  }
}

}  // namespace

void register_scatter(KernelSlots& slots) { slots.scatter = &scatter; }

}  // namespace rushlight::cuda
