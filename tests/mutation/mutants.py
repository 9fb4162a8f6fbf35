#!/usr/bin/env python3
"""Small faults in the code, one at a time, against the tests.

A fault is three lines of a list (tests/mutation/*.faults): where, what stands
there, what stands there instead. All are planted in one copy of the tree, each
behind a switch, so that it is built once:

    [src/pki/chain.c chain_verify]
    - depth > CHAIN_MAX
    + depth > CHAIN_MAX + 1
    equivalent: the caller has counted them

"-" names an expression, or statements that end in ; or }. It must occur once in
the function; blanks and line ends do not matter, so that a list survives what
does not concern it. More "-" and "+" lines go on. An empty "+" takes statements
out. "equivalent:" says why no test can tell the fault from the code; "open:" that no test
does yet; "script:" that a unit test cannot, but this script does.

    mutants.py run --source TREE --work DIRECTORY [--sample N] [--seconds S] …
    mutants.py suggest FILE.c …       prints faults that might be tried
    mutants.py verify --source TREE   looks whether each fault finds its place

run builds in DIRECTORY, sees which test comes by which fault, and runs each
fault against those tests, its module's own first, until one fails. What survives and
is neither equivalent nor open is a failure; so is one that is, and does not survive.

A sample is of those that a unit test notices. With --built-in BUILD its faults are
planted into TREE itself, of which BUILD is a finished build: only what they change
is built again, and TREE is good for nothing else then. A test that fails without a
fault (the machine is loaded) says nothing: what survives and is reached by it is
left out, as is what there is no time for.
"""
import argparse
import collections
import concurrent.futures
import glob
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time


class Fault:
    def __init__(self, where, path, function):
        self.where, self.path, self.function = where, path, function
        self.old, self.new = [], []
        self.equivalent = self.open = self.script = None
        self.number = 0

    def text(self):
        return f"{self.path} {self.function}: {' '.join(self.old)} -> {' '.join(self.new) or 'nothing'}"


def faults_read(path):
    """The faults of a list, in order."""
    faults, place, fault = [], None, None
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.rstrip("\n")
        where = f"{os.path.basename(path)}:{number}"
        if line.startswith("["):
            place, fault = line.strip("[]").split(), None
            if len(place) != 2:
                raise SystemExit(f"{where}: not [FILE FUNCTION]")
        elif line.startswith("-"):
            if place is None:
                raise SystemExit(f"{where}: stands below no [FILE FUNCTION]")
            if fault is None or fault.new:
                fault = Fault(where, *place)
                faults.append(fault)
            fault.old.append(line[1:].strip())
        elif line.startswith("+") and fault is not None:
            fault.new.append(line[1:].strip())
        elif fault is not None and re.match("(equivalent|open|script):", line):
            mark, _, text = line.partition(":")
            setattr(fault, mark, text.strip())
        elif not line.strip():
            fault = None
        elif not line.startswith("#"):
            raise SystemExit(f"{where}: not a line of a list: {line}")
    for fault in faults:
        if not fault.new:
            raise SystemExit(f"{fault.where}: has no + line")
        for text in (" ".join(fault.old), " ".join(fault.new)):
            if not is_statement(text) and (text.count("(") != text.count(")") or re.match(r"\.|.*(,|&&|\|\|)$", text)):
                raise SystemExit(f"{fault.where}: no whole expression: {text}")
    return faults


def all_faults(source):
    """The faults of all lists, numbered from 1."""
    faults = []
    for path in sorted(glob.glob(os.path.join(source, "tests/mutation/*.faults"))):
        faults += faults_read(path)
    for number, fault in enumerate(faults, 1):
        fault.number = number
    return faults


# ---- planting ----

