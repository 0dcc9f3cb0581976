#include "rushlight/ops/sampling.h"

#include <cmath>
#include <limits>
#include <vector>

#include "random_order.h"
#include "rushlight/iter/nd_plan.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/view.h"

namespace rushlight {
namespace {

Generator& chosen(const GeneratorPtr& generator) { return generator ? *generator : default_generator(); }

// Uniform in [0, 1) with 53 bits: two words of the stream.
struct Uniform {
  Mt19937& engine;
  double operator()() { return double(engine.next64() & ((uint64_t(1) << 53) - 1)) * 0x1p-53; }
};

// W. Hoermann, "The transformed rejection method for generating Poisson random variables",
// Insurance: Mathematics and Economics 12, 1993: algorithm PTRS.
// Numbers that int64 cannot hold become its smallest, as in PyTorch on x86.
double whole(double value) { return std::fabs(value) < 0x1p63 ? value : -0x1p63; }

double poisson_large(double rate, Uniform& uniform) {
  const double root = std::sqrt(rate), log_rate = std::log(rate);
  const double b = 0.931 + 2.53 * root;
  const double a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double tight = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = uniform() - 0.5;
    const double v = uniform();
    const double us = 0.5 - std::fabs(u);
    const double k = whole(std::floor((2 * a / us + b) * u + rate + 0.43));
    if (us >= 0.07 && v <= tight) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    const double left = std::log(v) + std::log(inverse_alpha) - std::log(a / (us * us) + b);
    if (left <= -rate + k * log_rate - std::lgamma(k + 1)) return k;
  }
}

double poisson_one(double rate, Uniform& uniform) {
  RL_CHECK(rate >= 0, "poisson(): invalid Poisson rate, expected rate to be non-negative, got ", rate);
  if (rate >= 10) return poisson_large(rate, uniform);
  if (rate == 0) return 0;
  // Products of uniform numbers, until they fall below exp(-rate).
  const double floor = std::exp(-rate);
  double product = uniform();
  int64_t k = 0;
  while (product > floor) {
    ++k;
    product *= uniform();
  }
  return double(k);
}

// ln k! less Stirling's approximation.
double stirling_tail(double k) {
  static const double kSmall[] = {0.0810614667953272,  0.0413406959554092,  0.0276779256849983,
                                  0.02079067210376509, 0.0166446911898211,  0.0138761288230707,
                                  0.0118967099458917,  0.0104112652619720,  0.00925546218271273,
                                  0.00833056343336287};
  if (k <= 9) return kSmall[size_t(k)];
  const double square = (k + 1) * (k + 1);
  return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1);
}

// Arithmetic whose results round to float32 where the tensors have it, computed in double.
struct Rounded {
  bool single;
  double operator()(double value) const { return single ? double(float(value)) : value; }
};

// W. Hoermann, "The generation of binomial random variates", Journal of Statistical Computation and
// Simulation 46, 1993: algorithm BTRS. PyTorch computes some of it in the tensors' dtype.
double binomial_large(double count, double prob, Rounded round, Uniform& uniform) {
  const double mean = round(count * prob), rest = round(1 - prob), more = round(count + 1);
  const double deviation = round(std::sqrt(round(mean * rest)));
  const double b = 1.15 + 2.53 * deviation;
  const double a = -0.0873 + 0.0248 * b + 0.01 * prob;
  const double c = mean + 0.5;
  const double tight = 0.92 - 4.2 / b;
  const double odds = round(prob / rest);
  const double alpha = (2.83 + 5.1 / b) * deviation;
  const double mode = std::floor(round(more * prob));
  for (;;) {
    const double u = uniform() - 0.5;
    double v = uniform();
    const double us = 0.5 - std::fabs(u);
    const double k = round(std::floor((2 * a / us + b) * u + c));
    if (k < 0 || k > count) continue;
    if (us >= 0.07 && v <= tight) return k;
    v = std::log(v * alpha / (a / (us * us) + b));
    const double failures = round(count - k);
    const double bound = (mode + 0.5) * std::log((mode + 1) / (odds * (count - mode + 1))) +
                         more * std::log((count - mode + 1) / round(failures + 1)) +
                         (k + 0.5) * std::log(odds * round(failures + 1) / round(k + 1)) +
                         stirling_tail(mode) + stirling_tail(count - mode) - stirling_tail(k) -
                         stirling_tail(failures);
    if (v <= bound) return k;
  }
}

// Sums of geometric numbers, until they exceed the count.
double binomial_small(double count, double prob, Rounded round, Uniform& uniform) {
  const double scale = round.single ? double(std::log1p(float(-prob))) : std::log1p(-prob);
  double sum = 0, k = 0;
  for (;;) {
    sum += std::ceil(std::log(uniform()) / scale);
    if (sum > count) return k;
    k = round(k + 1);
  }
}

double binomial_one(double count, double prob, Rounded round, Uniform& uniform) {
  if (count <= 0 || prob <= 0) return 0;
  if (prob >= 1) return count;
  if (std::isnan(prob)) return prob;
  if (std::isnan(count)) return count;
  RL_CHECK(std::isfinite(count), "binomial(): count must be finite, got ", count);
  const bool flipped = prob > 0.5;
  const double p = flipped ? round(1 - prob) : prob;
  const double k = round(count * p) >= 10 ? binomial_large(count, p, round, uniform)
                                          : binomial_small(count, p, round, uniform);
  return flipped ? round(count - k) : k;
}

