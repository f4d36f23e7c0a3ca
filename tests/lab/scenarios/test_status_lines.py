# SPDX-License-Identifier: LGPL-2.1-or-later
"""systemctl status says in one line what each unit does, and which condition is not met."""

from lab import wait
from lab.world import HOME, HOTSPOT

DAEMONS = ["user-network.service", "healthd.service", "webserver.service"]


def assert_one_line_each(lab):
    lab.phone.wait_for_page()
    for unit in DAEMONS:
        line = wait.until(lambda unit=unit: lab.device.status(unit), 30, f"{unit} to say something")
        assert 5 < len(line) <= 200 and "\n" not in line, (unit, line)
        shown = lab.machine.run(f"systemctl status --no-pager -n0 {unit}", check=False).stdout
        assert f'Status: "{line}"' in shown or "Status:" in shown


def test_in_the_first_time(first_time):
    assert_one_line_each(first_time)
    assert HOTSPOT in first_time.device.status("user-network.service")


def test_at_home(home):
    assert_one_line_each(home)
    assert HOME in home.device.status("user-network.service")


def test_an_unmet_condition_is_seen(home, at):
    shown = home.machine.run("systemctl status --no-pager -n0 identclient.service",
                             check=False).stdout
    assert "ConditionPathExists=!/var/lib/unbox/identity/provisioned was not met" in shown

    factory = at("factory")
    shown = factory.machine.run("systemctl status --no-pager -n0 user-network.service",
                                check=False).stdout
    assert "ConditionPathExists=/var/lib/unbox/identity/provisioned was not met" in shown
