// Copies with conversion, fills and where.
#include "pointwise.cuh"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

// One kernel a target dtype: which source it reads is the same for all threads, and far fewer kernels
// have to be compiled.
template <class To>
struct ConvertElement {
  DType from;
  __device__ void operator()(char* (&at)[2]) const {
    To& to = *reinterpret_cast<To*>(at[0]);
    switch (from) {
#define RL_CASE(name, type, text)                            \
  case DType::name:                                          \
    to = convert<To>(*reinterpret_cast<const type*>(at[1])); \
    return;
      RL_FORALL_DTYPES(RL_CASE)
#undef RL_CASE
    }
  }
};
// The conversions of mixed precision are worth kernels of their own.
template <class To, class From>
inline constexpr bool kDenseConversion =
    (std::is_same_v<To, float> || std::is_same_v<From, float>) && dtype_of<To> >= DType::F16 &&
    dtype_of<From> >= DType::F16 && dtype_of<To> < DType::C64 && dtype_of<From> < DType::C64;
template <class To, class From>
struct Conversion {
  __device__ To operator()(const From& x) const { return convert<To>(x); }
};
struct Unchanged {
  template <class T>
  __device__ T operator()(const T& x) const {
    return x;
  }
};
template <class T>
struct Constant {
  T value;
  __device__ T operator()() const { return value; }
};
struct Choose {
  template <class T>
  __device__ T operator()(uint8_t condition, const T& a, const T& b) const {
    return condition ? a : b;
  }
};

template <class To, class From>
void copy_kernel(const NdPlan& plan) {
  if constexpr (std::is_same_v<To, From>)
    for_size(sizeof(To), [&](auto tag) {
      using T = typename decltype(tag)::type;
      pointwise<T, T>(plan, Unchanged{});
    });
  else if constexpr (kDenseConversion<To, From>)
    pointwise<To, From>(plan, Conversion<To, From>{});
  else
    for_each<2>(plan, ConvertElement<To>{dtype_of<From>});
}

void fill_kernel(const NdPlan& plan, const void* element, int itemsize) {
  for_size(itemsize, [&](auto tag) {
    using T = typename decltype(tag)::type;
    Constant<T> f;
    __builtin_memcpy(&f.value, element, sizeof(T));
    pointwise<T>(plan, f);
  });
}

void where_kernel(const NdPlan& plan, int itemsize) {
  for_size(itemsize, [&](auto tag) {
    using T = typename decltype(tag)::type;
    pointwise<T, uint8_t, T, T>(plan, Choose{});
  });
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

}  // namespace rushlight::cuda
