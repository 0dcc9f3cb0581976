// Docstrings of ops that treat each element alone: name, what it does, a call and its result.
#include "docs.h"

namespace rushlight::python {
namespace {

#define RL_EXAMPLE(call, result) \
  "\n\nExample::\n\n    >>> rushlight." call "\n    " result "\n"
#define RL_UNARY_DOC(name, summary, dtypes, returns, call, result)                      \
  {name, summary "\n\nArgs:\n    input (Tensor): of any shape" dtypes                   \
                 ".\n\nReturns:\n    Tensor: of ``input``'s shape" returns "." RL_EXAMPLE( \
                     call, result)}
#define RL_UNARY(name, summary, call, result) RL_UNARY_DOC(name, summary, "", "", call, result)
#define RL_FLOAT(name, summary, call, result) \
  RL_UNARY_DOC(name, summary, "; integers become the default dtype", "", call, result)
#define RL_TEST(name, summary, call, result) \
  RL_UNARY_DOC(name, summary, "", ", of dtype bool", call, result)

#define RL_BINARY_DOC(name, summary, left, right, returns, call, result)                \
  {name, summary "\n\nArgs:\n    input (" left "): broadcast with ``other``.\n"         \
                 "    other (" right "): broadcast with ``input``.\n\n"                  \
                 "Returns:\n    Tensor: of the broadcast shape, of " returns "." RL_EXAMPLE( \
                     call, result)}
#define RL_BINARY(name, summary, call, result)                                          \
  RL_BINARY_DOC(name, summary, "Tensor or Number", "Tensor or Number", "the promoted dtype", \
                call, result)
#define RL_TENSORS(name, summary, call, result) \
  RL_BINARY_DOC(name, summary, "Tensor", "Tensor", "the promoted dtype", call, result)
#define RL_COMPARE(name, op, call, result)                                              \
  RL_BINARY_DOC(name, "``input " op " other``, element by element.", "Tensor",          \
                "Tensor or Number", "dtype bool", call, result)
#define RL_LOGICAL(name, summary, call, result) \
  RL_BINARY_DOC(name, summary, "Tensor", "Tensor", "dtype bool", call, result)

constexpr Doc kDocs[] = {
    RL_UNARY("abs", "The absolute value; of a complex number its modulus, in the real dtype.",
             "abs(rushlight.tensor([-1, 2]))", "tensor([1, 2])"),
    RL_FLOAT("acos", "The inverse cosine in radians; NaN outside of [-1, 1].",
             "acos(rushlight.tensor([1., 0.]))", "tensor([0.0000, 1.5708])"),
    RL_FLOAT("acosh", "The inverse hyperbolic cosine; NaN below 1.",
             "acosh(rushlight.tensor([1., 2.]))", "tensor([0.0000, 1.3170])"),
    RL_FLOAT("asin", "The inverse sine in radians; NaN outside of [-1, 1].",
             "asin(rushlight.tensor([0., 1.]))", "tensor([0.0000, 1.5708])"),
    RL_FLOAT("asinh", "The inverse hyperbolic sine.", "asinh(rushlight.tensor([0., 1.]))",
             "tensor([0.0000, 0.8814])"),
    RL_FLOAT("atan", "The inverse tangent in radians, between -pi/2 and pi/2.",
             "atan(rushlight.tensor([0., 1.]))", "tensor([0.0000, 0.7854])"),
    RL_TENSORS("atan2",
               "The angle in radians of the point (``other``, ``input``), between -pi and pi.",
               "atan2(rushlight.tensor([1., -1.]), rushlight.tensor([0., -1.]))",
               "tensor([ 1.5708, -2.3562])"),
    RL_FLOAT("atanh", "The inverse hyperbolic tangent; infinite at -1 and 1.",
             "atanh(rushlight.tensor([0., 0.5]))", "tensor([0.0000, 0.5493])"),
    RL_BINARY("bitwise_and", "The bits set in both.", "bitwise_and(rushlight.tensor([6]), 3)",
              "tensor([2])"),
    RL_BINARY("bitwise_left_shift", "``input * 2**other``, of integers.",
              "bitwise_left_shift(rushlight.tensor([1, 3]), 2)", "tensor([ 4, 12])"),
    RL_UNARY_DOC("bitwise_not", "Every bit flipped; ``logical_not`` for bool.",
                 "; of an integer dtype or bool", "", "bitwise_not(rushlight.tensor([0, 5]))",
                 "tensor([-1, -6])"),
    RL_BINARY("bitwise_or", "The bits set in one or both.", "bitwise_or(rushlight.tensor([6]), 3)",
              "tensor([7])"),
    RL_BINARY("bitwise_right_shift",
              "``input`` divided by ``2**other`` and rounded down, of integers.",
              "bitwise_right_shift(rushlight.tensor([12, -3]), 1)", "tensor([ 6, -2])"),
    RL_BINARY("bitwise_xor", "The bits set in one of the two.",
              "bitwise_xor(rushlight.tensor([6]), 3)", "tensor([5])"),
    RL_UNARY("ceil", "The smallest whole number not below each element.",
             "ceil(rushlight.tensor([-1.5, 1.2]))", "tensor([-1.,  2.])"),
    RL_FLOAT("cos", "The cosine of an angle in radians.", "cos(rushlight.tensor([0., 1.]))",
             "tensor([1.0000, 0.5403])"),
    RL_FLOAT("cosh", "The hyperbolic cosine.", "cosh(rushlight.tensor([0., 1.]))",
             "tensor([1.0000, 1.5431])"),
    RL_COMPARE("eq", "==", "eq(rushlight.tensor([1, 2]), 2)", "tensor([False,  True])"),
    RL_FLOAT("erf",
             "The error function, ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0.",
             "erf(rushlight.tensor([0., 1.]))", "tensor([0.0000, 0.8427])"),
    RL_FLOAT("erfc", "``1 - erf(input)``, exact where that is small.",
             "erfc(rushlight.tensor([0., 1.]))", "tensor([1.0000, 0.1573])"),
    RL_FLOAT("exp", "e to the power of each element.", "exp(rushlight.tensor([0., 1.]))",
             "tensor([1.0000, 2.7183])"),
    RL_FLOAT("exp2", "2 to the power of each element.", "exp2(rushlight.tensor([0., 3.]))",
             "tensor([1., 8.])"),
    RL_FLOAT("expm1", "``exp(input) - 1``, exact where ``input`` is near 0.",
             "expm1(rushlight.tensor([0., 1.]))", "tensor([0.0000, 1.7183])"),
    RL_UNARY("floor", "The largest whole number not above each element.",
             "floor(rushlight.tensor([-1.5, 1.2]))", "tensor([-2.,  1.])"),
    RL_BINARY("floor_divide", "``input / other`` rounded down.",
              "floor_divide(rushlight.tensor([7, -7]), 2)", "tensor([ 3, -4])"),
    RL_TENSORS("fmax", "The larger of the two; NaN only where both are.",
               "fmax(rushlight.tensor([1., float('nan')]), rushlight.tensor([2., 3.]))",
               "tensor([2., 3.])"),
    RL_TENSORS("fmin", "The smaller of the two; NaN only where both are.",
               "fmin(rushlight.tensor([1., float('nan')]), rushlight.tensor([2., 3.]))",
               "tensor([1., 3.])"),
    RL_BINARY_DOC("fmod",
                  "The remainder of a division rounded towards 0; it has the sign of ``input``.",
                  "Tensor", "Tensor or Number", "the promoted dtype",
                  "fmod(rushlight.tensor([7, -7]), 3)", "tensor([ 1, -1])"),
    RL_UNARY_DOC("frac", "The part behind the point, with the sign of ``input``.",
                 "; of a floating-point dtype", "", "frac(rushlight.tensor([1.5, -2.25]))",
                 "tensor([ 0.5000, -0.2500])"),
    RL_COMPARE("ge", ">=", "ge(rushlight.tensor([1, 2]), 2)", "tensor([False,  True])"),
    RL_COMPARE("gt", ">", "gt(rushlight.tensor([1, 3]), 2)", "tensor([False,  True])"),
    RL_TENSORS("hypot", "``sqrt(input**2 + other**2)``, without overflow on the way.",
               "hypot(rushlight.tensor([3.]), rushlight.tensor([4.]))", "tensor([5.])"),
    RL_TEST("isfinite", "Whether elements are neither infinite nor NaN.",
            "isfinite(rushlight.tensor([1., float('inf')]))", "tensor([ True, False])"),
    RL_TEST("isinf", "Whether elements are infinite.",
            "isinf(rushlight.tensor([1., float('-inf')]))", "tensor([False,  True])"),
    RL_TEST("isnan", "Whether elements are NaN.", "isnan(rushlight.tensor([1., float('nan')]))",
            "tensor([False,  True])"),
    RL_COMPARE("le", "<=", "le(rushlight.tensor([2, 3]), 2)", "tensor([ True, False])"),
    RL_FLOAT("log", "The natural logarithm; NaN below 0.", "log(rushlight.tensor([1., 10.]))",
             "tensor([0.0000, 2.3026])"),
    RL_FLOAT("log10", "The logarithm to the base 10.", "log10(rushlight.tensor([1., 100.]))",
             "tensor([0., 2.])"),
    RL_FLOAT("log1p", "``log(1 + input)``, exact where ``input`` is near 0.",
             "log1p(rushlight.tensor([0., 1.]))", "tensor([0.0000, 0.6931])"),
    RL_FLOAT("log2", "The logarithm to the base 2.", "log2(rushlight.tensor([1., 8.]))",
             "tensor([0., 3.])"),
    RL_LOGICAL("logical_and", "Whether both are other than zero.",
               "logical_and(rushlight.tensor([0, 1]), rushlight.tensor([2, 2]))",
               "tensor([False,  True])"),
    RL_TEST("logical_not", "Whether elements are zero.", "logical_not(rushlight.tensor([0, 3]))",
            "tensor([ True, False])"),
    RL_LOGICAL("logical_or", "Whether one or both are other than zero.",
               "logical_or(rushlight.tensor([0, 1]), rushlight.tensor([0, 2]))",
               "tensor([False,  True])"),
    RL_LOGICAL("logical_xor", "Whether one of the two is zero and the other is not.",
               "logical_xor(rushlight.tensor([0, 1]), rushlight.tensor([2, 2]))",
               "tensor([ True, False])"),
    RL_COMPARE("lt", "<", "lt(rushlight.tensor([1, 2]), 2)", "tensor([ True, False])"),
    RL_TENSORS("maximum", "The larger of the two; NaN where one is.",
               "maximum(rushlight.tensor([1, 5]), rushlight.tensor([3, 2]))", "tensor([3, 5])"),
    RL_TENSORS("minimum", "The smaller of the two; NaN where one is.",
               "minimum(rushlight.tensor([1, 5]), rushlight.tensor([3, 2]))", "tensor([1, 2])"),
    RL_BINARY("mul", "``input * other``.", "mul(rushlight.tensor([1., 2.]), 3)",
              "tensor([3., 6.])"),
    RL_COMPARE("ne", "!=", "ne(rushlight.tensor([1, 2]), 2)", "tensor([ True, False])"),
    RL_UNARY_DOC("neg", "``-input``.", "; of any dtype but bool", "",
                 "neg(rushlight.tensor([1, -2]))", "tensor([-1,  2])"),
    RL_BINARY("pow", "``input`` to the power of ``other``.", "pow(2, rushlight.tensor([1., 3.]))",
              "tensor([2., 8.])"),
    RL_FLOAT("reciprocal", "``1 / input``.", "reciprocal(rushlight.tensor([2., 4.]))",
             "tensor([0.5000, 0.2500])"),
    RL_UNARY_DOC("relu", "``max(input, 0)``.", "; of a real dtype", "",
                 "relu(rushlight.tensor([-1., 2.]))", "tensor([0., 2.])"),
    RL_BINARY("remainder",
              "The remainder of a division rounded down; it has the sign of ``other``.",
              "remainder(rushlight.tensor([7, -7]), 3)", "tensor([1, 2])"),
    RL_FLOAT("rsqrt", "``1 / sqrt(input)``.", "rsqrt(rushlight.tensor([1., 4.]))",
             "tensor([1.0000, 0.5000])"),
    RL_FLOAT("sigmoid", "The logistic function ``1 / (1 + exp(-input))``.",
             "sigmoid(rushlight.tensor([0., 2.]))", "tensor([0.5000, 0.8808])"),
    RL_UNARY_DOC("sign", "-1, 0 or 1 by the sign of each element.", "; of a real dtype", "",
                 "sign(rushlight.tensor([-3, 0, 2]))", "tensor([-1,  0,  1])"),
    RL_FLOAT("sin", "The sine of an angle in radians.", "sin(rushlight.tensor([0., 1.]))",
             "tensor([0.0000, 0.8415])"),
    RL_FLOAT("sinh", "The hyperbolic sine.", "sinh(rushlight.tensor([0., 1.]))",
             "tensor([0.0000, 1.1752])"),
    RL_FLOAT("sqrt", "The square root; NaN for negative real numbers.",
             "sqrt(rushlight.tensor([4., 2.]))", "tensor([2.0000, 1.4142])"),
    RL_UNARY("square", "``input * input``.", "square(rushlight.tensor([-2, 3]))", "tensor([4, 9])"),
    RL_FLOAT("tan", "The tangent of an angle in radians.", "tan(rushlight.tensor([0., 1.]))",
             "tensor([0.0000, 1.5574])"),
    RL_FLOAT("tanh", "The hyperbolic tangent.", "tanh(rushlight.tensor([0., 1.]))",
             "tensor([0.0000, 0.7616])"),
    RL_UNARY("trunc", "The whole number between each element and 0 that is nearest to it.",
             "trunc(rushlight.tensor([-1.5, 1.7]))", "tensor([-1.,  1.])"),
};
static_assert(sorted_by_name(kDocs));

}  // namespace

std::span<const Doc> elementwise_docs() { return kDocs; }

}  // namespace rushlight::python
