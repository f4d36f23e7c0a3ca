# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages through publish and subscribe, beside signals on the system bus and a broker in Python."""

import shlex

from lab.machine import CommandFailed

from . import table
from .ground import MEASURE, SOCKET

SUBSCRIBERS = (1, 10, 100)
DELIVERIES = 40000
TOPIC = "bench.message"
ASYNCIO = "/run/bench-asyncio-bus.sock"


def messages(subscribers):
    return max(DELIVERIES // subscribers, 2000)


def over_lines(path):
    """How to ask a bus of JSON lines."""
    return lambda ground, subscribers: ground.json(shlex.join(
        [f"{MEASURE}/bench-pubsub", path, str(subscribers), str(messages(subscribers)), TOPIC]))


def of_dbus(ground, subscribers):
    return ground.json(f"{MEASURE}/bench-dbus-signals {subscribers} {messages(subscribers)}")


def row(name, subscribers, results, cpu):
    rates = [result["messages"] / result["seconds"] for result in results]
    return [name, subscribers, table.spread(rates),
            table.spread([rate * subscribers for rate in rates]), table.spread(cpu)]


def runs(ground, name, unit, ask, options):
    """A row for each number of subscribers; if the server refuses, its words instead."""
    rows = []
    pid = ground.pid(unit)
    for subscribers in SUBSCRIBERS:
        results, cpu = [], []
        try:
            for _ in range(options.runs):
                before = ground.cpu_usec([pid])
                results.append(ask(ground, subscribers))
                cpu.append((ground.cpu_usec([pid]) - before) / (messages(subscribers) * subscribers))
            rows.append(row(name, subscribers, results, cpu))
        except CommandFailed as error:
            rows.append([name, subscribers, str(error).strip().splitlines()[-2], "–", "–"])
    return rows


def measure(ground, options):
    ground.watch()
    ground.run("systemctl start bench-asyncio-bus")
    rows = [*runs(ground, "**healthd**", "healthd", over_lines(SOCKET), options),
            *runs(ground, "D-Bus signals (dbus-daemon)", "dbus", of_dbus, options),
            *runs(ground, "asyncio, Python", "bench-asyncio-bus", over_lines(ASYNCIO), options)]
    ground.run("systemctl stop bench-asyncio-bus")
    table.show("Publish and subscribe", [
        "bus", "subscribers", "messages/s", "deliveries/s", "CPU of the server, µs/delivery"], rows,
        f"Medians of {options.runs} runs; one publisher, at most 16 messages under way.")
