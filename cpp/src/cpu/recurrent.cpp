// Recurrent layers: see Note [Packed steps]. The weights of the state are packed once for all
// steps; a thread then takes its sequences through the steps without waiting for another.
#include "rushlight/iter/recurrent_kernels.h"

#include "gemm_micro.h"
#include "recurrent_gates.h"
#include "rushlight/core/parallel.h"
#include "rushlight/iter/kernel_slots.h"
#include "scratch.h"

namespace rushlight::cpu::RL_ISA {
namespace {

constexpr int64_t kPackGrain = 16384;           // elements
constexpr double kWalkGrain = double(1 << 20);  // multiply-adds
constexpr int64_t kUnit = 4;                    // sequences that stay together

RL_INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// A weight as the right side of products: k x n, in panels of at most micro.depth.
template <class T>
struct Weight {
  const GemmMicro* micro;
  int64_t n, k;
  T* packed;

  static RL_INLINE int64_t width(const GemmMicro& micro, int64_t n) {
    return (n + micro.cols - 1) / micro.cols * micro.cols;
  }
  static RL_INLINE size_t bytes(const GemmMicro& micro, int64_t n, int64_t k) {
    return size_t(width(micro, n) * k) * sizeof(T);
  }

  // `stored` is k x n, or n x k with trans.
  void pack(const T* stored, bool trans) const {
    const int64_t slivers = width(*micro, n) / micro->cols, per_sliver = micro->cols * k;
    const int64_t grain = kPackGrain / per_sliver;
    parallel_for(0, slivers, grain > 0 ? grain : 1, [&](int64_t begin, int64_t end) {
      const int64_t j0 = begin * micro->cols, j1 = least(n, end * micro->cols);
      for (int64_t k0 = 0; k0 < k; k0 += micro->depth) {
        const int64_t depth = least(micro->depth, k - k0);
        const T* from = stored + (trans ? j0 * k + k0 : k0 * n + j0);
        micro->pack_b(from, trans ? k : n, trans, j1 - j0, depth,
                      packed + width(*micro, n) * k0 + j0 * depth);
      }
    });
  }

  // c = a @ weight + beta * c for m dense rows.
  void multiply(int64_t m, const T* a, double beta, T* c) const {
    for (int64_t k0 = 0; k0 < k; k0 += micro->depth)
      micro->multiply_rows(m, n, least(micro->depth, k - k0), a + k0, k,
                           packed + width(*micro, n) * k0, 1.0, k0 == 0 ? beta : 1.0, c, n);
  }
};

template <class T>
RL_INLINE void copy(T* to, const T* from, int64_t count) {
  __builtin_memcpy(to, from, size_t(count) * sizeof(T));
}

template <class T>
struct Walk {
  using G = Gates<T>;
  const RecurrentPlan& p;
  const int64_t gates;  // width of all gates

  explicit RL_INLINE Walk(const RecurrentPlan& plan)
      : p(plan), gates(recurrent_gates(plan.mode) * plan.hidden) {}

  static RL_INLINE T* at(void* base, int64_t offset) { return static_cast<T*>(base) + offset; }
  static RL_INLINE const T* at(const void* base, int64_t offset) {
    return static_cast<const T*>(base) + offset;
  }

  // body(row, n) at each step that has some of the sequences [begin, end): `row` is where the n of
  // them stand.
  template <class F>
  RL_INLINE void for_steps(bool from_end, int64_t begin, int64_t end, const F& body) const {
    for (int64_t s = 0; s < p.steps; ++s) {
      const int64_t t = from_end ? p.steps - 1 - s : s;
      const int64_t n = least(p.sizes[t], end) - begin;
      if (n > 0) body(p.starts[t] + begin, n);
    }
  }

  // body(begin, end) over parts of the sequences.
  template <class F>
  RL_INLINE void share(const F& body) const {
    const int64_t units = (p.sequences + kUnit - 1) / kUnit;
    const double work = double(p.total) / double(units) * double(gates) * double(p.state);
    const int64_t grain = int64_t(kWalkGrain / (work + 1));
    parallel_for(0, units, grain > 0 ? grain : 1,
                 [&](int64_t b, int64_t e) { body(b * kUnit, least(p.sequences, e * kUnit)); });
  }

  void forward(const GemmMicro& micro) const {
    const int64_t hidden = p.hidden, state = p.state;
    const size_t hh = Weight<T>::bytes(micro, gates, state);
    const size_t hr = p.w_hr ? Weight<T>::bytes(micro, state, hidden) : 0;
    const size_t products =
        p.mode == RecurrentMode::Gru ? size_t(p.sequences * gates) * sizeof(T) : 0;
    with_scratch(hh + hr + products, [&](void* scratch) {
      T* memory = static_cast<T*>(scratch);
      const Weight<T> w_hh{&micro, gates, state, memory};
      const Weight<T> w_hr{&micro, state, hidden, memory + hh / sizeof(T)};
      T* product = memory + (hh + hr) / sizeof(T);
      w_hh.pack(at(p.w_hh, 0), true);
      if (p.w_hr) w_hr.pack(at(p.w_hr, 0), true);
      share([&](int64_t begin, int64_t end) {
        T *h = at(p.h, begin * state), *c = p.c ? at(p.c, begin * hidden) : nullptr;
        T* own = product + begin * gates;
        for_steps(p.reverse, begin, end, [&](int64_t row, int64_t n) {
          T *gate = at(p.gates, row * gates), *out = at(p.output, row * state);
          switch (p.mode) {
            case RecurrentMode::Tanh:
            case RecurrentMode::Relu:
              w_hh.multiply(n, h, 1.0, gate);
              if (p.mode == RecurrentMode::Relu)
                G::template plain<true>(n, hidden, gate, at(p.bias, 0), h);
              else
                G::template plain<false>(n, hidden, gate, at(p.bias, 0), h);
              break;
            case RecurrentMode::Gru:
              w_hh.multiply(n, h, 0.0, own);
              G::gru(n, hidden, gate, own, at(p.bias, 0), at(p.bias_new, 0),
                     at(p.kept, row * hidden), out, h);
              break;
            case RecurrentMode::Lstm:
              w_hh.multiply(n, h, 1.0, gate);
              if (p.w_hr) {
                T* raw = at(p.raw, row * hidden);
                G::lstm(n, hidden, gate, at(p.bias, 0), c, at(p.kept, row * hidden), raw, nullptr);
                w_hr.multiply(n, raw, 0.0, out);
                copy(h, out, n * state);
              } else {
                G::lstm(n, hidden, gate, at(p.bias, 0), c, at(p.kept, row * hidden), out, h);
              }
              break;
          }
        });
      });
    });
  }

