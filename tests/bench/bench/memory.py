# SPDX-License-Identifier: LGPL-2.1-or-later
"""What stays in memory: every process's share (PSS), so that the sum is what the device pays."""

import time

from . import table
from .ground import DAEMONS, MEASURE, SOCKET
from .ipc import QUESTION, twenty_services

USED = 200


def look_at(ground, pid):
    """PSS, what belongs to that process alone, and what is resident, in MB."""
    text = ground.out(f"cat /proc/{pid}/smaps_rollup")
    fields = {line.split(":")[0]: int(line.split()[1]) for line in text.splitlines()[1:]}
    own = fields["Private_Clean"] + fields["Private_Dirty"]
    return fields["Pss"] / 1024, own / 1024, fields["Rss"] / 1024


def look(ground, unit):
    """The same of a unit with one process."""
    return look_at(ground, ground.pid(unit))


def use(ground):
    """Fresh processes that have worked a little."""
    ground.run("systemctl restart healthd user-network webserver bench-asyncio bench-monit", 60)
    ground.json(f"{MEASURE}/bench-load {SOCKET} 4 {USED} '{QUESTION}' '\"result\"'")
    ground.run(f"for i in $(seq {USED // 10}); do curl -s -o /dev/null http://127.0.0.1:5000/; done")
    time.sleep(2)


def measure(ground, options):
    twenty_services(ground)
    ground.start_monit(11)
    units = [*DAEMONS, "bench-asyncio.service", "bench-monit.service"]
    runs = []
    for _ in range(options.runs):
        use(ground)
        seen = {unit: look(ground, unit) for unit in units}
        seen["together"] = tuple(map(sum, zip(*(seen[unit] for unit in DAEMONS))))
        runs.append(seen)
    rows = []
    for unit in [*DAEMONS, "together", *units[len(DAEMONS):]]:
        name = f"**{unit}**" if unit == "together" else unit.removesuffix(".service")
        rows.append([name, *(table.spread([run[unit][i] for run in runs]) for i in range(3))])
    table.show("Memory", ["process", "PSS, MB", "its own, MB", "RSS, MB"], rows,
               f"{options.runs} fresh starts, 20 services watched, after {USED} requests and "
               f"{USED // 10} pages. PSS counts a shared page in parts; Debian's own daemons share "
               "libsystemd and libc with ours here as on a device.")
    ground.run("systemctl stop bench-asyncio bench-monit")
    ground.stop_units()
