# SPDX-License-Identifier: LGPL-2.1-or-later
"""healthd against a service manager that the test plays."""

import time

import pytest

from fake_systemd1 import Systemd
from harness import eventually

FAILED = "fbd9e7a5c3f14a4ed2f0b1a3e5c7d90a"
RECOVERED = "0ceaf8b6d4a24b3fe1a1c2b4f6d8ea0b"
RESTARTED = "1dfba9c7e5b34c20f0b2d3c5a7e9fb0c"
CHANGE_REQUESTED = "2eacbad8f6c44d11a1c3e4d6b8fa0c0d"
CONFIG_INVALID = "5a1d0a6e6ec24b0c8a1c7e2b0c2f5d01"


@pytest.fixture
def systemd(bus, device):
    """A device as it is after the factory, all well."""
    device.path("/run/unbox/healthd").mkdir()  # RuntimeDirectory=
    made = Systemd(bus)
    made.add("NetworkManager.service", Type="dbus")
    made.add("user-network.service", StatusText="on the network Home")
    made.add("webserver.socket", SubState="listening")
    made.add("webserver.service", ActiveState="inactive", SubState="dead", UnitFileState="static",
             TriggeredBy=["webserver.socket"])
    made.add("identclient.service", Type="exec", ActiveState="inactive", SubState="dead",
             ConditionResult=False, InactiveExitTimestampMonotonic=0,
             Conditions=[("ConditionPathExists", False, True,
                          "/var/lib/unbox/identity/provisioned", -1)])
    made.add("healthd.service", ActiveState="activating", SubState="start")
    made.add("unbox-firewall.service", Type="oneshot", SubState="exited")
    made.add("shutdown.target", ActiveState="inactive", SubState="dead", UnitFileState="static",
             ConditionTimestampMonotonic=0, InactiveExitTimestampMonotonic=0)
    yield made
    made.close()


def service(peer, name):
    return peer.call("get_status")["services"][name]


def events_of(peer, name):
    return [e["event"] for e in peer.call("get_status")["events"] if e["service"] == name]


def test_all_well(systemd, healthd, device):
    assert device.notify.status == "7 services watched, all healthy"
    assert healthd.call("get_health") == {
        "NetworkManager": "active", "user-network": "active", "webserver.socket": "active",
        "webserver": "inactive", "identclient": "inactive", "healthd": "activating",
        "unbox-firewall": "active"}

    status = healthd.call("get_status")
    assert status["hostname"] == "unbox-test"
    assert status["uptime_seconds"] > 0 and status["version"]
    assert status["events"] == []
    assert status["services"]["user-network"] == {
        "state": "active", "active_state": "active", "since": "2026-09-21T14:13:20Z", "restarts": 0, "detail": "running",
        "status": "on the network Home", "checks": []}
    assert status["services"]["webserver"]["detail"] == "waits for webserver.socket"
    assert status["services"]["identclient"]["detail"] == (
        "condition failed: ConditionPathExists=!/var/lib/unbox/identity/provisioned")
    assert healthd.call("get_health", {"detail": True}) == status["services"]
    assert systemd.calls == []
    assert all(unit.referenced == 1 for unit in systemd.units.values())


def test_the_protocol(systemd, healthd):
    assert healthd.call("ping") == "pong"
    assert {"get_health", "restart_service"} <= {m["name"] for m in healthd.call("describe")["methods"]}
    assert healthd.ask("reboot_the_moon")["error"]["code"] == "UNKNOWN_METHOD"
    assert healthd.ask("get_health", {"detial": True})["error"]["code"] == "INVALID_PARAMS"
    assert healthd.ask("restart_service", {"service": 7})["error"]["code"] == "INVALID_PARAMS"


def test_killed_and_brought_back_by_systemd(systemd, healthd, device):
    systemd.kill("user-network.service")
    eventually(lambda: service(healthd, "user-network")["state"] == "activating")
    systemd.auto_restart("user-network.service")
    eventually(lambda: service(healthd, "user-network")["state"] == "active")

    assert service(healthd, "user-network")["restarts"] == 1
    events = healthd.call("get_status")["events"]
    assert [e["message"] for e in events] == [
        "user-network was killed (SIGKILL)", "user-network was killed (SIGKILL) and is running again"]
    assert [e["event"] for e in events] == ["failed", "restarted"]
    for message_id in (FAILED, RESTARTED):
        assert len(device.journal.find(MESSAGE_ID=message_id, UNBOX_UNIT="user-network.service")) == 1
    # Settled after 10 s.
    eventually(lambda: device.journal.find(MESSAGE_ID=RECOVERED, UNBOX_UNIT="user-network.service"), 13)
    eventually(lambda: events_of(healthd, "user-network") == ["failed", "restarted", "recovered"])
    assert systemd.calls == []
    assert device.notify.status == "7 services watched, all healthy"


