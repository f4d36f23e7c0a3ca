# SPDX-License-Identifier: LGPL-2.1-or-later
"""unboxctl as installed, with the daemons in their sandboxes: for root, for the group, and for nobody else."""

import json

import pytest

from lab import wait


@pytest.fixture
def people(enrolled):
    """A stranger, somebody of the group unbox, and somebody of unbox-admin."""
    enrolled.machine.run("useradd stranger && useradd -G unbox keeper && "
                         "useradd -G unbox,unbox-admin boss")
    wait.until(lambda: ctl(enrolled, "status").code == 0, 20, "healthd to answer")
    return enrolled


def ctl(lab, words, user="root"):
    return lab.machine.run(f"runuser -u {user} -- unboxctl {words}", timeout=60, check=False)


def test_who_may(people):
    for user in ("root", "keeper", "boss"):
        shown = ctl(people, "status", user)
        assert shown.code == 0 and people.device.hostname() in shown.stdout, shown
        assert ctl(people, "network", user).code == 0
    refused = ctl(people, "status", "stranger")
    assert refused.code == 77
    assert "only root and members of the group unbox may" in refused.stderr
    for words in ("reboot", "factory-reset --yes"):
        refused = ctl(people, words, "keeper")
        assert refused.code == 77 and "unbox-admin" in refused.stderr, refused
    assert ctl(people, "restart webserver.socket", "keeper").code == 0


def test_what_the_sandbox_lets_it_know(people):
    """healthd is root without capabilities: what it tells it must be able to read."""
    system = json.loads(ctl(people, "call healthd get_system").stdout)
    assert system["serial"] and system["certificate_expires"] > system["time"]
    assert system["memory"]["total_bytes"] and system["disk"]["total_bytes"]
    assert system["time_synchronised"] in (True, False), "timedated was asked"
    assert len(system["boot_id"]) == 32


def test_logs(people):
    people.machine.run("systemctl restart user-network")
    wait.until(lambda: "user-network" in ctl(people, "logs user-network", "keeper").stdout, 20,
               "its log")
    entries = json.loads(ctl(people, "logs identclient --json", "keeper").stdout)["entries"]
    said = people.device.messages("identclient.service")
    assert entries and all(entry["message"] in said for entry in entries)
    refused = ctl(people, "logs dbus", "keeper")
    assert refused.code == 1 and "NOT_FOUND" in refused.stderr


def test_diagnostics(people):
    done = ctl(people, "diagnostics /tmp/all.json", "keeper")
    assert done.code == 0, done
    assert people.machine.out("stat -c %a /tmp/all.json") == "600"
    text = people.device.read("/tmp/all.json")
    document = json.loads(text)
    assert document["network"]["hostname"] == people.device.hostname()
    assert document["logs"]["healthd"] and document["configuration"]["hotspot"]["ssid"]
    assert "incuvers1234" not in text and "PRIVATE KEY" not in text


def test_reboot(people):
    # It may be gone before its runuser has ended.
    ctl(people, "reboot", "boss")
    people.machine.wait_for_reboot()
    wait.until(lambda: ctl(people, "status").code == 0, 60, "healthd to answer")
