#include "gemm.h"

#include <algorithm>
#include <memory>
#include <new>
#include <type_traits>

#include "gemm_blocked.h"
#include "gemm_tile.h"
#include "rushlight/core/error.h"
#include "rushlight/core/parallel.h"
#include "rushlight/iter/kernel_slots.h"

namespace rushlight::cpu {
namespace {

// Note [GEMM grid]
// What is too small, too narrow or of a dtype the blocked product does not take is cut into tiles,
// and a long sum into slices of k, each of which is one call of single-threaded OpenBLAS. The cut is
// a function of the shape alone: any number of threads runs the same calls and gets the same bits.
struct Grid {
  int64_t block_m, block_n, block_k;
  int64_t count_m, count_n, count_k;
  int64_t tiles() const { return count_m * count_n * count_k; }
};

constexpr double kSerialWork = 1 << 20;        // multiply-adds, about 8 us
constexpr double kSerialVectorWork = 1 << 18;  // matrix elements read once, about 10 us
constexpr int64_t kMaxExtent = int64_t(1) << 30;  // what a BLAS integer holds
constexpr double kBlockedWork = 1 << 21;
constexpr int64_t kMinBlockedM = 16, kMinBlockedN = 64;  // narrower ones fill no register tile
constexpr int64_t kMinBlockM = 16, kMinBlockN = 32, kMinBlockK = 1024;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

int64_t block_of(int64_t extent, int64_t parts, int64_t multiple, int64_t limit) {
  const int64_t block = ceil_div(ceil_div(extent, parts), multiple) * multiple;
  return std::clamp<int64_t>(std::min(block, extent), 1, limit);
}

double work_of(const GemmProblem& p) { return double(p.m) * double(p.n) * double(p.k); }
bool is_vector(const GemmProblem& p) { return p.m == 1 || p.n == 1; }

int64_t wanted_tiles(const GemmProblem& p, int64_t batch) {
  const double work = work_of(p);
  int64_t parts = 1;
  if (is_vector(p)) {
    while (parts < 64 && work >= 2 * kSerialVectorWork * double(parts)) parts *= 2;
  } else if (work >= kSerialWork) {
    // 2 for 256^3, 4 for 512^3, 8 for 1024^3.
    parts = 2;
    while (parts < 256 && work >= 0.7 * 8 * (1 << 21) * double(parts * parts * parts)) parts *= 2;
  }
  // Enough matrices keep the threads busy by themselves.
  return batch >= 8 && work < (1 << 27) ? 1 : parts;
}

Grid make_grid(const GemmProblem& p, int64_t batch) {
  const int64_t parts = wanted_tiles(p, batch);
  int64_t best_m = 1, best_n = 1, best_k = 1, best_parts = 0;
  double best_cost = 0;
  for (int64_t pm = 1; pm <= parts; pm *= 2)
    for (int64_t pn = 1; pm * pn <= parts; pn *= 2)
      for (int64_t pk = 1; pm * pn * pk <= parts; pk *= 2) {
        if (pm > 1 && p.m < pm * kMinBlockM) continue;
        if (pn > 1 && p.n < pn * kMinBlockN) continue;
        if (pk > 1 && p.k < pk * kMinBlockK) continue;
        // Elements packed or written; a row of b is dearer to pack than one of a.
        const double m = double(p.m), n = double(p.n), k = double(p.k);
        const double cost = 1.5 * double(pm) * n * k + double(pn) * m * k +
                            (pk > 1 ? 3.0 * double(pk) * m * n : 0.0);
        const int64_t got = pm * pn * pk;
        if (got > best_parts || (got == best_parts && cost < best_cost)) {
          best_parts = got, best_cost = cost;
          best_m = pm, best_n = pn, best_k = pk;
        }
      }
  Grid g;
  g.block_m = block_of(p.m, best_m, kMinBlockM, kMaxExtent);
  g.block_n = block_of(p.n, best_n, kMinBlockN, kMaxExtent);
  g.block_k = block_of(p.k, best_k, 64, kMaxExtent);
  g.count_m = ceil_div(p.m, g.block_m);
  g.count_n = ceil_div(p.n, g.block_n);
  g.count_k = std::max<int64_t>(1, ceil_div(p.k, g.block_k));
  return g;
}

// The parts of the blocked product where it is the better one, else null.
const GemmMicro* blocked_micro(const GemmProblem& p, const Grid& g) {
  if (p.k == 0) return nullptr;
  const bool half = is_reduced_float(p.dtype);
  const bool large = g.count_k == 1 && work_of(p) >= kBlockedWork && p.m >= kMinBlockedM &&
                     p.n >= kMinBlockedN;
  if (!half && !large) return nullptr;
  return kernel_slots(DeviceType::CPU).gemm_micro(p.dtype);
}

GemmRange range_of(const GemmProblem& p, const Grid& g, int64_t tile) {
  const int64_t kk = tile % g.count_k, j = tile / g.count_k % g.count_n;
  const int64_t i = tile / g.count_k / g.count_n;
  return {i * g.block_m,  std::min(p.m, (i + 1) * g.block_m),
          j * g.block_n,  std::min(p.n, (j + 1) * g.block_n),
          kk * g.block_k, std::min(p.k, (kk + 1) * g.block_k)};
}

int64_t grain_of(const GemmProblem& p, const Grid& g) {
  const double serial = is_vector(p) ? kSerialVectorWork : kSerialWork;
  const double per_tile = std::max(1.0, work_of(p) / double(g.tiles()));
  return std::max<int64_t>(1, int64_t(serial / 2 / per_tile));
}

// c = beta * c + the slices' sums in the order of k.
template <class T>
void add_slices(const GemmProblem& p, int64_t slices, const T* partial, T* c) {
  using Acc = std::conditional_t<std::is_integral_v<T>, uint64_t, T>;
  const Acc beta = p.beta.to<Acc>();
  const int64_t size = p.m * p.n;
  parallel_for(0, p.m, std::max<int64_t>(1, 32768 / std::max<int64_t>(p.n * slices, 1)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i)
                   for (int64_t j = 0; j < p.n; ++j) {
                     Acc sum = Acc(partial[i * p.n + j]);
                     for (int64_t s = 1; s < slices; ++s)
                       sum = sum + Acc(partial[s * size + i * p.n + j]);
                     T& to = c[i * p.ldc + j];
                     to = T(beta == Acc(0) ? sum : sum + beta * Acc(to));
                   }
               });
}

void gemm_in_slices(const GemmProblem& p, const Grid& g, GemmTileFn tile, const void* a,
                    const void* b, void* c) {
  const size_t item = itemsize(p.dtype), matrix = size_t(p.m) * size_t(p.n) * item;
  size_t bytes = 0;
  const bool fits = !__builtin_mul_overflow(matrix, size_t(g.count_k), &bytes);
  const std::unique_ptr<char[]> partial(fits ? new (std::nothrow) char[bytes] : nullptr);
  RL_CHECK_AS(OutOfMemoryError, partial, "matmul(): out of memory for ", g.count_k,
              " partial sums of ", p.m, " x ", p.n, " ", p.dtype);
  GemmProblem slice = p;
  slice.beta = Scalar(0);
  slice.ldc = std::max<int64_t>(p.n, 1);
  parallel_for(0, g.tiles(), grain_of(p, g), [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      const GemmRange r = range_of(p, g, t);
      char* out = partial.get() + size_t(t % g.count_k) * matrix + (r.i0 * p.n + r.j0) * item;
      tile(slice, r, a, b, out);
    }
  });
  dispatch(p.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    // Half precision is never sliced, bool never multiplied.
    if constexpr (!std::is_same_v<T, bool> && !std::is_same_v<T, Half> &&
                  !std::is_same_v<T, BFloat16>)
      add_slices(p, g.count_k, reinterpret_cast<const T*>(partial.get()), static_cast<T*>(c));
  });
}

