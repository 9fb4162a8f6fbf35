#!/usr/bin/env python3
"""Which lines of src/ no test executes: builds with gcc's --coverage, runs the tests, asks gcov.

    coverage.py --source TREE --work DIRECTORY [--tests "NAME …"]

Prints a line a folder, and then each function that was never called and each run of lines
that was not executed in those that were. tests/coverage.reasons says of some functions why no test
can show that it executes them: "FILE FUNCTION: why", or "FILE *: why" of a whole file. They are printed
apart; one that is not in the sources, or of which every line was executed, is a failure: where that depends
on the machine, and not on the tests, it is "FILE FUNCTION sometimes: why". A process that is killed counts nothing, nor does one
that becomes another program; killed while it writes, it spoils the counts of a file, so that each script
has counts of its own, and the unit tests have theirs.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys


def must(command, directory, log):
    if subprocess.run(command, cwd=directory, stdout=log, stderr=log, check=False).returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed: see {log.name}")


def notes_of(build):
    """What gcc noted of each object of the programs."""
    return [os.path.join(where, name) for where, _, names in os.walk(os.path.join(build, "src"))
            for name in names if name.endswith(".gcno")]


def data_of(note, prefix):
    return prefix + note[:-len(".gcno")] + ".gcda"


def prepare(build, prefixes):
    """Files that a process of any user can add to, and is not the first to make."""
    for note in notes_of(build):
        for prefix in prefixes:
            data = data_of(note, prefix)
            os.makedirs(os.path.dirname(data), exist_ok=True)
            open(data, "wb").close()
            os.chmod(data, 0o666)


def built_and_run(options, build):
    """Builds, and runs the tests; a test that fails is said, and counts."""
    jobs = f"-j{2 * (os.cpu_count() or 1)}"
    with open(os.path.join(options.work, "log"), "w", encoding="utf-8") as log:
        must([os.path.join(options.source, "configure"), "--silent", "CFLAGS=-g -O0 --coverage",
              "LDFLAGS=-Wl,-u,__gcov_dump"], build, log) # unit.h asks for it
        must(["make", "-s", jobs], build, log)
        must(["make", "-s", jobs, "check", "TESTS="], build, log)
        database = subprocess.run(["make", "-pn", "-f", "Makefile", ".no-such-goal"], cwd=build,
                                  capture_output=True, text=True, check=False).stdout
        for variable, prefix in (("UNIT_TESTS", options.units), ("E2E_TESTS", os.path.join(options.scripts, "$$f"))):
            tests = re.search(rf"^{variable} = (.*)$", database, re.M).group(1).split()
            tests = [test for test in tests if not options.tests or test in options.tests.split()]
            prepare(build, {prefix.replace("$$f", test) for test in tests})
            if tests and subprocess.run(["make", "-k", jobs, "check", f"TESTS={' '.join(tests)}",
                                         f"TESTS_ENVIRONMENT=GCOV_PREFIX={prefix} "], cwd=build,
                                        stdout=log, stderr=log, check=False).returncode != 0:
                print(f"some tests failed: see {log.name}")


def gcov_of(build, prefix):
    """What gcov says of the files that somebody came by."""
    notes = []
    for note in notes_of(build):
        data = data_of(note, prefix)
        if prefix and os.path.exists(data) and os.path.getsize(data) != 0:
            shutil.copy(note, os.path.dirname(data))
        if not prefix or os.path.exists(prefix + note): # the build's own say which lines there are
            notes.append(prefix + note)
    answer = subprocess.run(["gcov", "--json-format", "--stdout", *notes], cwd=build, capture_output=True,
                            text=True, check=True).stdout if notes else ""
    return [file for document in answer.splitlines() for file in json.loads(document)["files"]]


def gcov(build, source, prefixes):
    """For each file of src/: {line: times}, {(line, function): times} and {(line, function): its last line}."""
    lines, functions = collections.defaultdict(collections.Counter), collections.defaultdict(collections.Counter)
    ends = collections.defaultdict(dict)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for files in pool.map(lambda prefix: gcov_of(build, prefix), prefixes):
            for file in files:
                path = os.path.relpath(os.path.join(build, file["file"]), source)
                if not path.startswith("src/"):
                    continue
                for line in file["lines"]:
                    lines[path][line["line_number"]] += line["count"]
                for function in file["functions"]:
                    key = function["start_line"], function["name"]
                    functions[path][key] += function["execution_count"]
                    ends[path][key] = function["end_line"]
    return lines, functions, ends


def prefixes_of(options):
    """The build's own counts, the unit tests', and each script's."""
    scripts = os.path.join(options.scripts, "tests/e2e")
    return ["", options.units, *(os.path.join(scripts, name) for name in sorted(os.listdir(scripts)))] \
        if os.path.isdir(scripts) else ["", options.units]


