#include "rushlight/ops/random.h"

#include "device_random.h"
#include "random_order.h"
#include "rushlight/iter/nd_plan.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/view.h"

namespace rushlight {
namespace {

Generator& chosen(const GeneratorPtr& generator) { return generator ? *generator : default_generator(); }

// fill(data, contiguous) writes numel elements; a strided tensor takes them in memory order. Another
// device fills a dense tensor by on_device(tensor).
template <class Fill, class OnDevice>
void fill_in_order(const char* op, const Tensor& self, const GeneratorPtr& generator,
                   const OnDevice& on_device, const Fill& fill) {
  const bool cpu = self.device().is_cpu();
  RL_CHECK_IMPLEMENTED(cpu || !generator, op, "(): a generator for ", self.device(),
                       " is not available: leave generator out, and seed with manual_seed()");
  const auto write = [&](const Tensor& dense, bool contiguous) {
    cpu ? fill(dense.bytes(), contiguous) : on_device(dense);
  };
  if (self.is_contiguous()) return write(self, true);
  check_no_internal_overlap(op, self);
  const Tensor ordered = permute(self, memory_order(self));
  const Tensor buffer = empty(ordered.shape(), self.dtype(), self.device());
  write(buffer, false);
  copy_(ordered, buffer);
}

// The same for what a device knows by two numbers.
template <class Fill>
void fill_in_order(const char* op, const Tensor& self, const GeneratorPtr& generator,
                   RandomFill kind, double a, double b, const Fill& fill) {
  fill_in_order(op, self, generator,
                [&](const Tensor& dense) { device_random(op, dense, kind, a, b); }, fill);
}

}  // namespace

void uniform_(const Tensor& self, double from, double to, const GeneratorPtr& generator) {
  fill_in_order("uniform_", self, generator, RandomFill::Uniform, from, to, [&](void* data, bool) {
    fill_uniform(chosen(generator), data, self.dtype(), self.numel(), from, to);
  });
}

void normal_(const Tensor& self, double mean, double std, const GeneratorPtr& generator) {
  fill_in_order("normal_", self, generator, RandomFill::Normal, mean, std,
                [&](void* data, bool contiguous) {
                  fill_normal(chosen(generator), data, self.dtype(), self.numel(), mean, std,
                              contiguous);
                });
}

void log_normal_(const Tensor& self, double mean, double std, const GeneratorPtr& generator) {
  fill_in_order("log_normal_", self, generator, RandomFill::LogNormal, mean, std,
                [&](void* data, bool) {
                  fill_log_normal(chosen(generator), data, self.dtype(), self.numel(), mean, std);
                });
}

void exponential_(const Tensor& self, double lambd, const GeneratorPtr& generator) {
  fill_in_order("exponential_", self, generator, RandomFill::Exponential, lambd, 0,
                [&](void* data, bool) {
                  fill_exponential(chosen(generator), data, self.dtype(), self.numel(), lambd);
                });
}

void geometric_(const Tensor& self, double p, const GeneratorPtr& generator) {
  fill_in_order("geometric_", self, generator, RandomFill::Geometric, p, 0, [&](void* data, bool) {
    fill_geometric(chosen(generator), data, self.dtype(), self.numel(), p);
  });
}

void cauchy_(const Tensor& self, double median, double sigma, const GeneratorPtr& generator) {
  fill_in_order("cauchy_", self, generator, RandomFill::Cauchy, median, sigma,
                [&](void* data, bool) {
                  fill_cauchy(chosen(generator), data, self.dtype(), self.numel(), median, sigma);
                });
}

void random_(const Tensor& self, std::optional<int64_t> from, std::optional<int64_t> to,
             const GeneratorPtr& generator) {
  fill_in_order(
      "random_", self, generator,
      [&](const Tensor& dense) { device_random_integers("random_", dense, from, to); },
      [&](void* data, bool) {
        if (!from && !to)
          fill_random(chosen(generator), data, self.dtype(), self.numel());
        else
          fill_randint(chosen(generator), data, self.dtype(), self.numel(), from.value_or(0), to);
      });
}

void bernoulli_(const Tensor& self, double p, const GeneratorPtr& generator) {
  fill_in_order("bernoulli_", self, generator, RandomFill::Bernoulli, p, 0, [&](void* data, bool) {
    fill_bernoulli(chosen(generator), data, self.dtype(), self.numel(), p);
  });
}

void bernoulli_(const Tensor& self, const Tensor& p, const GeneratorPtr& generator) {
  RL_CHECK(self.device() == p.device(),
           "bernoulli_(): Expected all tensors to be on the same device, but found ", self.device(),
           " and ", p.device());
  const Tensor wide = expand_to("bernoulli_", p, self.shape());
  const Tensor ordered =
      contiguous(self.is_contiguous() ? wide : permute(wide, memory_order(self)));
  fill_in_order(
      "bernoulli_", self, generator, [&](const Tensor& dense) { device_bernoulli(dense, ordered); },
      [&](void* data, bool) {
        fill_bernoulli(chosen(generator), data, self.dtype(), ordered.bytes(), p.dtype(),
                       self.numel());
      });
}

Tensor randperm(int64_t n, DType dtype, const GeneratorPtr& generator) {
  RL_CHECK(n >= 0, "randperm(): n must be non-negative, got ", n);
  Tensor out = empty(Dims({n}), dtype);
  fill_randperm(chosen(generator), out.bytes(), dtype, n);
  return out;
}

}  // namespace rushlight
