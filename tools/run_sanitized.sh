#!/usr/bin/env bash
# tools/run_sanitized.sh BUILD [pytest arguments | --fuzz CALLS]: builds everything with
# AddressSanitizer and UBSan in the folder BUILD, runs the C++ tests and then pytest (default:
# tests/python) or the fuzzer on that build. The current Python must have the build requirements,
# pytest, hypothesis and NumPy.
set -euo pipefail
mkdir -p "$1"
build=$(cd "$1" && pwd)
shift
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=$(python -c 'import sys; print(sys.executable)')

if command -v ccache >/dev/null; then
  export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
cmake -S "$root" -B "$build" -G Ninja -DRUSHLIGHT_SANITIZE=ON -DRUSHLIGHT_TESTS=ON \
  -DRUSHLIGHT_PYTHON=ON "-DPython_EXECUTABLE=$python"
cmake --build "$build"

export UBSAN_OPTIONS=print_stacktrace=1
# C++ programs are checked for leaks as well; Python itself leaks at exit by design.
ctest --test-dir "$build" --output-on-failure

# A sanitized module in a plain interpreter needs the run-time first; libstdc++ beside it, else ASan
# does not see exceptions. Python's own allocator would hide errors in small objects.
runtime="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libstdc++.so.6)"
cd "$root"
if [[ ${1:-} == --fuzz ]]; then
  set -- tests/fuzz/fuzz_calls.py --patience 60 --calls "$2"
elif [[ $# -eq 0 ]]; then
  set -- -m pytest -p no:cacheprovider -q tests/python
else
  set -- -m pytest -p no:cacheprovider "$@"
fi
env LD_PRELOAD="$runtime" PYTHONMALLOC=malloc PYTHONPATH="$build/python${PYTHONPATH:+:$PYTHONPATH}" \
  ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:strict_init_order=1 "$python" "$@"