def function_span(text, name):
    """Where the body of a function stands, as the house writes one: name at a line's
    begin, braces in the first column. None when there is none."""
    for match in re.finditer(rf"^{re.escape(name)}\(", text, re.M):
        begin = re.compile(r"^\{", re.M).search(text, match.end())
        end = re.compile(r"^\}", re.M).search(text, match.end())
        if begin and end and begin.start() < end.start() and ";\n" not in text[match.end():begin.start()]:
            return begin.start() + 1, end.start()
    return None


def fault_span(text, fault):
    """Where its old text stands; raises SystemExit unless that is one place."""
    body = function_span(text, fault.function)
    if body is None:
        raise SystemExit(f"{fault.where}: {fault.path} has no function {fault.function}")
    words = " ".join(fault.old).split()
    text_of = r"\s+".join(re.escape(word) for word in words)
    pattern = re.compile(r"(?<!\w)(?=\w)" + text_of if re.match(r"\w", words[0]) else text_of)
    found = [match.span() for match in pattern.finditer(text, *body)]
    if len(found) != 1:
        raise SystemExit(f"{fault.where}: {fault.function} has {len(found)} times: {' '.join(words)}")
    if not is_statement(words[-1]) and re.match(r"\s*(\(|\[|\.|->)", text[found[0][1]:]):
        raise SystemExit(f"{fault.where}: the expression goes on behind {' '.join(words)}")
    if words[0].startswith("{") and text[:found[0][0]].rstrip()[-1:] in ",=({":
        raise SystemExit(f"{fault.where}: no statement, but part of a value: {' '.join(words)}")
    return found[0]


def is_statement(old):
    return old.rstrip().endswith((";", "}"))


def planted(text, spans):
    """The text with every fault behind its switch; a fault inside another's old text
    stays in what the other leaves."""
    def render(begin, end, inside):
        out, at = [], begin
        while inside:
            (first, last), fault = inside[0]
            within = [one for one in inside[1:] if one[0][1] <= last]
            inside = [one for one in inside[1:] if one[0][1] > last]
            if inside and inside[0][0][0] < last:
                raise SystemExit(f"{inside[0][1].where}: overlaps {fault.where}")
            old, new = render(first, last, within), " ".join(fault.new)
            out.append(text[at:first])
            if is_statement(text[first:last]):
                out.append(f"if (mutant({fault.number})) {{ {new} }} else {{ {old} }}")
            else:
                out.append(f"(mutant({fault.number}) ? ({new}) : ({old}))")
            at = last
        out.append(text[at:end])
        return "".join(out)

    return render(0, len(text), sorted(spans, key=lambda one: (one[0][0], -one[0][1], one[1].number)))


def plant_sources(tree, faults):
    """Writes the faults into the sources, and the switch beside them."""
    by_path = collections.defaultdict(list)
    for fault in faults:
        by_path[fault.path].append(fault)
    for path, its in by_path.items():
        file = os.path.join(tree, path)
        text = open(file, encoding="utf-8").read()
        text = planted(text, [(fault_span(text, fault), fault) for fault in its])
        text = text.replace('#include "config.h"\n', '#include "config.h"\n#include "util/mutant.h"\n', 1)
        open(file, "w", encoding="utf-8").write(text)
    for name in ("mutant.c", "mutant.h"):
        shutil.copy(os.path.join(tree, "tests/mutation", name), os.path.join(tree, "src/util", name))


def plant(tree, faults):
    """Writes all faults into the tree."""
    plant_sources(tree, faults)
    for folder, library in (("util", "libutil"), ("pkcs11", "libpkcs11_below")):
        makefile = os.path.join(tree, "src", folder, "local.mk")
        text = open(makefile, encoding="utf-8").read()
        sources = f"src_{library}_a_SOURCES = "
        text = text.replace(sources + "\\\n", sources + "src/util/mutant.c \\\n", 1)
        assert "mutant.c" in text
        open(makefile, "w", encoding="utf-8").write(text)


