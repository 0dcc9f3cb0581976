"""Greps for the rules that a compiler does not check: `tools/check_arrow.py [ROOT]`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

MAX_LINES = 800
CODE = {".h", ".cpp", ".cu", ".cuh", ".def", ".pyx", ".pxd", ".pxi", ".py"}
CPP = {".h", ".cpp", ".cu", ".cuh", ".def"}

# (where, which suffixes, what must not stand there, why); comments are blank.
RULES = [
    (
        r"^cpp/(include|src)/",
        CPP,
        re.compile(
            r"#\s*include\s*[<\"](Python\.h|pybind11|numpy)|\bPyObject\b|\bPy_\w+"
        ),
        "the library knows nothing of Python",
    ),
    (
        r"^cpp/include/rushlight/(core|iter|functors)/",
        CPP,
        re.compile(r"#\s*include\s*[<\"]rushlight/ops/"),
        "an include against the arrow ops -> cpu|cuda -> functors, iter -> core",
    ),
    (
        r"^cpp/(include/rushlight|src)/core/",
        CPP,
        re.compile(r"#\s*include\s*[<\"]rushlight/(iter|functors)/"),
        "an include against the arrow functors, iter -> core",
    ),
    (
        r"^cpp/src/cpu/",
        CPP,
        re.compile(r"#\s*include\s*[<\"][^\">]*cuda"),
        "cpu and cuda do not include each other",
    ),
    (
        r"^cpp/src/cuda/",
        CPP,
        re.compile(r"#\s*include\s*[<\"][^\">]*\bcpu/"),
        "cpu and cuda do not include each other",
    ),
    (
        r"^cpp/(include|src)/(?!.*/error\.h$)",
        CPP,
        re.compile(r"\bthrow\b(?!\s*\(\s*\))"),
        "throw only through raise() or RL_CHECK of core/error.h",
    ),
    (
        r"^cpp/src/(?!cuda/.*alloc)",
        CPP,
        re.compile(r"\bcudaMalloc\w*\s*\("),
        "device memory comes from the caching allocator",
    ),
]

COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
INCLUDE = re.compile(r"^\s*#\s*include.*$", re.MULTILINE)


def code_of(text: str) -> str:
    """The text with comments and strings blanked, lines kept; includes stay whole."""

    def blank(match: re.Match[str]) -> str:
        line_start = text.rfind("\n", 0, match.start()) + 1
        if INCLUDE.match(text, line_start) and match.group().startswith('"'):
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())

    return COMMENT_OR_STRING.sub(blank, text)


def tracked(root: Path) -> list[str]:
    names = subprocess.run(
        ["git", "ls-files"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [name for name in names if (root / name).is_file()]


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    bad = 0
    names = tracked(root)
    for name in names:
        path = root / name
        if path.suffix not in CODE:
            continue
        text = path.read_text(encoding="utf-8")
        lines = text.count("\n")
        if lines > MAX_LINES:
            print(f"{name}: {lines} lines; split it, {MAX_LINES} is the end")
            bad += 1
        if path.suffix not in CPP:
            continue
        code = code_of(text)
        for where, suffixes, pattern, why in RULES:
            if path.suffix not in suffixes or not re.match(where, name):
                continue
            for match in pattern.finditer(code):
                line = code.count("\n", 0, match.start()) + 1
                print(f"{name}:{line}: '{match.group().strip()}': {why}")
                bad += 1
    print(f"check_arrow: {len(names)} files, {bad} faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
