# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes wrong is said once and clearly: a status line, a journal entry, an exit code."""

import pytest

from lab import wait
from lab.device import STATE

CONFIG_INVALID = "MESSAGE_ID=5a1d0a6e6ec24b0c8a1c7e2b0c2f5d01"
SHA = f"find {STATE} -type f | sort | xargs sha256sum"


def assert_refused(lab, unit):
    device, machine = lab.device, lab.machine
    machine.write("/etc/unbox/config.yaml.d/99-wrong.yaml", "hotspot:\n  pasword: incuvers1234")
    before = machine.out(SHA)
    machine.run(f"systemctl restart {unit}.service", timeout=60, check=False)

    wait.until(lambda: device.show(f"{unit}.service", "ActiveState") == "failed", 30,
               f"{unit} to give up")
    assert device.show(f"{unit}.service", "ExecMainStatus") == "78"
    assert device.show(f"{unit}.service", "NRestarts") == "0"
    run = device.show(f"{unit}.service", "InvocationID")
    texts = device.messages(match=f"{CONFIG_INVALID} _SYSTEMD_INVOCATION_ID={run}")
    assert len(texts) == 1, texts
    for word in ("99-wrong.yaml:2", "hotspot.pasword"):
        assert word in texts[0]
    assert "configuration" in device.status(f"{unit}.service")
    assert machine.out(SHA) == before


@pytest.mark.parametrize("unit", ["identclient", "healthd"])
def test_a_bad_configuration_before_the_enrolment(lab, unit):
    assert_refused(lab, unit)


def test_a_bad_configuration_after_it(enrolled):
    assert_refused(enrolled, "user-network")


def test_a_bench_with_the_wrong_certificate(lab):
    lab.machine.run("rm -rf /var/lib/bench-of-another && /opt/bench/identserver --init "
                    "--directory /var/lib/bench-of-another --address 7.7.7.7")
    lab.machine.run("mkdir -p /run/systemd/system/lab-identserver.service.d && "
                    "printf '[Service]\\nExecStart=\\nExecStart=/opt/bench/identserver "
                    "--directory /var/lib/bench-of-another\\n' "
                    ">/run/systemd/system/lab-identserver.service.d/another.conf && "
                    "systemctl daemon-reload")
    lab.bench.server_on()
    lab.bench.plug()
    wait.until(lambda: "certificate" in " ".join(
        lab.device.messages("identclient.service")).lower(), 90, "an entry about the certificate")
    wait.until(lambda: "certificate" in lab.device.status("identclient.service").lower(), 30,
               "a status line about the certificate", interval=0.2)
    assert all(lab.device.exits("identclient.service"))
    assert not lab.device.provisioned()

    # The right bench is all that it takes.
    lab.machine.run("rm -r /run/systemd/system/lab-identserver.service.d && systemctl "
                    "daemon-reload && systemctl restart lab-identserver.service")
    wait.until(lab.device.provisioned, 60, "the enrolment")


ANSWERS = {"html": "<html>hello</html>", "not-json": '{"nonce": ', "wrong-type": '{"nonce": 7}',
           "array": "[]"}


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_malformed_answer(lab, kind):
    lab.machine.write("/run/lab-answer", ANSWERS[kind])
    # Somebody else's web server with the bench's own certificate.
    lab.machine.write("/run/systemd/system/lab-identserver.service.d/nonsense.conf",
                      "[Service]\nType=exec\nExecStart=\nExecStart=/opt/lab/nonsense "
                      "/var/lib/bench /run/lab-answer")
    lab.machine.run("systemctl daemon-reload")
    lab.bench.server_on()
    lab.bench.plug()
    wait.until(lambda: any(lab.device.exits("identclient.service"))
               and "answer" in " ".join(lab.device.messages("identclient.service")).lower(), 90,
               "identclient to complain about the answer")
    assert lab.device.status("identclient.service")
    assert not lab.device.provisioned()

    lab.machine.run("rm -r /run/systemd/system/lab-identserver.service.d && systemctl "
                    "daemon-reload && systemctl restart lab-identserver.service")
    # A refusal for good would wait for the technician; he starts it again.
    lab.machine.run("systemctl restart identclient.service")
    wait.until(lab.device.provisioned, 60, "the enrolment")


def fill(machine, path):
    """Puts a folder on a file system of its own, with no block left."""
    machine.run(f"cp -a {path} /run/lab-kept && mount -t tmpfs -o size=64k,mode=0755 lab {path} && "
                f"cp -a /run/lab-kept/. {path}/ && chown --reference=/run/lab-kept {path} && "
                f"chmod --reference=/run/lab-kept {path} && "
                f"(cat /dev/zero >{path}/ballast || true) 2>/dev/null")


def test_a_full_disk_at_the_bench(lab):
    lab.machine.run("systemctl stop identclient.service")
    fill(lab.machine, f"{STATE}/identity")
    lab.bench.server_on()
    lab.bench.plug()
    lab.machine.run("systemctl start identclient.service")
    lab.device.wait_for_journal("no space", unit="identclient.service", timeout=60)
    wait.until(lambda: "space" in lab.device.status("identclient.service").lower(), 30,
               "a status line about space", interval=0.2)
    assert all(lab.device.exits("identclient.service"))
    assert not lab.device.provisioned()

    lab.machine.run(f"rm {STATE}/identity/ballast")
    wait.until(lab.device.provisioned, 60, "the enrolment")
