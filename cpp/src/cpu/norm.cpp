// Normalisation over rows (layer, group, instance, root mean square) and over a batch, with
// gradients. Means and squared deviations take two passes over what is in cache and are merged in
// double; half and bfloat16 are computed in float.
#include "row_loops.h"
#include "rushlight/iter/norm_kernels.h"
#include "scratch.h"

namespace rushlight::cpu::RL_ISA {

void run_unit(const UnitPlan& plan);  // units.cpp
bool run_loss(const LossPlan& plan);  // pair_loss.cpp
void run_glu(const GluPlan& plan);    // gates.cpp
void run_prelu(const PreluPlan& plan);

namespace {

RL_INLINE int64_t at_least_one(int64_t n) { return n > 0 ? n : 1; }
RL_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// f(b, e) on pieces of items of `size` elements each.
template <class F>
RL_INLINE void over_items(int64_t items, int64_t size, const F& f) {
  parallel_for(0, items, at_least_one(kGrain / 4 / at_least_one(size)), f);
}

// A mean and the sum of squared deviations from it.
struct Spread {
  double mean, squares;
};

#define RL_REGISTERS [&](int64_t i, int64_t count) __attribute__((always_inline))
#define RL_STRIP     [&](int64_t r, int64_t i, int64_t count) __attribute__((always_inline))
#define RL_PAIRS [&](int64_t i, int64_t count, V& first, V& second) __attribute__((always_inline))

template <class T>
struct NormKernel : RowLoops<T> {
  using Loops = RowLoops<T>;
  using Loops::fold;
  using Loops::for_registers;
  using Loops::keep;
  using Loops::load;
  using Loops::store;
  using Loops::sum_pairs;
  using Loops::sum_terms;
  using typename Loops::C;
  using typename Loops::V;
  static constexpr int64_t kChunk = 16384;  // elements that are read twice in a row
  static constexpr int64_t kRows = 64;      // rows of a strip whose columns are summed in C
  static constexpr int64_t kStrip = 256;    // columns of a strip

  // Parameters, in registers; `one` where there are none.
  static RL_INLINE V read(const C* p, int64_t i, int64_t count, C none) {
    if (!p) return V(none);
    return count == V::kSize ? V::loadu(p + i) : V::load_partial(p + i, count);
  }
  static RL_INLINE C read(const C* p, int64_t i, C none) { return p ? p[i] : none; }
  static RL_INLINE void add_to(C* p, V v, int64_t count) {
    if (count == V::kSize)
      (V::loadu(p) + v).storeu(p);
    else
      (V::load_partial(p, count) + v).store_partial(p, count);
  }

  // Deviations are taken from the mean rounded to C; what that adds to their squares is known.
  static RL_INLINE Spread spread_of_chunk(const T* x, int64_t n) {
    if (n <= V::kSize) {
      const V v = load(x, n);
      const C mean = fold(keep(v, n)) / C(n);
      const V d = keep(v - V(mean), n);
      return {double(mean), double(fold(d * d))};
    }
    const double mean = sum_terms(n, RL_REGISTERS { return load(x + i, count); }) / double(n);
    const V centre{C(mean)};
    const double gap = mean - double(C(mean)),
                 squares = sum_terms(
                               n,
                               RL_REGISTERS {
                                 const V d = load(x + i, count) - centre;
                                 return d * d;
                               }) -
                           double(n) * gap * gap;
    return {mean, squares < 0 ? 0 : squares};
  }
  static Spread spread(const T* x, int64_t n) {
    if (n <= kChunk) return spread_of_chunk(x, n);
    Spread total{0, 0};
    for (int64_t i = 0; i < n; i += kChunk) {
      const int64_t here = smaller(kChunk, n - i);
      const Spread part = spread_of_chunk(x + i, here);
      const double share = double(here) / double(i + here), gap = part.mean - total.mean;
      total.squares += part.squares + gap * gap * double(i) * share;
      total.mean += gap * share;
    }
    return total;
  }
  static RL_INLINE double root_inverse(double variance, double eps) {
    return 1 / __builtin_sqrt(variance + eps);
  }

  // ---- rows

