# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it costs when nothing happens."""

import time

from . import table
from .ground import DAEMONS

SIZES = (3, 100, 500)
SETTLING = 20


def look(ground, pid):
    """CPU in µs and how often it gave up the processor (was woken again), voluntarily or not."""
    cpu = ground.cpu_usec([pid])
    text = ground.out(f"grep -h ctxt_switches /proc/{pid}/task/*/status")
    switches = {"voluntary": 0, "nonvoluntary": 0}
    for line in text.splitlines():
        name, value = line.split(":")
        switches[name.split("_")[0]] += int(value)
    return cpu, switches["voluntary"]


def windows(ground, pids, minutes, runs):
    """For each unit, what a minute cost in each of the windows."""
    costs = {unit: [] for unit in pids}
    before = {unit: look(ground, pid) for unit, pid in pids.items()}
    started = time.monotonic()
    for _ in range(runs):
        time.sleep(minutes * 60 / runs)
        passed = (time.monotonic() - started) / 60
        started = time.monotonic()
        for unit, pid in pids.items():
            after = look(ground, pid)
            costs[unit].append([(now - then) / passed for now, then in zip(after, before[unit])])
            before[unit] = after
    return costs


def rows_of(ground, size, options):
    ground.start_units(size)
    ground.watch("bench@*")
    ground.start_monit(size)
    units = ["healthd.service", "bench-monit.service"]
    if size == SIZES[0]:
        units += DAEMONS[1:]
    time.sleep(SETTLING)
    costs = windows(ground, {unit: ground.pid(unit) for unit in units}, options.minutes,
                    options.runs)
    ground.run("systemctl stop bench-monit")
    ground.stop_units()
    return [[unit.removesuffix(".service"), size if unit in units[:2] else "–",
             table.spread([cpu / 1000 for cpu, _ in costs[unit]]),
             table.spread([wakes for _, wakes in costs[unit]])] for unit in units]


def measure(ground, options):
    rows = [row for size in SIZES for row in rows_of(ground, size, options)]
    table.show(f"Idle for {options.minutes:g} minutes", ["daemon", "units", "CPU, ms/minute",
                                                        "wake-ups/minute"], rows,
               f"Medians of {options.runs} windows; wake-ups are voluntary context switches. The "
               "checks are those of the configuration as shipped.")
