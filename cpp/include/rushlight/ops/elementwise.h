// Pointwise ops. The named functions are generated from ops.def.
//
// Operands broadcast and are promoted as in PyTorch; results keep the operands' dense memory order.
// Each raises Error when shapes do not broadcast or the dtype has no kernel.
#pragma once

#include "rushlight/iter/kernel_slots.h"

namespace rushlight {

RL_API Tensor unary(UnaryOp op, const Tensor& self);
// Writes into out (resized by the caller); out may be self.
RL_API void unary_out(UnaryOp op, const Tensor& self, const Tensor& out);
// The dtype of the result; raises for a dtype the op does not take.
RL_API DType unary_result_type(UnaryOp op, DType dtype);

RL_API Tensor binary(BinaryOp op, const Tensor& a, const Tensor& b);
RL_API Tensor binary(BinaryOp op, const Tensor& a, const Scalar& b);
RL_API Tensor binary(BinaryOp op, const Scalar& a, const Tensor& b);
RL_API void binary_out(BinaryOp op, const Tensor& a, const Tensor& b, const Tensor& out);
RL_API void binary_out(BinaryOp op, const Tensor& a, const Scalar& b, const Tensor& out);

// The promoted dtype of two tensors: a 0-d tensor only raises the category (PyTorch's rule).
RL_API DType result_type(const Tensor& a, const Tensor& b);

// condition ? a : b, elementwise; condition is bool (or uint8), a and b are promoted.
RL_API Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
// Raises Error unless `from` may be written into a tensor of dtype `to` (no category is lost).
RL_API void check_can_cast(const char* op, DType from, DType to);
// Uninitialised result for operands of `shape`, in their common dense memory order.
RL_API Tensor allocate_result(const Dims& shape, DType dtype, const Tensor* const* operands,
                              int count);

#define RL_UNARY(name, functor, accepts, result) RL_API Tensor name(const Tensor& self);
#define RL_BINARY(name, functor, accepts, result)            \
  RL_API Tensor name(const Tensor& self, const Tensor& other); \
  RL_API Tensor name(const Tensor& self, const Scalar& other);
#include "rushlight/ops.def"
#undef RL_UNARY
#undef RL_BINARY

}  // namespace rushlight
