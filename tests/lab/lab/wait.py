# SPDX-License-Identifier: LGPL-2.1-or-later
"""Waiting: always for something that can be seen, and never longer than said."""

import signal
import time


class Timeout(Exception):
    """What was waited for did not come; the text says what was seen last."""


def until(look, timeout, what, interval=0.25):
    """Calls look() until it returns something true, and returns that.

    An emulated machine has one slow processor, and a look takes it away from what is waited for: no more than a third.
    """
    deadline = time.monotonic() + timeout
    while True:
        begin = time.monotonic()
        seen = look()
        if seen:
            return seen
        end = time.monotonic()
        if end > deadline:
            raise Timeout(f"not within {timeout} s: {what} (last seen: {seen!r})")
        time.sleep(max(interval, min(2 * (end - begin), 2)))


def forever():
    """Until a signal ends it."""
    while True:
        signal.pause()
