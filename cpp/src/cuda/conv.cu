// Convolutions as matrix products: the inputs that each output meets are copied into a matrix for a
// few images at a time. See Note [Correlation].
#include "launch.cuh"
#include "matmul.cuh"
#include "rushlight/iter/conv_plan.h"

namespace rushlight::cuda {
namespace {

using namespace rushlight::rules;

RL_HD_INLINE int64_t in_plane(const ConvGeometry& p) { return p.in_height * p.in_width; }
RL_HD_INLINE int64_t out_plane(const ConvGeometry& p) { return p.out_height * p.out_width; }

// What one chunk of images may take.
constexpr int64_t kColumnBytes = int64_t(256) << 20;

// The taps of a plan on the device.
class Taps {
 public:
  explicit Taps(const ConvGeometry& p) : memory_(size_t(p.tap_count) * sizeof(ConvTap)) {
    check(cudaMemcpyAsync(memory_.as<void>(), p.taps, size_t(p.tap_count) * sizeof(ConvTap),
                          cudaMemcpyHostToDevice, current_stream()),
          "cudaMemcpyAsync");
  }
  const ConvTap* data() const { return memory_.as<ConvTap>(); }

 private:
  Workspace memory_;
};

// columns[n, (c, t), (j, i)] = in[first + n, g, c, j * in_sy + t.dy, i * in_sx + t.dx]
template <class T, class C = T>
struct ColumnElement {
  ConvGeometry p;  // its taps are on the device
  const T* in;
  C* columns;
  int64_t first_image, group;
  __device__ void operator()(int64_t index) const {
    const int64_t place = index % (p.rows * p.cols);
    int64_t rest = index / (p.rows * p.cols);
    const ConvTap tap = p.taps[rest % p.tap_count];
    rest /= p.tap_count;
    const int64_t c = rest % p.in_channels, n = rest / p.in_channels;
    const int64_t y = place / p.cols * p.in_sy + tap.dy, x = place % p.cols * p.in_sx + tap.dx;
    const bool inside = y >= 0 && y < p.in_height && x >= 0 && x < p.in_width;
    const int64_t plane = ((first_image + n) * p.groups + group) * p.in_channels + c;
    columns[index] = inside ? C(in[plane * in_plane(p) + y * p.in_width + x]) : C();
  }
};

// weights[g, o, (c, t)]
template <class T>
struct WeightElement {
  CorrelatePlan p;
  T* packed;
  __device__ void operator()(int64_t index) const {
    const int64_t t = index % p.tap_count;
    int64_t rest = index / p.tap_count;
    const int64_t c = rest % p.in_channels;
    rest /= p.in_channels;
    const int64_t o = rest % p.out_channels, g = rest / p.out_channels;
    packed[index] = static_cast<const T*>(
        p.weight)[g * p.weight_group + o * p.weight_out + c * p.weight_in + p.taps[t].weight];
  }
};

// out[first + n, g, o, ...] = products[n, o, (j, i)] + bias[g, o]
template <class T>
struct PlaceElement {
  CorrelatePlan p;
  const T* products;
  int64_t first_image, group;
  __device__ void operator()(int64_t index) const {
    const int64_t place = index % (p.rows * p.cols);
    int64_t rest = index / (p.rows * p.cols);
    const int64_t o = rest % p.out_channels, n = rest / p.out_channels;
    const int64_t plane = ((first_image + n) * p.groups + group) * p.out_channels + o;
    const int64_t y = p.out_y + place / p.cols * p.out_sy, x = p.out_x + place % p.cols * p.out_sx;
    Compute<T> value = Compute<T>(products[index]);
    if (p.bias) value += Compute<T>(static_cast<const T*>(p.bias)[group * p.out_channels + o]);
    static_cast<T*>(p.output)[plane * out_plane(p) + y * p.out_width + x] = T(value);
  }
};

// One thread an output: for groups of few channels, where a product has nothing to work with.
template <class T>
struct DirectElement {
  CorrelatePlan p;
  __device__ void operator()(int64_t index) const {
    const int64_t place = index % (p.rows * p.cols);
    const int64_t plane = index / (p.rows * p.cols);
    const int64_t o = plane % p.out_channels, image_group = plane / p.out_channels;
    const int64_t g = image_group % p.groups;
    const int64_t j = place / p.cols, i = place % p.cols;
    const T* weight = static_cast<const T*>(p.weight) + g * p.weight_group + o * p.weight_out;
    const T* in = static_cast<const T*>(p.input) + image_group * p.in_channels * in_plane(p);
    Compute<T> sum = p.bias ? Compute<T>(static_cast<const T*>(p.bias)[g * p.out_channels + o]) : Compute<T>(0);
    for (int64_t c = 0; c < p.in_channels; ++c)
      for (int64_t t = 0; t < p.tap_count; ++t) {
        const ConvTap tap = p.taps[t];
        const int64_t y = j * p.in_sy + tap.dy, x = i * p.in_sx + tap.dx;
        if (y >= 0 && y < p.in_height && x >= 0 && x < p.in_width)
          sum += Compute<T>(in[c * in_plane(p) + y * p.in_width + x]) *
                 Compute<T>(weight[c * p.weight_in + tap.weight]);
      }
    static_cast<T*>(p.output)[plane * out_plane(p) + (p.out_y + j * p.out_sy) * p.out_width + p.out_x +
                              i * p.out_sx] = T(sum);
  }
};

// Whether the input itself is the matrix: one tap on every element.
bool input_is_matrix(const ConvGeometry& p) {
  return p.tap_count == 1 && p.taps[0].dy == 0 && p.taps[0].dx == 0 && p.in_sy == 1 && p.in_sx == 1 &&
         p.rows == p.in_height && p.cols == p.in_width;
}

int64_t images_at_once(const ConvGeometry& p, int64_t image_bytes) {
  const int64_t fit = kColumnBytes / (image_bytes > 0 ? image_bytes : 1);
  return fit < 1 ? 1 : fit < p.batch ? fit : p.batch;
}

template <class T>
void correlate_of(const CorrelatePlan& host) {
  if (host.batch * host.rows * host.cols * host.out_channels * host.groups == 0) return;
  const Taps taps(host);
  CorrelatePlan p = host;
  p.taps = taps.data();
  const int64_t terms = p.in_channels * p.tap_count, places = p.rows * p.cols;
  if (p.out_channels < 4 || terms < 4)
    return for_range(p.batch * p.groups * p.out_channels * places, DirectElement<T>{p});
  const bool direct = input_is_matrix(host);
  const bool whole = !p.bias && p.out_sy == 1 && p.out_sx == 1 && p.rows == p.out_height && p.cols == p.out_width;
  const Workspace weights(size_t(p.groups * p.out_channels * terms) * sizeof(T));
  for_range(p.groups * p.out_channels * terms, WeightElement<T>{p, weights.as<T>()});
  const int64_t chunk = images_at_once(p, (terms + p.out_channels) * places * int64_t(sizeof(T)));
  const Workspace columns(direct ? 0 : size_t(chunk * terms * places) * sizeof(T));
  const Workspace products(whole ? 0 : size_t(chunk * p.out_channels * places) * sizeof(T));
  const T* in = static_cast<const T*>(p.input);
  for (int64_t first = 0; first < p.batch; first += chunk) {
    const int64_t images = p.batch - first < chunk ? p.batch - first : chunk;
    for (int64_t g = 0; g < p.groups; ++g) {
      const T* matrix = columns.as<T>();
      int64_t step = terms * places;
      if (direct) {
        matrix = in + (first * p.groups + g) * p.in_channels * places;
        step = p.groups * p.in_channels * places;
      } else {
        for_range(images * terms * places, ColumnElement<T>{p, in, columns.as<T>(), first, g});
      }
      const T* own = weights.as<T>() + g * p.out_channels * terms;
      T* to = whole ? static_cast<T*>(p.output) + (first * p.groups + g) * p.out_channels * places : products.as<T>();
      const int64_t to_step = (whole ? p.groups : 1) * p.out_channels * places;
      gemm(p.dtype, false, false, images, p.out_channels, places, terms, Scalar(1.0), own, terms, 0, matrix,
           places, step, Scalar(0.0), to, places, to_step);
      if (!whole) for_range(images * p.out_channels * places, PlaceElement<T>{p, products.as<T>(), first, g});
    }
  }
}

// grad_weight[g, o, c, t.weight] of the product's [o, (c, t)]
template <class T>
struct UnpackElement {
  WeightGradientPlan p;
  const Compute<T>* packed;
  int64_t group;
  __device__ void operator()(int64_t index) const {
    const int64_t t = index % p.tap_count, row = index / p.tap_count;
    static_cast<T*>(p.grad_weight)[(group * p.out_channels * p.in_channels + row) * p.tap_count +
                                   p.taps[t].weight] = T(packed[index]);
  }
};

template <class T>
struct WidenElement {
  const T* from;
  Compute<T>* to;
  __device__ void operator()(int64_t i) const { to[i] = Compute<T>(from[i]); }
};

// The images' products are summed one after the other, half types in float.
template <class T>
void correlate_weight_of(const WeightGradientPlan& host) {
  using C = Compute<T>;
  constexpr bool kWiden = is_half_v<T>;
  const int64_t terms = host.in_channels * host.tap_count, places = host.rows * host.cols;
  const int64_t elements = host.out_channels * terms;
  if (host.batch == 0 || places == 0) {
    check(cudaMemsetAsync(host.grad_weight, 0, size_t(host.groups * elements) * sizeof(T), current_stream()),
          "cudaMemsetAsync");
    return;
  }
  const Taps taps(host);
  WeightGradientPlan p = host;
  p.taps = taps.data();
  const bool direct = input_is_matrix(host) && !kWiden;
  const int64_t chunk = images_at_once(p, terms * places * int64_t(sizeof(C)));
  const Workspace columns(direct ? 0 : size_t(chunk * terms * places) * sizeof(C));
  const Workspace packed(size_t(elements) * sizeof(C));
  const int64_t grads = p.batch * p.groups * p.out_channels * places;
  const Workspace wide(kWiden ? size_t(grads) * sizeof(C) : 0);
  const C* grad;
  if constexpr (kWiden) {
    for_range(grads, WidenElement<T>{static_cast<const T*>(p.grad), wide.as<C>()});
    grad = wide.as<C>();
  } else {
    grad = static_cast<const C*>(p.grad);
  }
  const T* in = static_cast<const T*>(p.input);
  for (int64_t g = 0; g < p.groups; ++g) {
    for (int64_t first = 0; first < p.batch; first += chunk) {
      const int64_t images = p.batch - first < chunk ? p.batch - first : chunk;
      if (!direct) for_range(images * terms * places, ColumnElement<T, C>{p, in, columns.as<C>(), first, g});
      for (int64_t n = 0; n < images; ++n) {
        const C* matrix = columns.as<C>() + n * terms * places;
        if constexpr (!kWiden)
          if (direct) matrix = in + ((first + n) * p.groups + g) * p.in_channels * places;
        gemm(dtype_of<C>, false, true, 1, p.out_channels, terms, places, Scalar(1.0),
             grad + ((first + n) * p.groups + g) * p.out_channels * places, places, 0, matrix, places, 0,
             Scalar(first + n == 0 ? 0.0 : 1.0), packed.as<C>(), terms, 0);
      }
    }
    for_range(elements, UnpackElement<T>{p, packed.as<C>(), g});
  }
}

void correlate(const CorrelatePlan& p) {
  for_floats("conv2d", p.dtype, [&](auto tag) { correlate_of<typename decltype(tag)::type>(p); });
}
void correlate_weight(const WeightGradientPlan& p) {
  for_floats("conv2d_weight", p.dtype, [&](auto tag) { correlate_weight_of<typename decltype(tag)::type>(p); });
}

}  // namespace

void register_conv(KernelSlots& slots) {
  slots.correlate = &correlate;
  slots.correlate_weight = &correlate_weight;
}

}  // namespace rushlight::cuda