def test_killed_and_back_before_anybody_looked(systemd, healthd):
    # All that is left of it is the count.
    systemd.change("user-network.service", NRestarts=1)
    eventually(lambda: events_of(healthd, "user-network") == ["failed", "restarted"])


def test_failed_is_restarted_at_once(systemd, healthd, device):
    systemd.kill("user-network.service", restarts=False)
    eventually(lambda: systemd.restarts_of("user-network.service") == 1)
    eventually(lambda: service(healthd, "user-network")["state"] == "active")
    # Or the start limit would soon refuse it.
    assert systemd.calls == [
        ("ResetFailedUnit", "user-network.service"), ("RestartUnit", "user-network.service")]
    eventually(lambda: events_of(healthd, "user-network") == ["failed", "restarted"])
    assert service(healthd, "user-network")["restarts"] == 1


def test_the_ladder(systemd, healthd, device):
    name = "NetworkManager.service"
    systemd.units[name].outcome = "failed"
    begin = time.monotonic()
    systemd.kill(name, restarts=False)
    for attempt, second in ((1, 0), (2, 5), (3, 10)):
        eventually(lambda: systemd.restarts_of(name) == attempt, 7)
        assert second - 0.1 < time.monotonic() - begin < second + 1
    eventually(lambda: service(healthd, "NetworkManager")["state"] == "degraded")
    assert service(healthd, "NetworkManager")["detail"] == "failed 3 times, restarting every 60 s"
    assert device.notify.status == (
        "NetworkManager failed 3 times, restarting every 60 s (7 services watched)")
    assert healthd.call("get_health")["NetworkManager"] == "degraded"
    assert events_of(healthd, "NetworkManager") == [
        "failed", "restarted", "restarted", "restarted", "degraded"]
    # Somebody mends it.
    systemd.units[name].outcome = "active"
    systemd.start(name)
    eventually(lambda: service(healthd, "NetworkManager")["state"] == "active")
    eventually(lambda: events_of(healthd, "NetworkManager")[-1] == "recovered", 13)
    assert systemd.restarts_of(name) == 3


def test_a_start_that_never_ends(systemd, healthd):
    systemd.units["user-network.service"].outcome = "hang"
    begin = time.monotonic()
    systemd.start("user-network.service")
    eventually(lambda: systemd.restarts_of("user-network.service") == 1, 33)
    assert 29.9 < time.monotonic() - begin
    messages = [event["message"] for event in healthd.call("get_status")["events"]]
    assert messages[0] == "user-network has been starting for too long"


def test_what_no_restart_mends(systemd, healthd, device):
    systemd.units["user-network.service"].outcome = "failed"
    systemd.units["user-network.service"].exit_status = 78
    systemd.start("user-network.service")
    eventually(lambda: events_of(healthd, "user-network") == ["failed"])
    shown = service(healthd, "user-network")
    assert shown["state"] == "failed"
    assert shown["detail"] == "exited with status 78, which no restart mends"
    eventually(lambda: device.notify.status
               == "user-network exited with status 78 (7 services watched)")
    assert systemd.calls == []


def test_what_was_stopped_on_purpose_stays_so(systemd, healthd, device):
    systemd.stop("user-network.service")
    eventually(lambda: service(healthd, "user-network")["detail"] == "stopped on purpose")
    assert device.notify.status == "7 services watched, all healthy"
    healthd.close()
    # It is still known after a restart of healthd.
    device.restart("healthd")
    peer = device.connect("healthd")
    assert service(peer, "user-network")["detail"] == "stopped on purpose"
    systemd.start("user-network.service")
    eventually(lambda: service(peer, "user-network")["state"] == "active")
    systemd.kill("user-network.service", restarts=False)
    eventually(lambda: systemd.restarts_of("user-network.service") == 1)
    peer.close()


