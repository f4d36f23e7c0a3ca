# SPDX-License-Identifier: LGPL-2.1-or-later
"""The round trip of get_health with twenty services, and what else could have been used."""

import json
import shlex

from . import table
from .ground import MEASURE, SOCKET

SERVICES = 20
REQUESTS = 20000
QUESTION = '{"id":1,"method":"get_health"}'


def twenty_services(ground):
    """The device's own, and as many more as are missing."""
    ground.watch()
    missing = SERVICES - len(ground.ask("get_health"))
    ground.start_units(missing)
    ground.watch(*(f"bench@{number}" for number in range(1, missing + 1)))
    result = ground.ask("get_health")
    assert len(result) == SERVICES, result
    return len(json.dumps({"id": 1, "result": result}, separators=(",", ":")))


def load(ground, path, clients, line, expected):
    return ground.json(shlex.join([f"{MEASURE}/bench-load", path, str(clients), str(REQUESTS), line,
                                   expected]))


def contestants(ground, size):
    """Name, the processes that serve, and how to ask with that many clients."""
    dbus = [ground.pid("bench-dbus"), ground.pid("dbus")]
    return [
        ("bare socket echo", [ground.pid("bench-echo")],
         lambda clients: load(ground, "/run/bench-echo.sock", clients, "x" * size, "x")),
        ("**healthd**", [ground.pid("healthd")],
         lambda clients: load(ground, SOCKET, clients, QUESTION, '"result"')),
        ("D-Bus (sd-bus, a{ss})", dbus,
         lambda clients: ground.json(f"{MEASURE}/bench-dbus-load {clients} {REQUESTS}")),
        ("asyncio, Python", [ground.pid("bench-asyncio")],
         lambda clients: load(ground, "/run/bench-asyncio.sock", clients, QUESTION, '"result"')),
    ]


def once(ground, pids, ask, clients):
    before = ground.cpu_usec(pids)
    result = ask(clients)
    result["cpu"] = (ground.cpu_usec(pids) - before) / result["answers"]
    return result


def row(name, results):
    refused = max(result["refused"] for result in results)
    return [name + (f" ({refused} clients refused)" if refused else ""),
            table.spread([result["latency"]["p50"] for result in results]),
            table.spread([result["latency"]["p99"] for result in results]),
            table.spread([result["answers"] / result["seconds"] for result in results]),
            table.spread([result["cpu"] for result in results])]


def measure(ground, options):
    size = twenty_services(ground)
    ground.run("systemctl start bench-echo bench-dbus bench-asyncio")
    rivals = contestants(ground, size)
    for clients in (1, 100):
        results = {name: [] for name, _, _ in rivals}
        for _ in range(options.runs):
            for name, pids, ask in rivals:
                results[name].append(once(ground, pids, ask, clients))
        table.show(f"IPC round trip, get_health of {SERVICES} services, {clients} "
                   f"client{'s' if clients > 1 else ''}",
                   ["server", "p50 µs", "p99 µs", "requests/s", "CPU of the server, µs/request"],
                   [row(name, results[name]) for name, _, _ in rivals],
                   f"{options.runs} runs of {REQUESTS} requests each; the echo sends {size} bytes "
                   "both ways, as many as healthd's answer; D-Bus counts its daemon's CPU too.")
    ground.run("systemctl stop bench-echo bench-dbus bench-asyncio")
    ground.stop_units()
