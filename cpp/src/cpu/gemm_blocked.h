// The matrix product of large operands: packed once, multiplied by all threads.
#pragma once

#include "gemm_micro.h"
#include "gemm_tile.h"

namespace rushlight::cpu {

// c = alpha * op(a) @ op(b) + beta * c for a dtype that has a GemmMicro.
void gemm_blocked(const GemmProblem& p, const GemmMicro& micro, const void* a, const void* b,
                  void* c);

}  // namespace rushlight::cpu
