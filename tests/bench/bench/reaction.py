# SPDX-License-Identifier: LGPL-2.1-or-later
"""From a unit's death to somebody who hears of it, and to its next life."""

import random

from . import table
from .ground import MEASURE, SOCKET

SIZES = (3, 100, 500)
DEATHS = 10
COLUMNS = ("event", "journal", "running")


def victims(size):
    """A service that dies again soon is restarted later: each of them once in a run."""
    return random.sample(range(1, size + 1), min(size, DEATHS))


def deaths(ground, match, path, size):
    numbers = " ".join(str(number) for number in victims(size))
    return ground.json(f"{MEASURE}/bench-reaction '{match}' '{path}' {numbers}", 600)


def of_healthd(ground, size, runs):
    ground.run("systemctl stop bench-monit", check=False)
    results = []
    ground.watch("bench@*")
    for _ in range(runs):
        ground.restart_healthd()
        results.append(deaths(ground, "_SYSTEMD_UNIT=healthd.service", SOCKET, size))
    return results


def of_monit(ground, size, runs):
    ground.run("systemctl stop healthd")
    ground.start_monit(size)
    results = [deaths(ground, "SYSLOG_IDENTIFIER=monit", "", size) for _ in range(runs)]
    ground.run("systemctl stop bench-monit; systemctl start healthd")
    return results


def row(name, size, results):
    cells = [name, size]
    for column in COLUMNS:
        runs = [result[column] for result in results if result[column]]
        cells.append(table.spread([table.percentile(run, 50) for run in runs]))
        every = [value for run in runs for value in run]
        cells.append(table.number(table.percentile(every, 99)) if every else "–")
    return cells


def measure(ground, options):
    rows = []
    for size in SIZES:
        ground.start_units(size)
        rows.append(row("**healthd**", size, of_healthd(ground, size, options.runs)))
        rows.append(row("monit, cycle 1 s", size, of_monit(ground, size, options.runs)))
        ground.stop_units()
    table.show("From SIGKILL of a unit", [
        "watcher", "units", "event at a subscriber, ms", "p99", "entry in the journal, ms", "p99",
        "running again, ms", "p99"], rows,
        f"Medians of {options.runs} runs of at most {DEATHS} deaths each, p99 of all deaths together "
        "(with 3 units of 15 deaths: the worst). Running is when the new process says so.")
