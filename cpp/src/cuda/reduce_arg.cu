// The largest or smallest element and where it is first. NaN counts as more extreme than any number.
#include "reduce_launch.cuh"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

template <class T>
struct Candidate {
  T value;
  uint32_t index;
};
constexpr uint32_t kNowhere = 0xFFFFFFFFu;

template <class T, bool kLargest>
struct ExtremeMonoid {
  using A = Candidate<T>;
  using Element = T;
  T* values;        // or null
  int64_t* indices;  // or null
  __device__ A identity() const { return {T(), kNowhere}; }
  __device__ A load(const T& element, uint32_t index) const { return {element, index}; }
  __device__ A combine(A a, A b) const {
    if (b.index == kNowhere) return a;
    if (a.index == kNowhere) return b;
    using C = Compute<T>;
    const C x = C(a.value), y = C(b.value);
    const bool nan_x = x != x, nan_y = y != y;
    if (nan_x != nan_y) return nan_x ? a : b;
    const bool equal = nan_x || x == y;
    if (equal) return a.index < b.index ? a : b;
    return (kLargest ? x > y : x < y) ? a : b;
  }
  __device__ void store(int64_t at, A best) const {
    if (values) values[at] = best.value;
    if (indices) indices[at] = int64_t(best.index);
  }
};

template <class T>
void arg_of(const ReducePlan& plan, bool largest) {
  T* values = reinterpret_cast<T*>(plan.out[0]);
  int64_t* indices = reinterpret_cast<int64_t*>(plan.out[1]);
  if (largest)
    reduce(plan, ExtremeMonoid<T, true>{values, indices});
  else
    reduce(plan, ExtremeMonoid<T, false>{values, indices});
}

void arg_extreme(const ReducePlan& plan, DType dtype, bool largest) {
  switch (dtype) {
#define RL_ARG(name) \
  case DType::name:  \
    return arg_of<CTypeOf<DType::name>::Type>(plan, largest);
    RL_ARG(Bool)
    RL_ARG(U8)
    RL_ARG(I8)
    RL_ARG(I16)
    RL_ARG(I32)
    RL_ARG(I64)
    RL_ARG(F16)
    RL_ARG(BF16)
    RL_ARG(F32)
    RL_ARG(F64)
#undef RL_ARG
    default: raise_no_kernel("argmax", Device{DeviceType::CUDA, -1}, dtype);
  }
}

}  // namespace

void register_reduce_arg(KernelSlots& slots) { slots.arg_extreme = &arg_extreme; }

}  // namespace rushlight::cuda
