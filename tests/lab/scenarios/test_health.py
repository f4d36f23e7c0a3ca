# SPDX-License-Identifier: LGPL-2.1-or-later
"""healthd watches the suite's own units and NetworkManager, and answers who asks."""

import pytest

from lab import wait
from lab.world import HOME

RESTARTED = ["NetworkManager.service", "user-network.service", "webserver.service",
             "healthd.service"]


def state_of(device, unit):
    health = device.ask("healthd", "get_health")["result"]
    name = unit.removesuffix(".service")
    return health.get(name, health.get(unit))


@pytest.mark.parametrize("unit", RESTARTED)
def test_who_is_killed_is_running_again(home, unit):
    device, phone, machine = home.device, home.phone, home.machine
    phone.wait_for_page()
    machine.run("systemctl start webserver.service")
    before = device.show(unit, "MainPID")
    since = machine.out("date +%s")
    machine.run(f"kill -9 {before}")

    def back():
        return device.active(unit) and device.show(unit, "MainPID") not in ("0", before)
    wait.until(back, 60, f"{unit} to run again")

    # The journal has it, and it isn't the restart by hand of somebody.
    short = unit.removesuffix(".service")
    wait.until(lambda: any(short in text for text in device.messages(
        "healthd.service", match=f"--since @{since}")), 30, f"healthd's entry about {unit}")
    wait.until(lambda: state_of(device, unit) == "active", 60, f"healthd to find {unit} active")

    # The page's Health tab shows that it has happened.
    device.wait_for_network("connected")
    phone.wait_for(HOME)
    events = phone.wait_for_page("/api/v1/health").json()["events"]
    killed = [event["event"] for event in events if event["service"] == short]
    assert "failed" in killed or "restarted" in killed, events


def test_the_socket_answers(home):
    device = home.device
    assert device.ask("healthd", "ping")["result"] == "pong"

    health = device.ask("healthd", "get_health")["result"]
    for name in ("user-network", "NetworkManager"):
        assert health.get(name) == "active", health

    status = device.ask("healthd", "get_status")["result"]
    assert status

    before = device.show("user-network.service", "MainPID")
    answer = device.ask("healthd", "restart_service", {"service": "user-network"})
    assert "result" in answer, answer
    wait.until(lambda: device.show("user-network.service", "MainPID") not in ("0", before), 60,
               "user-network to be another process")

    assert device.ask("healthd", "no_such_method")["error"]["code"] == "UNKNOWN_METHOD"
    unknown = device.ask("healthd", "restart_service", {"service": "no-such-unit"})
    assert unknown["error"]["code"] == "NOT_FOUND"


def test_the_page_restarts_a_service(home):
    device, phone = home.device, home.phone
    phone.wait_for_page()
    before = device.show("user-network.service", "MainPID")
    answer = phone.open_page("/api/v1/health/restart", "POST", body={"service": "user-network"})
    assert answer.status in (200, 202, 204), answer
    wait.until(lambda: device.show("user-network.service", "MainPID") not in ("0", before), 60,
               "user-network to be another process")
