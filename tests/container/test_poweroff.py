# SPDX-License-Identifier: LGPL-2.1-or-later
"""A line that wants its devices to turn themselves off (factory.poweroff): when they are enrolled, and at no other time."""

from lab import wait

POWERED_OFF = 0


def test_it_turns_itself_off_when_it_is_enrolled_and_not_while_it_waits(lab):
    device, machine = lab.device, lab.machine
    machine.write("/etc/unbox/config.yaml.d/30-line.yaml", "factory:\n  poweroff: true")
    machine.run("systemctl restart identclient.service")
    wait.until(lambda: int(device.show("identclient.service", "NRestarts")) >= 2, 60, "some tries in vain")
    assert machine.leader() and device.show("identclient-poweroff.service", "ActiveState") == "inactive"
    lab.bench.server_on()
    lab.bench.plug()
    assert machine.process.wait(90) == POWERED_OFF, "it ended, and not to be booted again"

    # Somebody switches it on again: it has its identity, and stays on.
    machine.boot()
    assert device.provisioned()
    wait.until(lambda: device.active("user-network.service"), 30, "what comes after the factory")
    assert device.show("identclient.service", "ConditionResult") == "no"
    assert device.show("identclient-poweroff.service", "ActiveState") == "inactive"
