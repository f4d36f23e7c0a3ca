# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/bench/run: see README.md beside it."""

import argparse
import signal
import sys

from . import bus, idle, ipc, memory, reaction, start, table
from .ground import ground

TOPICS = {"ipc": ipc, "reaction": reaction, "idle": idle, "bus": bus, "start": start,
          "memory": memory}


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="topic", help=", ".join(TOPICS))
    parser.add_argument("--minutes", type=float, default=10, help="how long to be idle (10)")
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured (5)")
    options = parser.parse_args()
    unknown = set(options.topics) - set(TOPICS)
    if unknown:
        parser.error(f"no such topic: {', '.join(sorted(unknown))}")
    # The container goes also when somebody ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with ground() as container:
        table.load_average()
        for topic in options.topics or TOPICS:
            TOPICS[topic].measure(container, options)


main()
