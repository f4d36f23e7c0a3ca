# SPDX-License-Identifier: LGPL-2.1-or-later
"""What healthd makes of other people's services that fail in every way, with the real systemd."""

import pytest

from lab import wait

FAILED = "MESSAGE_ID=fbd9e7a5c3f14a4ed2f0b1a3e5c7d90a"
RESTARTED = "MESSAGE_ID=1dfba9c7e5b34c20f0b2d3c5a7e9fb0c"


def unit(lab, name, service, extra=""):
    lab.machine.write(f"/etc/systemd/system/{name}.service",
                      f"[Unit]\n{extra}\n[Service]\n{service}\n"
                      "[Install]\nWantedBy=multi-user.target")


@pytest.fixture
def watched(lab):
    """A device that is told to watch product-*, one of which runs."""
    unit(lab, "product-a", "ExecStart=/bin/sleep infinity")
    lab.machine.write("/etc/unbox/config.yaml.d/50-product.yaml",
                      "health:\n  units: ['product-*', product-missing]")
    lab.machine.run("systemctl daemon-reload && systemctl enable --now product-a && "
                    "systemctl reload-or-restart healthd")
    wait.until(lambda: state(lab, "product-a") == "active", 10, "the service to be watched")
    return lab


def status(lab):
    """What healthd says, or nothing while it is away."""
    return lab.device.ask_or_none("healthd", "get_status")


def service(lab, name):
    return status(lab).get("services", {}).get(name, {})


def state(lab, name):
    return service(lab, name).get("state")


def kill(lab, name):
    lab.machine.run(f"kill -9 $(systemctl show -P MainPID {name})")


def events(lab, name):
    return [event["event"] for event in status(lab).get("events", []) if event["service"] == name]


def told(lab, message_id, name):
    return lab.device.messages(match=f"{message_id} UNBOX_UNIT={name}.service")


def test_a_dead_service_is_started_again(watched):
    kill(watched, "product-a")
    wait.until(lambda: watched.device.active("product-a.service"), 5, "it to run again")
    assert told(watched, FAILED, "product-a") == ["product-a was killed (SIGKILL)"]
    assert told(watched, RESTARTED, "product-a") == ["product-a is restarted by healthd, attempt 1"]
    wait.until(lambda: events(watched, "product-a") == ["failed", "restarted", "recovered"], 15,
               "its recovery")


def test_restart_of_systemds_own_is_left_to_it(watched):
    unit(watched, "product-b", "ExecStart=/bin/sleep infinity\nRestart=always\nRestartSec=2")
    watched.machine.run("systemctl daemon-reload && systemctl start product-b")
    wait.until(lambda: state(watched, "product-b") == "active", 5, "the new service to be seen")
    kill(watched, "product-b")
    wait.until(lambda: events(watched, "product-b") == ["failed", "restarted"], 10,
               "healthd to have seen both")
    assert told(watched, RESTARTED, "product-b") == [
        "product-b was killed (SIGKILL) and is running again"]
    assert watched.device.show("product-b.service", "NRestarts") == "1"


def test_the_ladder_under_a_start_limit(watched):
    unit(watched, "product-c", "ExecStart=/bin/false", "StartLimitBurst=1\nStartLimitIntervalSec=1h")
    watched.machine.run("systemctl daemon-reload && systemctl start product-c", check=False)
    wait.until(lambda: state(watched, "product-c") == "degraded", 20, "three restarts in vain")
    assert events(watched, "product-c") == [
        "failed", "restarted", "restarted", "restarted", "degraded"]
    # The start limit counts nobody's restarts: each of them was one.
    assert watched.device.show("product-c.service", "Result") == "exit-code"
    assert "product-c" in watched.device.status("healthd.service")


def test_stopped_on_purpose_stays_stopped(watched):
    watched.machine.run("systemctl stop product-a")
    wait.until(lambda: service(watched, "product-a").get("detail") == "stopped on purpose", 5,
               "healthd to know")
    watched.machine.run("systemctl try-restart product-a && systemctl restart healthd")
    wait.until(lambda: service(watched, "product-a").get("detail") == "stopped on purpose", 10,
               "healthd to know after its own restart")
    assert not watched.device.active("product-a.service")


@pytest.mark.parametrize("storm", [
    "for i in 1 2 3 4 5; do systemctl daemon-reload; done",
    "systemctl daemon-reexec; systemctl daemon-reexec",
    "systemctl restart dbus.socket dbus.service",
])
def test_it_heals_after(watched, storm):
    before = watched.device.show("healthd.service", "MainPID")
    watched.machine.run(storm, timeout=60)
    wait.until(lambda: "watched" in watched.device.status("healthd.service"), 20, "healthd to know")
    kill(watched, "product-a")
    wait.until(lambda: watched.device.active("product-a.service"), 10, "it to run again")
    assert watched.device.show("healthd.service", "MainPID") == before


def test_an_idle_device_costs_nothing(watched):
    """Nothing but its own questions wakes it up: a unit that isn't there once made it ask for ever."""
    assert state(watched, "product-missing") == "not-found"
    count = "awk '/ctxt/ {s += $2} END {print s}' /proc/$(systemctl show -P MainPID healthd)/status"
    # identclient tries every 5 s, and healthd is told.
    watched.machine.run("systemctl stop identclient")
    result = watched.machine.out(f"sleep 3; {count}; sleep 10; {count}").split()
    assert int(result[1]) - int(result[0]) < 20
