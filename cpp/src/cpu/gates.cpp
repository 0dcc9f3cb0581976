// glu and prelu with their gradients, one pass each. Half and bfloat16 are computed in float.
#include "row_loops.h"
#include "rushlight/iter/gate_plan.h"
#include "scratch.h"

namespace rushlight::cpu::RL_ISA {

void run_glu(const GluPlan& plan);
void run_prelu(const PreluPlan& plan);

namespace {

constexpr int64_t kBlock = 16384;  // elements whose sum is one item of work

#define RL_REGISTERS [&](int64_t i, int64_t count) __attribute__((always_inline))

template <class T>
struct GateKernel : RowLoops<T> {
  using Loops = RowLoops<T>;
  using Loops::for_registers;
  using Loops::load;
  using Loops::store;
  using typename Loops::C;
  using typename Loops::V;

  static void glu(const GluPlan& p) {
    const int64_t run = p.run, blocks = (run + kBlock - 1) / kBlock;
    const int64_t block = run < kBlock ? run : kBlock, grain = kGrain / 4 / block;
    parallel_for(0, p.outer * blocks, grain > 0 ? grain : 1, [&](int64_t b, int64_t e) {
      for (int64_t item = b; item < e; ++item) {
        const int64_t row = item / blocks, at = item % blocks * kBlock;
        const int64_t n = run - at < kBlock ? run - at : kBlock;
        const T* x = static_cast<const T*>(p.x) + row * 2 * run + at;
        const T* gate = x + run;
        if (!p.grad) {
          T* out = static_cast<T*>(p.out) + row * run + at;
          for_registers(
              n, RL_REGISTERS {
                store(out + i, load(x + i, count) * math::sigmoid(load(gate + i, count)), count);
              });
          continue;
        }
        const T* g = static_cast<const T*>(p.grad) + row * run + at;
        T* out = static_cast<T*>(p.out) + row * 2 * run + at;
        for_registers(
            n, RL_REGISTERS {
              const V s = math::sigmoid(load(gate + i, count)), through = load(g + i, count) * s;
              store(out + i, through, count);
              store(out + run + i, through * (load(x + i, count) * (number<V>(1) - s)), count);
            });
      }
    });
  }

  // One run of elements with one slope; the sum of what they add to the slope's gradient.
  static RL_INLINE double leaky_run(const PreluPlan& p, int64_t at, int64_t n, C slope) {
    const T* x = static_cast<const T*>(p.x) + at;
    const V w(slope), zero = number<V>(0);
    T* out = p.out ? static_cast<T*>(p.out) + at : nullptr;
    if (!p.grad) {
      for_registers(
          n, RL_REGISTERS {
            const V v = load(x + i, count);
            store(out + i, select(v > zero, v, v * w), count);
          });
      return 0;
    }
    const T* g = static_cast<const T*>(p.grad) + at;
    if (out)
      for_registers(
          n, RL_REGISTERS {
            const V grad = load(g + i, count);
            store(out + i, select(load(x + i, count) > zero, grad, grad * w), count);
          });
    if (!p.grad_weight) return 0;
    return Loops::sum_terms(
        n, RL_REGISTERS {
          const V v = load(x + i, count);
          return select(v > zero, zero, v * load(g + i, count));
        });
  }

  static void prelu(const PreluPlan& p) {
    if (p.inner == 1 && p.channels > 1) return prelu_rows(p);
    const T* weight = static_cast<const T*>(p.weight);
    const int64_t blocks = (p.inner + kBlock - 1) / kBlock, pairs = p.outer * p.channels;
    const int64_t block = p.inner < kBlock ? p.inner : kBlock, grain = kGrain / 4 / block;
    with_scratch(p.grad_weight ? size_t(pairs * blocks) * sizeof(double) : 0, [&](void* scratch) {
      double* sums = static_cast<double*>(scratch);
      parallel_for(0, pairs * blocks, grain > 0 ? grain : 1, [&](int64_t b, int64_t e) {
        for (int64_t item = b; item < e; ++item) {
          const int64_t pair = item / blocks, at = item % blocks * kBlock;
          const int64_t n = p.inner - at < kBlock ? p.inner - at : kBlock;
          const double sum = leaky_run(p, pair * p.inner + at, n, C(weight[pair % p.channels]));
          if (p.grad_weight) sums[item] = sum;
        }
      });
      if (!p.grad_weight) return;
      for (int64_t c = 0; c < p.channels; ++c) {
        double total = 0;
        for (int64_t o = 0; o < p.outer; ++o)
          for (int64_t k = 0; k < blocks; ++k) total += sums[(o * p.channels + c) * blocks + k];
        static_cast<C*>(p.grad_weight)[c] = C(total);
      }
    });
  }

  // (outer, channels): strips of channels, each row after row.
  static void prelu_rows(const PreluPlan& p) {
    constexpr int64_t kStrip = 64;
    const T *x = static_cast<const T*>(p.x), *g = static_cast<const T*>(p.grad),
            *weight = static_cast<const T*>(p.weight);
    T* out = static_cast<T*>(p.out);
    const int64_t strips = (p.channels + kStrip - 1) / kStrip;
    const int64_t grain = kGrain / 4 / (kStrip * p.outer);
    parallel_for(0, strips, grain > 0 ? grain : 1, [&](int64_t b, int64_t e) {
      for (int64_t strip = b; strip < e; ++strip) {
        const int64_t column = strip * kStrip;
        const int64_t width = p.channels - column < kStrip ? p.channels - column : kStrip;
        double total[kStrip] = {};
        C terms[kStrip];
        for (int64_t row = 0; row < p.outer; ++row) {
          const int64_t at = row * p.channels + column;
          for_registers(
              width, RL_REGISTERS {
                const V v = load(x + at + i, count), w = load(weight + column + i, count);
                const auto above = v > number<V>(0);
                if (!g) {
                  store(out + at + i, select(above, v, v * w), count);
                } else {
                  const V grad = load(g + at + i, count);
                  if (out) store(out + at + i, select(above, grad, grad * w), count);
                  if (p.grad_weight) select(above, number<V>(0), v * grad).storeu(terms + i);
                }
              });
          if (p.grad_weight)
            for (int64_t c = 0; c < width; ++c) total[c] += double(terms[c]);
        }
        if (p.grad_weight)
          for (int64_t c = 0; c < width; ++c)
            static_cast<C*>(p.grad_weight)[column + c] = C(total[c]);
      }
    });
  }
};
#undef RL_REGISTERS

template <class F>
RL_INLINE void for_float(DType dtype, const F& fn) {
  switch (dtype) {
    case DType::F16: return fn(GateKernel<Half>{});
    case DType::BF16: return fn(GateKernel<BFloat16>{});
    case DType::F32: return fn(GateKernel<float>{});
    default: return fn(GateKernel<double>{});
  }
}

}  // namespace

void run_glu(const GluPlan& plan) {
  for_float(plan.dtype, [&](auto kernel) __attribute__((always_inline)) { kernel.glu(plan); });
}
void run_prelu(const PreluPlan& plan) {
  for_float(plan.dtype, [&](auto kernel) __attribute__((always_inline)) { kernel.prelu(plan); });
}

}  // namespace rushlight::cpu::RL_ISA
