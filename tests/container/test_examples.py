# SPDX-License-Identifier: LGPL-2.1-or-later
"""The example daemons on a device: registered, answering, and heard by a subscriber."""

import json
import shlex

import pytest

from lab import container as containers, wait

HEALTHD = "/run/unbox/healthd.sock"
EXAMPLES = ["example-authentication", "example-device", "example-logger", "example-network"]
PASSWORDS = "/etc/example-authentication/passwords"
MAKE_HASH = "import crypt; print('ada:' + crypt.crypt('secret', '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$'))"
HEARD = "/run/heard"


class Device:
    def __init__(self, machine):
        self.machine = machine

    def answer(self, socket, method, params=None):
        line = json.dumps({"id": 1, "method": method, "params": params or {}})
        return json.loads(self.machine.out(f"/opt/lab/ipc {socket} {shlex.quote(line)}"))

    def ask(self, socket, method, params=None):
        answer = self.answer(socket, method, params)
        assert "error" not in answer, answer
        return answer["result"]

    def services(self):
        return {service["name"]: service for service in self.ask(HEALTHD, "list_services")}

    def heard(self, topic):
        """The data of all such events that the subscriber was told."""
        lines = [json.loads(line) for line in self.machine.out(f"cat {HEARD}").splitlines()]
        return [line["data"] for line in lines if line.get("event") == topic]


@pytest.fixture(scope="module")
def device(template):
    container = containers.Container(template)
    try:
        container.start()
        made = Device(container)
        container.write(PASSWORDS, container.out(f"python3 -W ignore -c {shlex.quote(MAKE_HASH)}"),
                        "0600")
        subscribe = json.dumps({"id": 1, "method": "subscribe",
                                "params": {"topics": [f"{name}.*" for name in EXAMPLES]}})
        container.write("/opt/subscribe", f"#!/bin/sh\n(echo '{subscribe}'; sleep infinity) | "
                        f"socat - UNIX-CONNECT:{HEALTHD} >{HEARD}", "0755")
        container.run("systemd-run --unit=subscriber /opt/subscribe")
        wait.until(lambda: '"seq"' in container.run(f"cat {HEARD}", check=False).stdout, 10,
                   "the subscription")
        # udev has nothing to do in a container; the example about it wants one.
        container.run("mount -o remount,rw /sys && systemctl start systemd-udevd")
        container.run("systemctl start " + " ".join(EXAMPLES))
        wait.until(lambda: set(EXAMPLES) <= set(made.services()), 10, "their registration")
        yield made
    finally:
        container.end()


def test_each_is_registered_and_answers(device):
    services = device.services()
    for name in EXAMPLES:
        assert services[name]["endpoint"] == f"/run/{name}/socket"
        assert device.ask(HEALTHD, "discover", {"name": name}) == services[name]
        assert device.ask(services[name]["endpoint"], "ping") == "pong"
        described = device.ask(services[name]["endpoint"], "describe")
        assert described["name"] == name
        assert device.machine.out(f"stat -c '%a %G' {services[name]['endpoint']}") == "660 unbox"
        # Not root, and nobody that is there when it isn't.
        process = device.machine.out(f"systemctl show -P MainPID {name}")
        assert int(device.machine.out(f"stat -c %u /proc/{process}")) >= 61184


def test_logger(device):
    device.machine.run("systemd-cat -p info echo nothing; systemd-cat -p warning echo 'too hot'")
    wait.until(lambda: "too hot" in [e["message"] for e in device.heard("example-logger.warning")],
               10, "the event")
    kept = device.ask("/run/example-logger/socket", "get_warnings")
    assert "too hot" in [warning["message"] for warning in kept]
    assert "nothing" not in [warning["message"] for warning in kept]


def test_network(device):
    data = {"interface": "wlan0"}
    device.ask(HEALTHD, "publish", {"topic": "network.test", "data": data})
    wait.until(lambda: "network.test" in device.ask("/run/example-network/socket", "get_state"), 10,
               "the event to arrive")
    state = device.ask("/run/example-network/socket", "get_state")
    assert state["network.test"]["data"] == data and state["network.test"]["seq"] > 0
    assert "network.test" in device.machine.out("systemctl show -P StatusText example-network")


def test_network_over_a_restart_of_healthd(device):
    device.machine.run("systemctl restart healthd")

    def told():
        device.answer(HEALTHD, "publish", {"topic": "network.again"})
        return "network.again" in device.ask("/run/example-network/socket", "get_state")

    wait.until(told, 20, "the new subscription")
    wait.until(lambda: set(EXAMPLES) <= set(device.services()), 10, "their registration")
    device.machine.run("systemctl restart subscriber")
    wait.until(lambda: '"seq"' in device.machine.out(f"cat {HEARD}"), 10, "the subscription")


def test_device(device):
    device.machine.run("ip link add plugged0 type veth peer name plugged1")
    wait.until(lambda: "plugged0" in [e["name"] for e in device.heard("example-device.added")], 10,
               "the event")
    listed = device.ask("/run/example-device/socket", "list", {"subsystem": "net"})
    assert {"name": "plugged0", "subsystem": "net"} in listed
    device.machine.run("ip link delete plugged0")
    wait.until(lambda: "plugged0" in [e["name"] for e in device.heard("example-device.removed")],
               10, "the event")
    refused = device.answer("/run/example-device/socket", "list")
    assert refused["error"]["code"] == "INVALID_PARAMS"


def check(device, user, password):
    return device.answer("/run/example-authentication/socket", "check",
                         {"user": user, "password": password})


def check_when_it_may(device, user, password):
    """A wrong password makes everybody wait for a second."""
    return wait.until(lambda: next((a for a in [check(device, user, password)]
                                    if a.get("error", {}).get("code") != "BUSY"), None),
                      5, "the second to pass")


def test_authentication(device):
    assert check_when_it_may(device, "ada", "secret")["result"] == {"ok": True}
    assert check(device, "ada", "guess")["result"] == {"ok": False}
    assert check(device, "ada", "secret")["error"]["code"] == "BUSY"
    wait.until(lambda: {"user": "ada"} in device.heard("example-authentication.failed"), 10,
               "the event")
    for user in ("ad", "ada:", "", "nobody"):
        assert check_when_it_may(device, user, "secret")["result"] == {"ok": False}
    assert check_when_it_may(device, "ada", "secret")["result"] == {"ok": True}
    assert check(device, "ada", 1)["error"]["code"] == "INVALID_PARAMS"


def test_who_stops_is_not_discovered_any_more(device):
    device.machine.run("systemctl stop example-logger")
    wait.until(lambda: "example-logger" not in device.services(), 10, "it to be dropped")
    gone = device.answer(HEALTHD, "discover", {"name": "example-logger"})
    assert gone["error"]["code"] == "NOT_FOUND"
    device.machine.run("systemctl start example-logger")
    wait.until(lambda: "example-logger" in device.services(), 10, "it to be back")
