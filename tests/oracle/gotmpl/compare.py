#!/usr/bin/env python3
"""Compares slipway's templates with the reference implementation's on random cases.

    compare.py ORACLE PROGRAM COUNT [SEED [GENERATOR [FUNCTION...]]]

ORACLE renders cases as Go does: it reads lines of JSON and writes {"name","output"|"output_base64"|"error"}. PROGRAM is the golden
test, run with "-". Cases of which the oracle dies, or whose result changes from run
to run, are left out. Prints the differences.
"""
import json
import os
import subprocess
import sys

BATCH = 1000
CRASHES = ("runtime error:", "reflect:", "reflect.Value")


def run(command, cases):
    """What the program says before it ends, dies, or has had time enough."""
    try:
        return subprocess.run(command, input="\n".join(cases) + "\n", capture_output=True, text=True, timeout=120, env=dict(os.environ, TZ="UTC")).stdout
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode()


def results(command, cases):
    """A result for each case; None where the program died of it or did not come to an end."""
    found = []
    while len(found) < len(cases):
        rest = cases[len(found):len(found) + BATCH]
        lines = [json.loads(line) for line in run(command, rest).split("\n")[:-1]]
        found += lines
        if len(lines) < len(rest):
            found.append(None)
    return found


def same(want, have):
    if any(word in want.get("error", "") for word in CRASHES):
        return "error" in have
    return all(want.get(key) == have.get(key) for key in ("output", "output_base64", "error", "log"))


def main():
    oracle, program, count = sys.argv[1], sys.argv[2], sys.argv[3]
    here = os.path.dirname(os.path.abspath(__file__))
    generator = here + "/" + (sys.argv[5] if len(sys.argv) > 5 else "generate.py")
    cases = subprocess.run([sys.executable, generator, count] + sys.argv[4:5] + sys.argv[6:], capture_output=True, text=True, check=True).stdout.splitlines()
    first, have = results([oracle], cases), results([program, "-"], cases)
    different = unsteady = failed = 0
    for case, want, got in zip(cases, first, have):
        failed += want is not None and "error" in want
        if want is not None and got is not None and same(want, got):
            continue
        if want is None or any(again != [want] for again in (results([oracle], [case]) for _ in range(4))):
            unsteady += 1
        else:
            different += 1
            print(json.loads(case)["name"] + "\n  case " + case)
            print("  want " + json.dumps({k: v for k, v in want.items() if k != "name"}))
            print("  have " + json.dumps({k: v for k, v in (got or {"died": True}).items() if k != "name"}))
    print("%d cases, %d of them errors, %d unsteady, %d different" % (len(have), failed, unsteady, different))
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
