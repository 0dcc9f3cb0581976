// Blocking after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM
// TOMS 34(3), 2008. All threads share one packed block of a and one of b, so that no operand is
// packed twice; how the tiles are dealt out depends on the number of threads, their bits do not.
#include "gemm_blocked.h"

#include <algorithm>
#include <atomic>

#include "rushlight/core/allocator.h"
#include "rushlight/core/parallel.h"

namespace rushlight::cpu {
namespace {

constexpr int64_t kBlockM = 2048, kBlockN = 4096;      // bounds of the packed blocks
constexpr int64_t kTileM = 96, kTileN = 256;           // about what one thread takes at a time
constexpr int64_t kPackedElements = int64_t(1) << 22;  // of a block of several panels
constexpr double kStripedWork = 1 << 26;
constexpr int64_t kPackGrain = 16384, kMultiplyGrain = 1 << 19;

class Scratch {
 public:
  explicit Scratch(int64_t bytes) : bytes_(size_t(bytes)), data_(cpu_allocate(bytes_)) {}
  ~Scratch() { cpu_free(data_, bytes_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  char* get() const { return static_cast<char*>(data_); }

 private:
  size_t bytes_;
  void* data_;
};

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t round_up(int64_t a, int64_t multiple) { return ceil_div(a, multiple) * multiple; }

const char* element(const void* base, int64_t item, bool trans, int64_t ld, int64_t row,
                    int64_t col) {
  return static_cast<const char*>(base) + (trans ? col * ld + row : row * ld + col) * item;
}

// Parts [0, parts) of `slivers`, as even as can be.
int64_t part_begin(int64_t slivers, int64_t part, int64_t parts) { return slivers * part / parts; }

// Depths [k0, k0 + k) are packed in panels of `depth`, one behind the other.
struct Block {
  int64_t i0, m, j0, n, k0, k, depth;
  int64_t panels() const { return ceil_div(k, depth); }
  int64_t depth_of(int64_t panel) const { return std::min(depth, k - panel * depth); }
};

// Where a panel of a packed block of `extent` rows (or columns) starts.
int64_t panel_offset(const Block& x, const GemmMicro& micro, int64_t extent, int64_t sliver,
                     int64_t panel) {
  return round_up(extent, sliver) * panel * x.depth * micro.itemsize;
}

// A null target: not this one.
void pack_blocks(const GemmProblem& p, const GemmMicro& micro, const Block& x, const void* a,
                 const void* b, char* packed_a, char* packed_b) {
  const int64_t item = int64_t(itemsize(p.dtype));
  const int64_t slivers_a = packed_a ? ceil_div(x.m, micro.rows) : 0;
  const int64_t slivers_b = packed_b ? ceil_div(x.n, micro.cols) : 0;
  const int64_t elements = (slivers_a * micro.rows + slivers_b * micro.cols) * x.k;
  if (elements == 0) return;
  const int64_t panels = x.panels();
  const int64_t parts = std::clamp<int64_t>(elements / panels / kPackGrain, 1, 4 * num_threads());
  parallel_for(0, parts * panels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t panel = unit / parts, part = unit % parts;
      const int64_t k0 = x.k0 + panel * x.depth, k = x.depth_of(panel);
      const int64_t a0 = part_begin(slivers_a, part, parts) * micro.rows;
      const int64_t a1 = std::min(x.m, part_begin(slivers_a, part + 1, parts) * micro.rows);
      if (a0 < a1)
        micro.pack_a(
            element(a, item, p.trans_a, p.lda, x.i0 + a0, k0), p.lda, p.trans_a, a1 - a0, k,
            packed_a + panel_offset(x, micro, x.m, micro.rows, panel) + a0 * k * micro.itemsize);
      const int64_t b0 = part_begin(slivers_b, part, parts) * micro.cols;
      const int64_t b1 = std::min(x.n, part_begin(slivers_b, part + 1, parts) * micro.cols);
      if (b0 < b1)
        micro.pack_b(
            element(b, item, p.trans_b, p.ldb, k0, x.j0 + b0), p.ldb, p.trans_b, b1 - b0, k,
            packed_b + panel_offset(x, micro, x.n, micro.cols, panel) + b0 * k * micro.itemsize);
    }
  });
}

// One product of two blocks. `a` is the packed block where lda is 0, else the stored one.
struct Product {
  const GemmMicro& micro;
  const Block& x;
  const char* a;
  int64_t lda;
  char* packed_b;
  double alpha, beta;
  char* c;
  int64_t ldc;

