// Pieces shared by the kernels that only move elements.
#pragma once

#include "narrow.h"
#include "vec.h"

// Lambdas of a kernel that specialise on constant arguments.
#define RL_LAMBDA_INLINE __attribute__((always_inline))

namespace rushlight::cpu::RL_ISA {
namespace {

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

}  // namespace
}  // namespace rushlight::cpu::RL_ISA
