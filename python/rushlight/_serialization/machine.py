"""A closed pickle machine: it builds containers and tensors and runs no code.

Only the opcodes below exist, and only the names of ``constructor_table`` can be
called. The opcodes' meaning is that of Python's pickletools.
"""

from __future__ import annotations

import struct
from collections import Counter, OrderedDict, defaultdict
from typing import Any

from rushlight._serialization.errors import refused
from rushlight._serialization.rebuild import PASSIVE, constructor_table

_MARK = object()
_DICTS = (dict, OrderedDict, defaultdict, Counter)
# Never allowed, not even when asked for: their functions reach the whole machine.
_BLOCKED = frozenset({"sys", "os", "posix", "nt"})
_SIZED = (str, bytes, bytearray, list, tuple, dict, set, frozenset, OrderedDict)
_COPIES, _FREE_COPIES = 4, 1 << 16
_MAX_LONG_BYTES = 1 << 10
# Hashing a deeply nested tuple recurses in C; nothing real nests keys this far.
_MAX_KEY_DEPTH = 16


class PickleMachine:
    """Runs one pickle.

    Args:
        data: the pickle.
        where: the file and record for error texts.
        load_storage: from a persistent id to a storage.
        safe_globals: more names that may be called, with what they name.
        at: where in the data the pickle starts.
        encoding: of the texts that Python 2 wrote.

    Attributes:
        at: after :meth:`run`, where the pickle ends.
    """

    def __init__(
        self, data, where, load_storage, safe_globals=None, at=0, encoding="utf-8"
    ) -> None:
        self._data = data
        self._encoding = encoding
        self._where = where
        self._load_storage = load_storage
        self._table = {**constructor_table(), **(safe_globals or {})}
        # By identity: comparing or hashing what is on the stack could run code.
        self._callable = frozenset(map(id, self._table.values()))
        self._allowed = frozenset(map(id, (safe_globals or {}).values()))
        self.at = at
        self._stack: list = []
        self._memo: dict[int, object] = {}
        # What an honest pickle makes, its own bytes describe: copies beyond that come
        # from naming one thing many times.
        self._budget = _COPIES * len(data) + _FREE_COPIES

    def run(self):
        """Return the object the pickle describes.

        Raises:
            pickle.UnpicklingError: it uses an opcode or name that is not allowed, or
                is damaged.
        """
        opcodes = _OPCODES
        try:
            while True:
                code = self._take(1)[0]
                if code == _STOP:
                    return self._pop()
                step = opcodes.get(code)
                if step is None:
                    raise ValueError(f"opcode {bytes([code])!r} is not allowed")
                step(self)
        except (ValueError, TypeError, IndexError, KeyError, OverflowError) as error:
            raise self.refuse(f"{error} (at byte {self.at})") from error

    def refuse(self, problem):
        """Return the error for what is not allowed in this pickle."""
        return refused(self._where, problem)

    def _take(self, count):
        stop = self.at + count
        if count < 0 or stop > len(self._data):
            raise ValueError("the pickle ends early")
        part = self._data[self.at : stop]
        self.at = stop
        return part

    def _number(self, layout):
        return layout.unpack(self._take(layout.size))[0]

    def _line(self):
        end = self._data.find(b"\n", self.at)
        if end < 0:
            raise ValueError("the pickle ends early")
        line = self._take(end - self.at).decode("utf-8")
        self.at = end + 1
        return line

    def _push(self, value) -> None:
        self._stack.append(value)

    def _pop(self):
        if not self._stack or self._stack[-1] is _MARK:
            raise ValueError("the stack is empty")
        return self._stack.pop()

    def _top(self):
        if not self._stack or self._stack[-1] is _MARK:
            raise ValueError("the stack is empty")
        return self._stack[-1]

    def _pop_to_mark(self):
        stack = self._stack
        for at in range(len(stack) - 1, -1, -1):
            if stack[at] is _MARK:
                items = stack[at + 1 :]
                del stack[at:]
                return items
        raise ValueError("there is no mark on the stack")

    def _global(self, module, name) -> None:
        full = f"{module}.{name}"
        if module.partition(".")[0] in _BLOCKED:
            raise ValueError(
                f"Trying to load unsupported GLOBAL {full} whose module {module} is "
                "blocked: it stays so with serialization.add_safe_globals"
            )
        if full not in self._table:
            raise ValueError(
                f"Unsupported global: GLOBAL {full} was not an allowed global by "
                "default. Only tensors and plain containers are loaded: with a file "
                "from a source you trust, use weights_only=False, or allow the name "
                "by serialization.add_safe_globals"
            )
        self._push(self._table[full])

    def _reduce(self) -> None:
        args, function = self._pop(), self._pop()
        if not isinstance(args, tuple):
            raise ValueError("a constructor's arguments are no tuple")
        if id(function) not in self._callable:
            raise ValueError(f"a {type(function).__name__} is called")
        self._push(self._construct(function, args))

    def _spend(self, count) -> None:
        self._budget -= count
        if self._budget < 0:
            raise ValueError("it makes far more than it says: a pickle bomb")

    def _key(self, key, depth=0):
        """Return a key after making sure that it can be hashed safely."""
        kind = type(key)
        if kind in (str, int, float, bool, bytes, complex, type(None)):
            return key
        if kind in (tuple, frozenset) and depth < _MAX_KEY_DEPTH:
            self._spend(len(key))
            for part in key:
                self._key(part, depth + 1)
            return key
        raise ValueError(f"a {kind.__name__} is used as a key")

    def _construct(self, function, args):
        for arg in args:
            if type(arg) in _SIZED:
                self._spend(len(arg))
        if function in PASSIVE and args:
            raise ValueError(f"{function.__name__} is called with arguments")
        if function in _DICTS:
            return self._new_dict(function, args)
        if function in (set, frozenset):
            items = args[0] if args else []
            if not isinstance(items, (list, tuple, set)):
                raise ValueError("a set is made of something else than a list")
            return function([self._key(item) for item in items])
        return function(*args)

    def _new_dict(self, kind, args):
        result = kind()
        if not args:
            return result
        pairs = args[0]
        if isinstance(pairs, dict):
            pairs = list(pairs.items())
        if not isinstance(pairs, (list, tuple)):
            raise ValueError("a dict is made of something else than pairs")
        for pair in pairs:
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                raise ValueError("a dict is made of something else than pairs")
            result[self._key(pair[0])] = pair[1]
        return result

    def _build(self) -> None:
        state, target = self._pop(), self._top()
        if id(type(target)) in self._allowed:
            if hasattr(target, "__setstate__"):
                target.__setstate__(state)
            else:
                target.__dict__.update(state)
            return
        if not isinstance(state, dict) or not all(type(k) is str for k in state):
            raise ValueError("an object's state is no dict of names")
        if type(target) is not OrderedDict:
            raise ValueError(f"a {type(target).__name__} is given a state")
        target.__dict__.update(state)

    def _set_items(self, pairs) -> None:
        target = self._top()
        if type(target) not in _DICTS:
            raise ValueError(f"items are set in a {type(target).__name__}")
        for key, value in pairs:
            target[self._key(key)] = value

    def _mark_items(self) -> None:
        items = self._pop_to_mark()
        if len(items) % 2:
            raise ValueError("a dict has a key without a value")
        self._set_items(zip(items[::2], items[1::2], strict=True))

    def _append(self, items) -> None:
        target = self._top()
        if type(target) is not list:
            raise ValueError(f"items are appended to a {type(target).__name__}")
        target.extend(items)

    def _add(self) -> None:
        items = self._pop_to_mark()
        target = self._top()
        if type(target) is not set:
            raise ValueError(f"items are added to a {type(target).__name__}")
        target.update([self._key(item) for item in items])

    def _remember(self, number) -> None:
        self._memo[number] = self._top()

    def _recall(self, number) -> None:
        if number not in self._memo:
            raise ValueError(f"memo {number} is not set")
        self._push(self._memo[number])

    def _text(self, size) -> None:
        self._push(self._take(size).decode("utf-8", "surrogatepass"))

    def _old_text(self, size) -> None:
        self._push(self._take(size).decode(self._encoding, "surrogatepass"))

    def _long(self, size) -> None:
        if not 0 <= size <= _MAX_LONG_BYTES:
            raise ValueError(f"a number has {size} bytes")
        self._push(int.from_bytes(self._take(size), "little", signed=True))

    def _tuple(self, count) -> None:
        if count:
            self._stack_has(count)
            items = tuple(self._stack[-count:])
            del self._stack[-count:]
        else:
            items = ()
        self._push(items)

    def _stack_has(self, count) -> None:
        top = self._stack[-count:]
        if len(top) < count or any(item is _MARK for item in top):
            raise ValueError("the stack is empty")

    def _new_object(self) -> None:
        args, kind = self._pop(), self._pop()
        if not isinstance(args, tuple):
            raise ValueError("a constructor's arguments are no tuple")
        if id(kind) in self._allowed:
            self._push(kind.__new__(kind, *args))
        elif kind in _DICTS and not args:
            self._push(kind())
        else:
            raise ValueError("an object of a class that is not allowed is made")

    def _dict_of_mark(self) -> None:
        items = self._pop_to_mark()
        self._push({})
        self._stack += [_MARK, *items]
        self._mark_items()

    def _set_item(self) -> None:
        value, key = self._pop(), self._pop()
        self._set_items([(key, value)])

    def _append_one(self) -> None:
        item = self._pop()
        self._append([item])

    def _pop_any(self) -> None:
        if not self._stack:
            raise ValueError("the stack is empty")
        self._stack.pop()

    def _stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        if type(name) is not str or type(module) is not str:
            raise ValueError("a global's name is no text")
        self._global(module, name)

    def _protocol(self) -> None:
        version = self._take(1)[0]
        if version > 5:
            raise ValueError(f"pickle protocol {version} is not known")

    def _frame(self) -> None:
        if self._number(_U64) > len(self._data) - self.at:
            raise ValueError("a frame reaches past the end")