def plant_in_place(tree, faults):
    """The same without a change of what is built: the switch goes into a module that is in every program."""
    plant_sources(tree, faults)
    host = os.path.join(tree, "src/util/error.c")
    with open(host, "a", encoding="utf-8") as file:
        file.write('\n#include "util/mutant.c"\n')


# ---- building and running ----

def distance(path, test):
    """How far a test is from a source: 0 that of its own module, 1 another of its folder, 2 the rest."""
    module, folder = os.path.splitext(path)[0].removeprefix("src/"), os.path.dirname(path).removeprefix("src/")
    its = os.path.splitext(test)[0].removeprefix("tests/unit/")
    return 0 if its.startswith(module) else 1 if os.path.dirname(its) == folder else 2


class Work:
    def __init__(self, options):
        self.options = options
        self.source = os.path.abspath(options.source)
        self.tree = os.path.join(os.path.abspath(options.work), "tree")
        self.build = os.path.join(os.path.abspath(options.work), "build")
        self.end = time.monotonic() + options.seconds if options.seconds else None

    def say(self, *words):
        print(*words, flush=True)

    def late(self):
        return self.end is not None and time.monotonic() > self.end

    def make(self):
        """The tree with the faults, built."""
        for directory in (self.tree, self.build): # nothing of an earlier run is believed
            shutil.rmtree(directory, ignore_errors=True)
            os.makedirs(directory)
        files = subprocess.run(["git", "-C", self.source, "ls-files", "-coz", "--exclude-standard"], capture_output=True,
                               text=True, check=False)
        if files.returncode == 0:
            for name in filter(None, files.stdout.split("\0")):
                target = os.path.join(self.tree, name)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                if os.path.exists(os.path.join(self.source, name)):
                    shutil.copy2(os.path.join(self.source, name), target)
        else:
            work = os.path.abspath(self.options.work)
            shutil.copytree(self.source, self.tree, symlinks=True, dirs_exist_ok=True, ignore=lambda where, names:
                            [name for name in names if os.path.join(where, name) == work])
        self.faults = all_faults(self.tree)
        plant(self.tree, self.faults)
        jobs = f"-j{self.options.jobs}"
        log = open(os.path.join(self.options.work, "build.log"), "w", encoding="utf-8")
        self.must([os.path.join(self.tree, "autogen.sh")], log)
        self.must([os.path.join(self.tree, "configure"), "--silent", "CFLAGS=-g -O1 -w"], log)
        for goals in (["all"], self.goals()):
            self.must(["make", "-s", jobs] + goals, log)

    def must(self, command, log):
        if subprocess.run(command, cwd=self.build, stdout=log, stderr=log, check=False).returncode != 0:
            raise SystemExit(f"{command[0]} failed: see {log.name}")

    def goals(self):
        """What make has to make for the tests: all programs of theirs, or those that were named and the helpers."""
        if not self.options.tests:
            return ["check", "TESTS="]
        helpers = re.findall(r"\btests/[\w/]+", self.variable("check_PROGRAMS")) + ["tests/e2e/bad_host.so"]
        return helpers + [test for test in self.tests() if not test.endswith(".sh")]

    def variable(self, name):
        """A variable of the makefile, as it is written there."""
        database = subprocess.run(["make", "-pn", "-f", "Makefile", ".no-such-goal"], cwd=self.build,
                                  capture_output=True, text=True, check=False).stdout
        return re.search(rf"^{name} = (.*)$", database, re.M).group(1)

    def make_in_place(self, faults):
        """Plants the faults into the tree that the build is of, and makes the unit tests again."""
        self.tree, self.build, self.faults = self.source, os.path.abspath(self.options.built_in), faults
        plant_in_place(self.tree, faults)
        with open(os.path.join(self.options.work, "build.log"), "w", encoding="utf-8") as log:
            self.must(["make", "-s", f"-j{self.options.jobs}", "CFLAGS=-g -O1 -w"] + self.goals(), log)

    def tests(self):
        slow = ("build_", "manual_pages", "readme_tour", "install_services")
        names = self.variable("UNIT_TESTS").split()
        if not self.options.unit:
            names += [name for name in self.variable("E2E_TESTS").split()
                      if not os.path.basename(name).startswith(slow)]
        wanted = self.options.tests.split()
        return [name for name in names if not wanted or name in wanted]

    def run_test(self, test, environment, limit):
        """True when it passes; and its seconds."""
        command = ["bash", os.path.join(self.tree, test)] if test.endswith(".sh") else ["./" + test]
        started = time.monotonic()
        child = subprocess.Popen(
            command, cwd=self.build, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, errors="replace", start_new_session=True,
            env={**os.environ, "top_srcdir": self.tree, "top_builddir": self.build,
                 "CK_DEFAULT_TIMEOUT": str(max(10, int(limit))), **environment})
        try:
            out, _ = child.communicate(timeout=limit)
            passed = child.returncode == 0 and not re.search("^not ok ", out, re.M)
        except subprocess.TimeoutExpired:
            passed = False
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(child.pid, sign)
            except ProcessLookupError:
                break
            try:
                child.communicate(timeout=3)
            except (subprocess.TimeoutExpired, ValueError):
                pass
        return passed, time.monotonic() - started

    def reach(self):
        """For each fault the tests that come by it: the unit tests first, its own before the others, then the shortest."""
        by_fault = collections.defaultdict(list)
        seconds, doubtful = {}, set()

        def one(test):
            if self.late():
                return test, False, 0, set()
            path = os.path.join(self.options.work, "reached." + test.replace("/", "_"))
            with open(path, "wb") as file: # an octet for each fault: mutant.h
                file.truncate(1 + max((fault.number for fault in self.faults), default=0))
                os.chmod(path, 0o666)
            passed, took = self.run_test(test, {"LC_MUTANT_REACHED": path}, 600)
            with open(path, "rb") as file:
                numbers = {number for number, mark in enumerate(file.read()) if mark}
            os.unlink(path)
            return test, passed, took, numbers

        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            for test, passed, took, numbers in pool.map(one, self.tests()):
                if not passed:
                    self.say(f"# {test} fails without a fault, or there is no time for it: it is left out")
                    doubtful |= numbers
                    continue
                seconds[test] = took
                for number in numbers:
                    by_fault[number].append(test)
        paths = {fault.number: fault.path for fault in self.faults}
        for number, tests in by_fault.items():
            tests.sort(key=lambda test: (test.endswith(".sh"), distance(paths[number], test), seconds[test]))
        return by_fault, seconds, doubtful

    def judge(self, fault, tests, seconds):
        """How the fault fared: killed by which test, survived, unreached, late."""
        rounds = 2 # some need luck; a script takes too long for it
        if self.options.sample: # and so does coming by it
            folder = "tests/unit/" + fault.path.split("/")[1] + "/"
            tests = tests + [test for test in seconds if test.startswith(folder) and test not in tests]
        if fault.equivalent: # nobody expects a test to fail
            tests, rounds = [test for test in tests if not test.endswith(".sh")], 1
        scripts = sorted((test for test in tests if test.endswith(".sh")), key=lambda test: test != fault.script)
        for test in rounds * [test for test in tests if test not in scripts] + scripts:
            if self.late():
                return "late", ""
            passed, _ = self.run_test(test, {"LC_MUTANT": str(fault.number)}, 4 * seconds[test] + 10)
            if not passed:
                return "killed", test
        return ("survived", "") if tests else ("unreached", "")


