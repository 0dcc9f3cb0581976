// Pieces shared by the kernels that only move elements.
#pragma once

#include "for_each.h"
#include "vec.h"

// Lambdas of a kernel that specialise on constant arguments.
#define RL_LAMBDA_INLINE __attribute__((always_inline))

namespace rushlight::cpu::RL_ISA {
namespace {

// Elements of one size are moved as bits.
struct Bits128 {
  uint64_t low, high;
};
#define RL_FOR_SIZES(_) _(1, uint8_t) _(2, uint16_t) _(4, uint32_t) _(8, uint64_t) _(16, Bits128)

// Compile-time booleans for generic lambdas.
struct Yes {
  constexpr operator bool() const { return true; }
};
struct No {
  constexpr operator bool() const { return false; }
};

// memcpy without its call for the short rows of tables.
RL_INLINE void copy_bytes(char* to, const char* from, int64_t bytes) {
  using Bytes = Vec<uint8_t>;
  if (bytes < kVecBytes || bytes > 16 * kVecBytes) {
    __builtin_memcpy(to, from, size_t(bytes));
    return;
  }
  const uint8_t* in = reinterpret_cast<const uint8_t*>(from);
  uint8_t* out = reinterpret_cast<uint8_t*>(to);
  const Bytes last = Bytes::loadu(in + bytes - kVecBytes);
  for (int64_t b = 0; b < bytes - kVecBytes; b += kVecBytes) Bytes::loadu(in + b).storeu(out + b);
  last.storeu(out + bytes - kVecBytes);
}

// The plan without its innermost dim.
RL_INLINE void drop_inner(const NdPlan& plan, NdPlan& outer) {
  outer.ndim = plan.ndim - 1;
  outer.operands = plan.operands;
  outer.numel = plan.shape[0] == 0 ? 0 : plan.numel / plan.shape[0];
  for (int k = 0; k < plan.operands; ++k) outer.data[k] = plan.data[k];
  for (int d = 0; d < outer.ndim; ++d) {
    outer.shape[d] = plan.shape[d + 1];
    for (int k = 0; k < plan.operands; ++k) outer.strides[d][k] = plan.strides[d + 1][k];
  }
}

}  // namespace
}  // namespace rushlight::cpu::RL_ISA
