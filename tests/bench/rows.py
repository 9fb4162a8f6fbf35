"""Figures of the benchmarks for the report, as bench_figure (bench.h) notes them."""
import json
import os


def figure(row, name, value, unit):
    """Appends a figure of a row to the file that BENCH_ROWS names, if there is one."""
    path = os.environ.get("BENCH_ROWS")
    if path:
        with open(path, "a", encoding="utf-8") as out:
            out.write(json.dumps({"row": row, "figure": name, "value": value, "unit": unit}) + "\n")