  void backward(const RecurrentBackwardPlan& b, const GemmMicro& micro) const {
    const int64_t hidden = p.hidden, state = p.state;
    const size_t hh = Weight<T>::bytes(micro, state, gates);
    const size_t hr = p.w_hr ? Weight<T>::bytes(micro, hidden, state) : 0;
    const size_t raw = p.w_hr ? size_t(p.sequences * hidden) * sizeof(T) : 0;
    with_scratch(hh + hr + raw, [&](void* scratch) {
      T* memory = static_cast<T*>(scratch);
      const Weight<T> w_hh{&micro, state, gates, memory};
      const Weight<T> w_hr{&micro, hidden, state, memory + hh / sizeof(T)};
      T* grad_raw = memory + (hh + hr) / sizeof(T);
      w_hh.pack(at(p.w_hh, 0), false);
      if (p.w_hr) w_hr.pack(at(p.w_hr, 0), false);
      share([&](int64_t begin, int64_t end) {
        T* h = at(p.h, begin * state);
        for_steps(p.reverse, begin, end, [&](int64_t row, int64_t n) {
          copy(at(b.before, row * state), h, n * state);
          copy(h, at(p.output, row * state), n * state);
        });
        T* grad_h = at(b.grad_h, begin * state);
        T* grad_c = b.grad_c ? at(b.grad_c, begin * hidden) : nullptr;
        T* own_raw = grad_raw + begin * hidden;
        for_steps(!p.reverse, begin, end, [&](int64_t row, int64_t n) {
          const T* gate = at(p.gates, row * gates);
          const T* grad_out = b.grad_output ? at(b.grad_output, row * state) : nullptr;
          T* grad_gate = at(b.grad_gates, row * gates);
          switch (p.mode) {
            case RecurrentMode::Tanh:
              G::template plain_backward<false>(n, hidden, gate, grad_out, grad_h, grad_gate);
              w_hh.multiply(n, grad_gate, 0.0, grad_h);
              break;
            case RecurrentMode::Relu:
              G::template plain_backward<true>(n, hidden, gate, grad_out, grad_h, grad_gate);
              w_hh.multiply(n, grad_gate, 0.0, grad_h);
              break;
            case RecurrentMode::Gru: {
              T* grad_product = at(b.grad_products, row * gates);
              G::gru_backward(n, hidden, gate, at(p.kept, row * hidden), at(b.before, row * state),
                              grad_out, grad_h, grad_gate, grad_product);
              w_hh.multiply(n, grad_product, 1.0, grad_h);
              break;
            }
            case RecurrentMode::Lstm: {
              const T* before = at(p.kept, row * hidden);
              if (p.w_hr) {
                T* projected = at(b.grad_projected, row * state);
                for (int64_t i = 0; i < n * state; ++i)
                  projected[i] = grad_out ? grad_out[i] + grad_h[i] : grad_h[i];
                w_hr.multiply(n, projected, 0.0, own_raw);
                G::lstm_backward(n, hidden, gate, before, own_raw, nullptr, grad_c, grad_gate);
              } else {
                G::lstm_backward(n, hidden, gate, before, grad_out, grad_h, grad_c, grad_gate);
              }
              w_hh.multiply(n, grad_gate, 0.0, grad_h);
              break;
            }
          }
        });
      });
    });
  }
};

template <class T, DType kDType>
void forward(const RecurrentPlan& plan) {
  Walk<T>(plan).forward(*kernel_slots(DeviceType::CPU).gemm_micro(kDType));
}
template <class T, DType kDType>
void backward(const RecurrentBackwardPlan& plan) {
  Walk<T>(plan.forward).backward(plan, *kernel_slots(DeviceType::CPU).gemm_micro(kDType));
}

constexpr RecurrentKernels kFloat{&forward<float, DType::F32>, &backward<float, DType::F32>};
constexpr RecurrentKernels kDouble{&forward<double, DType::F64>, &backward<double, DType::F64>};

const RecurrentKernels* recurrent(DType dtype) {
  return dtype == DType::F32 ? &kFloat : dtype == DType::F64 ? &kDouble : nullptr;
}

}  // namespace

void register_recurrent(KernelSlots& slots) { slots.recurrent = &recurrent; }

}  // namespace rushlight::cpu::RL_ISA