def sample(faults, options):
    """What was asked for: all, those of some files, or as many by lot of those that unit tests notice."""
    chosen = [fault for fault in faults
              if not options.only or any(only in fault.path or only in fault.where for only in options.only)]
    if options.sample:
        chosen = [fault for fault in chosen if not (fault.equivalent or fault.open or fault.script)]
        random.Random(options.seed).shuffle(chosen)
        chosen = chosen[:options.sample]
    return chosen


def killed_before(path):
    """Of the table of an earlier run: what was killed where, and by which test."""
    lines = open(path, encoding="utf-8").read().splitlines() if os.path.exists(path) else []
    killed = [line.split() for line in lines if line.startswith("killed ")]
    return {words[1]: words[-1].strip("()") for words in killed}


def run(options):
    work = Work(options)
    os.makedirs(options.work, exist_ok=True)
    started = time.monotonic()
    if options.built_in:
        work.make_in_place(sample(all_faults(options.source), options))
    elif options.built:
        work.faults = all_faults(work.tree)
    else:
        work.make()
    work.say(f"# built in {time.monotonic() - started:.0f} s")
    if options.seconds: # of the tests, not of the build
        work.end = time.monotonic() + options.seconds
    reach_file = os.path.join(options.work, "reach.json")
    if options.built and os.path.exists(reach_file):
        by_fault, seconds, doubtful = json.load(open(reach_file, encoding="utf-8"))
        by_fault, doubtful = {int(number): tests for number, tests in by_fault.items()}, set(doubtful)
    else:
        by_fault, seconds, doubtful = work.reach()
        json.dump((by_fault, seconds, sorted(doubtful)), open(reach_file, "w", encoding="utf-8"))
    chosen = sample(work.faults, options)
    counts = collections.Counter()
    table_file = os.path.join(options.work, "table.txt")
    judged = killed_before(table_file) if options.built else {}
    table = open(table_file, "w", encoding="utf-8")

    def one(fault):
        if fault.where in judged:
            return fault, ("killed", judged[fault.where])
        return fault, work.judge(fault, by_fault.get(fault.number, []), seconds)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for fault, (fate, by) in pool.map(one, chosen):
            if fate in ("survived", "unreached") and options.sample and (fault.number in doubtful or work.late()):
                fate, by = "late", ""
            if fate in ("survived", "unreached"):
                if fault.equivalent or fault.open:
                    fate, by = ("equivalent", fault.equivalent) if fault.equivalent else ("open", fault.open)
                elif fault.script and options.unit:
                    fate, by = "script", fault.script
            elif fate == "killed" and (fault.equivalent or fault.open):
                fate, by = "wrong", f"said to survive, but {by} fails"
            counts[fate] += 1
            line = f"{fate:10} {fault.where:24} {fault.text()}{' (' + by + ')' if by else ''}"
            print(line, file=table, flush=True)
            if fate in ("survived", "unreached", "wrong"):
                work.say(line)
    failures = counts["survived"] + counts["unreached"] + counts["wrong"]
    work.say(f"{len(chosen)} faults: {counts['killed']} killed, {failures} failures, "
             f"{counts['open']} open, {counts['equivalent']} equivalent, {counts['script']} left to scripts, "
             f"{counts['late']} not run in time; see {table.name}")
    return failures == 0 and counts["killed"] > 0


