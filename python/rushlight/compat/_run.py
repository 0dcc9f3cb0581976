"""``python -m rushlight run``: a PyTorch program with ``torch`` being Rushlight."""

from __future__ import annotations

import io
import os
import runpy
import sys
import types

from rushlight import compat

USAGE = """\
usage: python -m rushlight run script.py [args ...]
       python -m rushlight run -m module [args ...]
       python -m rushlight run -c code [args ...]

Runs a PyTorch program; torch is Rushlight in it, and torchvision rushlight.vision.
"""


def main(argv: list[str]) -> None:
    """Runs the program that a command line names, as the interpreter would.

    Args:
        argv (list of str): what follows ``run``.
    """
    if argv[:1] in (["-h"], ["--help"]):
        print(USAGE, end="")
        return
    form = argv.pop(0) if argv[:1] in (["-m"], ["-c"], ["--"]) else None
    if not argv or (argv[0].startswith("-") and form is None):
        what = f"no option {argv[0]!r}" if argv else "no program given"
        sys.stderr.write(f"{USAGE}python -m rushlight run: {what}\n")
        raise SystemExit(2)
    compat.install()
    sys.excepthook = _Hook(sys.excepthook)
    program = argv[0]
    if form == "-m":
        sys.argv[:] = argv
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    elif form == "-c":
        sys.argv[:] = ["-c", *argv[1:]]
        _start("")
        _execute(compile(program, "<string>", "exec"), None)
    else:
        sys.argv[:] = argv
        _script(program)


def _script(path):
    if os.path.isdir(path) or path.endswith((".zip", ".pyz")):
        _start(None)
        runpy.run_path(path, run_name="__main__")
        return
    try:
        with io.open_code(os.path.abspath(path)) as file:
            source = file.read()
    except OSError as error:
        text = f"python -m rushlight run: can't open {path!r}: {error.strerror}\n"
        sys.stderr.write(text)
        raise SystemExit(2) from None
    _start(os.path.dirname(os.path.realpath(path)))
    _execute(compile(source, path, "exec"), path)


def _start(folder):
    """Puts the program's folder where ``python -m`` has put the current one."""
    if sys.flags.safe_path if hasattr(sys.flags, "safe_path") else False:
        return
    if folder is None:
        del sys.path[0]
    else:
        sys.path[0] = folder


def _execute(code, path):
    """Runs code as the module ``__main__``."""
    module = types.ModuleType("__main__")
    if path is not None:
        module.__file__ = os.path.abspath(path)
        module.__cached__ = None
    module.__builtins__ = __builtins__
    # The module that was there holds this program's frames: it must outlive them.
    module_before = sys.modules["__main__"]
    sys.modules["__main__"] = module
    _KEPT.append(module_before)
    exec(code, vars(module))


_KEPT: list[types.ModuleType] = []


class _Hook:
    """Prints tracebacks that begin in the program, as without ``rushlight run``."""

    def __init__(self, before):
        self.before = before

    def __call__(self, kind, error, trace):
        while trace is not None and self._ours(trace.tb_frame.f_code.co_filename):
            trace = trace.tb_next
        self.before(kind, error.with_traceback(trace), trace)

    @staticmethod
    def _ours(name):
        here = os.path.dirname(os.path.abspath(__file__))
        main = os.path.join(os.path.dirname(here), "__main__.py")
        # runpy's own frames are frozen ones, or a file's in Python 3.10.
        return name.startswith("<frozen runpy") or name in (
            __file__,
            runpy.__file__,
            main,
        )
