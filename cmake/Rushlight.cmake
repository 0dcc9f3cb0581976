# Flags shared by all targets, and the per-ISA compilation of kernel files.

add_library(rushlight_flags INTERFACE)
target_compile_options(rushlight_flags INTERFACE -Wall -Wextra -Wno-unused-parameter
  -fno-math-errno -fno-trapping-math -ffp-contract=off)
if(RUSHLIGHT_SANITIZE)
  target_compile_options(rushlight_flags INTERFACE -fsanitize=address,undefined
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1)
  target_link_options(rushlight_flags INTERFACE -fsanitize=address,undefined)
endif()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(RUSHLIGHT_ISAS v2 v3 v4)
  set(RUSHLIGHT_ISA_FLAGS_v2 -march=x86-64-v2)
  set(RUSHLIGHT_ISA_FLAGS_v3 -march=x86-64-v3)
  set(RUSHLIGHT_ISA_FLAGS_v4 -march=x86-64-v4 -mprefer-vector-width=512)
else()
  set(RUSHLIGHT_ISAS generic)
  set(RUSHLIGHT_ISA_FLAGS_generic "")
endif()

# rushlight_add_kernels(<target> <file>...): compiles the files once per instruction set into
# namespace rushlight::cpu::<isa> and adds the objects to the target.
# Under the sanitizers -O1 keeps the many instantiations quick to compile.
set(RUSHLIGHT_KERNEL_OPTIMIZATION $<IF:$<BOOL:${RUSHLIGHT_SANITIZE}>,-O1,-O3>)

function(rushlight_add_kernels target)
  foreach(isa IN LISTS RUSHLIGHT_ISAS)
    set(objects rushlight_kernels_${isa})
    add_library(${objects} OBJECT ${ARGN})
    target_compile_definitions(${objects} PRIVATE RL_ISA=${isa} RL_ISA_${isa}=1)
    target_compile_options(${objects} PRIVATE ${RUSHLIGHT_KERNEL_OPTIMIZATION}
      ${RUSHLIGHT_ISA_FLAGS_${isa}})
    target_include_directories(${objects} PRIVATE ${PROJECT_SOURCE_DIR}/cpp/include)
    target_link_libraries(${objects} PRIVATE rushlight_flags)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
  endforeach()
endfunction()
