#!/usr/bin/env python3
"""Style that is checked needs no reviewer: floors of sim/, sizes, lines. Run as a ctest."""
import pathlib
import re
import sys

FLOORS = {"base": 0, "cluster": 1, "workload": 2, "state": 3, "policy": 4, "engine": 5,
          "config": 6, "report": 6, "audit": 6, "study": 7, "cli": 8}
MAX_LINES, MAX_COLUMNS = 600, 100


def include_error(folder, included):
    """What is wrong with `folder` including the path `included`, or None."""
    if folder.parts[0] == "models":
        if included[0] == "sim" and FLOORS.get(included[1], 9) > 4:
            return f"models must not include {included[1]} ({FLOORS.get(included[1])})"
        if included[0] == "models" and included[1] != folder.parts[1]:
            return "models must not include their neighbours"
        return None
    if folder.parts[0] != "sim" or folder.parts[1] == "cli":
        return None
    if included[0] == "models":
        return "sim must not include models"
    mine = folder.parts[1]
    if included[0] != "sim" or mine == included[1]:
        return None
    floor, other = FLOORS[mine], FLOORS.get(included[1], 9)
    if other > floor or (other == floor == 6) or (mine in ("report", "audit") and other == 5):
        return f"{mine} ({floor}) must not include {included[1]} ({other})"
    return None


def findings(root, path):
    relative = path.relative_to(root)
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) > MAX_LINES:
        yield f"{relative}: {len(lines)} lines, at most {MAX_LINES}"
    for number, line in enumerate(lines, 1):
        where = f"{relative}:{number}:"
        if len(line) > MAX_COLUMNS:
            yield f"{where} {len(line)} columns, at most {MAX_COLUMNS}"
        if re.search(r"\bTODO\b(?!.*#\d)", line):
            yield f"{where} TODO without an issue number"
        if relative.parts[0] == "sim" and relative.parts[1] != "cli" and "std::cout" in line:
            yield f"{where} the library never prints"
        if match := re.match(r'#include "([^"]+)"', line):
            error = include_error(relative, match.group(1).split("/"))
            if error:
                yield f"{where} {error}"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    files = sorted(path for folder in ("sim", "models", "tests")
                   for path in (root / folder).rglob("*") if path.suffix in (".hpp", ".cpp"))
    errors = [error for path in files for error in findings(root, path)]
    print("\n".join(errors + [f"{len(files)} files checked, {len(errors)} findings"]))
    return 1 if errors or not files else 0


if __name__ == "__main__":
    sys.exit(main())
