#!/usr/bin/env python3
"""Style that is checked needs no reviewer: floors of sim/, sizes, lines. Run as a ctest."""
import pathlib
import re
import sys

FLOORS = {"base": 0, "cluster": 1, "workload": 2, "state": 3, "policy": 4, "engine": 5,
          "config": 6, "report": 6, "audit": 6, "study": 7, "cli": 8}
MAX_LINES, MAX_FUNCTION_LINES, MAX_COLUMNS = 600, 70, 100
PRINTS = re.compile(r"std::cout\b|(?<![\w:])(?:std::|fmt::)?(?:printf|print|puts)\((?!stderr)")
# What a brace in it does not count: raw strings, comments, strings, characters, directives.
NOT_CODE = re.compile(
    r'R"(\w*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
    r"|(?<!\w)'(?:\\.|[^'\\\n])+'|^[ \t]*#(?:\\\n|[^\n])*", re.DOTALL | re.MULTILINE)
SCOPE = re.compile(r"(?:^|\s)(?:namespace|class|struct|union|enum|extern)\b")


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


def opens_function(head):
    """Whether a brace after `head` opens a body: a parameter list, and no scope or initializer."""
    before = None
    while before != head:  # parameters may hold parentheses and `=`
        before, head = head, re.sub(r"\([^()]*\)", "@", head)
    head = re.sub(r"\boperator[^\w@]*", "", head)
    return "@" in head and not re.search(r"[()=]", head) and not SCOPE.search(head)


def functions(text):
    """(first line, number of lines) of each outermost function body with its head."""
    code = NOT_CODE.sub(lambda match: "\n" * match.group().count("\n"), text)
    depth, body, begin, start, line = 0, None, 0, 1, 1
    for at, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char == "{":
            head = code[begin:at]
            if body is None and opens_function(head):
                body, start = depth, line - head.lstrip().count("\n")
            depth += 1
        elif char == "}":
            depth -= 1
            if body == depth:
                yield start, line - start + 1
                body = None
        if char in "{};":
            begin = at + 1


def findings(root, path):
    relative = path.relative_to(root)
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        yield f"{relative}: {len(lines)} lines, at most {MAX_LINES}"
    for start, length in functions(text):
        if length > MAX_FUNCTION_LINES:
            yield f"{relative}:{start}: function of {length} lines, at most {MAX_FUNCTION_LINES}"
    for number, line in enumerate(lines, 1):
        where = f"{relative}:{number}:"
        if len(line) > MAX_COLUMNS:
            yield f"{where} {len(line)} columns, at most {MAX_COLUMNS}"
        if re.search(r"\bTODO\b(?!.*#\d)", line):
            yield f"{where} TODO without an issue number"
        in_library = relative.parts[0] == "sim" and relative.parts[1] != "cli"
        if in_library and PRINTS.search(line.split("//")[0]):
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
