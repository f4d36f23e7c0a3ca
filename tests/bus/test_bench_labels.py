# SPDX-License-Identifier: LGPL-2.1-or-later
"""Labels of the bench's devices: what stands on them is what the device will make of its identity, over IPC and as the
page that unboxctl prints."""

import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

import factory
from factory import new_bench, operator  # pylint: disable=unused-import
from pages import Page

LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"

CONFIG = "hotspot: {ssid: 'Box <%s> & more', password_per_device: true, password_secret: ours}\n"


@pytest.fixture
def bench(new_bench):
    new_bench.host.configure(CONFIG)
    new_bench.start()
    return new_bench


@pytest.fixture
def ctl(bench):
    return lambda *arguments: bench.host.run("healthd/unboxctl", "factory", *arguments)


@pytest.fixture
def sheet(bench):
    """Asks for labels as the page does: a whole sheet comes as a sealed memfd."""
    def ask(**params):
        asked = bench.host.run("healthd/unboxctl", "call", "identserver", "labels", json.dumps(params))
        answer = json.loads(asked.stdout)
        return [label["serial"] for label in answer["labels"]], answer["next"]
    return ask


def enrol(bench, *serials):
    answers = []
    for serial in serials:
        device = factory.Scripted(bench, serial)
        answers.append(device.enrolled())
        device.hang_up()
    return answers


def password(serial, uuid, secret="ours"):
    """As common/hotspot-password.h says, by another hand."""
    key = HKDF(hashes.SHA256(), 12, secret.encode(), b"unbox hotspot password v1\0" + serial.encode())
    text = "".join(LETTERS[byte & 31] for byte in key.derive(uuid.encode()))
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"


def test_a_label_says_what_the_device_will_say(bench, operator):
    answer, = enrol(bench, "1000000078")
    assert factory.Scripted(bench, "BEGUN").enroll()[0] == 201
    enrol(bench, "GONE")
    operator.call("retire_hostname", {"hostname": "unbox-003"})
    labels = operator.call("labels")
    assert labels["next"] is None
    label, = labels["labels"]
    assert (label["serial"], label["hostname"]) == ("1000000078", "unbox-001")
    assert label["ssid"] == "Box <000078> & more"
    assert label["password"] == password("1000000078", answer["uuid"])
    assert label["qr"] == f"WIFI:T:WPA;S:Box <000078> & more;P:{label['password']};;"
    assert label["svg"].startswith("<svg ") and label["svg"].endswith("</svg>\n")
    assert operator.ask("labels", {"colour": "blue"})["error"]["code"] == "INVALID_PARAMS"


def test_labels_come_a_sheet_at_a_time(bench, sheet):
    serials = [f"S{i:02}" for i in range(25)]
    enrol(bench, *serials)
    assert sheet(batch="default") == (serials[:24], "S23")
    assert sheet(batch="default", after="S23") == (serials[24:], None)
    assert sheet(batch="other") == ([], None)
    assert sheet(serial="S07") == (["S07"], None)
    assert sheet(serial="S24, S07;S99\nS03 S07,") == (["S03", "S07", "S24"], None)
    assert sheet(serial="S07,S08", batch="other") == ([], None)
    assert sheet(serial=",".join(serials)) == (serials[:24], "S23")
    assert sheet(serial=",".join(serials), after="S23") == (serials[24:], None)
    assert sheet(serial=" , ") == ([], None)


def test_a_page_for_the_printer(bench, ctl):
    enrol(bench, *(f"S{i:02}" for i in range(25)))
    printed = ctl("labels")
    assert printed.returncode == 0 and printed.stderr == ""
    page = Page(printed.stdout)
    assert (page.tags.count("section"), page.tags.count("article"), page.tags.count("svg")) == (2, 25, 25)
    assert page.loaded == [], "it is printed where there is no network"
    labels = json.loads(ctl("labels", "default", "--json").stdout)
    assert len(labels) == 25
    assert len({label["svg"] for label in labels}) == 25, "each has its own"
    for label in labels:
        assert label["hostname"] in page.text and label["password"] in page.text
    assert "Box <S07> & more" in page.text and "Box <S07>" not in printed.stdout


def test_the_label_of_one_device(bench, ctl):
    enrol(bench, "S1", "S2")
    page = Page(ctl("label", "S2").stdout)
    assert page.tags.count("article") == 1 and "unbox-002" in page.text and "unbox-001" not in page.text
    missing = ctl("label", "S3")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "S3: no device that has its identity" in missing.stderr


def test_a_configuration_that_is_wrong(new_bench):
    new_bench.host.configure("hotspot: {ssid: '%d'}\n")
    assert new_bench.tool("--address=127.0.0.1", f"--port={new_bench.port}") == 78
    assert "hotspot.ssid" in new_bench.host.notify.status
