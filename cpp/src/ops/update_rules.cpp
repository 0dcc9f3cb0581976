// The optimizers of Note [Update rules]: what each reads, and the numbers its step count decides.
#include <cmath>

#include "optim_support.h"
#include "rushlight/iter/optimizer_kernels.h"
#include "rushlight/ops/optim.h"

namespace rushlight {
namespace {

using namespace update_options;

constexpr int kMaxCounts = 3;

// The counts of a parameter as PyTorch keeps them: float32 or float64 numbers of their own.
struct Counts {
  double value[kMaxCounts];
  bool single[kMaxCounts];

  void set(int k, double x) { value[k] = single[k] ? double(float(x)) : x; }
  // A float32 number times another is rounded once, both being float32.
  void multiply(int k, double x) {
    set(k, single[k] ? double(float(value[k]) * float(x)) : value[k] * x);
  }
};

// Fills a span's factors from counts whose first, the step, has just gone up.
using Prepare = void (*)(const double* o, Counts& counts, double* factor);

void by_nothing(const double*, Counts&, double*) {}

void adagrad_factors(const double* o, Counts& counts, double* factor) {
  factor[0] = o[kOptionLr] / (1 + (counts.value[0] - 1) * o[kLrDecay]);
}

void adamax_factors(const double* o, Counts& counts, double* factor) {
  factor[0] = o[kOptionLr] / (1 - std::pow(o[kBeta1], counts.value[0]));
}

// Counts: step, eta, mu. The step is made with the numbers of the step before.
void asgd_factors(const double* o, Counts& counts, double* factor) {
  const double step = counts.value[0], lr = o[kOptionLr];
  factor[0] = counts.value[1];
  factor[1] = counts.value[2];
  counts.set(1, lr / std::pow(1 + o[kLambd] * lr * step, o[kPower]));
  counts.set(2, 1 / std::max(1.0, step - o[kT0]));
}

// Counts: step, product of all mu (Dozat 2016).
void nadam_factors(const double* o, Counts& counts, double* factor) {
  const double step = counts.value[0], beta1 = o[kBeta1], decay = o[kMomentumDecay];
  const auto mu_at = [&](double t) { return beta1 * (1 - 0.5 * std::pow(0.96, t * decay)); };
  const double mu = mu_at(step), next = mu_at(step + 1);
  counts.multiply(1, mu);
  const double product = counts.value[1];
  factor[0] = o[kOptionLr] * (1 - mu) / (1 - product);
  factor[1] = o[kOptionLr] * next / (1 - product * next);
  factor[2] = 1 - std::pow(o[kBeta2], step);
}

// The length of the moving average decides whether its variance is known (Liu et al. 2020).
void radam_factors(const double* o, Counts& counts, double* factor) {
  const double step = counts.value[0], decayed = std::pow(o[kBeta2], step);
  const double longest = 2 / (1 - o[kBeta2]) - 1;
  const double length = longest - 2 * step * decayed / (1 - decayed);
  factor[0] = 1 - std::pow(o[kBeta1], step);
  factor[1] = std::sqrt(1 - decayed);
  // 0: not yet.
  factor[2] = length > 5 ? std::sqrt((length - 4) * (length - 2) * longest /
                                     ((longest - 4) * (longest - 2) * length))
                         : 0;
}

struct Rule {
  const char* name;
  int states, counts, own_options;
  Prepare prepare;
};

// In the order of UpdateRule. Options: lr, weight_decay, maximize, then the rule's own.
const Rule kRules[] = {
    {"adadelta", 2, 1, 2, &by_nothing},      // square_avg, acc_delta; step; rho, eps
    {"adagrad", 1, 1, 2, &adagrad_factors},  // sum; step; lr_decay, eps
    {"adamax", 2, 1, 3, &adamax_factors},    // exp_avg, exp_inf; step; beta1, beta2, eps
    {"asgd", 1, 3, 3, &asgd_factors},        // ax; step, eta, mu; lambd, t0, alpha
    // exp_avg, exp_avg_sq; step, mu_product; beta1, beta2, eps, decoupled, momentum_decay
    {"nadam", 2, 2, 5, &nadam_factors},
    {"radam", 2, 1, 4, &radam_factors},  // exp_avg, exp_avg_sq; step; beta1, beta2, eps, decoupled
    // square_avg, momentum_buffer, grad_avg; step; alpha, eps, momentum, centered
    {"rmsprop", 3, 1, 4, &by_nothing},
    {"rprop", 2, 1, 4, &by_nothing},  // prev, step_size; step; etas, step_sizes
};
static_assert(std::size(kRules) == kNumUpdateRules);

int find_rule(const std::string& name) {
  for (int r = 0; r < kNumUpdateRules; ++r)
    if (name == kRules[r].name) return r;
  raise<ValueError>("update_(): there is no optimizer rule '", name, "'");
}

// rmsprop has its momentum and its mean gradient where its options want them.
bool wants_state(int rule, int k, const double* o) {
  if (UpdateRule(rule) != UpdateRule::RMSprop) return true;
  return k == 0 || (k == 1 ? o[kMomentum] > 0 : o[kCentered] != 0);
}

void check_count(const char* op, size_t index, const Tensor& count) {
  RL_CHECK(count.defined() && count.numel() == 1 && count.device().is_cpu() &&
               (count.dtype() == DType::F32 || count.dtype() == DType::F64),
           op, "(): the counts of parameter ", index,
           " must each be one float32 or float64 number on the CPU");
}

void check_update(const Rule& rule, int number, const UpdateLists& lists, const double* o) {
  const std::vector<Tensor>& params = lists.params;
  check_lists(rule.name, "the gradients", params.size(), lists.grads.size());
  RL_CHECK(int(lists.states.size()) == rule.states && int(lists.counts.size()) == rule.counts,
           rule.name, "(): expected ", rule.states, " states and ", rule.counts, " counts, got ",
           lists.states.size(), " and ", lists.counts.size());
  for (const auto& list : lists.states)
    check_lists(rule.name, "the states", params.size(), list.size());
  for (const auto& list : lists.counts)
    check_lists(rule.name, "the counts", params.size(), list.size());
  for (size_t i = 0; i < params.size(); ++i) {
    check_param(rule.name, i, params[i]);
    check_like(rule.name, "gradient", i, params[i], lists.grads[i]);
    for (int k = 0; k < rule.states; ++k)
      if (wants_state(number, k, o))
        check_like(rule.name, "state", i, params[i], lists.states[size_t(k)][i]);
    for (const auto& list : lists.counts) check_count(rule.name, i, list[i]);
  }
}

double read_count(const Tensor& t) {
  return t.dtype() == DType::F32 ? double(*t.data<float>()) : *t.data<double>();
}

void write_count(const Tensor& t, double value) {
  if (t.dtype() == DType::F32)
    *t.data<float>() = float(value);
  else
    *t.data<double>() = value;
}

bool same_counts(const Counts& a, const Counts& b, int n) {
  for (int k = 0; k < n; ++k)
    if (a.value[k] != b.value[k] || a.single[k] != b.single[k]) return false;
  return true;
}

// Adds one to every step count and fills in what the counts decide.
void count_steps(const Rule& rule, const UpdateLists& lists, const double* o,
                 std::vector<UpdateSpan>& spans) {
  // Parameters are nearly always equally old; then the factors are computed once.
  Counts before{}, after{};
  for (size_t i = 0; i < spans.size(); ++i) {
    Counts counts{};
    for (int k = 0; k < rule.counts; ++k) {
      const Tensor& count = lists.counts[size_t(k)][i];
      counts.value[k] = read_count(count);
      counts.single[k] = count.dtype() == DType::F32;
    }
    if (i > 0 && same_counts(counts, before, rule.counts)) {
      std::copy_n(spans[i - 1].factor, kMaxUpdateFactors, spans[i].factor);
    } else {
      before = after = counts;
      after.set(0, after.value[0] + 1);
      rule.prepare(o, after, spans[i].factor);
    }
    for (int k = 0; k < rule.counts; ++k) write_count(lists.counts[size_t(k)][i], after.value[k]);
  }
}

}  // namespace

void update_(const std::string& name, const UpdateLists& lists,
             const std::vector<double>& options) {
  const int number = find_rule(name);
  const Rule& rule = kRules[number];
  RL_CHECK(int(options.size()) == kOwnOptions + rule.own_options, rule.name, "(): expected ",
           kOwnOptions + rule.own_options, " options, got ", options.size());
  UpdateOptions o{};
  std::copy(options.begin(), options.end(), o.value);
  check_update(rule, number, lists, o.value);
  const std::vector<Tensor>& params = lists.params;
  if (params.empty()) return;
  DenseCopies dense;
  std::vector<UpdateSpan> spans;
  spans.reserve(params.size());
  for (size_t i = 0; i < params.size(); ++i) {
    UpdateSpan span{
        dense.writable(params[i]), dense.readable(lists.grads[i]), {}, real_count(params[i]), {}};
    for (int k = 0; k < rule.states; ++k)
      if (wants_state(number, k, o.value))
        span.state[k] = dense.writable(lists.states[size_t(k)][i]);
    spans.push_back(span);
  }
  // Nothing can fail from here on.
  count_steps(rule, lists, o.value, spans);
  run_by_dtype(
      params, spans, [&](Device device, DType dtype, const UpdateSpan& s, int64_t b, int64_t e) {
        kernel_or_raise(kernel_slots(device.type).optimizers, rule.name, device, dtype)(dtype)
            ->update[number](o, s, b, e);
      });
  dense.write_back();
}

}  // namespace rushlight
