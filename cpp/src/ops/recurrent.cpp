#include "rushlight/ops/recurrent.h"

#include "rushlight/iter/kernel_slots.h"
#include "rushlight/iter/recurrent_kernels.h"
#include "rushlight/ops/copy.h"
#include "rushlight/ops/elementwise.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/reduce.h"
#include "rushlight/ops/view.h"

namespace rushlight {
namespace {

constexpr const char* kOp = "recurrent";

// Sizes of a call, checked; the steps of the batch.
struct Shape {
  RecurrentMode mode;
  int gates;
  int64_t steps, sequences, total, features, hidden, state;
  DType dtype;
  Device device;
  bool biased, projected;
  std::vector<int64_t> sizes, starts;

  int64_t width() const { return gates * hidden; }
  bool empty() const { return total == 0 || hidden == 0; }
};

void check_dims(const char* name, const Tensor& t, const Dims& wanted, const Shape& s) {
  RL_CHECK(t.shape() == wanted, kOp, "(): expected ", name, " of shape ", wanted, ", got ",
           t.shape());
  RL_CHECK(t.dtype() == s.dtype, kOp, "(): input has dtype ", s.dtype, ", but ", name, " ",
           t.dtype());
  RL_CHECK(t.device() == s.device, kOp,
           "(): Expected all tensors to be on the same device, but found ", s.device, " and ",
           t.device());
}

// A state may have a dim of one layer in front.
void check_state(const char* name, const Tensor& t, int64_t width, const Shape& s) {
  Dims wanted({s.sequences, width});
  if (t.ndim() == 3) wanted = Dims({1, s.sequences, width});
  check_dims(name, t, wanted, s);
}

void read_steps(const Tensor& input, const OptionalTensor& batch_sizes, Shape& s) {
  if (!batch_sizes) {
    RL_CHECK(input.ndim() == 2 || input.ndim() == 3, kOp,
             "(): expected an input (steps, sequences, features) or (sequences, features), got ",
             input.shape());
    s.steps = input.ndim() == 3 ? input.size(0) : 1;
    s.sequences = input.size(input.ndim() - 2);
    s.sizes.assign(size_t(s.steps), s.sequences);
  } else {
    RL_CHECK(input.ndim() == 2, kOp, "(): expected packed input (elements, features), got ",
             input.shape());
    RL_CHECK(batch_sizes->ndim() == 1 && batch_sizes->dtype() == DType::I64 &&
                 batch_sizes->device().is_cpu() && batch_sizes->numel() > 0,
             kOp, "(): expected batch_sizes as int64 (steps) on the CPU, got ",
             batch_sizes->dtype(), " ", batch_sizes->shape());
    const Tensor dense = contiguous(*batch_sizes);
    s.sizes.assign(dense.data<int64_t>(), dense.data<int64_t>() + dense.numel());
    s.steps = dense.numel();
    s.sequences = s.sizes[0];
  }
  s.starts.reserve(size_t(s.steps));
  s.total = 0;
  int64_t last = s.sequences;
  for (const int64_t n : s.sizes) {
    RL_CHECK(n <= last && (n > 0 || !batch_sizes), kOp,
             "(): expected batch_sizes that are positive and do not grow, got ", n, " after ",
             last);
    last = n;
    s.starts.push_back(s.total);
    s.total = checked_add(s.total, n);
  }
  RL_CHECK(!batch_sizes || s.total == input.size(0), kOp, "(): batch_sizes sum to ", s.total,
           ", but the packed input has ", input.size(0), " rows");
}

Shape make_shape(const Tensor& input, const Tensor& hx, const OptionalTensor& cx,
                 const Tensor& w_ih, const Tensor& w_hh, const OptionalTensor& w_hr,
                 const OptionalTensor& batch_sizes, int64_t mode) {
  RL_CHECK(mode >= 0 && mode <= 3, kOp, "(): expected a mode from 0 to 3, got ", mode);
  Shape s;
  s.mode = RecurrentMode(mode);
  s.gates = recurrent_gates(s.mode);
  s.dtype = input.dtype();
  s.device = input.device();
  read_steps(input, batch_sizes, s);
  s.features = input.size(input.ndim() - 1);
  RL_CHECK(w_hh.ndim() == 2 && w_hh.size(0) % s.gates == 0, kOp, "(): expected w_hh with ", s.gates,
           " gates in its rows, got ", w_hh.shape());
  s.hidden = w_hh.size(0) / s.gates;
  s.state = w_hh.size(1);
  s.projected = w_hr.has_value();
  const bool lstm = s.mode == RecurrentMode::Lstm;
  RL_CHECK(cx.has_value() == lstm, kOp, "(): a cell state goes with an LSTM alone");
  RL_CHECK(lstm || !s.projected, kOp, "(): a projection goes with an LSTM alone");
  RL_CHECK(!s.projected || s.hidden > 0, kOp, "(): there is nothing to project: w_hh is ",
           w_hh.shape());
  RL_CHECK(s.projected || s.state == s.hidden, kOp, "(): expected w_hh (", s.width(), ", ",
           s.hidden, "), got ", w_hh.shape());
  check_dims("w_ih", w_ih, Dims({s.width(), s.features}), s);
  check_dims("w_hh", w_hh, Dims({s.width(), s.state}), s);
  if (w_hr) check_dims("w_hr", *w_hr, Dims({s.state, s.hidden}), s);
  check_state("hx", hx, s.state, s);
  if (cx) check_state("cx", *cx, s.hidden, s);
  return s;
}

const RecurrentKernels& kernels_of(const Shape& s) {
  const auto table = kernel_or_raise(kernel_slots(s.device.type).recurrent, kOp, s.device, s.dtype);
  const RecurrentKernels* kernels = table(s.dtype);
  if (!kernels) raise_no_kernel(kOp, s.device, s.dtype);
  return *kernels;
}

// out = op(a) @ op(b) for dense matrices, out of m x n.
void product(const Shape& s, const Tensor& a, bool trans_a, const Tensor& b, bool trans_b,
             const Tensor& out, int64_t m, int64_t n, int64_t k) {
  if (m == 0 || n == 0) return;
  const auto gemm = kernel_or_raise(kernel_slots(s.device.type).gemm, kOp, s.device, s.dtype);
  gemm(s.dtype, trans_a, trans_b, 1, m, n, k, Scalar(1), a.bytes(), trans_a ? m : k, 0, b.bytes(),
       trans_b ? k : n, 0, Scalar(0), out.bytes(), n, 0);
}

// What is kept for the gradient, one piece of memory: gates, `kept` and `raw` of a RecurrentPlan.
struct Saved {
  Tensor all;
  int64_t gates = 0, kept = 0, raw = 0;  // elements