  static void row_forward(const RowNormPlan& p) {
    const int64_t n = p.n, inner = p.inner, channels = p.channels();
    const C *weight = static_cast<const C*>(p.weight), *bias = static_cast<const C*>(p.bias);
    over_items(p.rows, n, [&](int64_t b, int64_t e) {
      for (int64_t r = b; r < e; ++r) {
        const T* x = static_cast<const T*>(p.x) + r * n;
        T* out = static_cast<T*>(p.out) + r * n;
        C mean(0), rstd;
        if (p.centred) {
          const Spread s = spread(x, n);
          mean = C(s.mean);
          rstd = C(root_inverse(s.squares / double(n), p.eps));
          static_cast<C*>(p.mean)[r] = mean;
        } else {
          const double squares = sum_terms(
              n, RL_REGISTERS {
                const V v = load(x + i, count);
                return v * v;
              });
          rstd = C(root_inverse(squares / double(n), p.eps));
        }
        static_cast<C*>(p.rstd)[r] = rstd;
        const int64_t base = r % p.groups * channels;
        if (inner == 1) {
          const C *w = weight ? weight + base : nullptr, *shift = bias ? bias + base : nullptr;
          for_registers(
              n, RL_REGISTERS {
                const V normal = (load(x + i, count) - V(mean)) * V(rstd);
                store(out + i, normal * read(w, i, count, C(1)) + read(shift, i, count, C(0)),
                      count);
              });
          continue;
        }
        for (int64_t c = 0; c < channels; ++c) {
          const T* from = x + c * inner;
          T* to = out + c * inner;
          const V scale(rstd * read(weight, base + c, C(1))), shift(read(bias, base + c, C(0)));
          for_registers(
              inner, RL_REGISTERS {
                store(to + i, (load(from + i, count) - V(mean)) * scale + shift, count);
              });
        }
      }
    });
  }

  // One row with a parameter for each element: dx, and what it adds to the parameters' gradients.
  static RL_INLINE void element_row(const RowNormPlan& p, int64_t r, C* grad_weight, C* grad_bias) {
    const int64_t n = p.n, base = r % p.groups * n;
    const T *x = static_cast<const T*>(p.x) + r * n, *g = static_cast<const T*>(p.grad) + r * n;
    const C* w = p.weight ? static_cast<const C*>(p.weight) + base : nullptr;
    const V mean(p.centred ? static_cast<const C*>(p.mean)[r] : C(0));
    const C rstd = static_cast<const C*>(p.rstd)[r];
    if (p.grad_x) {
      T* out = static_cast<T*>(p.grad_x) + r * n;
      const SumPair s = sum_pairs(
          n, RL_PAIRS {
            first = load(g + i, count) * read(w, i, count, C(1));
            second = first * ((load(x + i, count) - mean) * V(rstd));
          });
      const V even(p.centred ? C(s.first / double(n)) : C(0)), slope(C(s.second / double(n)));
      for_registers(
          n, RL_REGISTERS {
            const V grad = load(g + i, count) * read(w, i, count, C(1));
            const V normal = (load(x + i, count) - mean) * V(rstd);
            store(out + i, (grad - even - normal * slope) * V(rstd), count);
          });
    }
    if (grad_weight || grad_bias)
      for_registers(
          n, RL_REGISTERS {
            const V grad = load(g + i, count);
            if (grad_weight)
              add_to(grad_weight + base + i, grad * ((load(x + i, count) - mean) * V(rstd)), count);
            if (grad_bias) add_to(grad_bias + base + i, grad, count);
          });
  }

