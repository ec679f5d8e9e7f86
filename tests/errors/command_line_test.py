#!/usr/bin/env python3
"""Wrong commands: NAME.args holds the arguments, NAME.expected what is printed, then the exit code.

Usage: command_line_test.py PROGRAM, in the root of the project. SIM_UPDATE=1 writes the messages
anew; the review reads the diff.
"""
import os
import pathlib
import shlex
import subprocess
import sys


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path("tests/errors")
    failures = 0
    cases = sorted(folder.glob("*.args"))
    for case in cases:
        run = subprocess.run([program, *shlex.split(case.read_text())], capture_output=True,
                             text=True, timeout=60)
        found = f"{run.stdout}{run.stderr}exit code {run.returncode}\n"
        expected = case.with_suffix(".expected")
        if os.environ.get("SIM_UPDATE"):
            expected.write_text(found)
        if not expected.exists() or expected.read_text() != found or run.returncode != 2:
            print(f"{case}: expected in {expected}, found:\n{found}")
            failures += 1
    print(f"{len(cases)} commands, {failures} failures")
    return 1 if failures or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