def _simple(value):
    return lambda machine: machine._push(value)


_U8, _U16, _U32 = struct.Struct("<B"), struct.Struct("<H"), struct.Struct("<I")
_I32, _U64, _F64 = struct.Struct("<i"), struct.Struct("<Q"), struct.Struct(">d")
_STOP = ord(".")
_OPCODES = {
    ord(code) if isinstance(code, str) else code: step
    for code, step in {
        0x80: PickleMachine._protocol,
        0x95: PickleMachine._frame,
        "(": lambda m: m._stack.append(_MARK),
        "0": PickleMachine._pop_any,
        "1": lambda m: m._pop_to_mark(),
        "2": lambda m: m._push(m._top()),
        "N": _simple(None),
        0x88: _simple(True),
        0x89: _simple(False),
        "K": lambda m: m._push(m._number(_U8)),
        "M": lambda m: m._push(m._number(_U16)),
        "J": lambda m: m._push(m._number(_I32)),
        0x8A: lambda m: m._long(m._number(_U8)),
        0x8B: lambda m: m._long(m._number(_I32)),
        "G": lambda m: m._push(m._number(_F64)),
        "X": lambda m: m._text(m._number(_U32)),
        "U": lambda m: m._old_text(m._number(_U8)),
        "T": lambda m: m._old_text(m._number(_I32)),
        0x8C: lambda m: m._text(m._number(_U8)),
        0x8D: lambda m: m._text(m._number(_U64)),
        "B": lambda m: m._push(bytes(m._take(m._number(_U32)))),
        "C": lambda m: m._push(bytes(m._take(m._number(_U8)))),
        0x8E: lambda m: m._push(bytes(m._take(m._number(_U64)))),
        0x96: lambda m: m._push(bytearray(m._take(m._number(_U64)))),
        ")": lambda m: m._push(()),
        0x85: lambda m: m._tuple(1),
        0x86: lambda m: m._tuple(2),
        0x87: lambda m: m._tuple(3),
        "t": lambda m: m._push(tuple(m._pop_to_mark())),
        "]": lambda m: m._push([]),
        "l": lambda m: m._push(m._pop_to_mark()),
        "a": PickleMachine._append_one,
        "e": lambda m: m._append(m._pop_to_mark()),
        "}": lambda m: m._push({}),
        "d": PickleMachine._dict_of_mark,
        "s": PickleMachine._set_item,
        "u": PickleMachine._mark_items,
        0x8F: lambda m: m._push(set()),
        0x90: PickleMachine._add,
        0x91: lambda m: m._push(frozenset(map(m._key, m._pop_to_mark()))),
        "q": lambda m: m._remember(m._number(_U8)),
        "r": lambda m: m._remember(m._number(_U32)),
        0x94: lambda m: m._remember(len(m._memo)),
        "h": lambda m: m._recall(m._number(_U8)),
        "j": lambda m: m._recall(m._number(_U32)),
        "c": lambda m: m._global(m._line(), m._line()),
        0x93: PickleMachine._stack_global,
        "R": PickleMachine._reduce,
        "b": PickleMachine._build,
        0x81: PickleMachine._new_object,
        "Q": lambda m: m._push(m._load_storage(m._pop())),
    }.items()
}


