// Generators and samplers.
#include <cstring>

#include "op.h"
#include "rushlight/ops/factory.h"
#include "rushlight/ops/random.h"
#include "rushlight/ops/sampling.h"

namespace rushlight::python {
namespace {

// Python's seeds are taken modulo 2^64.
uint64_t seed_of(const py::int_& seed) {
  const uint64_t value = PyLong_AsUnsignedLongLongMask(seed.ptr());
  if (value == uint64_t(-1) && PyErr_Occurred()) throw py::error_already_set();
  return value;
}

Tensor state_tensor(const Generator& g) {
  const std::vector<uint8_t> bytes = g.get_state();
  Tensor out = empty(Dims({int64_t(bytes.size())}), DType::U8);
  std::memcpy(out.bytes(), bytes.data(), bytes.size());
  return out;
}

void load_state(Generator& g, const Tensor& state) {
  RL_CHECK_TYPE(state.dtype() == DType::U8, "set_state(): RNG state must be a ByteTensor, got ", state.dtype());
  RL_CHECK(state.is_contiguous() && state.device().is_cpu(), "set_state(): RNG state must be a dense CPU tensor");
  g.set_state(state.bytes(), size_t(state.numel()));
}

void bernoulli_any(const Tensor& self, const Tensor& p, const GeneratorPtr& g) { bernoulli_(self, p, g); }
void bernoulli_number(const Tensor& self, double p, const GeneratorPtr& g) { bernoulli_(self, p, g); }

}  // namespace

void bind_random(py::module_& m) {
  py::class_<Generator, GeneratorPtr>(m, "Generator", "A random generator with PyTorch's stream.")
      .def(py::init([](const py::object& device) {
             const std::string name = py::str(device);
             RL_CHECK_IMPLEMENTED(Device::parse(name).is_cpu(), "Generator(): only CPU generators exist, got ", name);
             return std::make_shared<Generator>();
           }),
           py::arg("device") = "cpu")
      .def("manual_seed",
           [](GeneratorPtr g, const py::int_& seed) {
             g->manual_seed(seed_of(seed));
             return g;
           },
           py::arg("seed"))
      .def("seed", &Generator::seed)
      .def("initial_seed", &Generator::initial_seed)
      .def("get_state", &state_tensor)
      .def("set_state", [](GeneratorPtr g, const Tensor& state) { load_state(*g, state); return g; },
           py::arg("new_state"))
      .def("clone_state", &Generator::clone)
      .def("get_offset", [](const Generator&) { RL_CHECK(false, "CPU Generator does not use offset"); })
      .def("set_offset",
           [](const Generator&, int64_t) { RL_CHECK(false, "CPU Generator does not use offset"); },
           py::arg("offset"))
      .def("graphsafe_get_state",
           [](const Generator&) {
             RL_CHECK_IMPLEMENTED(false, "graphsafe_get_state is not supported in this Generator");
           })
      .def("graphsafe_set_state",
           [](const Generator&, const py::object&) {
             RL_CHECK_IMPLEMENTED(false, "graphsafe_set_state is not supported in this Generator");
           },
           py::arg("state"))
      .def_property_readonly("device", [](const Generator&) {
        return py::module_::import("rushlight._core").attr("device")("cpu");
      });
  m.attr("default_generator") = py::cast(default_generator_ptr());
  def_inplace(m, "uniform_(self, a=0.0, b=1.0, *, generator=None)", &uniform_);
  def_inplace(m, "normal_(self, mean=0.0, std=1.0, *, generator=None)", &normal_);
  def_inplace(m, "log_normal_(self, mean=1.0, std=2.0, *, generator=None)", &log_normal_);
  def_inplace(m, "exponential_(self, lambd=1.0, *, generator=None)", &exponential_);
  def_inplace(m, "geometric_(self, p, *, generator=None)", &geometric_);
  def_inplace(m, "cauchy_(self, median=0.0, sigma=1.0, *, generator=None)", &cauchy_);
  def_inplace(m, "random_range_(self, low=None, high=None, *, generator=None)", &random_);
  def_inplace(m, "bernoulli_tensor_(self, p, *, generator=None)", &bernoulli_any);
  def_inplace(m, "bernoulli_number_(self, p=0.5, *, generator=None)", &bernoulli_number);
  def_op(m, "poisson(input, generator=None)", &poisson);
  def_op(m, "binomial(count, prob, generator=None)", &binomial);
  def_op(m, "multinomial_rows(input, num_samples, generator=None)", &multinomial_rows);
  m.def("randperm", &randperm, py::arg("n"), py::arg("dtype"), py::arg("generator").none(true));
}

}  // namespace rushlight::python