  explicit Saved(const Shape& s) {
    if (s.gates > 1) {
      gates = checked_mul(s.total, s.width());
      kept = checked_mul(s.total, s.hidden);
      if (s.projected) raw = kept;
    }
  }
  int64_t numel() const { return checked_add(gates, checked_add(kept, raw)); }
  char* at(int64_t offset) const { return all.bytes() + offset * int64_t(all.itemsize()); }
};

RecurrentPlan make_plan(const Shape& s, const Saved& saved, const Tensor& output, bool reverse) {
  RecurrentPlan p{};
  p.mode = s.mode;
  p.reverse = reverse;
  p.steps = s.steps;
  p.sequences = s.sequences;
  p.total = s.total;
  p.hidden = s.hidden;
  p.state = s.state;
  p.sizes = s.sizes.data();
  p.starts = s.starts.data();
  p.output = output.bytes();
  p.gates = s.gates > 1 ? saved.at(0) : p.output;
  if (s.gates > 1) p.kept = saved.at(saved.gates);
  if (s.projected) p.raw = saved.at(saved.gates + saved.kept);
  return p;
}

// The bias that is added to the gates, and a GRU's inside of its new gate.
struct Biases {
  Tensor gates, fresh;

  Biases(const Shape& s, const OptionalTensor& b_ih, const OptionalTensor& b_hh) {
    RL_CHECK(b_ih.has_value() == b_hh.has_value(), kOp,
             "(): b_ih and b_hh must both be given or both be missing");
    const bool gru = s.mode == RecurrentMode::Gru;
    if (!b_ih) {
      gates = zeros(Dims({s.width()}), s.dtype, s.device);
      if (gru) fresh = zeros(Dims({s.hidden}), s.dtype, s.device);
      return;
    }
    check_dims("b_ih", *b_ih, Dims({s.width()}), s);
    check_dims("b_hh", *b_hh, Dims({s.width()}), s);
    gates = add(contiguous(*b_ih), contiguous(*b_hh));
    if (gru) {
      fresh = contiguous(narrow(*b_hh, 0, 2 * s.hidden, s.hidden));
      copy_(narrow(gates, 0, 2 * s.hidden, s.hidden), narrow(*b_ih, 0, 2 * s.hidden, s.hidden));
    }
  }
};

// A state that the kernel overwrites: dense, and nobody else's.
Tensor own(const Tensor& t) {
  Tensor out = empty(t.shape(), t.dtype(), t.device());
  copy_(out, t);
  return out;
}
Tensor own_or_zeros(const OptionalTensor& t, const Tensor& like) {
  if (!t) return zeros(like.shape(), like.dtype(), like.device());
  RL_CHECK(t->shape() == like.shape() && t->dtype() == like.dtype(), kOp,
           "_backward(): expected a gradient of shape ", like.shape(), " and ", like.dtype(),
           ", got ", t->shape(), " and ", t->dtype());
  return own(*t);
}

}  // namespace

std::tuple<Tensor, Tensor, Tensor, Tensor> recurrent(
    const Tensor& input, const Tensor& hx, const OptionalTensor& cx, const Tensor& w_ih,
    const Tensor& w_hh, const OptionalTensor& b_ih, const OptionalTensor& b_hh,
    const OptionalTensor& w_hr, const OptionalTensor& batch_sizes, int64_t mode, bool reverse) {
  const Shape s = make_shape(input, hx, cx, w_ih, w_hh, w_hr, batch_sizes, mode);
  const RecurrentKernels& kernels = kernels_of(s);
  const Biases biases(s, b_ih, b_hh);
  Dims shape = input.shape();
  shape[input.ndim() - 1] = s.state;
  const Tensor output = empty(shape, s.dtype, s.device);
  Saved saved(s);
  saved.all = empty(Dims({saved.numel()}), s.dtype, s.device);
  const Tensor h = own(hx);
  const Tensor c = cx ? own(*cx) : empty(Dims({0}), s.dtype, s.device);
  if (!s.empty()) {
    const Tensor w = contiguous(w_hh), w_project = s.projected ? contiguous(*w_hr) : Tensor();
    RecurrentPlan plan = make_plan(s, saved, output, reverse);
    product(s, contiguous(input), false, contiguous(w_ih), true, s.gates > 1 ? saved.all : output,
            s.total, s.width(), s.features);
    plan.w_hh = w.bytes();
    if (s.projected) plan.w_hr = w_project.bytes();
    plan.bias = biases.gates.bytes();
    if (biases.fresh.defined()) plan.bias_new = biases.fresh.bytes();
    plan.h = h.bytes();
    if (cx) plan.c = c.bytes();
    kernels.forward(plan);
  }
  return {output, h, c, saved.all};
}

std::vector<Tensor> recurrent_backward(
    const OptionalTensor& grad_output, const OptionalTensor& grad_h, const OptionalTensor& grad_c,
    const Tensor& input, const Tensor& hx, const OptionalTensor& cx, const Tensor& w_ih,
    const Tensor& w_hh, const OptionalTensor& w_hr, const OptionalTensor& batch_sizes, int64_t mode,
    bool reverse, const Tensor& output, const Tensor& saved_values, int64_t wanted) {
  const Shape s = make_shape(input, hx, cx, w_ih, w_hh, w_hr, batch_sizes, mode);
  const RecurrentKernels& kernels = kernels_of(s);
  Saved saved(s);
  saved.all = saved_values;
  Dims shape = input.shape();
  shape[input.ndim() - 1] = s.state;
  check_dims("output", output, shape, s);
  check_dims("saved", saved_values, Dims({saved.numel()}), s);
  RL_CHECK(output.is_contiguous() && saved_values.is_contiguous(), kOp,
           "_backward(): expected what the forward pass returned");
  const auto fresh = [&](const Dims& dims) { return empty(dims, s.dtype, s.device); };
  const bool gru = s.mode == RecurrentMode::Gru;
  const Tensor before = fresh(Dims({s.total, s.state}));
  const Tensor gates = fresh(Dims({s.total, s.width()}));
  const Tensor products = gru ? fresh(Dims({s.total, s.width()})) : gates;
  const Tensor projected = s.projected ? fresh(Dims({s.total, s.state})) : Tensor();
  const Tensor first_h = own_or_zeros(grad_h, hx);
  const Tensor first_c = cx ? own_or_zeros(grad_c, *cx) : Tensor();
  if (!s.empty()) {
    const Tensor h = own(hx), w = contiguous(w_hh);
    const Tensor w_project = s.projected ? contiguous(*w_hr) : Tensor();
    Tensor grad_out;
    if (grad_output) {
      check_dims("grad_output", *grad_output, shape, s);
      grad_out = contiguous(*grad_output);
    }
    RecurrentBackwardPlan plan{};
    plan.forward = make_plan(s, saved, output, reverse);
    plan.forward.w_hh = w.bytes();
    if (s.projected) plan.forward.w_hr = w_project.bytes();
    plan.forward.h = h.bytes();
    if (grad_out.defined()) plan.grad_output = grad_out.bytes();
    plan.before = before.bytes();
    plan.grad_gates = gates.bytes();
    if (gru) plan.grad_products = products.bytes();
    if (s.projected) plan.grad_projected = projected.bytes();
    plan.grad_h = first_h.bytes();
    if (cx) plan.grad_c = first_c.bytes();
    kernels.backward(plan);
  }
  std::vector<Tensor> found;
  const auto want = [&](int bit) { return (wanted >> bit & 1) != 0; };
  if (want(0)) {
    found.push_back(fresh(input.shape()));
    product(s, gates, false, contiguous(w_ih), false, found.back(), s.total, s.features, s.width());
  }
  if (want(1)) found.push_back(first_h);
  if (want(2)) {
    RL_CHECK(cx, kOp, "_backward(): there is no cell state to differentiate");
    found.push_back(first_c);
  }
  if (want(3)) {
    found.push_back(fresh(w_ih.shape()));
    product(s, gates, true, contiguous(input), false, found.back(), s.width(), s.features, s.total);
  }
  if (want(4)) {
    found.push_back(fresh(w_hh.shape()));
    product(s, products, true, before, false, found.back(), s.width(), s.state, s.total);
  }
  Tensor bias;
  if (want(5) || (want(6) && !gru)) bias = sum(gates, Dims({0}));
  if (want(5)) found.push_back(bias);
  if (want(6)) found.push_back(gru ? sum(products, Dims({0})) : bias);
  if (want(7)) {
    RL_CHECK(w_hr, kOp, "_backward(): there is no projection to differentiate");
    found.push_back(fresh(w_hr->shape()));
    const Tensor raw = narrow(saved.all, 0, saved.gates + saved.kept, saved.raw);
    product(s, projected, true, raw, false, found.back(), s.state, s.hidden, s.total);
  }
  return found;
}

}  // namespace rushlight
