"""Families of functions that are imported at first use: the package's import is short.

A module named here defines public functions; those that are Tensor methods too stand in
its ``METHODS``. ``rushlight.<name>`` and ``Tensor.<name>`` find them by these tables,
which name every function and method so that nothing is imported to list them.
"""

from __future__ import annotations

import importlib
import sys

from rushlight import _core, _public

# Public namespaces: rushlight.<name>, imported when first asked for.
NAMESPACES: tuple[str, ...] = (
    "accelerator",
    "amp",
    "array_api",
    "backends",
    "compat",
    "fft",
    "linalg",
    "nn",
    "optim",
    "overrides",
    "profiler",
    "return_types",
    "safetensors",
    "signal",
    "special",
    "storage",
    "utils",
    "vision",
)

# module -> public functions and constants of rushlight.
FUNCTIONS: dict[str, str] = {
    "rushlight._dlpack": "asarray from_dlpack to_dlpack",
    "rushlight._streams": "Event Stream",
    "rushlight.utils._summary": "summary",
    "rushlight._autocast": (
        "clear_autocast_cache get_autocast_cpu_dtype get_autocast_dtype "
        "get_autocast_gpu_dtype is_autocast_cache_enabled is_autocast_cpu_enabled "
        "is_autocast_enabled set_autocast_cache_enabled set_autocast_cpu_dtype "
        "set_autocast_cpu_enabled set_autocast_dtype set_autocast_enabled "
        "set_autocast_gpu_dtype"
    ),
    "rushlight.amp": "GradScaler autocast",
    "rushlight.storage": (
        "BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage "
        "ComplexFloatStorage DoubleStorage FloatStorage HalfStorage IntStorage "
        "LongStorage ShortStorage Storage StorageBase TypedStorage UntypedStorage "
        "is_storage"
    ),
    "rushlight._printing": "get_printoptions printoptions set_printoptions",
    "rushlight._identities": (
        "adjoint conj_physical is_conj is_neg positive resolve_conj resolve_neg"
    ),
    "rushlight._pointwise": (
        "addcdiv addcmul copysign deg2rad float_power frexp gcd heaviside isin "
        "isneginf isposinf isreal lcm ldexp lerp logaddexp logaddexp2 logit nan_to_num "
        "nextafter polar rad2deg signbit sinc xlogy"
    ),
    "rushlight._inplace_functions": (
        "abs_ acos_ acosh_ addmv_ arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ "
        "as_strided_ asin_ asinh_ atan_ atanh_ ceil_ clamp_ clamp_max_ clamp_min_ "
        "clip_ conj_physical_ cos_ cosh_ deg2rad_ detach_ erf_ erfc_ erfinv_ exp2_ "
        "exp_ expm1_ fill fill_ fix_ floor_ frac_ gcd_ i0_ index_put_ lcm_ ldexp_ "
        "log10_ log1p_ log2_ log_ logit_ nan_to_num_ neg_ negative_ rad2deg_ "
        "reciprocal_ resize_as_ round_ rsqrt_ sigmoid_ sin_ sinc_ sinh_ sqrt_ square_ "
        "tan_ tanh_ trunc_ xlogy_ zero_"
    ),
    "rushlight._norms": "dist frobenius_norm nuclear_norm renorm",
    "rushlight._placing": "index_reduce put unravel_index",
    "rushlight._scans": (
        "cummax cummin cumulative_trapezoid diff gradient trapezoid trapz"
    ),
    "rushlight._sorting": (
        "argsort bucketize kthvalue median mode msort nanmedian nanquantile quantile "
        "searchsorted sort topk unique unique_consecutive"
    ),
    "rushlight._special": (
        "digamma erfinv i0 igamma igammac lgamma mvlgamma polygamma"
    ),
    "rushlight._statistics": (
        "aminmax bincount corrcoef cov histc histogram histogramdd nanmean nansum"
    ),
    "rushlight.linalg._einsum": "einsum tensordot",
    "rushlight.linalg._distance": "cdist pdist",
    "rushlight.linalg._products": (
        "addbmm addr chain_matmul cross ger inner kron trace vdot"
    ),
    "rushlight.linalg._legacy": (
        "cholesky cholesky_inverse cholesky_solve det eig geqrf inverse "
        "logdet lstsq lu lu_solve lu_unpack matrix_exp matrix_power matrix_rank "
        "orgqr ormqr pca_lowrank pinverse qr slogdet solve svd svd_lowrank "
        "symeig triangular_solve"
    ),
    "rushlight._shapes": (
        "atleast_1d atleast_2d atleast_3d block_diag cartesian_prod channel_shuffle "
        "column_stack combinations constant_pad_nd dsplit hsplit meshgrid "
        "native_channel_shuffle pixel_shuffle pixel_unshuffle ravel rot90 "
        "split_with_sizes tensor_split tril_indices triu_indices vander vsplit"
    ),
    "rushlight._diagonals": (
        "as_strided_scatter diag diag_embed diagflat diagonal_scatter select_scatter "
        "slice_scatter"
    ),
    "rushlight._configuration": (
        "are_deterministic_algorithms_enabled detach e get_default_device "
        "get_deterministic_debug_mode get_device get_float32_matmul_precision "
        "get_num_interop_threads has_lapack has_openmp inf is_inference "
        "is_deterministic_algorithms_warn_only_enabled is_signed "
        "is_warn_always_enabled nan newaxis pi set_anomaly_enabled set_default_device "
        "set_default_tensor_type set_deterministic_debug_mode "
        "set_float32_matmul_precision set_flush_denormal set_num_interop_threads "
        "set_warn_always use_deterministic_algorithms"
    ),
    "rushlight._dropout": (
        "alpha_dropout alpha_dropout_ dropout dropout_ feature_alpha_dropout "
        "feature_alpha_dropout_ feature_dropout feature_dropout_"
    ),
    "rushlight._factories": "empty_permuted from_file logspace range",
    "rushlight._sampling": "binomial multinomial poisson",
    "rushlight._spectral": "istft stft",
    "rushlight._transforms": "compile cond vmap",
    "rushlight.nn._functional.activation": "threshold",
    "rushlight.nn._functional.distance": (
        "bilinear cosine_similarity norm_except_dim pairwise_distance"
    ),
    "rushlight.nn._functional.normalization": "rms_norm",
    "rushlight.nn._functional.piecewise_units": "hardshrink prelu rrelu_ threshold_",
    "rushlight.nn._functional.recurrent": (
        "gru gru_cell lstm lstm_cell rnn_relu rnn_relu_cell rnn_tanh rnn_tanh_cell"
    ),
    "rushlight.nn._functional.smooth_units": "celu celu_ selu selu_",
    "rushlight.nn._functional.top_level": (
        "batch_norm binary_cross_entropy_with_logits cosine_embedding_loss ctc_loss "
        "embedding embedding_bag embedding_renorm_ group_norm hinge_embedding_loss "
        "instance_norm kl_div layer_norm margin_ranking_loss poisson_nll_loss rrelu "
        "triplet_margin_loss"
    ),
    "rushlight.nn._functional.averaging": "adaptive_avg_pool1d avg_pool1d",
    "rushlight.nn._functional.conv": "conv1d conv2d conv3d conv_tbc convolution",
    "rushlight.nn._functional.conv_transpose": (
        "conv_transpose1d conv_transpose2d conv_transpose3d"
    ),
    "rushlight.nn._functional.sampling": (
        "affine_grid_generator grid_sampler grid_sampler_2d grid_sampler_3d"
    ),
    "rushlight.nn._functional.torch_pools": (
        "adaptive_max_pool1d max_pool1d max_pool1d_with_indices max_pool2d max_pool3d"
    ),
    "rushlight._windows": (
        "bartlett_window blackman_window hamming_window hann_window kaiser_window"
    ),
}

