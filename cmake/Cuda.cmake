# librushlight_cuda.so: the kernels of cpp/src/cuda, opened by librushlight.so at first use. It
# carries the CUDA runtime in itself; libcuda and the vendor libraries are opened at run time.

function(rushlight_add_cuda)
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80 90)
  endif()
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/cpp/src/cuda/*.cu"
    "${PROJECT_SOURCE_DIR}/cpp/src/cuda/*.cpp")
  if(NOT sources)
    message(FATAL_ERROR "RUSHLIGHT_CUDA=ON, but cpp/src/cuda holds no source")
  endif()
  add_library(rushlight_cuda SHARED ${sources})
  set_target_properties(rushlight_cuda PROPERTIES
    CUDA_ARCHITECTURES "${CMAKE_CUDA_ARCHITECTURES}" CUDA_STANDARD 20 CUDA_STANDARD_REQUIRED ON
    CUDA_RUNTIME_LIBRARY Static INSTALL_RPATH "$ORIGIN")
  target_compile_options(rushlight_cuda PRIVATE
    $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr --extended-lambda --fmad=false>)
  target_link_libraries(rushlight_cuda PRIVATE rushlight)
  install(TARGETS rushlight_cuda LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endfunction()