// A single stored row may come with any row stride; BLAS wants one of at least a row's length.
int64_t check_ld(const char* name, int64_t ld, int64_t rows, int64_t cols) {
  const int64_t least = std::max<int64_t>(cols, 1);
  if (rows <= 1 || cols == 0) return least;
  RL_CHECK(ld >= least, "matmul(): matrix ", name, " of ", rows, " x ", cols,
           " has its rows only ", ld, " elements apart");
  return ld;
}

}  // namespace

void gemm_batched(DType dtype, bool trans_a, bool trans_b, int64_t batch, int64_t m, int64_t n,
                  int64_t k, const Scalar& alpha, const void* a, int64_t lda, int64_t stride_a,
                  const void* b, int64_t ldb, int64_t stride_b, const Scalar& beta, void* c,
                  int64_t ldc, int64_t stride_c) {
  RL_CHECK(batch >= 0 && m >= 0 && n >= 0 && k >= 0, "matmul(): negative size in ", batch, " x (",
           m, " x ", k, ") @ (", k, " x ", n, ")");
  lda = check_ld("a", lda, trans_a ? k : m, trans_a ? m : k);
  ldb = check_ld("b", ldb, trans_b ? n : k, trans_b ? k : n);
  ldc = check_ld("c", ldc, m, n);
  GemmProblem p{dtype, trans_a, trans_b, m, n, k, alpha, beta, lda, ldb, ldc};
  const GemmTileFn tile = gemm_tile(p);
  RL_CHECK_TYPE(tile, "matmul(): not implemented for ", dtype, "; convert the operands first");
  if (batch == 0 || m == 0 || n == 0) return;

  // One b for matrices that follow each other in memory: a single taller product.
  if (batch > 1 && stride_b == 0 && !trans_a && stride_a == m * lda && stride_c == m * ldc) {
    p.m *= batch;
    batch = 1;
  }
  const int64_t item = int64_t(itemsize(dtype));
  const auto matrix = [&](auto* base, int64_t stride, int64_t index) {
    using Byte = std::conditional_t<std::is_const_v<std::remove_pointer_t<decltype(base)>>,
                                    const char, char>;
    return static_cast<Byte*>(base) + index * stride * item;
  };
  const Grid g = make_grid(p, batch);
  if (const GemmMicro* micro = blocked_micro(p, g)) {
    const auto one = [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        gemm_blocked(p, *micro, matrix(a, stride_a, i), matrix(b, stride_b, i),
                     matrix(c, stride_c, i));
    };
    // The same bits either way: whole matrices a thread, or all threads on one matrix.
    if (batch >= num_threads())
      parallel_for(0, batch, std::max<int64_t>(1, int64_t(kSerialWork / 2 / work_of(p))), one);
    else
      one(0, batch);
    return;
  }
  if (g.count_k > 1) {
    for (int64_t i = 0; i < batch; ++i)
      gemm_in_slices(p, g, tile, matrix(a, stride_a, i), matrix(b, stride_b, i),
                     matrix(c, stride_c, i));
    return;
  }
  const int64_t tiles = g.tiles();
  if (tiles == 1 && batch == 1) {
    tile(p, {0, p.m, 0, p.n, 0, p.k}, a, b, c);
    return;
  }
  parallel_for(0, batch * tiles, grain_of(p, g), [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      const GemmRange r = range_of(p, g, t % tiles);
      const int64_t i = t / tiles;
      tile(p, r, matrix(a, stride_a, i), matrix(b, stride_b, i),
           matrix(c, stride_c, i) + (r.i0 * p.ldc + r.j0) * item);
    }
  });
}

void gemm(DType dtype, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k,
          const Scalar& alpha, const void* a, int64_t lda, const void* b, int64_t ldb,
          const Scalar& beta, void* c, int64_t ldc) {
  gemm_batched(dtype, trans_a, trans_b, 1, m, n, k, alpha, a, lda, 0, b, ldb, 0, beta, c, ldc, 0);
}

}  // namespace rushlight::cpu
