# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who is killed is running again, and healthd has said so."""

import pytest

from lab import wait

WATCHED = ["NetworkManager", "user-network", "webserver", "healthd"]


def test_each_daemon_is_back_after_a_kill(enrolled):
    device, machine = enrolled.device, enrolled.machine
    machine.run("systemctl start webserver.service")
    for name in WATCHED:
        unit = f"{name}.service"
        wait.until(lambda unit=unit: device.active(unit), 30, f"{unit} to run")
        before = device.show(unit, "MainPID")
        machine.run(f"kill -9 {before}")
        wait.until(lambda unit=unit, before=before: device.active(unit) and
                   device.show(unit, "MainPID") not in ("0", before), 30, f"{unit} to run again")
        wait.until(lambda name=name: device.ask_or_none("healthd", "get_health").get(name)
                   == "active", 30, f"healthd to find {name} active")
        if name != "healthd":
            assert any(name in text for text in device.messages("healthd.service"))


@pytest.mark.parametrize("name", ["healthd", "user-network", "webserver"])
def test_a_daemon_that_hangs_is_replaced(enrolled, name):
    device, machine = enrolled.device, enrolled.machine
    unit = f"{name}.service"
    # The shipped limit is half a minute; a hanging loop is found whatever the limit is.
    machine.write(f"/run/systemd/system/{unit}.d/lab.conf", "[Service]\nWatchdogSec=2")
    machine.run(f"systemctl daemon-reload && systemctl restart {unit}", timeout=60)
    before = device.show(unit, "MainPID")
    machine.run(f"kill -STOP {before}")
    wait.until(lambda: device.active(unit) and device.show(unit, "MainPID") not in ("0", before),
               60, f"{unit} to be another process")
    assert any("atchdog" in text for text in device.messages(match=f"UNIT={unit}"))
