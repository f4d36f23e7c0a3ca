# SPDX-License-Identifier: LGPL-2.1-or-later
"""From exec to READY, in the unit and the sandbox as shipped."""

import re

from . import table
from .ground import DAEMONS, MEASURE

UNITS = [*DAEMONS, "lab-identserver.service", "bench-asyncio.service"]


def prefix(ground, unit):
    """Puts bench-exec, which tells when it becomes the daemon, before the unit's command."""
    command = re.search(r"argv\[\]=(.*?) ;", ground.out(f"systemctl show -P ExecStart {unit}"))
    ground.write(f"/run/systemd/system/{unit}.d/bench.conf",
                 f"[Service]\nExecStart=\nExecStart={MEASURE}/bench-exec {command.group(1)}")


def once(ground, unit):
    """Milliseconds from exec to READY, and from the start job (sandbox and all) to READY."""
    ground.run(f"systemctl stop {unit} && systemctl start {unit}", 60)
    stamps = [int(ground.out(f"systemctl show -P {name}TimestampMonotonic {unit}"))
              for name in ("InactiveExit", "ActiveEnter")]
    pid = ground.pid(unit)
    ground.run("journalctl --sync")
    told = ground.out(f"journalctl -u {unit} -o cat _PID={pid} | sed -n 's/^exec at //p'")
    return (stamps[1] - int(told)) / 1000, (stamps[1] - stamps[0]) / 1000


def measure(ground, options):
    ground.watch()
    for unit in UNITS:
        prefix(ground, unit)
    ground.run("systemctl daemon-reload")
    rows = []
    for unit in UNITS:
        results = [once(ground, unit) for _ in range(options.runs)]
        rows.append([unit.removesuffix(".service").removeprefix("lab-"),
                     *(table.spread(column) for column in zip(*results))])
        ground.run(f"rm -r /run/systemd/system/{unit}.d")
    ground.run("systemctl daemon-reload")
    table.show("Start", ["daemon", "exec → READY, ms", "start job → READY, ms"], rows,
               f"{options.runs} starts, files in the page cache. The second column has systemd's "
               "fork and the sandbox in it. identclient tells no READY: it runs once and ends.")
