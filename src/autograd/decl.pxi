# What the core needs of C and C++.
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF, Py_DECREF, Py_XINCREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stddef cimport size_t
from libcpp cimport bool as cbool
from libcpp.utility cimport move, pair
from libcpp.vector cimport vector
cimport cython

ctypedef long long longlong

cdef extern from "errors.h" namespace "rushlight::python":
    void rl_raise "rushlight::python::set_python_error" ()

cdef extern from "rushlight/core/scalar.h" namespace "rushlight":
    ctypedef int CDType "rushlight::DType"
    cdef cppclass CScalar "rushlight::Scalar":
        CScalar(int64_t)
        CScalar(double)
        void store(CDType, void*)
    CDType result_type_scalar "rushlight::result_type" (CDType, const CScalar&)
    CDType promote_types_c "rushlight::promote_types" (CDType, CDType) except +rl_raise
    CDType default_dtype()
    void set_default_dtype_c "rushlight::set_default_dtype" (CDType) except +rl_raise
    size_t dtype_itemsize "rushlight::itemsize" (CDType)
    const char* dtype_name(CDType)

cdef extern from "support.h" namespace "rushlight::python":
    bint grad_enabled() nogil
    bint grad_mode() nogil
    void set_grad_enabled_c "rushlight::python::set_grad_enabled" (bint) nogil
    bint inference_enabled() nogil
    void set_inference(bint) nogil
    bint is_inference_version(uint32_t)
    void set_out_of_memory_error(object)
    cdef cppclass ScalarBox:
        ScalarBox()
        CScalar value
    int to_scalar(PyObject*, ScalarBox*) except -1
    object element_to_python(CDType, const void*) except +rl_raise
    cdef cppclass ReadyQueue:
        void emplace(longlong, PyObject*)
        pair[longlong, PyObject*] top()
        void pop()
        bint empty()


cdef extern from "place.h" namespace "rushlight::python":
    cdef cppclass CPlace "rushlight::python::Place":
        PyObject* code
        int instruction
    cdef cppclass CWrite "rushlight::python::Write":
        PyObject* what
        PyObject* code
        int instruction
    CPlace user_place()
    object describe_place(PyObject* code, int instruction)
    void set_package_folder(const char* file)
    void note_write(const void* storage, uint32_t version, PyObject* what)
    const CWrite* find_write(const vector[const void*]& storages, uint32_t count, uint32_t floor)


cdef extern from "rushlight/core/tensor.h" namespace "rushlight":
    cdef cppclass CDims "rushlight::Dims":
        CDims()
        CDims(int n) except +rl_raise
        int64_t& operator[](int)
        int size()
        int64_t* data()
        bint operator==(const CDims&)
        bint operator!=(const CDims&)
        void push_back(int64_t)
    cdef cppclass CDevice "rushlight::Device":
        CDevice()
        bint is_cpu()
        signed char index
        @staticmethod
        CDevice parse(const char*) except +rl_raise
    cdef cppclass CStorage "rushlight::Storage":
        void* data()
        size_t nbytes()
        uint32_t version()
        void bump_version()
        uint32_t use_count()
    cdef cppclass CLayout "rushlight::Layout":
        int64_t span()
    cdef cppclass CTensor "rushlight::Tensor":
        CTensor()
        CTensor(const CTensor&)
        bint defined()
        CDType dtype()
        CDevice device()
        const CDims& shape()
        const CDims& strides()
        const CLayout& layout()
        int64_t size(int)
        int64_t stride(int)
        int ndim()
        int64_t numel()
        int64_t offset()
        size_t itemsize()
        bint is_contiguous()
        bint is_same(const CTensor&)
        CStorage& storage()
        char* bytes()
        void* impl()
    int kMaxDims

cdef extern from "fast_view.h" namespace "rushlight::python":
    void refers_to_more(PyObject*) noexcept
    PyObject* fast_transposed(PyObject*, int64_t, int64_t) noexcept
    bint is_plain(PyObject*) noexcept
    void count_modes(int change) noexcept

cdef extern from "support.h" namespace "rushlight::python":
    void* export_tensor(const CTensor&) except +rl_raise
    Py_ssize_t* exported_dims(void*)
    void release_export(void*)
    CTensor alias(const CTensor&) except +rl_raise
    bint sole_owner(const CTensor&)

cdef extern from "rushlight/iter/kernel_slots.h" namespace "rushlight":
    ctypedef int CUnaryOp "rushlight::UnaryOp"
    ctypedef int CBinaryOp "rushlight::BinaryOp"
    CBinaryOp OP_ADD "rushlight::BinaryOp::add"
    CBinaryOp OP_SUB "rushlight::BinaryOp::sub"
    CBinaryOp OP_MUL "rushlight::BinaryOp::mul"
    CBinaryOp OP_DIV "rushlight::BinaryOp::div"
    CBinaryOp OP_FLOORDIV "rushlight::BinaryOp::floor_divide"
    CBinaryOp OP_REMAINDER "rushlight::BinaryOp::remainder"
    CBinaryOp OP_POW "rushlight::BinaryOp::pow"
    CBinaryOp OP_EQ "rushlight::BinaryOp::eq"
    CBinaryOp OP_NE "rushlight::BinaryOp::ne"
    CBinaryOp OP_LT "rushlight::BinaryOp::lt"
    CBinaryOp OP_LE "rushlight::BinaryOp::le"
    CBinaryOp OP_GT "rushlight::BinaryOp::gt"
    CBinaryOp OP_GE "rushlight::BinaryOp::ge"
    CBinaryOp OP_AND "rushlight::BinaryOp::bitwise_and"
    CBinaryOp OP_OR "rushlight::BinaryOp::bitwise_or"
    CBinaryOp OP_XOR "rushlight::BinaryOp::bitwise_xor"
    CBinaryOp OP_LSHIFT "rushlight::BinaryOp::bitwise_left_shift"
    CBinaryOp OP_RSHIFT "rushlight::BinaryOp::bitwise_right_shift"
    CUnaryOp OP_NEG "rushlight::UnaryOp::neg"
    CUnaryOp OP_ABS "rushlight::UnaryOp::abs"
    CUnaryOp OP_NOT "rushlight::UnaryOp::bitwise_not"
    const char* binary_op_name "rushlight::op_name" (CBinaryOp)
    const char* unary_op_name "rushlight::op_name" (CUnaryOp)
    int kNumBinaryOps "rushlight::kNumBinaryOps"
    int kNumUnaryOps "rushlight::kNumUnaryOps"

