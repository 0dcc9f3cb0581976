// The negative log likelihood and its gradient.
#include "reduce_launch.cuh"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

// The first sample whose target is no class, or -1. Waits for the device: a bad target raises.
int64_t first_bad_target(const NllPlan& plan) {
  const int64_t n = plan.batch * plan.inner;
  const Answer<unsigned long long> first(~0ull);
  unsigned long long* at = first.data();
  const int64_t* target = plan.target;
  const int64_t classes = plan.classes, ignore = plan.ignore_index;
  for_range(n, [=] __device__(int64_t i) {
    const int64_t t = target[i];
    if ((t < 0 || t >= classes) && t != ignore) atomicMin(at, (unsigned long long)(i));
  });
  return int64_t(first.read());
}

struct Totals {
  double loss, weight;
};

// Over the samples.
template <class T>
struct NllMonoid {
  using A = Totals;
  using Element = int64_t;  // a target
  NllPlan plan;
  Totals* out;

  __device__ double weight(int64_t t) const {
    return plan.weight ? double(Compute<T>(static_cast<const T*>(plan.weight)[t])) : 1.0;
  }
  __device__ int64_t element(int64_t i, int64_t t) const {
    return (i / plan.inner * plan.classes + t) * plan.inner + i % plan.inner;
  }
  __device__ A identity() const { return {0, 0}; }
  __device__ A load(int64_t t, uint32_t i) const {
    if (t == plan.ignore_index) return {0, 0};
    const double w = weight(t);
    const double x =
        plan.input ? double(Compute<T>(static_cast<const T*>(plan.input)[element(i, t)])) : 0.0;
    return {-w * x, w};
  }
  __device__ A combine(A a, A b) const { return {a.loss + b.loss, a.weight + b.weight}; }
  __device__ void store(int64_t, A total) const { *out = total; }
};

template <class T>
void totals(const NllMonoid<T>& m) {
  ReducePlan plan;
  plan.kind = ReduceCase::All;
  plan.kept = 0;
  plan.reduced = 1;
  plan.itemsize = 8;
  plan.count = m.plan.batch * m.plan.inner;
  plan.outputs = 1;
  plan.in = reinterpret_cast<const char*>(m.plan.target);
  plan.reduced_shape[0] = plan.count;
  plan.reduced_in[0] = 8;
  reduce(plan, m);
}

template <class T>
void forward(const NllPlan& plan) {
  using C = Compute<T>;
  const int64_t n = plan.batch * plan.inner;
  T* out = static_cast<T*>(plan.out);
  if (plan.reduction == Reduction::None) {
    const NllMonoid<T> m{plan, nullptr};
    return for_range(n, [=] __device__(int64_t i) {
      const int64_t t = m.plan.target[i];
      const T* x = static_cast<const T*>(m.plan.input);
      out[i] = T(t == m.plan.ignore_index ? C(0) : -C(m.weight(t)) * C(x[m.element(i, t)]));
    });
  }
  const Workspace total(sizeof(Totals));
  Totals* at = total.as<Totals>();
  if (n > 0)
    totals(NllMonoid<T>{plan, at});
  else
    check(cudaMemsetAsync(at, 0, sizeof(Totals), current_stream()), "cudaMemsetAsync");
  const bool mean = plan.reduction == Reduction::Mean;
  for_range(1, [=] __device__(int64_t) { *out = T(C(mean ? at->loss / at->weight : at->loss)); });
}

template <class T>
void backward(const NllPlan& plan) {
  using C = Compute<T>;
  const int64_t n = plan.batch * plan.inner;
  T* out = static_cast<T*>(plan.out);
  check(cudaMemsetAsync(out, 0, size_t(n * plan.classes) * sizeof(T), current_stream()), "cudaMemsetAsync");
  if (n == 0) return;
  const Workspace total(sizeof(Totals));
  Totals* at = total.as<Totals>();
  const bool mean = plan.reduction == Reduction::Mean, none = plan.reduction == Reduction::None;
  NllPlan weights = plan;
  weights.input = nullptr;
  const NllMonoid<T> m{weights, at};
  if (mean) totals(m);
  const T* grad = static_cast<const T*>(plan.grad);
  for_range(n, [=] __device__(int64_t i) {
    const int64_t t = m.plan.target[i];
    if (t == m.plan.ignore_index) return;
    const double scale = mean ? 1 / at->weight : 1.0;
    out[m.element(i, t)] = T(C(-m.weight(t) * double(C(grad[none ? i : 0])) * scale));
  });
}

template <class T>
void run(const NllPlan& plan, bool is_forward) {
  is_forward ? forward<T>(plan) : backward<T>(plan);
}

int64_t checked(const NllPlan& plan, DType dtype, bool is_forward) {
  const int64_t bad = first_bad_target(plan);
  if (bad >= 0) return bad;
  switch (dtype) {
    case DType::F16: run<Half>(plan, is_forward); break;
    case DType::BF16: run<BFloat16>(plan, is_forward); break;
    case DType::F32: run<float>(plan, is_forward); break;
    case DType::F64: run<double>(plan, is_forward); break;
    default: raise_no_kernel("nll_loss", Device{DeviceType::CUDA, -1}, dtype);
  }
  return -1;
}

int64_t nll_loss(const NllPlan& plan, DType dtype) { return checked(plan, dtype, true); }
int64_t nll_loss_backward(const NllPlan& plan, DType dtype) { return checked(plan, dtype, false); }

}  // namespace

void register_loss(KernelSlots& slots) {
  slots.nll_loss = &nll_loss;
  slots.nll_loss_backward = &nll_loss_backward;
}

}  // namespace rushlight::cuda
