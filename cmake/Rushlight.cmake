# Flags shared by all targets, and the per-ISA compilation of kernel files.

add_library(rushlight_flags INTERFACE)
target_compile_options(rushlight_flags INTERFACE -Wall -Wextra -Wno-unused-parameter
  -fno-math-errno -fno-trapping-math -ffp-contract=off)
if(RUSHLIGHT_SANITIZE)
  # A bool tensor holds any byte when its memory came from elsewhere: view(bool), a buffer, empty().
  target_compile_options(rushlight_flags INTERFACE -fsanitize=address,undefined -fno-sanitize=bool
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1)
  target_link_options(rushlight_flags INTERFACE -fsanitize=address,undefined)
endif()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  # Under the sanitizers one set: the code is the same for all, and three take 25 minutes to compile.
  set(default_isas v2 v3 v4)
  if(RUSHLIGHT_SANITIZE)
    set(default_isas v3)
  endif()
  set(RUSHLIGHT_ISAS "${default_isas}" CACHE STRING "Instruction sets to compile kernels for")
  set(RUSHLIGHT_ISA_FLAGS_v2 -march=x86-64-v2)
  set(RUSHLIGHT_ISA_FLAGS_v3 -march=x86-64-v3)
  set(RUSHLIGHT_ISA_FLAGS_v4 -march=x86-64-v4 -mprefer-vector-width=512)
else()
  set(RUSHLIGHT_ISAS generic)
  set(RUSHLIGHT_ISA_FLAGS_generic "")
endif()

# rushlight_add_kernels(<target> <file>...): compiles the files once per instruction set into
# namespace rushlight::cpu::<isa> and adds the objects to the target.
# Under the sanitizers -O1 keeps the many instantiations quick to compile, and so does not marking
# each local of the inlined loops as dead at its end: 50 s against 13 s for unary.cpp.
set(kernel_options -O3)
if(RUSHLIGHT_SANITIZE)
  set(kernel_options -O1 -fno-sanitize-address-use-after-scope)
endif()

function(rushlight_add_kernels target)
  foreach(isa IN LISTS RUSHLIGHT_ISAS)
    set(objects rushlight_kernels_${isa})
    add_library(${objects} OBJECT ${ARGN})
    target_compile_definitions(${objects} PRIVATE RL_ISA=${isa} RL_ISA_${isa}=1)
    target_compile_options(${objects} PRIVATE ${kernel_options} ${RUSHLIGHT_ISA_FLAGS_${isa}})
    # The oldest level stands in for processors of before 2013: there the wheel's size comes first.
    # -Os halves these kernels, whose vectors are spelled out.
    if(isa STREQUAL "v2" AND NOT RUSHLIGHT_SANITIZE)
      target_compile_options(${objects} PRIVATE -Os)
    endif()
    target_include_directories(${objects} PRIVATE ${PROJECT_SOURCE_DIR}/cpp/include)
    target_link_libraries(${objects} PRIVATE rushlight_flags)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
  endforeach()
endfunction()