def runs_of(numbers):
    """[3, 4, 5, 9] as ["3-5", "9"]."""
    runs = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return [str(first) if first == last else f"{first}-{last}" for first, last in runs]


def reasons_read(source):
    """{(file, function): (why, whether it is a failure that every line was executed)}."""
    reasons = {}
    for number, line in enumerate(open(os.path.join(source, "tests/coverage.reasons"), encoding="utf-8"), 1):
        if line.strip() and not line.startswith("#"):
            match = re.fullmatch(r"(src/\S+) (\w+|\*)( sometimes)?: (.+)", line.strip())
            if not match:
                raise SystemExit(f"coverage.reasons:{number}: not FILE FUNCTION: why")
            reasons[match.group(1), match.group(2)] = match.group(4), match.group(3) is None
    return reasons


def excused(lines, functions, ends, reasons):
    """Takes the idle lines of functions with a reason out of the count; what is wrong with the list."""
    wrong = []
    for (path, name), (why, always) in sorted(reasons.items()):
        spans = [(key[0], ends[path][key]) for key in functions.get(path, {}) if name in ("*", key[1])]
        if not spans:
            wrong.append(f"coverage.reasons: {path} has no function {name}")
            continue
        idle = [number for number, times in lines[path].items()
                if times == 0 and any(begin <= number <= end for begin, end in spans)]
        if not idle:
            if always:
                wrong.append(f"coverage.reasons: every line of {name} in {path} was executed")
            continue
        print(f"{path}:{spans[0][0]}: {name}: {len(idle)} lines not executed: {why}")
        for number in idle:
            del lines[path][number]
        for begin, _ in spans:
            for key in [key for key in functions[path] if key[0] == begin]:
                del functions[path][key]
    return wrong


def report(lines, functions):
    folders = collections.defaultdict(lambda: [0, 0])
    for path, its in lines.items():
        for where in ("src", os.path.dirname(path)):
            folders[where][0] += sum(1 for times in its.values() if times)
            folders[where][1] += len(its)
    for folder in sorted(folders):
        executed, all_lines = folders[folder]
        print(f"{folder:32} {executed:6} of {all_lines:6} lines  {100 * executed / all_lines:5.1f} %")
    print()
    for path in sorted(lines):
        never = sorted(key for key, times in functions[path].items() if times == 0)
        for line, name in never:
            print(f"{path}:{line}: {name} is never called")
        idle = [number for number, times in lines[path].items() if times == 0]
        if idle:
            print(f"{path}: not executed: {' '.join(runs_of(idle))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--tests", default="")
    parser.add_argument("--built", action="store_true", help="as the last run left it")
    options = parser.parse_args()
    options.source, options.work = os.path.abspath(options.source), os.path.abspath(options.work)
    build = os.path.join(options.work, "build")
    os.makedirs(build, exist_ok=True)
    options.units, options.scripts = (os.path.join(options.work, name) for name in ("units", "scripts"))
    if not options.built:
        built_and_run(options, build)
    lines, functions, ends = gcov(build, options.source, prefixes_of(options))
    if not lines:
        raise SystemExit("gcov says nothing")
    wrong = excused(lines, functions, ends, reasons_read(options.source))
    print()
    report(lines, functions)
    if wrong and not options.tests:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    sys.exit(main())
