// Variance and mean, merged part by part (Chan, Golub and LeVeque, "Updating formulae and a pairwise
// algorithm for computing sample variances", 1979).
#include "reduce_launch.cuh"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

template <class C>
struct Moments {
  C count, mean, squares;  // squares: sum of squared deviations from the mean
};

template <class T>
struct VarianceMonoid {
  using C = Compute<T>;
  using A = Moments<C>;
  using Element = T;
  ReduceHow how;
  T* variances;
  T* means;  // or null
  __device__ A identity() const { return {C(0), C(0), C(0)}; }
  __device__ A load(const T& element, uint32_t) const { return {C(1), C(element), C(0)}; }
  __device__ A combine(A a, A b) const {
    if (b.count == C(0)) return a;
    if (a.count == C(0)) return b;
    const C count = a.count + b.count, part = b.count / count, apart = b.mean - a.mean;
    return {count, a.mean + apart * part, a.squares + b.squares + apart * apart * (a.count * part)};
  }
  __device__ void store(int64_t at, A total) const {
    const double divisor = how.count - how.correction;
    double variance = double(total.squares) / (divisor > 0 ? divisor : 0.0);
    if (how.root) variance = sqrt(variance);
    variances[at] = T(C(variance));
    if (means) means[at] = T(total.mean);
  }
};

void variance(const ReducePlan& plan, DType dtype) {
  for_floats("var", dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    reduce(plan, VarianceMonoid<T>{plan.how, reinterpret_cast<T*>(plan.out[0]),
                                   reinterpret_cast<T*>(plan.out[1])});
  });
}

}  // namespace

void register_reduce_var(KernelSlots& slots) { slots.variance = &variance; }

}  // namespace rushlight::cuda