def test_hands_off(systemd, healthd, device):
    """Units that don't run, and that nobody asked to."""
    # A job is pending.
    systemd.change("user-network.service", ActiveState="inactive", SubState="dead",
                   Job=(99, "/org/freedesktop/systemd1/job/99"))
    # It ended, and its socket waits for the next connection.
    systemd.change("webserver.service", ActiveState="active", SubState="running")
    systemd.change("webserver.service", ActiveState="inactive", SubState="dead")
    # A condition says that it needn't run.
    systemd.units["NetworkManager.service"].properties["Conditions"] = [
        ("ConditionPathExists", False, False, "/dev/null/radio", -1)]
    systemd.change("NetworkManager.service", ActiveState="inactive", SubState="dead",
                   ConditionResult=False, ConditionTimestampMonotonic=5)
    # A oneshot is done, or not.
    systemd.kill("unbox-firewall.service", restarts=False)
    # identclient tries by itself.
    systemd.kill("identclient.service")

    eventually(lambda: service(healthd, "NetworkManager")["detail"]
               == "condition failed: ConditionPathExists=/dev/null/radio")
    eventually(lambda: service(healthd, "identclient")["state"] == "activating")
    assert service(healthd, "unbox-firewall")["state"] == "failed"
    eventually(lambda: events_of(healthd, "unbox-firewall") == ["failed"])
    eventually(lambda: device.notify.status
               == "unbox-firewall was killed (SIGKILL) (7 services watched)")
    assert systemd.calls == []


def test_not_enabled_and_never_started(systemd, device):
    systemd.add("spare.service", ActiveState="inactive", SubState="dead", UnitFileState="disabled",
                ConditionTimestampMonotonic=0, InactiveExitTimestampMonotonic=0)
    device.configure("health: {units: [spare]}\n")
    device.start("healthd")
    assert service(device.connect("healthd"), "spare")["detail"] == "not enabled"
    assert systemd.calls == []


def test_the_system_stops(systemd, healthd, device):
    systemd.change("shutdown.target", Job=(7, "/org/freedesktop/systemd1/job/7"))
    systemd.kill("user-network.service", restarts=False)
    eventually(lambda: service(healthd, "user-network")["state"] == "failed")
    assert systemd.calls == []
    # The shutdown is called off.
    systemd.change("shutdown.target", Job=(0, "/"))
    eventually(lambda: service(healthd, "user-network")["state"] == "active")


def test_try_restart_of_an_idle_unit_is_no_stop(systemd, healthd):
    systemd.units["user-network.service"].outcome = "failed"
    systemd.kill("user-network.service", restarts=False)
    eventually(lambda: systemd.restarts_of("user-network.service") == 1)
    systemd.remove_foreign_job("user-network.service")
    eventually(lambda: systemd.restarts_of("user-network.service") == 2, 7)


def test_units_of_the_configuration(systemd, device):
    systemd.add("radio@one.service")
    systemd.add("hostapd.service")
    device.configure("health: {units: [hostapd, 'radio@*', 'no*', nowhere]}\n")
    device.start("healthd")
    peer = device.connect("healthd")
    health = peer.call("get_health")
    assert health["hostapd"] == "active"
    assert health["radio@one"] == "active"
    assert health["nowhere"] == "not-found"
    assert service(peer, "nowhere")["detail"] == "no such unit"
    assert device.notify.status == "nowhere isn't there (10 services watched)"
    # What comes later and matches is watched, too.
    systemd.add("radio@two.service")
    eventually(lambda: peer.call("get_health").get("radio@two") == "active")
    # daemon-reload has found the missing one.
    systemd.add("nowhere.service")
    systemd.reload()
    eventually(lambda: peer.call("get_health")["nowhere"] == "active")
    assert service(peer, "identclient")["detail"].endswith("/var/lib/unbox/identity/provisioned")
    peer.close()


def test_another_configuration_while_it_runs(systemd, device):
    systemd.add("hostapd.service")
    systemd.add("dnsmasq.service")
    device.configure("health: {units: [hostapd]}\n")
    daemon = device.start("healthd")
    peer = device.connect("healthd")
    device.configure("health: {units: [dnsmasq]}\n")
    daemon.reload()
    eventually(lambda: "dnsmasq" in peer.call("get_health"))
    assert "hostapd" not in peer.call("get_health")
    peer.close()


def wrong_type(device):
    device.configure("health:\n  units: 7\n")


def contradiction(device):
    device.configure("health:\n  restart_delays_seconds: [10, 5]\n")


def no_yaml(device):
    device.configure("health: {units: [hostapd\n")


def unreadable(device):
    path = device.path("/etc/unbox/config.yaml")
    path.unlink()
    path.mkdir()


def missing(device):
    device.path("/etc/unbox/config.yaml").unlink()


WRONG = {
    wrong_type: "config.yaml:2: health.units: must be a list",
    contradiction: "config.yaml:2: health.restart_delays_seconds: must not go down, as 5 after 10 does",
    no_yaml: "config.yaml:2: ",
    unreadable: "config.yaml: can't be read: Is a directory",
    missing: "config.yaml: is gone; what it said still holds",
}


