#include "rushlight/core/dtype.h"

#include <atomic>

#include "rushlight/core/scalar.h"

namespace rushlight {
namespace {

std::atomic<DType> g_default{DType::F32};

bool is_wide_unsigned(DType d) { return d == DType::U16 || d == DType::U32 || d == DType::U64; }

// 0 bool, 1 integer, 2 float, 3 complex
int category(DType d) { return d == DType::Bool ? 0 : d < DType::F16 ? 1 : d < DType::C64 ? 2 : 3; }

}  // namespace

DType default_dtype() { return g_default.load(std::memory_order_relaxed); }

void set_default_dtype(DType d) {
  RL_CHECK_TYPE(is_floating(d), "set_default_dtype(): only floating-point types are supported, got ", d);
  g_default.store(d, std::memory_order_relaxed);
}

// PyTorch's lattice: category first, then width; uint8 with a signed type needs one wider than 8
// bits; two different 16-bit floats meet in float32.
DType promote_types(DType a, DType b) {
  if (a == b) return a;
  const int ca = category(a), cb = category(b);
  if (ca < cb) std::swap(a, b);
  if (ca != cb) {
    const int high = ca > cb ? ca : cb;
    if (high == 3 && (ca == 2 || cb == 2))
      return a == DType::C128 || b == DType::F64 ? DType::C128 : DType::C64;
    return a;
  }
  if (ca == 1) {
    RL_CHECK(!is_wide_unsigned(a) && !is_wide_unsigned(b),
             "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote ",
             dtype_name(a), " and ", dtype_name(b));
    if (a == DType::U8 || b == DType::U8) {
      const DType other = a == DType::U8 ? b : a;
      return other == DType::I8 ? DType::I16 : other;
    }
    return a > b ? a : b;
  }
  if (is_reduced_float(a) && is_reduced_float(b)) return DType::F32;
  return a > b ? a : b;
}

DType result_type(DType tensor, const Scalar& scalar) {
  const int ct = category(tensor);
  switch (scalar.kind()) {
    case Scalar::Kind::Bool:
      return tensor;
    case Scalar::Kind::Int:
      return ct == 0 ? DType::I64 : tensor;
    case Scalar::Kind::Float:
      return ct < 2 ? default_dtype() : tensor;
    case Scalar::Kind::Complex:
      if (ct == 3) return tensor;
      if (ct == 2) return complex_of(tensor);
      return complex_of(default_dtype());
  }
  __builtin_unreachable();
}

}  // namespace rushlight
