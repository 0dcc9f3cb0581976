// Recurrent layers: one direction of one layer, all steps.
#pragma once

#include <optional>
#include <tuple>
#include <vector>

#include "rushlight/core/tensor.h"

namespace rushlight {

using OptionalTensor = std::optional<Tensor>;

// mode: 0 tanh, 1 relu, 2 GRU, 3 LSTM, of g = 1, 1, 3, 4 gates. With H units and a state of P
// features (P = H unless w_hr projects):
//   input  (T, N, I); (sum of batch_sizes, I) where those, int64 (T), are given, see Note [Packed
//          steps]; (N, I) for a single step
//   hx     (N, P) or (1, N, P); cx: (N, H) or (1, N, H), an LSTM's
//   w_ih (g H, I), w_hh (g H, P), b_ih and b_hh (g H), both or neither, w_hr (P, H)
// All float32 or float64 (NotImplementedError else). `reverse` walks from the last step back.
// Returns the output, of the input's shape with P features; the last h and c, of hx' and cx' shapes
// (c empty where there is none); and what recurrent_backward() wants.
RL_API std::tuple<Tensor, Tensor, Tensor, Tensor> recurrent(
    const Tensor& input, const Tensor& hx, const OptionalTensor& cx, const Tensor& w_ih,
    const Tensor& w_hh, const OptionalTensor& b_ih, const OptionalTensor& b_hh,
    const OptionalTensor& w_hr, const OptionalTensor& batch_sizes, int64_t mode, bool reverse);

// The gradients of input, hx, cx, w_ih, w_hh, b_ih, b_hh and w_hr whose bit is set in `wanted`, the
// lowest bit the input's, in this order. grad_*: of output, h and c, each may be missing for zero.
RL_API std::vector<Tensor> recurrent_backward(
    const OptionalTensor& grad_output, const OptionalTensor& grad_h, const OptionalTensor& grad_c,
    const Tensor& input, const Tensor& hx, const OptionalTensor& cx, const Tensor& w_ih,
    const Tensor& w_hh, const OptionalTensor& w_hr, const OptionalTensor& batch_sizes, int64_t mode,
    bool reverse, const Tensor& output, const Tensor& saved, int64_t wanted);

}  // namespace rushlight