# ---- suggestions ----

def balanced(text, begin):
    """The index behind the bracket that closes the one at begin."""
    depth, at, quote = 0, begin, None
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = None
        elif char in "\"'":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return None


def operands(text):
    """The operands of the outermost && or ||, and which it is; None without."""
    parts, depth, last, at, operator = [], 0, 0, 0, None
    while at < len(text):
        char = text[at]
        if char in "\"'":
            end = at + 1
            while end < len(text) and text[end] != char:
                end += 2 if text[end] == "\\" else 1
            at = end
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif depth == 0 and text[at:at + 2] in ("&&", "||"):
            if operator is None:
                operator = text[at:at + 2]
            if text[at:at + 2] != operator:
                return None
            parts.append(text[last:at].strip())
            last = at = at + 2
            continue
        elif depth == 0 and char == "?":
            return None
        at += 1
    parts.append(text[last:].strip())
    return (parts, operator) if operator else None


RELATIONS = [(" <= ", " < "), (" >= ", " > "), (" < ", " <= "), (" > ", " >= "), (" == ", " != "), (" != ", " == ")]


def mutations(condition):
    """(part, another in its place): an operand that counts no more, a bound moved by one."""
    both = operands(condition)
    if both:
        for part in both[0]:
            if "=" not in re.sub("[=!<>]=", "", part):
                yield part, "1" if both[1] == "&&" else "0"
            yield from relations(part)
    else:
        yield from relations(condition)


