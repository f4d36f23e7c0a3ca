# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/bench/run: see README.md beside it."""

import argparse
import signal
import sys

from . import bus, identity, idle, ipc, memory, network, page, reaction, start, table
from .ground import ground
from .laboratory import laboratory

# By the ground that they are measured on: the container, or the virtual machine with its radios.
GROUNDS = {ground: {"ipc": ipc, "reaction": reaction, "idle": idle, "bus": bus, "start": start,
                    "memory": memory, "identity": identity, "page": page},
           laboratory: {"network": network}}
TOPICS = {name: topic for topics in GROUNDS.values() for name, topic in topics.items()}


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="topic", help=", ".join(TOPICS))
    parser.add_argument("--minutes", type=float, default=10, help="how long to be idle (10)")
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured (5)")
    parser.add_argument("--devices", type=int, default=10_000, help="how many a bench has seen (10000)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="and how many it has in its database then (1000000)")
    options = parser.parse_args()
    unknown = set(options.topics) - set(TOPICS)
    if unknown:
        parser.error(f"no such topic: {', '.join(sorted(unknown))}")
    # Container and machine go also when somebody ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for make, topics in GROUNDS.items():
        wanted = [name for name in options.topics or TOPICS if name in topics]
        if not wanted:
            continue
        with make() as place:
            table.load_average()
            for name in wanted:
                topics[name].measure(place, options)


main()
