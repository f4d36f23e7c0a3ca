# SPDX-License-Identifier: LGPL-2.1-or-later
"""The unit by which the kernel asks a gateway whether it is there, in its sandbox."""

from lab import wait

BENCH, NOBODY = "10.99.0.1", "10.99.0.99"
FAILED = "systemctl list-units --failed --plain --no-legend 'unbox-gateway@*'"


def test_the_kernel_learns_who_answers(enrolled):
    machine = enrolled.machine
    machine.run("ip neighbour flush dev eth0")
    for address, state in ((BENCH, "REACHABLE"), (NOBODY, "FAILED")):
        machine.run(f"systemctl start unbox-gateway@eth0@{address}.service")
        wait.until(lambda address=address, state=state: state in machine.out(
            f"ip neighbour show {address} dev eth0"), 20, f"{address} to be {state}", interval=0.1)
    assert machine.out(FAILED) == ""


def test_what_cannot_be_asked_leaves_no_failed_unit(enrolled):
    machine = enrolled.machine
    for instance in ("no-such-one@192.0.2.1", "eth0@nonsense"):
        assert machine.run(f"systemctl start unbox-gateway@{instance}.service", check=False).code != 0
        assert enrolled.device.messages(f"unbox-gateway@{instance}.service")
    wait.until(lambda: machine.out(FAILED) == "", 10, "the failed units to be forgotten")