def relations(part):
    if operands(part) or "=" in re.sub("[=!<>]=", "", part) or "?" in part:
        return
    for old, new in RELATIONS:
        if part.count(old) == 1 and sum(part.count(one) for one, _ in RELATIONS) == 1:
            yield part, part.replace(old, new)


def suggest(paths):
    for path in paths:
        text = open(path, encoding="utf-8").read()
        for name in re.findall(r"^(\w+)\([^;]*?\)\n\{", text, re.M):
            span = function_span(text, name)
            if span is None:
                continue
            body, found = re.sub(r"/\*.*?\*/", lambda comment: " " * len(comment.group()), text[slice(*span)],
                                 flags=re.S), []
            for match in re.finditer(r"\b(?:if|while|return) ?(?=[(\w!])", body):
                begin = match.end()
                if body[begin] == "(" and match.group().strip() != "return":
                    end = balanced(body, begin)
                    condition = body[begin + 1:end - 1] if end else ""
                else:
                    end = body.find(";", begin)
                    condition = body[begin:end]
                    if not operands(condition) and not any(one in condition for one, _ in RELATIONS):
                        continue
                condition = " ".join(condition.split())
                found += mutations(condition)
            for match in re.finditer(r"^\t+(?:\(void\))?(\w+\([^;{}]*\);)$", body, re.M):
                if not re.match(r"LOG|error_|memory_|assert|print|abort|\w*(free|clear|close)\b", match.group(1)):
                    found.append((" ".join(match.group(0).split()), ""))
            flat = " ".join(body.split())
            found = [(old, new) for old, new in found if flat.count(old) == 1 and "/*" not in old]
            if found:
                print(f"[{path} {name}]")
                for old, new in found:
                    print(f"- {old}\n+ {new}".rstrip() + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    runs = commands.add_parser("run")
    runs.add_argument("--source", required=True)
    runs.add_argument("--work", required=True)
    runs.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    runs.add_argument("--sample", type=int, default=0, help="so many faults only, chosen by --seed")
    runs.add_argument("--seed", default=time.strftime("%Y-%m-%d"))
    runs.add_argument("--seconds", type=int, default=0, help="start no test after so many")
    runs.add_argument("--built-in", default="", help="plant into TREE itself, of which this is a build")
    runs.add_argument("--unit", action="store_true", help="the unit tests only")
    runs.add_argument("--tests", default="", help="these tests only: \"NAME …\"")
    runs.add_argument("--built", action="store_true", help="as the last run left it; what it killed is not tried again")
    runs.add_argument("only", nargs="*", help="faults in files whose path, or that of the list, has one of these")
    verifies = commands.add_parser("verify")
    verifies.add_argument("--source", required=True)
    suggests = commands.add_parser("suggest")
    suggests.add_argument("files", nargs="+")
    options = parser.parse_args()
    if options.command == "run":
        sys.exit(0 if run(options) else 1)
    if options.command == "verify":
        faults, wrong = all_faults(options.source), 0
        for fault in faults:
            try:
                fault_span(open(os.path.join(options.source, fault.path), encoding="utf-8").read(), fault)
            except (SystemExit, OSError) as error:
                print(error)
                wrong += 1
        print(f"{len(faults)} faults, {wrong} without a place")
        sys.exit(1 if wrong or not faults else 0)
    suggest(options.files)


if __name__ == "__main__":
    main()
