// Matrix products by cuBLAS, which is opened at the first one; integers by a kernel of our own.
#include "matmul.cuh"

#include <dlfcn.h>

#include <map>
#include <optional>
#include <utility>

#include "launch.cuh"
#include "rushlight/core/scalar.h"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

// The part of cuBLAS's interface that is used here: names and numbers as NVIDIA documents them.
enum : int { kNone = 0, kTranspose = 1 };
enum : int { kR32F = 0, kR64F = 1, kR16F = 2, kC32F = 4, kC64F = 5, kR16BF = 14 };
enum : int { kCompute32F = 68, kCompute64F = 70 };
struct Cublas {
  int (*create)(void** handle);
  int (*destroy)(void* handle);
  int (*set_stream)(void* handle, cudaStream_t stream);
  int (*set_workspace)(void* handle, void* workspace, size_t nbytes);
  int (*gemm)(void* handle, int trans_a, int trans_b, int64_t m, int64_t n, int64_t k,
              const void* alpha, const void* a, int type_a, int64_t lda, int64_t stride_a,
              const void* b, int type_b, int64_t ldb, int64_t stride_b, const void* beta, void* c,
              int type_c, int64_t ldc, int64_t stride_c, int64_t batch, int compute, int algorithm);
};

const Cublas& cublas() {
  static const Cublas functions = [] {
    void* library = nullptr;
    for (const char* name : {"libcublas.so.13", "libcublas.so.12", "libcublas.so"})
      if (!library) library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    RL_CHECK(library != nullptr, "matmul(): products on cuda need cuBLAS, which was not found; "
             "pip install nvidia-cublas, or put libcublas.so on LD_LIBRARY_PATH (", dlerror(), ")");
    Cublas f{};
    const auto find = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
      RL_CHECK(function != nullptr, "matmul(): this cuBLAS is too old: it has no ", name);
    };
    find(f.create, "cublasCreate_v2");
    find(f.destroy, "cublasDestroy_v2");
    find(f.set_stream, "cublasSetStream_v2");
    find(f.set_workspace, "cublasSetWorkspace_v2");
    find(f.gemm, "cublasGemmStridedBatchedEx_64");
    return f;
  }();
  return functions;
}

void check_cublas(int status, const char* what) {
  RL_CHECK(status == 0, "matmul(): ", what, " failed with cuBLAS status ", status);
}

struct Handle {
  void* handle = nullptr;
  std::optional<Workspace> workspace;
  bool ready = false;
  Handle() = default;
  Handle(const Handle&) = delete;
  ~Handle() {
    if (handle) cublas().destroy(handle);
  }
};

// Of this thread and the current device and stream. The workspace is ours, fixed in size, so that
// the same product gives the same bits.
void* cublas_handle() {
  constexpr size_t kWorkspace = size_t(32) << 20;
  thread_local std::map<std::pair<int, cudaStream_t>, Handle> handles;
  Handle& h = handles[{use(-1), current_stream()}];
  if (h.ready) return h.handle;
  if (!h.handle) check_cublas(cublas().create(&h.handle), "cublasCreate");
  check_cublas(cublas().set_stream(h.handle, current_stream()), "cublasSetStream");
  if (!h.workspace) h.workspace.emplace(kWorkspace);
  check_cublas(cublas().set_workspace(h.handle, h.workspace->as<void>(), kWorkspace), "cublasSetWorkspace");
  h.ready = true;
  return h.handle;
}

// One thread an element: only for the integers.
template <class T>
void plain_gemm(bool trans_a, bool trans_b, int64_t batch, int64_t m, int64_t n, int64_t k,
                const Scalar& alpha, const void* a, int64_t lda, int64_t stride_a, const void* b,
                int64_t ldb, int64_t stride_b, const Scalar& beta, void* c, int64_t ldc,
                int64_t stride_c) {
  using U = std::make_unsigned_t<T>;
  using Wide = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;  // int would overflow
  const T scale = T(alpha.to_int()), keep = T(beta.to_int());
  const int64_t row_a = trans_a ? 1 : lda, col_a = trans_a ? lda : 1;
  const int64_t row_b = trans_b ? 1 : ldb, col_b = trans_b ? ldb : 1;
  for_range(batch * m * n, [=] __device__(int64_t index) {
    const int64_t j = index % n, i = index / n % m, p = index / n / m;
    const T* x = static_cast<const T*>(a) + p * stride_a + i * row_a;
    const T* y = static_cast<const T*>(b) + p * stride_b + j * col_b;
    U sum = 0;
    for (int64_t l = 0; l < k; ++l) sum = U(sum + Wide(x[l * col_a]) * Wide(y[l * row_b]));
    T* to = static_cast<T*>(c) + p * stride_c + i * ldc + j;
    *to = T(Wide(scale) * Wide(sum) + (keep ? Wide(keep) * Wide(*to) : Wide(0)));
  });
}

}  // namespace