def names_in(data, where) -> set:
    """Return the names of classes and functions in a pickle, without running it.

    Args:
        data: the pickle.
        where: the file and record for error texts.

    Raises:
        pickle.UnpicklingError: it is damaged, or makes a name while it runs.
    """
    import pickletools

    found = set()
    # The text on the stack's top and what was memoized, as a pickler leaves them.
    texts: list = []
    memo: dict[int, object] = {}
    last = None
    try:
        argument: Any
        for opcode, argument, at in pickletools.genops(data):
            name = opcode.name
            if name in ("GLOBAL", "INST"):
                found.add(argument.replace(" ", ".", 1))
                last = None
            elif name == "STACK_GLOBAL":
                if len(texts) < 2 or None in texts[-2:]:
                    raise ValueError(f"the name at byte {at} is made while it runs")
                found.add(f"{texts[-2]}.{texts[-1]}")
                last = None
            elif name == "MEMOIZE":
                memo[len(memo)] = last
                continue
            elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
                memo[argument] = last
                continue
            elif name in ("GET", "BINGET", "LONG_BINGET"):
                last = memo.get(argument)
            else:
                last = argument if isinstance(argument, str) else None
            texts = [*texts[-1:], last]
    except ValueError as error:
        raise refused(where, str(error)) from error
    return found