  int64_t slivers_m() const { return ceil_div(x.m, micro.rows); }
  int64_t slivers_n() const { return ceil_div(x.n, micro.cols); }

  // A tile of c, of whole slivers, stays in the second cache while its panels pass by.
  void multiply(int64_t begin_m, int64_t end_m, int64_t begin_n, int64_t end_n) const {
    const int64_t i0 = begin_m * micro.rows, i1 = std::min(x.m, end_m * micro.rows);
    const int64_t j0 = begin_n * micro.cols, j1 = std::min(x.n, end_n * micro.cols);
    if (i0 >= i1 || j0 >= j1) return;
    const auto multiply = lda ? micro.multiply_rows : micro.multiply;
    for (int64_t panel = 0; panel < x.panels(); ++panel) {
      const int64_t k = x.depth_of(panel);
      const char* rows =
          lda ? a + (i0 * lda + panel * x.depth) * micro.itemsize
              : a + panel_offset(x, micro, x.m, micro.rows, panel) + i0 * k * micro.itemsize;
      multiply(i1 - i0, j1 - j0, k, rows, lda,
               packed_b + panel_offset(x, micro, x.n, micro.cols, panel) + j0 * k * micro.itemsize,
               alpha, panel == 0 ? beta : 1.0, c + ((x.i0 + i0) * ldc + j0) * micro.itemsize, ldc);
    }
  }
};

// Threads take the next tile when they have done one, since those of a shared machine are not
// equally fast.
template <class F>
void take_in_turn(int64_t parts, int64_t workers, const F& run) {
  std::atomic<int64_t> next{0};
  parallel_for(0, workers, 1, [&](int64_t, int64_t) {
    for (int64_t part = next++; part < parts; part = next++) run(part);
  });
}

void multiply_tiles(const Product& product) {
  const Block& x = product.x;
  const int64_t slivers_m = product.slivers_m(), slivers_n = product.slivers_n();
  const int64_t parts_n = ceil_div(x.n, kTileN);
  int64_t parts_m = ceil_div(x.m, kTileM);
  // Fewer threads for little work.
  const double work = double(x.m) * double(x.n) * double(x.k);
  const int64_t workers = std::clamp<int64_t>(int64_t(work / double(kMultiplyGrain)), 1,
                                              std::min<int64_t>(slivers_m, num_threads()));
  // Few tiles are to come out even.
  if (parts_m * parts_n < 8 * workers) parts_m = round_up(parts_m, workers);
  take_in_turn(parts_m * parts_n, workers, [&](int64_t part) {
    const int64_t im = part / parts_n, in = part % parts_n;
    product.multiply(part_begin(slivers_m, im, parts_m), part_begin(slivers_m, im + 1, parts_m),
                     part_begin(slivers_n, in, parts_n), part_begin(slivers_n, in + 1, parts_n));
  });
}

// How many stripes of columns to cut into, four a thread; 0 where they would be too narrow, and for
// large products, to which the packing and the waiting are little.
int64_t stripes_of(int64_t slivers_n, double work) {
  const int64_t threads = num_threads();
  if (threads == 1 || slivers_n < 4 * threads || work < double(threads * kMultiplyGrain)) return 0;
  if (work > kStripedWork) return 0;
  return std::min(4 * threads, slivers_n / 2);
}

// A thread packs the stripe of b that it multiplies next, so that this lies in its own caches and
// nobody waits for another. Measured with two threads on Zen 3 against packing b together first:
// 256^3 111 -> 122 GFLOP/s, but 512^3 127 -> 118 and 1024^3 141 -> 123, as the stripes read all of
// a.
void multiply_stripes(const GemmProblem& p, const void* b, const Product& product, bool pack,
                      int64_t stripes) {
  const Block& x = product.x;
  const GemmMicro& micro = product.micro;
  const int64_t item = int64_t(itemsize(p.dtype));
  const int64_t slivers_m = product.slivers_m(), slivers_n = product.slivers_n();
  const int64_t parts_m = ceil_div(x.m, kTileM);
  take_in_turn(stripes, std::min<int64_t>(stripes, num_threads()), [&](int64_t stripe) {
    const int64_t begin = part_begin(slivers_n, stripe, stripes);
    const int64_t end = part_begin(slivers_n, stripe + 1, stripes);
    const int64_t j0 = begin * micro.cols, j1 = std::min(x.n, end * micro.cols);
    for (int64_t panel = 0; pack && panel < x.panels(); ++panel) {
      const int64_t k = x.depth_of(panel);
      micro.pack_b(element(b, item, p.trans_b, p.ldb, x.k0 + panel * x.depth, x.j0 + j0), p.ldb,
                   p.trans_b, j1 - j0, k,
                   product.packed_b + panel_offset(x, micro, x.n, micro.cols, panel) +
                       j0 * k * micro.itemsize);
    }
    for (int64_t im = 0; im < parts_m; ++im)
      product.multiply(part_begin(slivers_m, im, parts_m), part_begin(slivers_m, im + 1, parts_m),
                       begin, end);
  });
}

// c = alpha * sums + beta * c for half precision, whose sums are float.
template <class T>
void narrow(const GemmProblem& p, int64_t j0, int64_t n, const float* sums, T* c) {
  const float alpha = p.alpha.to<float>(), beta = p.beta.to<float>();
  parallel_for(0, p.m, std::max<int64_t>(1, kPackGrain / n), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* from = sums + i * n;
      T* to = c + i * p.ldc + j0;
      if (beta == 0.0f)
        for (int64_t j = 0; j < n; ++j) to[j] = T(alpha * from[j]);
      else
        for (int64_t j = 0; j < n; ++j) to[j] = T(alpha * from[j] + beta * float(to[j]));
    }
  });
}

}  // namespace