  // Blocks of rows, the same for any number of threads, each with sums of its own.
  static void element_rows(const RowNormPlan& p) {
    if (!p.grad_weight && !p.grad_bias)
      return over_items(p.rows, p.n, [&](int64_t b, int64_t e) {
        for (int64_t r = b; r < e; ++r) element_row(p, r, nullptr, nullptr);
      });
    const int64_t parameters = p.parameters();
    int64_t blocks = smaller(64, at_least_one(p.rows * p.n / kGrain));
    if (blocks < (p.rows + 255) / 256) blocks = (p.rows + 255) / 256;
    const int64_t block_rows = (p.rows + blocks - 1) / blocks;
    with_scratch(size_t(blocks * parameters * 2) * sizeof(C), [&](void* scratch) {
      C* parts = static_cast<C*>(scratch);
      over_items(blocks, block_rows * p.n, [&](int64_t b, int64_t e) {
        for (int64_t block = b; block < e; ++block) {
          C* part = parts + block * parameters * 2;
          __builtin_memset(part, 0, size_t(parameters * 2) * sizeof(C));
          const int64_t last = smaller((block + 1) * block_rows, p.rows);
          for (int64_t r = block * block_rows; r < last; ++r)
            element_row(p, r, p.grad_weight ? part : nullptr,
                        p.grad_bias ? part + parameters : nullptr);
        }
      });
      add_blocks(parts, blocks, parameters, static_cast<C*>(p.grad_weight),
                 static_cast<C*>(p.grad_bias));
    });
  }
  // parts (blocks, 2, width), added up in double.
  static void add_blocks(const C* parts, int64_t blocks, int64_t width, C* first, C* second) {
    over_items((width + kStrip - 1) / kStrip, blocks * kStrip, [&](int64_t b, int64_t e) {
      for (int64_t strip = b; strip < e; ++strip) {
        const int64_t at = strip * kStrip, n = smaller(kStrip, width - at);
        for (int half = 0; half < 2; ++half) {
          C* out = half ? second : first;
          if (!out) continue;
          double total[kStrip] = {};
          for (int64_t block = 0; block < blocks; ++block) {
            const C* part = parts + (2 * block + half) * width + at;
            for (int64_t c = 0; c < n; ++c) total[c] += double(part[c]);
          }
          for (int64_t c = 0; c < n; ++c) out[at + c] = C(total[c]);
        }
      }
    });
  }

  // Rows whose parameters belong to `inner` neighbours: sums of g and g * (x - mean) for each.
  static void channel_rows(const RowNormPlan& p) {
    const int64_t n = p.n, inner = p.inner, channels = p.channels(), parameters = p.parameters();
    const C *weight = static_cast<const C*>(p.weight), *means = static_cast<const C*>(p.mean),
            *rstds = static_cast<const C*>(p.rstd);
    with_scratch(size_t(p.rows * channels) * sizeof(SumPair), [&](void* scratch) {
      SumPair* sums = static_cast<SumPair*>(scratch);
      over_items(p.rows, n, [&](int64_t b, int64_t e) {
        for (int64_t r = b; r < e; ++r) {
          const T *x = static_cast<const T*>(p.x) + r * n,
                  *g = static_cast<const T*>(p.grad) + r * n;
          const V mean(p.centred ? means[r] : C(0));
          const double rstd = double(rstds[r]);
          const int64_t first_channel = r % p.groups * channels;
          double even = 0, slope = 0;
          for (int64_t c = 0; c < channels; ++c) {
            const T *from = x + c * inner, *grad = g + c * inner;
            const SumPair s = sum_pairs(
                inner, RL_PAIRS {
                  first = load(grad + i, count);
                  second = first * (load(from + i, count) - mean);
                });
            sums[r * channels + c] = s;
            const double w = double(read(weight, first_channel + c, C(1)));
            even += w * s.first;
            slope += w * s.second;
          }
          if (!p.grad_x) continue;
          T* out = static_cast<T*>(p.grad_x) + r * n;
          const V offset(p.centred ? C(even / double(n) * rstd) : C(0));
          const V factor(C(slope / double(n) * rstd * rstd * rstd));
          for (int64_t c = 0; c < channels; ++c) {
            const T *from = x + c * inner, *grad = g + c * inner;
            T* to = out + c * inner;
            const V scale(C(double(read(weight, first_channel + c, C(1))) * rstd));
            for_registers(
                inner, RL_REGISTERS {
                  store(to + i,
                        load(grad + i, count) * scale - offset -
                            (load(from + i, count) - mean) * factor,
                        count);
                });
          }
        }
      });
      if (!p.grad_weight && !p.grad_bias) return;
      over_items(parameters, p.rows / p.groups, [&](int64_t b, int64_t e) {
        for (int64_t i = b; i < e; ++i) {
          double first = 0, second = 0;
          for (int64_t r = i / channels; r < p.rows; r += p.groups) {
            const SumPair& s = sums[r * channels + i % channels];
            first += s.first;
            second += s.second * double(rstds[r]);
          }
          if (p.grad_weight) static_cast<C*>(p.grad_weight)[i] = C(second);
          if (p.grad_bias) static_cast<C*>(p.grad_bias)[i] = C(first);
        }
      });
    });
  }