void gemm(DType dtype, bool trans_a, bool trans_b, int64_t batch, int64_t m, int64_t n, int64_t k,
          const Scalar& alpha, const void* a, int64_t lda, int64_t stride_a, const void* b,
          int64_t ldb, int64_t stride_b, const Scalar& beta, void* c, int64_t ldc, int64_t stride_c) {
  if (m == 0 || n == 0 || batch == 0) return;
  int type = kR32F, compute = kCompute32F;
  switch (dtype) {
    case DType::F16: type = kR16F; break;
    case DType::BF16: type = kR16BF; break;
    case DType::F32: break;
    case DType::F64: type = kR64F, compute = kCompute64F; break;
    case DType::C64: type = kC32F; break;
    case DType::C128: type = kC64F, compute = kCompute64F; break;
#define RL_PLAIN(name, T)                                                                         \
  case DType::name:                                                                               \
    return plain_gemm<T>(trans_a, trans_b, batch, m, n, k, alpha, a, lda, stride_a, b, ldb, stride_b, \
                         beta, c, ldc, stride_c);
    RL_PLAIN(U8, uint8_t)
    RL_PLAIN(I8, int8_t)
    RL_PLAIN(I16, int16_t)
    RL_PLAIN(I32, int32_t)
    RL_PLAIN(I64, int64_t)
#undef RL_PLAIN
    default: raise_no_kernel("matmul", Device{DeviceType::CUDA, -1}, dtype);
  }
  // Row-major c = a b is column-major c^T = b^T a^T.
  alignas(16) char scale[16], keep[16];
  const DType scalar = is_complex(dtype) || dtype == DType::F64 ? dtype : DType::F32;
  alpha.store(scalar, scale);
  beta.store(scalar, keep);
  // cuBLAS wants leading dims of at least the row length, also of a single row.
  const auto at_least = [](int64_t ld, int64_t row) { return ld >= row && ld > 0 ? ld : row > 0 ? row : 1; };
  check_cublas(cublas().gemm(cublas_handle(), trans_b ? kTranspose : kNone, trans_a ? kTranspose : kNone, n, m,
                             k, scale, b, type, at_least(ldb, trans_b ? k : n), stride_b, a, type,
                             at_least(lda, trans_a ? m : k),
                             stride_a, keep, c, type, at_least(ldc, n), stride_c, batch, compute, -1),
               "cublasGemmStridedBatchedEx");
}

namespace {

// Sums of a block's products, in a tree.
template <class T, class A>
__device__ void block_sum(A sum, T* out) {
  __shared__ __align__(16) unsigned char shared_bytes[kThreads * sizeof(A)];
  A* shared = reinterpret_cast<A*>(shared_bytes);
  shared[threadIdx.x] = sum;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) shared[threadIdx.x] = shared[threadIdx.x] + shared[threadIdx.x + half];
  }
  if (threadIdx.x == 0) *out = T(shared[0]);
}

template <class T, class A>
__global__ void dot_parts(int64_t n, const T* a, int64_t step_a, const T* b, int64_t step_b, A* parts) {
  A sum = A(0);
  for (int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x; i < n; i += int64_t(gridDim.x) * kThreads)
    sum = sum + A(Compute<T>(a[i * step_a])) * A(Compute<T>(b[i * step_b]));
  block_sum(sum, parts + blockIdx.x);
}
template <class T, class A>
__global__ void dot_total(int count, const A* parts, T* out) {
  block_sum(int(threadIdx.x) < count ? parts[threadIdx.x] : A(0), out);
}

template <class T>
void dot_of(int64_t n, const void* a, int64_t step_a, const void* b, int64_t step_b, void* out) {
  using A = std::conditional_t<IntScalar<T>, uint64_t, Compute<T>>;
  const int64_t wanted = (n + 4 * kThreads - 1) / (4 * kThreads);
  const int blocks = int(wanted < 1 ? 1 : wanted < kThreads ? wanted : kThreads);
  const Workspace parts(sizeof(A) * kThreads);
  dot_parts<<<blocks, kThreads, 0, current_stream()>>>(n, static_cast<const T*>(a), step_a,
                                                       static_cast<const T*>(b), step_b, parts.as<A>());
  dot_total<<<1, kThreads, 0, current_stream()>>>(blocks, static_cast<const A*>(parts.as<A>()),
                                                  static_cast<T*>(out));
  check_launch();
}

void dot(DType dtype, int64_t n, const void* a, int64_t step_a, const void* b, int64_t step_b,
         void* out) {
  switch (dtype) {
#define RL_DOT(name) \
  case DType::name:  \
    return dot_of<CTypeOf<DType::name>::Type>(n, a, step_a, b, step_b, out);
    RL_DOT(F32)
    RL_DOT(F64)
    RL_DOT(U8)
    RL_DOT(I8)
    RL_DOT(I16)
    RL_DOT(I32)
    RL_DOT(I64)
    RL_DOT(F16)
    RL_DOT(BF16)
    RL_DOT(C64)
    RL_DOT(C128)
#undef RL_DOT
    default: raise_no_kernel("dot", Device{DeviceType::CUDA, -1}, dtype);
  }
}

}  // namespace

void register_matmul(KernelSlots& slots) {
  slots.gemm = &gemm;
  slots.dot = &dot;
}

}  // namespace rushlight::cuda
