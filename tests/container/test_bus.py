# SPDX-License-Identifier: LGPL-2.1-or-later
"""healthd's bus and registry with the real journal and real units."""

import json

import pytest

from lab import wait

# Subscribes to TOPIC from SINCE on and prints what comes within a second.
LISTEN = """
import json, socket, sys
with socket.socket(socket.AF_UNIX) as peer:
    peer.settimeout(1)
    peer.connect("/run/unbox/healthd.sock")
    params = {"topics": sys.argv[1:2], "since": int(sys.argv[2])}
    peer.sendall(json.dumps({"id": 1, "method": "subscribe", "params": params}).encode() + b"\\n")
    try:
        while data := peer.recv(65536):
            sys.stdout.write(data.decode())
    except TimeoutError:
        pass
"""

# Registers as NAME, prints the answer to the journal, and stays.
REGISTER = """
import json, socket, sys, time
peer = socket.socket(socket.AF_UNIX)
peer.connect("/run/unbox/healthd.sock")
params = {"name": sys.argv[1], "topics": [{"name": "tea.*", "durable": True}]}
peer.sendall(json.dumps({"id": 1, "method": "register_service", "params": params}).encode() + b"\\n")
print(peer.recv(65536).decode(), flush=True)
time.sleep(1000)
"""


def ask(lab, method, params=None):
    return lab.device.ask("healthd", method, params)


def names(lab):
    return [service["name"] for service in lab.device.ask_or_none("healthd", "list_services")]


def listen(lab, topic, since):
    lines = lab.machine.out(f"python3 /root/listen.py '{topic}' {since}").splitlines()
    events = [json.loads(line) for line in lines][1:]
    # Of what happens just now; it isn't kept.
    return [event for event in events if event["event"] != "health.changed"]


def last_seq(lab):
    return ask(lab, "subscribe", {"topics": ["none"]})["result"]["seq"]


def restart(lab):
    """Answers when healthd is ready: its unit is of Type=notify."""
    lab.machine.run("systemctl restart healthd")


@pytest.fixture
def device(lab):
    lab.machine.write("/root/listen.py", LISTEN)
    lab.machine.write("/root/register.py", REGISTER)
    for name, argument in (("product-app", "product-app"), ("impostor", "user-network")):
        lab.machine.write(f"/etc/systemd/system/{name}.service",
                          f"[Service]\nExecStart=/usr/bin/python3 /root/register.py {argument}\n")
    lab.machine.write("/etc/unbox/config.yaml.d/50-product.yaml",
                      "health:\n  units: [product-app]")
    wait.until(lambda: "healthd" in names(lab), 30, "healthd")
    lab.machine.run("systemctl daemon-reload && systemctl start product-app")
    wait.until(lambda: "product-app" in names(lab), 10, "the product to be registered")
    restart(lab)
    wait.until(lambda: "healthd" in names(lab), 30, "healthd")
    return lab


def test_kept_events_come_from_the_journal(device):
    before = last_seq(device)
    device.machine.run("kill -9 $(systemctl show -P MainPID product-app)")
    wait.until(lambda: "health.recovered" in [e["event"] for e in listen(device, "health.*", before)],
               20, "its recovery")
    told = listen(device, "health.*", before)
    assert [e["event"] for e in told] == ["health.failed", "health.restarting", "health.recovered"]
    # healthd has forgotten them; journald hasn't.
    restart(device)
    assert listen(device, "health.*", before) == told
    assert listen(device, "health.failed", before) == told[:1]
    assert listen(device, "health.*", told[0]["seq"]) == told[1:]
    assert listen(device, "health.*", told[-1]["seq"]) == []
    # Their numbers go on.
    assert last_seq(device) > told[-1]["seq"]


