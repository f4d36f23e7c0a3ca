# SPDX-License-Identifier: LGPL-2.1-or-later
"""A clock of the test's for one daemon, by odd-clock.c: in 1970, ahead, set by somebody, or with days that pass in
seconds."""

import os
import struct
import time

import harness

PATH = "/var/lib/odd-clock"
YEAR = 365 * 24 * 3600


class OddClock:
    """`scale` is how many seconds of the daemon's one of ours is."""

    def __init__(self, device, scale=1):
        self._file = device.path(PATH)
        self._file.write_bytes(struct.pack("=qqqq", 0, scale, 0, 0))
        options = [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]
        self.environment = {"ODD_CLOCK": PATH, "LD_PRELOAD": str(harness.BUILD_DIR / "tests/bus/odd-clock.so"),
                            "ASAN_OPTIONS": ":".join(filter(None, options))}

    def _numbers(self):
        return struct.unpack("=qqqq", self._file.read_bytes())

    @property
    def _offset(self):
        return self._numbers()[0]

    def seen(self):
        """When the daemon last looked."""
        return self._numbers()[2]

    def boottime(self):
        """The daemon's CLOCK_BOOTTIME."""
        _, scale, _, begin = self._numbers()
        return begin / 1e9 + (time.clock_gettime(time.CLOCK_BOOTTIME) - begin / 1e9) * scale

    def speed_up(self, scale):
        """From now on; so far a second of the daemon's was one of ours."""
        with open(self._file, "r+b") as file:
            file.seek(24)
            file.write(struct.pack("=q", time.clock_gettime_ns(time.CLOCK_BOOTTIME)))
            file.flush()
            file.seek(8)
            file.write(struct.pack("=q", scale))

    def jump(self, seconds):
        """As when somebody sets it; the file is mapped by who runs."""
        with open(self._file, "r+b") as file:
            file.write(struct.pack("=q", self._offset + seconds))

    def now(self):
        """Of a clock whose seconds are ours."""
        return time.time() + self._offset

    def set(self, moment):
        self.jump(int(moment - self.now()))
