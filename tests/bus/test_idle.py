# SPDX-License-Identifier: LGPL-2.1-or-later
"""300 units cost nothing while nothing happens to them: healthd isn't even woken."""

import time

from harness import eventually
from test_healthd import systemd  # noqa: F401  pylint: disable=unused-import

UNITS = 300
WINDOWS, SECONDS = 6, 2


def test_300_units_cost_nothing_when_idle(systemd, device):
    for number in range(UNITS):
        systemd.add(f"many@{number}.service")
    device.configure("health: {units: ['many@*']}\n")
    daemon = device.start("healthd")
    peer = device.connect("healthd")
    states = peer.call("get_health")
    assert sum(name.startswith("many@") for name in states) == UNITS
    peer.close()
    # What it still has to do after its start it does in one of the first windows.
    woken = []
    for _ in range(WINDOWS):
        before = daemon.wake_ups()
        time.sleep(SECONDS)
        woken.append(daemon.wake_ups() - before)
    assert min(woken) == 0, woken
    assert sum(woken[1:]) <= 2, woken
    # It does watch them.
    systemd.kill("many@299.service", restarts=False)
    eventually(lambda: systemd.restarts_of("many@299.service") == 1)
    assert daemon.wake_ups() > before