  static void row_backward(const RowNormPlan& p) {
    if (p.inner == 1)
      element_rows(p);
    else
      channel_rows(p);
  }

  // ---- batch

  // body(block, first row, rows, first column, columns) for strips of kRows rows.
  template <class F>
  static RL_INLINE void over_strips(const BatchNormPlan& p, const F& body) {
    const int64_t blocks = (p.outer + kRows - 1) / kRows,
                  strips = (p.channels + kStrip - 1) / kStrip;
    over_items(blocks * strips, kRows * smaller(kStrip, p.channels), [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e; ++i) {
        const int64_t row = i / strips * kRows, column = i % strips * kStrip;
        body(i / strips, row, smaller(kRows, p.outer - row), column,
             smaller(kStrip, p.channels - column));
      }
    });
  }
  // finish(channel), for each.
  template <class F>
  static RL_INLINE void over_channels(const BatchNormPlan& p, const F& finish) {
    over_items(p.channels, p.inner == 1 ? p.outer / kRows : p.outer, [&](int64_t b, int64_t e) {
      for (int64_t c = b; c < e; ++c) finish(c);
    });
  }

  static void finish_statistics(const BatchNormPlan& p, int64_t c, double mean, double squares) {
    const double count = double(p.outer) * double(p.inner);
    static_cast<C*>(p.mean)[c] = C(mean);
    static_cast<C*>(p.rstd)[c] = C(root_inverse(squares / count, p.eps));
    if (p.running_mean) {
      C& old = static_cast<C*>(p.running_mean)[c];
      old = C((1 - p.momentum) * double(old) + p.momentum * mean);
    }
    if (p.running_var) {
      C& old = static_cast<C*>(p.running_var)[c];
      old = C((1 - p.momentum) * double(old) + p.momentum * (squares / (count - 1)));
    }
  }

  static void statistics(const BatchNormPlan& p) {
    const T* x = static_cast<const T*>(p.x);
    const int64_t channels = p.channels, inner = p.inner;
    const int64_t parts = inner == 1 ? (p.outer + kRows - 1) / kRows : p.outer;
    with_scratch(size_t(parts * channels) * sizeof(Spread), [&](void* scratch) {
      Spread* spreads = static_cast<Spread*>(scratch);
      if (inner > 1)
        over_items(parts * channels, inner, [&](int64_t b, int64_t e) {
          for (int64_t i = b; i < e; ++i) spreads[i] = spread(x + i * inner, inner);
        });
      else
        over_strips(p, [&](int64_t block, int64_t row, int64_t rows, int64_t column,
                           int64_t width) {
          const T* from = x + row * channels + column;
          C mean[kStrip], squares[kStrip];
          sum_columns(rows, width, mean, RL_STRIP { return load(from + r * channels + i, count); });
          for (int64_t c = 0; c < width; ++c) mean[c] = C(double(mean[c]) / double(rows));
          sum_columns(
              rows, width, squares, RL_STRIP {
                const V d = load(from + r * channels + i, count) - V::loadu(mean + i);
                return d * d;
              });
          for (int64_t c = 0; c < width; ++c)
            spreads[block * channels + column + c] = {double(mean[c]), double(squares[c])};
        });
      const double count = double(p.outer) * double(inner);
      over_channels(p, [&](int64_t c) {
        double mean = 0, squares = 0;
        for (int64_t i = 0; i < parts; ++i) mean += spreads[i * channels + c].mean * size_of(p, i);
        mean /= count;
        for (int64_t i = 0; i < parts; ++i) {
          const Spread& s = spreads[i * channels + c];
          squares += s.squares + (s.mean - mean) * (s.mean - mean) * size_of(p, i);
        }
        finish_statistics(p, c, mean, squares);
      });
    });
  }
  // Elements of part i of a channel.
  static RL_INLINE double size_of(const BatchNormPlan& p, int64_t i) {
    return double(p.inner > 1 ? p.inner : smaller(kRows, p.outer - i * kRows));
  }
  // sums has room for whole registers.
  template <class F>
  static RL_INLINE void sum_columns(int64_t rows, int64_t width, C* sums, const F& term) {
    for_registers(
        width, RL_REGISTERS {
          V a(C(0)), b(C(0));
          int64_t r = 0;
          for (; r + 2 <= rows; r += 2) {
            a += term(r, i, count);
            b += term(r + 1, i, count);
          }
          if (r < rows) a += term(r, i, count);
          (a + b).storeu(sums + i);
        });
  }