void gemm_blocked(const GemmProblem& p, const GemmMicro& micro, const void* a, const void* b,
                  void* c) {
  const bool half = is_reduced_float(p.dtype);
  const int64_t depth = std::min<int64_t>(micro.depth, p.k);
  const int64_t block_m = std::min(round_up(p.m, micro.rows), round_up(kBlockM, micro.rows));
  const int64_t block_n = std::min(round_up(p.n, micro.cols), round_up(kBlockN, micro.cols));
  // As many panels of depth at a time as the packed blocks may hold.
  const int64_t panels = std::clamp<int64_t>(kPackedElements / (std::max(block_m, block_n) * depth),
                                             1, ceil_div(p.k, depth));
  const int64_t block_k = panels * depth;
  // Rows of a are read in order as they are; columns and other types are packed.
  const bool stored_a = micro.multiply_rows && !p.trans_a;
  const Scratch packed_a(stored_a ? 0 : block_m * block_k * micro.itemsize);
  const Scratch packed_b(block_n * block_k * micro.itemsize);
  const Scratch sums(half ? p.m * std::min(block_n, p.n) * int64_t(sizeof(float)) : 0);
  const double alpha = half ? 1.0 : p.alpha.to_double(), beta = half ? 0.0 : p.beta.to_double();

  for (int64_t j0 = 0; j0 < p.n; j0 += block_n) {
    const int64_t n = std::min(block_n, p.n - j0);
    char* to = half ? sums.get() : static_cast<char*>(c) + j0 * micro.itemsize;
    const int64_t ld = half ? n : p.ldc;
    for (int64_t k0 = 0; k0 < p.k; k0 += block_k) {
      const int64_t k = std::min(block_k, p.k - k0);
      for (int64_t i0 = 0; i0 < p.m; i0 += block_m) {
        const Block x{i0, std::min(block_m, p.m - i0), j0, n, k0, k, depth};
        const int64_t stripes =
            stripes_of(ceil_div(n, micro.cols), double(x.m) * double(n) * double(k));
        pack_blocks(p, micro, x, a, b, stored_a ? nullptr : packed_a.get(),
                    i0 == 0 && !stripes ? packed_b.get() : nullptr);
        const char* block_a =
            stored_a ? element(a, micro.itemsize, false, p.lda, i0, k0) : packed_a.get();
        const Product product{
            micro, x, block_a, stored_a ? p.lda : 0, packed_b.get(), alpha, k0 == 0 ? beta : 1.0,
            to,    ld};
        if (stripes)
          multiply_stripes(p, b, product, i0 == 0, stripes);
        else
          multiply_tiles(product);
      }
    }
    if (p.dtype == DType::F16)
      narrow(p, j0, n, reinterpret_cast<const float*>(to), static_cast<Half*>(c));
    else if (p.dtype == DType::BF16)
      narrow(p, j0, n, reinterpret_cast<const float*>(to), static_cast<BFloat16*>(c));
  }
}

}  // namespace rushlight::cpu
