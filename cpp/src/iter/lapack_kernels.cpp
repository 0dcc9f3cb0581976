#include "rushlight/iter/lapack_kernels.h"

namespace rushlight {

namespace cpu {
const LapackKernels* lapack_kernels(DType dtype);  // cpu/linalg.cpp
}

const LapackKernels* lapack_kernels(DeviceType type, DType dtype) {
  return type == DeviceType::CPU ? cpu::lapack_kernels(dtype) : nullptr;
}

}  // namespace rushlight