  static void batch_forward(const BatchNormPlan& p) {
    const int64_t channels = p.channels, inner = p.inner;
    C *means = static_cast<C*>(p.mean), *rstds = static_cast<C*>(p.rstd);
    if (p.training) {
      statistics(p);
    } else {
      for (int64_t c = 0; c < channels; ++c) {
        means[c] = static_cast<const C*>(p.running_mean)[c];
        rstds[c] = C(root_inverse(double(static_cast<const C*>(p.running_var)[c]), p.eps));
      }
    }
    const T* x = static_cast<const T*>(p.x);
    T* out = static_cast<T*>(p.out);
    const C *weight = static_cast<const C*>(p.weight), *bias = static_cast<const C*>(p.bias);
    if (inner > 1)
      return over_items(p.outer * channels, inner, [&](int64_t b, int64_t e) {
        for (int64_t item = b; item < e; ++item) {
          const int64_t c = item % channels;
          const V mean(means[c]), scale(rstds[c] * read(weight, c, C(1))),
              shift(read(bias, c, C(0)));
          const T* from = x + item * inner;
          T* to = out + item * inner;
          for_registers(
              inner, RL_REGISTERS {
                store(to + i, (load(from + i, count) - mean) * scale + shift, count);
              });
        }
      });
    over_items(p.outer, channels, [&](int64_t b, int64_t e) {
      for (int64_t row = b; row < e; ++row) {
        const T* from = x + row * channels;
        T* to = out + row * channels;
        for_registers(
            channels, RL_REGISTERS {
              const V scale = read(rstds, i, count, C(0)) * read(weight, i, count, C(1));
              store(to + i,
                    (load(from + i, count) - read(means, i, count, C(0))) * scale +
                        read(bias, i, count, C(0)),
                    count);
            });
      }
    });
  }

  // dx = g * scale - even - (x - mean) * slope, a channel's.
  struct Slopes {
    C *scale, *even, *slope;
  };

