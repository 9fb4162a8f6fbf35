#!/usr/bin/env python3
"""What one attestation costs attestd in things that are counted: the same on a busy machine and a quiet one.

    count.py --build DIRECTORY [--json FILE] [--functions N] [--ek-certificate]

User-mode instructions (callgrind), system calls and pages of the WAL (strace), each of 200
attestations less 20, by one client before one worker, so that start and end do not count. First of
a machine that comes back again and again, whose EK the keeper has kept, then of as many machines as
attestations, each of which is new to the keeper. What is not installed is left out. callgrind sees one process with a thread each for front, keeper and
writer (--no-fork); strace sees the processes as they are in service.
"""
import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import tempfile

import rows

MANY, FEW = 200, 20
WAL_PAGE = 4096

# Whose instructions: the first that an object's name begins with. The rest is our own.
OBJECTS = [("libcrypto", "OpenSSL"), ("libjansson", "jansson"), ("libsqlite3", "SQLite"), ("libevent", "libevent"),
           ("libtss2", "tpm2-tss"), ("libcbor", "libcbor"), ("libc.so", "libc"), ("ld-linux", "libc")]

# Whose thread: one that calls this.
THREADS = [("exchange_dispatch", "front"), ("attachment_drained_cb", "keeper"), ("store_commit", "writer")]

# What the work consists of; a part counts with all that it calls.
PARTS = ["json_members_decode", "json_reply", "tpm_ak_decode", "tpm_ek_decode", "tpm_creation_verify",
         "tpm_credential_make", "ak_certificate_issue", "certify_change", "store_commit"]

# The arithmetic inside: nobody can leave it out.
ARITHMETIC = ["BN_mod_exp_mont", "ECDSA_do_sign_ex"]


class Profile:
    """Instructions by (object, function) alone, by function with what it calls, and by thread."""

    def __init__(self):
        self.own = collections.Counter()
        self.whole = collections.Counter()
        self.threads = collections.Counter()

    def read(self, path, sign):
        """Adds a thread's file of callgrind, or takes it off."""
        here = called = None
        is_call = False
        own = 0
        callees = set()
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                key, _, value = line.rstrip("\n").partition("=")
                if key == "ob":
                    place = os.path.basename(value)
                elif key == "fn":
                    here = (place, value)
                elif key == "cfn":
                    called = value
                    callees.add(value)
                elif key == "calls":
                    is_call = True
                elif line[:1].isdigit() and here is not None:
                    cost = sign * int(line.split()[1])
                    if is_call and called != here[1]:
                        self.whole[called] += cost
                    elif not is_call:
                        self.own[here] += cost
                        own += cost
                    is_call = False
        self.threads[next((who for name, who in THREADS if name in callees), "others")] += own


def once(options, new, count, under, *flags):
    """A run of attest_bench with that many attestations, of new machines or of one."""
    command = [os.path.join(options.build, "tests/bench/attest_bench"), "--count", str(count), "--under", under, *flags]
    if options.ek_certificate:
        command.append("--ek-certificate")
    if new:
        command += ["--machines", str(count)]
    subprocess.run(command, check=True, env=dict(os.environ, top_builddir=os.path.abspath(options.build)))


def instructions(options, new, work):
    """A Profile of one attestation."""
    profile = Profile()
    for count, sign in ((MANY, 1), (FEW, -1)):
        out = os.path.join(work, f"callgrind.{count}")
        once(options, new, count, "valgrind -q --tool=callgrind --separate-threads=yes --compress-strings=no "
             f"--compress-pos=no --callgrind-out-file={out}", "--no-fork")
        for name in os.listdir(work):
            if name.startswith(f"callgrind.{count}-"):
                profile.read(os.path.join(work, name), sign)
    for counter in (profile.own, profile.whole, profile.threads):
        for key in counter:
            counter[key] /= MANY - FEW
    return profile