@pytest.mark.parametrize("spoil", WRONG)
def test_a_wrong_configuration_while_it_runs_changes_nothing(systemd, device, spoil):
    systemd.add("dnsmasq.service")
    device.configure("health: {units: [dnsmasq], restart_delays_seconds: [1]}\n")
    daemon = device.start("healthd")
    peer = device.connect("healthd")
    well = "8 services watched, all healthy"
    eventually(lambda: device.notify.status == well)
    spoil(device)
    daemon.reload()
    eventually(lambda: device.notify.status.startswith(
        "configuration: /etc/unbox/" + WRONG[spoil]))
    assert device.notify.status.endswith("; 8 services watched, all healthy")
    entry, = eventually(lambda: device.journal.find(MESSAGE_ID=CONFIG_INVALID))
    assert WRONG[spoil] in entry["MESSAGE"]
    # The old one is in force: which units, and which delays.
    begin = time.monotonic()
    systemd.kill("dnsmasq.service", restarts=False)
    eventually(lambda: systemd.restarts_of("dnsmasq.service") == 1)
    assert 0.9 < time.monotonic() - begin < 3
    # Mended, the status has nothing to say of it.
    if device.path("/etc/unbox/config.yaml").is_dir():
        device.path("/etc/unbox/config.yaml").rmdir()
    device.configure("health: {units: [dnsmasq]}\n")
    daemon.reload()
    eventually(lambda: device.notify.status == well)
    assert daemon.running
    peer.close()


def test_a_wrong_configuration_is_said(systemd, device):
    device.configure("health: {unit: [x]}\n")
    daemon = device.start("healthd", ready=False)
    assert daemon.wait() == 78
    assert "health.unit" in device.journal.find(MESSAGE_ID=CONFIG_INVALID)[0]["MESSAGE"]
    assert "/etc/unbox/config.yaml:1" in device.notify.status


def test_reload_storm(systemd, healthd):
    for _ in range(50):
        systemd.reload()
    systemd.kill("user-network.service", restarts=False)
    eventually(lambda: service(healthd, "user-network")["restarts"] == 1)


def test_a_list_is_refused(systemd, healthd, device):
    lists = systemd.lists
    systemd.refuses_lists = True
    systemd.reload()
    eventually(lambda: systemd.lists >= lists + 3)
    # What is known stays so.
    assert healthd.call("get_health")["user-network"] == "active"
    assert events_of(healthd, "user-network") == []
    systemd.add("identserver.service")
    systemd.refuses_lists = False
    eventually(lambda: healthd.call("get_health").get("identserver") == "active")


def test_the_bus_is_restarted(bus, systemd, healthd, device):
    bus.stop()
    eventually(lambda: device.notify.status == "waiting for systemd on the system bus")
    assert healthd.call("get_health")["user-network"] == "active"
    bus.start()
    systemd.connect()
    eventually(lambda: device.notify.status == "7 services watched, all healthy")
    systemd.kill("user-network.service", restarts=False)
    eventually(lambda: systemd.restarts_of("user-network.service") == 1)


def test_systemd_is_executed_anew(systemd, healthd, device):
    systemd.disconnect()
    eventually(lambda: device.notify.status == "waiting for systemd on the system bus")
    systemd.units["user-network.service"].properties.update(
        ActiveState="failed", SubState="failed", Result="exit-code", ExecMainCode=1, ExecMainStatus=3)
    systemd.connect()
    eventually(lambda: systemd.restarts_of("user-network.service") == 1)
    eventually(lambda: service(healthd, "user-network")["state"] == "active")
    assert systemd.units["NetworkManager.service"].referenced == 2
    assert "user-network exited with status 3" in device.journal.text()


def test_started_before_the_bus(bus, device):
    bus.stop()
    device.start("healthd", ready=False)
    eventually(lambda: device.notify.status == "waiting for systemd on the system bus")
    assert not device.path("/run/unbox/healthd.sock").exists()
    bus.start()
    systemd = Systemd(bus)
    eventually(lambda: device.notify.seen("READY"))
    systemd.close()