Tensor doubles(const Tensor& t, const Dims& order) {
  return contiguous(to_dtype(permute(t, order), DType::F64));
}

void check_floating(const char* op, const Tensor& t) {
  RL_CHECK_IMPLEMENTED(is_floating(t.dtype()), op, "(): not implemented for ", t.dtype());
  RL_CHECK_IMPLEMENTED(t.device().is_cpu(), op, "(): random numbers on ", t.device(), " are not available");
}

template <class T>
void draw_rows(const Tensor& weights, const Tensor& out, Uniform uniform) {
  const int64_t rows = weights.size(0), categories = weights.size(1), n = out.size(1);
  const T* from = reinterpret_cast<const T*>(weights.bytes());
  int64_t* to = reinterpret_cast<int64_t*>(out.bytes());
  std::vector<T> sums(static_cast<size_t>(categories));
  for (int64_t row = 0; row < rows; ++row, from += categories) {
    T sum = 0;
    for (int64_t j = 0; j < categories; ++j) {
      RL_CHECK(from[j] >= 0, "multinomial(): invalid multinomial distribution (encountering probability entry < 0)");
      RL_CHECK(std::isfinite(from[j]),
               "multinomial(): invalid multinomial distribution (encountering probability entry = infinity or NaN)");
      sum += from[j];
      sums[size_t(j)] = sum;
    }
    RL_CHECK(sum > 0, "multinomial(): invalid multinomial distribution (sum of probabilities <= 0)");
    for (T& s : sums) s /= sum;
    sums.back() = 1;
    for (int64_t i = 0; i < n; ++i) {
      const double u = uniform();
      int64_t low = 0, high = categories;
      while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (double(sums[size_t(middle)]) < u)
          low = middle + 1;
        else
          high = middle;
      }
      *to++ = low;
    }
  }
}

}  // namespace

Tensor poisson(const Tensor& rate, const GeneratorPtr& generator) {
  check_floating("poisson", rate);
  // Row-major whatever the rates' strides, as the numbers are drawn.
  const Tensor values = clone(contiguous(to_dtype(rate, DType::F64)));
  double* data = reinterpret_cast<double*>(values.bytes());
  GeneratorLock lock(chosen(generator));
  Uniform uniform{lock.engine()};
  for (int64_t i = 0; i < values.numel(); ++i) data[i] = poisson_one(data[i], uniform);
  return to_dtype(values, rate.dtype());
}

Tensor binomial(const Tensor& count, const Tensor& prob, const GeneratorPtr& generator) {
  RL_CHECK_VALUE(is_floating(count.dtype()),
                 "binomial only supports floating-point dtypes for count, got: ", count.dtype());
  RL_CHECK_VALUE(is_floating(prob.dtype()),
                 "binomial only supports floating-point dtypes for prob, got: ", prob.dtype());
  RL_CHECK(count.dtype() == prob.dtype(), "binomial(): Found dtype ", prob.dtype(), " but expected ",
           count.dtype());
  RL_CHECK_IMPLEMENTED(count.dtype() == DType::F32 || count.dtype() == DType::F64,
                       "binomial(): not implemented for ", count.dtype(), ", only for float32 and float64");
  check_floating("binomial", count);
  const Dims shape = broadcast_shapes("binomial", count.shape(), prob.shape());
  const Tensor n = expand_to("binomial", count, shape), p = expand_to("binomial", prob, shape);
  const Tensor* operands[] = {&n, &p};
  // PyTorch's result is row-major unless the counts broadcast.
  const Tensor out = count.shape() == shape ? empty(shape, count.dtype())
                                            : allocate_result(shape, count.dtype(), operands, 2);
  const Dims order = memory_order(out);
  const Tensor counts = clone(doubles(n, order));
  const Tensor probs = doubles(p, order);
  double* data = reinterpret_cast<double*>(counts.bytes());
  const double* at = reinterpret_cast<const double*>(probs.bytes());
  GeneratorLock lock(chosen(generator));
  Uniform uniform{lock.engine()};
  for (int64_t i = 0; i < counts.numel(); ++i)
    data[i] = binomial_one(data[i], at[i], Rounded{count.dtype() == DType::F32}, uniform);
  copy_(permute(out, order), counts);
  return out;
}

Tensor multinomial_rows(const Tensor& weights, int64_t n, const GeneratorPtr& generator) {
  check_floating("multinomial", weights);
  RL_CHECK(weights.ndim() == 2, "multinomial(): expected 2 dims, got shape ", weights.shape());
  RL_CHECK(n >= 0, "multinomial(): cannot sample ", n, " samples");
  const Tensor out = empty(Dims({weights.size(0), n}), DType::I64);
  if (weights.size(0) == 0) return out;
  RL_CHECK(weights.size(1) > 0, "multinomial(): invalid multinomial distribution (sum of probabilities <= 0)");
  GeneratorLock lock(chosen(generator));
  // Halves are summed in float.
  if (weights.dtype() == DType::F64)
    draw_rows<double>(contiguous(weights), out, Uniform{lock.engine()});
  else
    draw_rows<float>(contiguous(to_dtype(weights, DType::F32)), out, Uniform{lock.engine()});
  return out;
}

}  // namespace rushlight