# module -> Tensor methods (names in the module's METHODS).
METHODS: dict[str, str] = {
    "rushlight._array_protocol": "__array_interface__ __array_namespace__ to_device",
    "rushlight._dlpack": "__dlpack__ __dlpack_device__",
    "rushlight._memory_methods": (
        "apply_ const_data_ptr dim_order is_pinned is_shared map2_ map_ module_load "
        "pin_memory record_stream resize resize_as share_memory_ to_dense to_sparse "
        "to_sparse_csr"
    ),
    "rushlight.storage": "_typed_storage storage storage_type untyped_storage",
    "rushlight._identities": (
        "adjoint chalf conj_physical conj_physical_ is_conj is_neg positive "
        "resolve_conj resolve_neg"
    ),
    "rushlight._pointwise": (
        "addcdiv addcdiv_ addcmul addcmul_ copysign copysign_ deg2rad deg2rad_ "
        "float_power float_power_ frexp gcd gcd_ heaviside heaviside_ isneginf "
        "isposinf isreal lcm lcm_ ldexp ldexp_ lerp lerp_ logaddexp logaddexp2 logit "
        "logit_ nan_to_num nan_to_num_ nextafter nextafter_ rad2deg rad2deg_ signbit "
        "sinc sinc_ xlogy xlogy_"
    ),
    "rushlight._norms": "dist renorm renorm_",
    "rushlight._placing": "index_reduce index_reduce_ put put_",
    "rushlight._scans": "cummax cummin cumprod_ cumsum_ diff",
    "rushlight._sorting": (
        "argsort kthvalue median mode msort nanmedian nanquantile quantile sort topk "
        "unique unique_consecutive"
    ),
    "rushlight._special": (
        "digamma digamma_ erfinv erfinv_ i0 i0_ igamma igamma_ igammac igammac_ lgamma "
        "lgamma_ mvlgamma mvlgamma_ polygamma polygamma_"
    ),
    "rushlight._statistics": (
        "aminmax bincount corrcoef cov histc histogram nanmean nansum"
    ),
    "rushlight.linalg._products": (
        "addbmm addbmm_ addr addr_ cross ger inner kron trace vdot"
    ),
    "rushlight.linalg._legacy": (
        "cholesky cholesky_inverse cholesky_solve det eig geqrf inverse logdet lstsq "
        "lu lu_solve matrix_exp matrix_power orgqr ormqr pinverse qr slogdet solve svd "
        "symeig triangular_solve"
    ),
    "rushlight._shapes": (
        "dsplit hsplit ravel rot90 split_with_sizes sum_to_size tensor_split vsplit"
    ),
    "rushlight._diagonals": (
        "as_strided_scatter diag diag_embed diagflat diagonal_scatter fill_diagonal_ "
        "select_scatter slice_scatter"
    ),
    "rushlight._sampling": "multinomial",
    "rushlight._spectral": "istft stft",
    "rushlight.nn._functional.piecewise_units": "hardshrink prelu",
}


