"""link_tree.py SOURCE TARGET: makes every entry of SOURCE a symbolic link in TARGET."""

import sys
from pathlib import Path


def main(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    wanted = {p.name: p for p in source.iterdir() if p.name != "__pycache__"}
    for entry in target.iterdir():
        if entry.is_symlink() and entry.name not in wanted:
            entry.unlink()
    for name, path in wanted.items():
        link = target / name
        if link.is_symlink() and link.readlink() == path:
            continue
        link.unlink(missing_ok=True)
        link.symlink_to(path)


main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
