# SPDX-License-Identifier: LGPL-2.1-or-later
"""The customer on the hotspot and his technician on the wire choose different networks at the same moment."""

import json
import shlex

import pytest

from lab import wait
from lab.world import HOME, HOME_PASSWORD, HOTSPOT, NEIGHBOUR, NEIGHBOUR_PASSWORD, PORT

ANSWERS = "/run/lab-answers"


def open_page(somebody, address):
    """Returns the shell command that has a network joined from there, as the owner, who is logged in there. The answer
    goes into a file of that name."""
    page = f"http://{address}:{PORT}"
    session = somebody.enter(page)
    assert session.status == 200, session

    def choose(ssid, password):
        body = json.dumps({"ssid": ssid, "password": password})
        return (f"ip netns exec {somebody.place} curl -sS -m 30 -o {ANSWERS}/{somebody.place} -w '%{{http_code}}' "
                f"-b /run/lab-{somebody.place}.cookies -H 'X-CSRF-Token: {session.json()['csrf']}' "
                f"-H 'Content-Type: application/json' --data-binary {shlex.quote(body)} "
                f"{page}/api/v1/network/connect >{ANSWERS}/{somebody.place}.status")
    return choose


@pytest.mark.long
def test_one_of_them_is_told_to_wait(first_time):
    device, phone, bench, machine = first_time.device, first_time.phone, first_time.bench, first_time.machine
    phone.wait_for(HOTSPOT)
    bench.plug()
    wait.until(lambda: bench.open_page("/health").status == 200, 60, "the page on eth0")
    wishes = {"phone": (HOME, HOME_PASSWORD), "factory": (NEIGHBOUR, NEIGHBOUR_PASSWORD)}
    first = open_page(phone, device.hostname())(*wishes["phone"])
    second = open_page(bench, bench.device_address())(*wishes["factory"])
    machine.run(f"mkdir -p {ANSWERS}; {first} & {second} & wait", timeout=60)

    status = {place: int(machine.out(f"cat {ANSWERS}/{place}.status")) for place in wishes}
    assert sorted(status.values()) == [202, 409], status
    (taken,) = [wishes[place][0] for place in wishes if status[place] == 202]
    (refused,) = [place for place in wishes if status[place] == 409]
    assert "busy with another change" in machine.out(f"cat {ANSWERS}/{refused}")

    # The verdict is on the one that was taken, and true: the neighbour gives no addresses.
    verdict = wait.until(device.verdict, 150, "a verdict")
    assert verdict["ssid"] == taken, verdict
    assert verdict["code"] == ("joined" if taken == HOME else "no_address"), verdict
    assert set(device.saved_networks()) == ({HOME} if taken == HOME else set())
    # The technician reads the same on the wire.
    assert bench.open_page("/api/v1/network").json()["verdict"] == verdict