class _LazyMethod:
    """Stands on Tensor in a method's place until that is first asked for."""

    def __init__(self, name, module):
        self.name, self.module = name, module

    def __get__(self, instance, owner=None):
        methods = importlib.import_module(self.module).METHODS
        method = methods[self.name]
        given = _public.spellings(method) if hasattr(method, "__code__") else 0
        _core._attach(self.name, method, given)
        return getattr(owner if instance is None else instance, self.name)


def attach():
    """Gives Tensor the methods of METHODS."""
    for module, names in METHODS.items():
        for name in names.split():
            _core._attach(name, _LazyMethod(name, module))


def module_getattr(package, table, namespaces):
    """``__getattr__`` and ``__dir__`` of a package over a table like FUNCTIONS."""
    sys.modules[package["__name__"]].__class__ = _core.LazyModule
    where = {name: module for module, names in table.items() for name in names.split()}

    def __getattr__(name):
        if name in where:
            value = _public.public(
                name, getattr(importlib.import_module(where[name]), name)
            )
        elif name in namespaces:
            value = importlib.import_module(f"{package['__name__']}.{name}")
        else:
            raise AttributeError(
                f"module {package['__name__']!r} has no attribute {name!r}"
            )
        package[name] = value
        return value

    def __dir__():
        return sorted({*package, *where, *namespaces})

    return __getattr__, __dir__
