// Copies with conversion, fills and where.
#include "launch.cuh"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

struct alignas(16) Bits128 {
  uint64_t low, high;
};
#define RL_FOR_SIZES(_) _(1, uint8_t) _(2, uint16_t) _(4, uint32_t) _(8, uint64_t) _(16, Bits128)

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
template <class T>
struct MoveElement {
  __device__ void operator()(char* (&at)[2]) const {
    *reinterpret_cast<T*>(at[0]) = *reinterpret_cast<const T*>(at[1]);
  }
};
template <class T>
struct FillElement {
  T value;
  __device__ void operator()(char* (&at)[1]) const { *reinterpret_cast<T*>(at[0]) = value; }
};
template <class T>
struct WhereElement {
  __device__ void operator()(char* (&at)[4]) const {
    *reinterpret_cast<T*>(at[0]) =
        *reinterpret_cast<const T*>(*reinterpret_cast<const uint8_t*>(at[1]) ? at[2] : at[3]);
  }
};

template <class To, class From>
void copy_kernel(const NdPlan& plan) {
  if constexpr (std::is_same_v<To, From>) {
    using Word = std::conditional_t<
        sizeof(To) == 1, uint8_t,
        std::conditional_t<sizeof(To) == 2, uint16_t,
                           std::conditional_t<sizeof(To) == 4, uint32_t,
                                              std::conditional_t<sizeof(To) == 8, uint64_t, Bits128>>>>;
    for_each<2>(plan, MoveElement<Word>{});
  } else {
    for_each<2>(plan, ConvertElement<To>{dtype_of<From>});
  }
}

void fill_kernel(const NdPlan& plan, const void* element, int itemsize) {
  switch (itemsize) {
#define RL_SIZE(size, T)                                    \
  case size: {                                              \
    FillElement<T> f;                                       \
    __builtin_memcpy(&f.value, element, size);              \
    return for_each<1>(plan, f);                            \
  }
    RL_FOR_SIZES(RL_SIZE)
#undef RL_SIZE
  }
}

void where_kernel(const NdPlan& plan, int itemsize) {
  switch (itemsize) {
#define RL_SIZE(size, T) \
  case size:             \
    return for_each<4>(plan, WhereElement<T>{});
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

}  // namespace rushlight::cuda
