# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was measured, as Markdown: medians over the runs, with the least and the most in brackets."""

import os
import statistics


def number(value):
    """Three digits that count."""
    if value >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values):
    """The median of the runs (least to most); a dash for what could not be measured."""
    values = [value for value in values if value is not None]
    if not values:
        return "–"
    return f"{number(statistics.median(values))} ({number(min(values))}–{number(max(values))})"


def show(title, columns, rows, *notes):
    print(f"\n### {title}\n")
    print("| " + " | ".join(columns) + " |")
    print("|---" * len(columns) + "|")
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    for note in notes:
        print(f"\n{note}")
    print(flush=True)


def load_average():
    """Says how busy the machine is, and warns when that spoils what is measured."""
    load, cores = os.getloadavg()[0], os.cpu_count()
    print(f"load average {load:.2f} on {cores} cores", flush=True)
    if load > cores / 4:
        print("**The machine is busy with something else: these numbers are no measure.**",
              flush=True)


def percentile(values, percent):
    """The nearest rank, as the programs in C have it."""
    values = sorted(values)
    return values[(len(values) * percent + 99) // 100 - 1] if values else None