def calls(options, new, work):
    """System calls by name, and octets written to the WAL, of one attestation."""
    counter, wal = collections.Counter(), 0
    for count, sign in ((MANY, 1), (FEW, -1)):
        out = os.path.join(work, f"strace.{count}")
        once(options, new, count, f"strace -D -f -y -o {out}")
        with open(out, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                called = re.match(r"\d+ +(\w+)\((.*)", line)
                if called is None:
                    continue
                counter[called[1]] += sign
                written = re.search(r"= (\d+)$", line)
                if called[1] == "pwrite64" and written and "-wal>" in called[2]:
                    wal += sign * int(written[1])
    for name in counter:
        counter[name] /= MANY - FEW
    return counter, wal / (MANY - FEW) / WAL_PAGE


def owner(place):
    """Whose an object is."""
    return next((who for begin, who in OBJECTS if place.startswith(begin)), "attestd")


def thousands(number):
    return f"{number / 1e3:10.1f} k"


def print_instructions(row, profile, functions):
    """The tables of a Profile; returns its figures."""
    owners = collections.Counter()
    for (place, _), cost in profile.own.items():
        owners[owner(place)] += cost
    total = sum(profile.own.values())
    arithmetic = sum(profile.whole[name] for name in ARITHMETIC)
    print(f"user-mode instructions of an attestation {thousands(total)}, of which arithmetic {thousands(arithmetic)}")
    rows.figure(row, "user-mode instructions", round(total), "")
    rows.figure(row, "of which arithmetic", round(arithmetic), "")
    print("  by thread")
    for thread, cost in profile.threads.most_common():
        print(f"    {thread:<30}{thousands(cost)}")
    print("  by object")
    for who, cost in owners.most_common():
        if cost > total / 10000:
            print(f"    {who:<30}{thousands(cost)}")
    print("  by part, with all that it calls")
    for part in PARTS + ARITHMETIC:
        print(f"    {part:<30}{thousands(profile.whole[part])}")
    if functions:
        print("  by function, itself alone")
        for (place, name), cost in profile.own.most_common(functions):
            print(f"    {owner(place) + ' ' + name:<50}{thousands(cost)}")
        print("  by function, with all that it calls")
        named = [item for item in profile.whole.most_common() if not item[0].startswith("0x")]
        for name, cost in named[:functions]:
            print(f"    {name:<50}{thousands(cost)}")
    return {"instructions": round(total), "arithmetic": round(arithmetic),
            "objects": {who: round(cost) for who, cost in owners.items()},
            "parts": {part: round(profile.whole[part]) for part in PARTS + ARITHMETIC}}


def print_calls(row, counter, pages):
    """The table of system calls; returns its figures."""
    total = sum(counter.values())
    print(f"system calls of an attestation {total:8.1f}; {pages:.1f} pages of {WAL_PAGE} octets to the WAL")
    for name, count in counter.most_common():
        if count > 0.05:
            print(f"    {name:<30}{count:8.1f}")
    rows.figure(row, "system calls", round(total, 1), "")
    rows.figure(row, "pages of the WAL", round(pages, 2), "")
    return {"system_calls": round(total, 1), "wal_pages": round(pages, 2),
            "calls": {name: round(count, 2) for name, count in counter.items() if count > 0.05}}


def count(options, new, row):
    """Counts for new machines or for one; prints, and returns the figures."""
    figures = {}
    print(row)
    with tempfile.TemporaryDirectory() as work:
        if shutil.which("valgrind"):
            figures.update(print_instructions(row, instructions(options, new, work), options.functions))
        else:
            print("no valgrind: instructions are not counted")
        if shutil.which("strace"):
            figures.update(print_calls(row, *calls(options, new, work)))
        else:
            print("no strace: system calls are not counted")
    return figures


def main():
    """Counts, prints, and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=".", help="the build tree")
    parser.add_argument("--json", help="a file for the figures")
    parser.add_argument("--functions", type=int, default=0, help="print so many functions, too")
    parser.add_argument("--ek-certificate", action="store_true", help="the machine shows one")
    options = parser.parse_args()
    figures = {"comes back": count(options, False, "counted: a machine that comes back")}
    if not options.ek_certificate:
        figures["new"] = count(options, True, "counted: a machine that is new to the keeper")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump(figures, out, indent=1, sort_keys=True)
            out.write("\n")


if __name__ == "__main__":
    main()
