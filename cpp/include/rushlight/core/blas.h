// Rushlight's private OpenBLAS: opened at first use, always single-threaded.
#pragma once

#include <cstdint>

#include "rushlight/core/macros.h"

namespace rushlight::blas {

// The integer of the BLAS interface (LP64).
using Int = int32_t;

// CBLAS enumerators, spelled by value so that no CBLAS header is needed.
enum Order : int { kRowMajor = 101 };
enum Transpose : int { kNoTrans = 111, kTrans = 112, kConjTrans = 113 };

template <class T>
using GemmFn = void (*)(int order, int trans_a, int trans_b, Int m, Int n, Int k, T alpha,
                        const void* a, Int lda, const void* b, Int ldb, T beta, void* c, Int ldc);
template <class T>
using GemvFn = void (*)(int order, int trans, Int m, Int n, T alpha, const void* a, Int lda,
                        const void* x, Int incx, T beta, void* y, Int incy);

// Complex routines take alpha and beta by address.
struct Table {
  GemmFn<float> sgemm;
  GemmFn<double> dgemm;
  GemmFn<const void*> cgemm, zgemm;
  GemvFn<float> sgemv;
  GemvFn<double> dgemv;
  GemvFn<const void*> cgemv, zgemv;
  float (*sdot)(Int n, const float* x, Int incx, const float* y, Int incy);
  double (*ddot)(Int n, const double* x, Int incx, const double* y, Int incy);
  void (*cdotu)(Int n, const void* x, Int incx, const void* y, Int incy, void* out);
  void (*zdotu)(Int n, const void* x, Int incx, const void* y, Int incy, void* out);
};

// Opens the library on the first call. Every function in the table may be called from many threads
// at once; none of them starts a thread.
// @throws Error if the library is missing or is not the expected one.
RL_API const Table& table();

// The address of a LAPACK or BLAS routine by its Fortran name, e.g. symbol("dgesv_").
// @throws Error if the library is missing or has no such routine.
RL_API void* symbol(const char* name);

// The file that was opened and the kernel set in use ("SkylakeX", "Haswell", ...).
RL_API const char* library_path();
RL_API const char* core_name();

}  // namespace rushlight::blas
