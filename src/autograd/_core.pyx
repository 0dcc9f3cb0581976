# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False
# cython: c_api_binop_methods=True, freethreading_compatible=False, binding=False
# cython: embedsignature=True, embedsignature.format=clinic
# distutils: language = c++
"""The compiled core: the Tensor object, basic indexing, the tape and its engine."""

include "decl.pxi"
include "dtype.pxi"
include "overrides.pxi"
include "node.pxi"
include "tensor.pxi"
include "new.pxi"
include "operators.pxi"
include "indexing.pxi"
include "creation.pxi"
include "batches.pxi"
include "saved.pxi"
include "engine.pxi"
include "accumulate.pxi"
include "anomaly.pxi"
include "python_tape.pxi"
include "capsule.pxi"
