"""Which compiled ops are public functions and which are Tensor methods."""

from __future__ import annotations

# name(input) and, as a method, name_() in place.
UNARY = (
    "abs acos acosh asin asinh atan atanh bitwise_not ceil cos cosh erf erfc exp exp2 "
    "expm1 floor frac log log10 log1p log2 logical_not neg reciprocal relu round rsqrt "
    "sigmoid sign sin sinh sqrt square tan tanh trunc"
).split()
PREDICATES = "isfinite isinf isnan".split()
# name(input, other) and, as a method, name_(other) in place.
BINARY = (
    "atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor "
    "eq floor_divide fmod ge gt hypot le logical_and logical_or logical_xor lt mul ne "
    "pow remainder"
).split()
BINARY_FUNCTIONS = "fmax fmin maximum minimum".split()
# name -> the op it is another name of.
ALIASES = {
    "absolute": "abs",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "fix": "trunc",
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "multiply": "mul",
    "negative": "neg",
    "not_equal": "ne",
}
# Functions that are methods under the same name.
FUNCTIONS = (
    "as_strided chunk diagonal flatten movedim narrow squeeze unbind unflatten "
    "view_as_complex view_as_real "
    "all amax amin any argmax argmin count_nonzero cumprod cumsum "
    "log_softmax logcumsumexp logsumexp mean prod softmax sum "
    "addmm addmv baddbmm bmm dot matmul mm mv outer "
    "gather index_add index_copy index_fill index_put index_select masked_fill "
    "masked_scatter masked_select scatter scatter_add scatter_reduce take "
    "take_along_dim tril triu"
).split()
# Methods that are no functions.
METHODS = (
    "addmm_ addmv_ baddbmm_ index_add_ index_copy_ index_fill_ index_put_ masked_fill_ "
    "cauchy_ exponential_ geometric_ log_normal_ masked_scatter_ normal_ uniform_ "
    "scatter_ scatter_add_ scatter_reduce_ tril_ triu_ unfold zero_"
).split()
# Functions that are no methods.
FUNCTIONS_ONLY = (
    "cat dstack get_num_threads hstack promote_types set_num_threads stack vstack"
).split()