cdef extern from "rushlight/ops/elementwise.h" namespace "rushlight":
    CTensor c_binary "rushlight::binary" (CBinaryOp, const CTensor&, const CTensor&) except +rl_raise nogil
    CTensor c_binary_ts "rushlight::binary" (CBinaryOp, const CTensor&, const CScalar&) except +rl_raise nogil
    CTensor c_binary_st "rushlight::binary" (CBinaryOp, const CScalar&, const CTensor&) except +rl_raise nogil
    void c_binary_out "rushlight::binary_out" (CBinaryOp, const CTensor&, const CTensor&, const CTensor&) except +rl_raise nogil
    void c_binary_out_ts "rushlight::binary_out" (CBinaryOp, const CTensor&, const CScalar&, const CTensor&) except +rl_raise nogil
    CTensor c_unary "rushlight::unary" (CUnaryOp, const CTensor&) except +rl_raise nogil

cdef extern from "rushlight/ops/index.h" namespace "rushlight":
    CTensor c_index "rushlight::index" (const CTensor&, const CTensor&) except +rl_raise nogil
    vector[CTensor] c_index_select_each "rushlight::index_select_each" (const vector[CTensor]&, const CTensor&) except +rl_raise nogil

cdef extern from "rushlight/ops/view.h" namespace "rushlight":
    CTensor c_view "rushlight::view" (const CTensor&, const CDims&) except +rl_raise
    CTensor c_reshape "rushlight::reshape" (const CTensor&, const CDims&) except +rl_raise
    CTensor c_permute "rushlight::permute" (const CTensor&, const CDims&) except +rl_raise
    CTensor c_transpose "rushlight::transpose" (const CTensor&, int64_t, int64_t) except +rl_raise
    CTensor c_t "rushlight::t" (const CTensor&) except +rl_raise
    CTensor c_expand "rushlight::expand" (const CTensor&, const CDims&) except +rl_raise
    CTensor c_select "rushlight::select" (const CTensor&, int64_t, int64_t) except +rl_raise
    CTensor c_slice "rushlight::slice" (const CTensor&, int64_t, int64_t, int64_t, int64_t) except +rl_raise
    CTensor c_unsqueeze "rushlight::unsqueeze" (const CTensor&, int64_t) except +rl_raise
    CTensor c_as_strided "rushlight::as_strided" (const CTensor&, const CDims&, const CDims&, int64_t) except +rl_raise

cdef extern from "rushlight/ops/copy.h" namespace "rushlight":
    void c_copy "rushlight::copy_" (const CTensor&, const CTensor&) except +rl_raise nogil
    void c_copy_across "rushlight::copy_" (const CTensor&, const CTensor&, bint) except +rl_raise nogil
    CTensor c_clone "rushlight::clone" (const CTensor&) except +rl_raise nogil
    CTensor c_contiguous "rushlight::contiguous" (const CTensor&) except +rl_raise nogil
    CTensor c_to_dtype "rushlight::to_dtype" (const CTensor&, CDType) except +rl_raise nogil
    CTensor c_to_device "rushlight::to_device" (const CTensor&, CDevice) except +rl_raise nogil

cdef extern from "rushlight/ops/factory.h" namespace "rushlight":
    CTensor c_empty "rushlight::empty" (const CDims&, CDType, CDevice) except +rl_raise nogil
    CTensor c_empty_like "rushlight::empty_like" (const CTensor&, CDType) except +rl_raise nogil
    CTensor c_zeros "rushlight::zeros" (const CDims&, CDType, CDevice) except +rl_raise nogil
    CTensor c_full "rushlight::full" (const CDims&, const CScalar&, CDType, CDevice) except +rl_raise nogil
    void c_fill "rushlight::fill_" (const CTensor&, const CScalar&) except +rl_raise nogil

cdef extern from "rushlight/ops/reduce.h" namespace "rushlight":
    CTensor c_sum "rushlight::sum" (const CTensor&) except +rl_raise nogil
    CTensor c_max "rushlight::max" (const CTensor&) except +rl_raise nogil
    CTensor c_min "rushlight::min" (const CTensor&) except +rl_raise nogil

cdef extern from "rushlight/ops/matmul.h" namespace "rushlight":
    CTensor c_matmul "rushlight::matmul" (const CTensor&, const CTensor&) except +rl_raise nogil
