# SPDX-License-Identifier: LGPL-2.1-or-later
"""Functional checks on odd days: what a program says is no text, and the configuration becomes another one."""

import json

from harness import eventually
from test_checks import FAILING, PASSING, becomes, checks_of, only, run  # noqa: F401  pylint: disable=unused-import
from test_healthd import events_of, systemd  # noqa: F401  pylint: disable=unused-import


def say(device, number, text, code):
    device.path(f"/run/answer{number}").write_bytes(text)
    device.path(f"/run/code{number}").write_text(str(code))


def saying(number, **options):
    return {"type": "command", "command": [
        "/bin/sh", "-c", f"cat /run/answer{number}; exit $(cat /run/code{number})"], **options}


def test_what_is_no_text(run, device):
    say(device, 1, b"caf\xe9", 1)
    peer = run(saying(1))
    assert only(peer)["message"] == "exited with 1: caf\\xe9"
    trouble = "command check of /bin/sh: exited with 1: caf\\xe9"
    status = peer.call("get_status")
    assert status["services"]["device"]["detail"] == trouble
    assert [e["message"] for e in status["events"]] == [f"device fails the {trouble}"]
    assert device.notify.status.endswith(trouble)
    (entry,) = device.journal.find(MESSAGE_ID=FAILING)
    assert json.loads(entry["UNBOX_DATA"])["message"] == f"device fails the {trouble}"


def test_what_is_very_long(run, device):
    say(device, 1, "é".encode() * 1500, 1)
    message = only(run(saying(1)))["message"]
    assert message.startswith("exited with 1: éé") and message.endswith("é…")
    assert 200 < len(message.encode()) < 300


def told(device, message_id):
    return [entry["MESSAGE"] for entry in device.journal.find(MESSAGE_ID=message_id)]


def test_two_of_one_program(run, device):
    """What one of them has found is not the other's, whatever the configuration becomes."""
    say(device, 1, b"fine", 0)
    say(device, 2, b"broken", 1)
    peer = run(saying(1), saying(2), interval=3600)
    for _ in range(3):
        device.notify.forget()
        device.daemon("healthd").reload()
        eventually(lambda: device.notify.seen("READY"))
        assert [(c["state"], c["message"]) for c in checks_of(peer)] == [
            ("ok", "fine"), ("failing", "exited with 1: broken")]
    eventually(lambda: all(c["duration_ms"] > 0 for c in checks_of(peer)))
    assert told(device, FAILING) == ["device fails the command check of /bin/sh: exited with 1: broken"]
    assert not told(device, PASSING)


def test_a_reload_heals_nothing(run, systemd, device):
    """What failed before it fails still: the ladder goes on where it was, and nothing has recovered."""
    say(device, 1, b"broken", 1)
    check = saying(1, service="web", heal=True, heal_after=4)
    peer = run(check, health={"settling_seconds": 1})
    eventually(lambda: systemd.restarts_of("web.service") == 1)
    device.notify.forget()
    device.daemon("healthd").reload()
    eventually(lambda: device.notify.seen("READY"))
    eventually(lambda: systemd.restarts_of("web.service") == 2)
    eventually(lambda: events_of(peer, "web") == ["failing", "failed", "restarted", "restarted"])
    say(device, 1, b"fine", 0)
    becomes(peer, "ok", name="web")
