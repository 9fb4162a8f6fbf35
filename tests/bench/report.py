#!/usr/bin/env python3
"""One table of all that the benchmarks have measured, beside its goals; also as JSON and as SVG.

    report.py --rows FILE [--json FILE] [--svg FILE]

FILE has the figures, a line of JSON each (bench_figure in bench.h). Goals are what this project wants
on a quiet machine with two cores: nothing fails here when one is not reached. gnuplot draws.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

# (row, figure): (how the value must be to the number, the number)
GOALS = {
    ("counted: a machine that comes back", "user-mode instructions"): ("<=", 1800000),
    ("counted: a machine that comes back", "system calls"): ("<=", 32),
    ("counted: a machine that comes back", "pages of the WAL"): ("<=", 4),
    ("attestation, 2 connections", "CPU beside bare work"): ("<=", 2.5),
    ("attestation, 2 connections", "latency of both exchanges, median"): ("<", 0.6),
    ("attestation, 64 connections", "CPU beside bare work"): ("<=", 2),
    ("attestation with an EK certificate, 2 connections", "CPU beside bare work"): ("<=", 2.5),
    ("attestation with an EK certificate, 64 connections", "CPU beside bare work"): ("<=", 2.5),
    ("refused: malformed: JSON broken at its end", "beside an attestation"): ("<", 1),
    ("refused: malformed: base64 wrong", "beside an attestation"): ("<", 1),
    ("refused: signature of another key than the AK", "beside an attestation"): ("<", 1),
    ("refused: secret that nobody was given", "beside an attestation"): ("<", 1),
    ("refused: unknown machine, again and again", "beside an attestation"): ("<", 1),
    ("refused: unknown machines, an EK each", "beside an attestation"): ("<", 1),
    ("500 clients at once", "p99 beside the median"): ("<=", 10),
    ("500 clients at once", "attestations of a client, fewest"): (">=", 1),
    ("16 clients beside an import of 1000000 devices", "p99 during beside before"): ("<=", 3),
    ("memory with 1000000 devices enrolled", "PSS of all processes"): ("<=", 14 * 1024),
    ("100000 pending challenges", "PSS more with them"): ("<=", 32 * 1024),
    ("two workers beside one", "by CPU accounting"): (">=", 1.7),
    ("issuance, a connection each, 2 clients", "CPU beside bare work"): ("<=", 2),
    ("issuance, a connection each, 16 clients", "CPU beside bare work"): ("<=", 2),
    ("issuance by step-ca, a connection each, 2 clients", "attest-acmed beside it"): ("<=", 0.25),
    ("issuance by step-ca, a connection each, 16 clients", "attest-acmed beside it"): ("<=", 0.25),
    ("import of 1000000 devices into an empty inventory", "time"): ("<", 15),
    ("PKCS #11: P-256 with the SRK", "beside Load, Sign and Flush"): ("<=", 1.3),
    ("PKCS #11: P-256 with the SRK", "TPM commands"): ("<=", 3),
}

REACHED = {"<=": lambda value, goal: value <= goal, "<": lambda value, goal: value < goal,
           ">=": lambda value, goal: value >= goal}


def rows_read(path):
    """The figures in their order, each with its goal, if it has one."""
    figures = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            figure = json.loads(line)
            goal = GOALS.get((figure["row"], figure["figure"]))
            if goal is not None:
                figure["goal"] = f"{goal[0]} {goal[1]}"
                figure["reached"] = REACHED[goal[0]](figure["value"], goal[1])
            figures.append(figure)
    return figures


def number(value):
    """As one reads it: digits after the point only where they say something."""
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.2f}"


def table_print(figures):
    """The table, and what the goals that nobody measured are."""
    print(f"{'':<50}{'':>16} {'':<9}{'goal':<14}")
    last = None
    for figure in figures:
        if figure["row"] != last:
            print(figure["row"])
            last = figure["row"]
        reached = {True: "reached", False: "not reached", None: ""}[figure.get("reached")]
        print(f"  {figure['figure']:<48}{number(figure['value']):>16} {figure['unit']:<9}"
              f"{figure.get('goal', ''):<14}{reached}".rstrip())
    measured = {(figure["row"], figure["figure"]) for figure in figures}
    for row, name in GOALS:
        if (row, name) not in measured:
            print(f"not measured: {row}: {name}")


def quoted(text):
    """A string of gnuplot's."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def svg_draw(figures, path):
    """A bar for each figure that has a goal: its value, the goal being 1. Returns whether it was drawn."""
    bars = [figure for figure in figures if "goal" in figure]
    if not shutil.which("gnuplot") or not bars:
        return False
    data = []
    for place, figure in enumerate(reversed(bars)):
        share = figure["value"] / float(figure["goal"].split()[1])
        label = f"{figure['row']}: {figure['figure']}"
        value = f"{number(figure['value'])} {figure['unit']} (goal {figure['goal']})"
        data.append(f"{share:.6g} {place} {quoted(label)} {quoted(value)}")
    top = max(float(line.split()[0]) for line in data)
    script = f"""set terminal svg size 1400,{60 + 26 * len(bars)} noenhanced font 'sans,11' background '#ffffff'
set output {quoted(path)}
set title 'Figures beside their goals (the goal is 1)'
set style fill solid 0.7
set key off
set xrange [0:{max(top, 1) * 1.4:.6g}]
set yrange [-0.7:{len(bars) - 0.3}]
set arrow from 1,graph 0 to 1,graph 1 nohead front
plot '-' using 1:2:(0):1:($2-0.35):($2+0.35):ytic(3) with boxxyerror, \\
     '-' using 1:2:4 with labels left offset 0.5,0
"""
    with tempfile.NamedTemporaryFile("w", suffix=".gnuplot", encoding="utf-8") as file:
        both = "\n".join(data) + "\ne\n"
        file.write(script + both + both)
        file.flush()
        subprocess.run(["gnuplot", file.name], check=True)
    return True


def main():
    """Reads, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", required=True, help="the figures")
    parser.add_argument("--json", help="a file for the figures with their goals")
    parser.add_argument("--svg", help="a file for the drawing")
    options = parser.parse_args()
    figures = rows_read(options.rows)
    table_print(figures)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump({"processors": os.cpu_count(), "load": os.getloadavg()[0], "figures": figures}, out, indent=1)
            out.write("\n")
    if options.svg and not svg_draw(figures, options.svg):
        print(f"{options.svg} was not drawn: there is no gnuplot, or no figure with a goal", file=sys.stderr)


if __name__ == "__main__":
    main()
