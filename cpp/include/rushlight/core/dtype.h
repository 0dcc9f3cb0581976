// Element types, their C++ types and PyTorch's promotion rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>

#include "rushlight/core/error.h"
#include "rushlight/core/numeric_types.h"

namespace rushlight {

// name, C++ type, PyTorch's name
#define RL_FORALL_DTYPES(_)       \
  _(Bool, bool, "bool")           \
  _(U8, uint8_t, "uint8")         \
  _(I8, int8_t, "int8")           \
  _(I16, int16_t, "int16")        \
  _(I32, int32_t, "int32")        \
  _(I64, int64_t, "int64")        \
  _(U16, uint16_t, "uint16")      \
  _(U32, uint32_t, "uint32")      \
  _(U64, uint64_t, "uint64")      \
  _(F16, ::rushlight::Half, "float16")        \
  _(BF16, ::rushlight::BFloat16, "bfloat16")  \
  _(F32, float, "float32")        \
  _(F64, double, "float64")       \
  _(C64, ::rushlight::c64, "complex64")       \
  _(C128, ::rushlight::c128, "complex128")

enum class DType : uint8_t {
#define RL_ENUM(name, type, text) name,
  RL_FORALL_DTYPES(RL_ENUM)
#undef RL_ENUM
};
inline constexpr int kNumDTypes = 15;

template <DType D>
struct CTypeOf;
template <class T>
struct DTypeOf;
#define RL_MAP(name, type, text)              \
  template <>                                 \
  struct CTypeOf<DType::name> {               \
    using Type = type;                        \
  };                                          \
  template <>                                 \
  struct DTypeOf<type> {                      \
    static constexpr DType value = DType::name; \
  };
RL_FORALL_DTYPES(RL_MAP)
#undef RL_MAP
template <class T>
inline constexpr DType dtype_of = DTypeOf<T>::value;

namespace detail {
#define RL_SIZE(name, type, text) sizeof(type),
static constexpr uint8_t kItemSizes[] = {RL_FORALL_DTYPES(RL_SIZE)};
#undef RL_SIZE
#define RL_NAME(name, type, text) text,
static constexpr const char* kDTypeNames[] = {RL_FORALL_DTYPES(RL_NAME)};
#undef RL_NAME
}  // namespace detail

RL_INLINE size_t itemsize(DType d) { return detail::kItemSizes[int(d)]; }
RL_INLINE const char* dtype_name(DType d) { return detail::kDTypeNames[int(d)]; }
RL_INLINE bool is_complex(DType d) { return d >= DType::C64; }
RL_INLINE bool is_floating(DType d) { return d >= DType::F16 && d <= DType::F64; }
RL_INLINE bool is_integral(DType d) { return d >= DType::U8 && d <= DType::U64; }  // not bool
RL_INLINE bool is_inexact(DType d) { return d >= DType::F16; }
RL_INLINE bool is_signed(DType d) {
  return d != DType::Bool && d != DType::U8 && !(d >= DType::U16 && d <= DType::U64);
}
// Half precision computes in float, everything else in itself.
RL_INLINE bool is_reduced_float(DType d) { return d == DType::F16 || d == DType::BF16; }
RL_INLINE DType real_of(DType d) {
  return d == DType::C64 ? DType::F32 : d == DType::C128 ? DType::F64 : d;
}
RL_INLINE DType complex_of(DType d) { return d == DType::F64 || d == DType::C128 ? DType::C128 : DType::C64; }

RL_API DType promote_types(DType a, DType b);
RL_API DType default_dtype();
RL_API void set_default_dtype(DType d);

inline std::ostream& operator<<(std::ostream& out, DType d) { return out << dtype_name(d); }

template <class T>
struct TypeTag {
  using type = T;
};

// Calls fn(TypeTag<T>{}) for the C++ type of d: `dispatch(d, [&](auto tag) { using T = typename
// decltype(tag)::type; ... })`. Never nest two of them; convert operands to one dtype first.
template <class Fn>
decltype(auto) dispatch(DType d, Fn&& fn) {
  switch (d) {
#define RL_CASE(name, type, text) \
  case DType::name:               \
    return fn(TypeTag<type>{});
    RL_FORALL_DTYPES(RL_CASE)
#undef RL_CASE
  }
  __builtin_unreachable();
}

}  // namespace rushlight