def test_restart_service(systemd, healthd, device):
    assert healthd.call("restart_service", {"service": "user-network"}) == {"ok": True}
    assert systemd.restarts_of("user-network.service") == 1
    entry, = device.journal.find(MESSAGE_ID=CHANGE_REQUESTED)
    assert entry["UNBOX_METHOD"] == "restart_service"
    assert entry["UNBOX_PEER_UID"] == "0" and int(entry["UNBOX_PEER_PID"]) > 0
    assert events_of(healthd, "user-network") == []

    systemd.units["user-network.service"].outcome = "failed"
    error = healthd.ask("restart_service", {"service": "user-network.service"})["error"]
    assert error == {"code": "RESTART_FAILED", "message": "user-network exited with status 3"}
    systemd.units["NetworkManager.service"].outcome = "refused"
    error = healthd.ask("restart_service", {"service": "NetworkManager"})["error"]
    assert error["code"] == "RESTART_FAILED" and "authentication" in error["message"]
    assert healthd.ask("restart_service", {"service": "sshd"})["error"]["code"] == "NOT_FOUND"
    assert healthd.ask("restart_service", {"service": "shutdown.target"})["error"]["code"] == "NOT_FOUND"
    assert healthd.ask("restart_service", {"service": "healthd"})["error"]["code"] == "RESTART_FAILED"


def test_the_bus_goes_while_a_restart_is_on_its_way(bus, systemd, healthd, device):
    systemd.units["user-network.service"].outcome = "hang"
    healthd.send(b'{"id":1,"method":"restart_service","params":{"service":"user-network"}}\n')
    eventually(lambda: systemd.restarts_of("user-network.service") == 1)
    bus.stop()
    assert healthd.receive()["error"]["code"] == "RESTART_FAILED"
    bus.start()


def test_factory_reset(systemd, healthd, device):
    assert healthd.ask("factory_reset")["error"]["code"] == "INTERNAL_ERROR"
    systemd.add("factory-reset.service", Type="oneshot", ActiveState="inactive", SubState="dead")
    systemd.units["factory-reset.service"].outcome = "hang"
    # Answered when it is queued; the reboot doesn't wait.
    assert healthd.call("factory_reset") == {"ok": True}
    assert systemd.calls[-1] == ("StartUnit", "factory-reset.service")


def test_killed_itself(systemd, device):
    daemon = device.start("healthd")
    systemd.kill("user-network.service")
    systemd.auto_restart("user-network.service")
    peer = device.connect("healthd")
    eventually(lambda: events_of(peer, "user-network") == ["failed", "restarted"])
    # It is written when there is nothing more urgent to do.
    memory = device.path("/run/unbox/healthd/memory.json")
    eventually(lambda: memory.exists() and '"restarted"' in memory.read_text())
    peer.close()
    daemon.kill()

    daemon = device.start("healthd")
    peer = device.connect("healthd")
    eventually(lambda: events_of(peer, "user-network") == ["failed", "restarted"])
    assert service(peer, "user-network")["restarts"] == 1
    eventually(lambda: events_of(peer, "healthd") == ["failed", "restarted", "recovered"])
    assert device.journal.find(MESSAGE_ID=FAILED, UNBOX_UNIT="healthd.service")
    peer.close()
    # A clean end is no event.
    assert daemon.stop() == 0
    device.start("healthd")
    peer = device.connect("healthd")
    eventually(lambda: events_of(peer, "healthd") == ["failed", "restarted", "recovered"])
    peer.close()


def test_events_are_bounded(systemd, healthd, device):
    for _ in range(40):
        systemd.stop("user-network.service")
        eventually(lambda: service(healthd, "user-network")["state"] == "inactive")
        systemd.start("user-network.service")
        eventually(lambda: service(healthd, "user-network")["state"] == "active")
        systemd.stop("NetworkManager.service")
        systemd.start("NetworkManager.service")
    assert len(healthd.call("get_status")["events"]) == 64


def test_500_units_fail_at_once(systemd, device):
    for number in range(500):
        systemd.add(f"many@{number}.service")
    device.configure("health: {units: ['many@*']}\n")
    device.start("healthd")
    for number in range(500):
        systemd.kill(f"many@{number}.service", restarts=False)
    peer = device.connect("healthd")
    eventually(lambda: all(systemd.restarts_of(f"many@{n}.service") for n in range(500)), 90)
    eventually(lambda: set(peer.call("get_health").values()) <= {"active", "inactive", "activating"}, 60)
    assert all(systemd.restarts_of(f"many@{n}.service") == 1 for n in range(500))
    peer.close()


@pytest.mark.parametrize("line", [
    b"\n", b"{}\n", b"[1]\n", b"\xff\xfe\n", b'{"id":1,"method":"get_health","params":[]}\n',
    b"[" * 5000 + b"\n"])
def test_a_bad_line_is_answered_and_the_connection_lives(systemd, healthd, line):
    healthd.send(line)
    assert "error" in healthd.receive()
    assert healthd.call("ping") == "pong"