def test_what_the_journal_has_lost_is_a_gap(device):
    before = last_seq(device)
    device.machine.run("kill -9 $(systemctl show -P MainPID product-app)")
    wait.until(lambda: len(listen(device, "health.*", before)) == 3, 20, "its recovery")
    device.machine.run("journalctl --rotate && journalctl --vacuum-time=1s && sleep 2 && "
                       "journalctl --rotate && journalctl --vacuum-time=1s")
    restart(device)
    events = listen(device, "health.*", before)
    assert [e["event"] for e in events] == ["gap"]
    assert events[0]["data"]["after"] == before


def test_nobody_else_writes_history(device):
    before = last_seq(device)
    device.machine.run(
        f"printf 'MESSAGE=x\\nUNBOX_KEPT=1\\nUNBOX_SEQ={before + 1}\\nUNBOX_PREVIOUS_SEQ={before}\\n"
        "UNBOX_TOPIC=health.failed\\nUNBOX_DATA=1\\n_SYSTEMD_UNIT=healthd.service\\n' | logger --journald")
    restart(device)
    assert "health.failed" not in [e["event"] for e in listen(device, "health.*", before)]


def test_the_registry(device):
    device.machine.run("systemctl restart product-app")
    wait.until(lambda: "product-app" in names(device), 10, "the product to be registered")
    service = ask(device, "discover", {"name": "product-app"})["result"]
    assert service["unit"] == "product-app.service"
    restart(device)
    wait.until(lambda: {"healthd", "product-app"} <= set(names(device)), 10, "both to be there")

    device.machine.run("systemctl stop product-app")
    wait.until(lambda: "product-app" not in names(device), 5, "it to be dropped")


def test_an_impostor(device):
    device.machine.run("systemctl start impostor")
    answer = device.device.wait_for_journal("PERMISSION_DENIED", unit="impostor", timeout=10)
    assert "not the name of the caller's unit" in answer
    assert "impostor" not in names(device)


def test_the_suite_registers(device):
    device.machine.run("curl -s -o /dev/null http://127.0.0.1:5000/")
    wait.until(lambda: "webserver" in names(device), 10, "webserver to be registered")
    restart(device)
    wait.until(lambda: {"healthd", "webserver"} <= set(names(device)), 10, "it to be there again")


# As healthd/README.md shows it.
SECOND_SOCKET = """[Socket]
ListenStream=/run/openauto/system.sock
Service=healthd.service
SocketGroup=unbox
SocketMode=0660

[Install]
WantedBy=sockets.target
"""


def test_a_second_socket_of_systemd(lab):
    lab.machine.write("/etc/systemd/system/openauto-system.socket", SECOND_SOCKET)
    lab.machine.run("systemctl daemon-reload && systemctl enable openauto-system.socket && "
                    "systemctl stop healthd && "
                    "systemctl start openauto-system.socket healthd")
    for path in ("/run/openauto/system.sock", "/run/unbox/healthd.sock"):
        answer = lab.machine.out(f"/opt/lab/ipc {path} '{{\"id\":1,\"method\":\"ping\"}}'")
        assert json.loads(answer) == {"id": 1, "result": "pong"}, path
    assert lab.machine.out("stat -c '%a %G' /run/openauto/system.sock") == "660 unbox"
    # Whoever connects while healthd restarts is answered by the next one.
    restart(lab)
    answer = lab.machine.out("/opt/lab/ipc /run/openauto/system.sock '{\"id\":2,\"method\":\"ping\"}'")
    assert json.loads(answer) == {"id": 2, "result": "pong"}


def test_a_socket_of_another_kind_is_said_and_does_no_harm(lab):
    lab.machine.write("/etc/systemd/system/openauto-system.socket",
                      SECOND_SOCKET.replace("Stream", "Datagram"))
    lab.machine.run("systemctl daemon-reload && systemctl stop healthd && "
                    "systemctl start openauto-system.socket healthd")
    assert ask(lab, "ping")["result"] == "pong"
    assert any("A socket that systemd passed is not served" in text
               for text in lab.device.messages("healthd.service"))
