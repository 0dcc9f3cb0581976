# Made by tools/make_stubs.py.
from typing import Any

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "safe_globals",
    "save",
]

class safe_globals:
    safe_globals: Any
    def __enter__(self) -> None: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: Any
    ) -> None: ...
    def __init__(self, safe_globals: Any) -> None: ...

def add_safe_globals(safe_globals: Any) -> None: ...
def clear_safe_globals() -> None: ...
def get_safe_globals() -> list: ...
def get_unsafe_globals_in_checkpoint(f: Any) -> list: ...
def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: Any = None,
    mmap: Any = None,
    **pickle_load_args: Any,
) -> Any: ...
def save(
    obj: Any,
    f: Any,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
) -> None: ...