  static void batch_sums(const BatchNormPlan& p, const Slopes& k) {
    const T *x = static_cast<const T*>(p.x), *g = static_cast<const T*>(p.grad);
    const int64_t channels = p.channels, inner = p.inner;
    const C *means = static_cast<const C*>(p.mean), *rstds = static_cast<const C*>(p.rstd),
            *weight = static_cast<const C*>(p.weight);
    const int64_t parts = inner == 1 ? (p.outer + kRows - 1) / kRows : p.outer;
    const bool sums_wanted = p.training || p.grad_weight || p.grad_bias;
    with_scratch(sums_wanted ? size_t(parts * channels) * sizeof(SumPair) : 0, [&](void* scratch) {
      SumPair* sums = static_cast<SumPair*>(scratch);
      if (!sums_wanted) {
      } else if (inner > 1) {
        over_items(parts * channels, inner, [&](int64_t b, int64_t e) {
          for (int64_t item = b; item < e; ++item) {
            const T *from = x + item * inner, *grad = g + item * inner;
            const V mean(means[item % channels]);
            sums[item] = sum_pairs(
                inner, RL_PAIRS {
                  first = load(grad + i, count);
                  second = first * (load(from + i, count) - mean);
                });
          }
        });
      } else {
        over_strips(
            p, [&](int64_t block, int64_t row, int64_t rows, int64_t column, int64_t width) {
              const T *from = x + row * channels + column, *grad = g + row * channels + column;
              const C* mean = means + column;
              C first[kStrip], second[kStrip];
              sum_columns(
                  rows, width, first, RL_STRIP { return load(grad + r * channels + i, count); });
              sum_columns(
                  rows, width, second, RL_STRIP {
                    const int64_t at = r * channels + i;
                    return load(grad + at, count) *
                           (load(from + at, count) - read(mean, i, count, C(0)));
                  });
              for (int64_t c = 0; c < width; ++c)
                sums[block * channels + column + c] = {double(first[c]), double(second[c])};
            });
      }
      const double count = double(p.outer) * double(inner);
      over_channels(p, [&](int64_t c) {
        double first = 0, second = 0;
        if (sums_wanted)
          for (int64_t i = 0; i < parts; ++i) {
            first += sums[i * channels + c].first;
            second += sums[i * channels + c].second;
          }
        const double rstd = double(rstds[c]), scale = double(read(weight, c, C(1))) * rstd;
        if (p.grad_weight) static_cast<C*>(p.grad_weight)[c] = C(second * rstd);
        if (p.grad_bias) static_cast<C*>(p.grad_bias)[c] = C(first);
        k.scale[c] = C(scale);
        k.even[c] = p.training ? C(scale * first / count) : C(0);
        k.slope[c] = p.training ? C(scale * rstd * rstd * second / count) : C(0);
      });
    });
  }

  static void batch_backward(const BatchNormPlan& p) {
    const int64_t channels = p.channels, inner = p.inner;
    with_scratch(size_t(3 * channels) * sizeof(C), [&](void* scratch) {
      C* from_scratch = static_cast<C*>(scratch);
      const Slopes k{from_scratch, from_scratch + channels, from_scratch + 2 * channels};
      batch_sums(p, k);
      if (!p.grad_x) return;
      const T *x = static_cast<const T*>(p.x), *g = static_cast<const T*>(p.grad);
      T* out = static_cast<T*>(p.grad_x);
      const C* means = static_cast<const C*>(p.mean);
      if (inner > 1)
        return over_items(p.outer * channels, inner, [&](int64_t b, int64_t e) {
          for (int64_t item = b; item < e; ++item) {
            const int64_t c = item % channels;
            const V mean(means[c]), scale(k.scale[c]), even(k.even[c]), slope(k.slope[c]);
            const T *from = x + item * inner, *grad = g + item * inner;
            T* to = out + item * inner;
            for_registers(
                inner, RL_REGISTERS {
                  const V shift =
                      p.training ? even + (load(from + i, count) - mean) * slope : V(C(0));
                  store(to + i, load(grad + i, count) * scale - shift, count);
                });
          }
        });
      over_items(p.outer, channels, [&](int64_t b, int64_t e) {
        for (int64_t row = b; row < e; ++row) {
          const T *from = x + row * channels, *grad = g + row * channels;
          T* to = out + row * channels;
          for_registers(
              channels, RL_REGISTERS {
                const V d = load(from + i, count) - read(means, i, count, C(0));
                const V shift =
                    p.training ? read(k.even, i, count, C(0)) + d * read(k.slope, i, count, C(0))
                               : V(C(0));
                store(to + i, load(grad + i, count) * read(k.scale, i, count, C(0)) - shift, count);
              });
        }
      });
    });
  }

  static constexpr NormKernels kTable = {&row_forward,    &row_backward, &batch_forward,
                                         &batch_backward, &run_unit,     &run_loss,
                                         &run_glu,        &run_prelu};
};
#undef RL_REGISTERS
#undef RL_PAIRS
#undef RL_STRIP

const NormKernels* norms(DType dtype) {
  switch (dtype) {
    case DType::F16: return &NormKernel<Half>::kTable;
    case DType::BF16: return &NormKernel<BFloat16>::kTable;
    case DType::F32: return &NormKernel<float>::kTable;
    case DType::F64: return &NormKernel<double>::kTable;
    default: return nullptr;
  }
}

}  // namespace

void register_norm(KernelSlots& slots) { slots.norms = &norms; }

}  // namespace rushlight::cpu::RL_ISA
