# SPDX-License-Identifier: LGPL-2.1-or-later
"""The key is encrypted at rest by the device's TPM: what lies on the disk is of use on this board alone. The board breaks,
and another one gets the disk."""

import json
import shlex

import pytest

from lab import wait
from lab.device import STATE
from lab.machine import SERIAL
from lab.states import enrol
from lab.tpm import Tpm

IDENTITY = f"{STATE}/identity"
KEY = f"{IDENTITY}/current/private.pem.key"
SEAL = "identclient-seal.service"
DAMAGED = "MESSAGE_ID=e6fb4cad08197e31cf52a079d41b3f24"
CONFIG = """enrolment:
  key_encryption: tpm2
  renew_url: https://7.7.7.7:5001
"""


@pytest.fixture
def board(states):
    """The machine's, which has such a thing for this story only. The first one is its own."""
    machine = states.machine
    # Nothing is in its way when the device is switched on for the first time.
    machine.quit()
    yield machine
    machine.tpm = None


@pytest.fixture
def own(board, tmp_path):
    board.tpm = Tpm(tmp_path / "own")
    return board.tpm


@pytest.fixture
def other(tmp_path):
    return Tpm(tmp_path / "other")


def sealed(machine):
    """What is on the disk in the key's place."""
    return json.loads(machine.out(f"cat {KEY}.sealed"))


def check(machine):
    return machine.run("identclient --check", check=False).code


def certificate(machine):
    return machine.out(f"openssl x509 -noout -fingerprint -sha256 -in {IDENTITY}/current/certificate.pem.crt")


def assert_sealed(lab):
    """The key is in memory; on the disk is a credential that this TPM has made, and no key."""
    machine = lab.machine
    lab.device.wait_for_status(SEAL, "the key is encrypted at rest, and at hand")
    assert sealed(machine)["with"] == "tpm2"
    assert machine.out(f"readlink {KEY}").startswith("/run/unbox/identity/")
    assert machine.out("stat -f -c %T /run/unbox/identity") == "tmpfs"
    assert machine.run(f"grep -rl 'PRIVATE KEY' {IDENTITY}", check=False).stdout == ""
    assert check(machine) == 0
    # What made it is no host key that lies beside it.
    assert not lab.device.exists("/var/lib/systemd/credential.secret")


def put_on_board(machine, tpm):
    """The device is switched off, gets this TPM, or none, and is switched on."""
    machine.run("sync")
    machine.power_cut()
    machine.tpm = tpm
    machine.power_on(machine.boot_words)
    machine.wait_for_boot()


def assert_not_readable(lab, before, code, *words):
    """It is said what is wrong and what to do, and nothing is lost by it."""
    device, machine = lab.device, lab.machine
    device.wait_for_status(SEAL, *words)
    assert code in device.exits(SEAL)
    assert check(machine) == 1
    assert sealed(machine) == before
    assert device.provisioned()


def wait_for_bench(lab):
    wait.until(lab.bench.device_address, 60, "an address at the bench")


def renew(lab):
    """At the bench, when two thirds of the certificate's life are over."""
    wait_for_bench(lab)
    before = certificate(lab.machine)
    lab.machine.run("date -s '+7 years' && systemctl start identclient-renew.service")
    wait.until(lambda: certificate(lab.machine) != before, 90, "the renewal", interval=1)


def reassign(lab):
    wait_for_bench(lab)
    # A server that was on before the boot had no room for its socket yet.
    lab.bench.server_off()
    lab.bench.server_on()
    request = shlex.quote(json.dumps({"id": 1, "method": "make_token", "params": {"serial": SERIAL}}))
    token = json.loads(lab.machine.out(f"/opt/lab/ipc /run/unbox/identserver.sock {request}"))["result"]["token"]
    lab.machine.run(f"echo {shlex.quote(token)} board replaced >{IDENTITY}/reassign")
    wait.until(lambda: not lab.device.exists(f"{IDENTITY}/reassign"), 90, "the re-assignment", interval=1)


@pytest.mark.long
def test_a_key_that_only_this_board_decrypts(own, other, blank):
    lab = blank()
    device, machine = lab.device, lab.machine
    machine.write("/etc/unbox/config.yaml.d/20-tpm.yaml", CONFIG)
    enrol(lab)
    assert_sealed(lab)
    first = sealed(machine)

    # After a boot it is at hand again, and good for a renewal; the new one is encrypted as well.
    machine.reboot()
    assert_sealed(lab)
    assert sealed(machine) == first
    renew(lab)
    wait.until(lambda: device.exists(f"{KEY}.sealed"), 60, "the new key to be encrypted")
    assert_sealed(lab)
    kept, mine = sealed(machine), certificate(machine)
    assert kept != first

    # The disk in another board, which has a TPM of its own.
    put_on_board(machine, other)
    assert_not_readable(lab, kept, 77, "can't be decrypted by this TPM", "put the old one back",
                        "re-assignment token")
    assert device.messages(match=DAMAGED)

    # In one that has none: it may yet come, so it is looked for again.
    put_on_board(machine, None)
    assert_not_readable(lab, kept, 1, "encrypted by a TPM", "the device has none", "re-assignment token")

    # In its own.
    put_on_board(machine, own)
    assert_sealed(lab)
    assert certificate(machine) == mine

    # The board is gone for good: with a token the device has another key, which the new one encrypts.
    put_on_board(machine, other)
    device.wait_for_status(SEAL, "re-assignment token")
    reassign(lab)
    assert_sealed(lab)
    assert certificate(machine) != mine
    machine.reboot()
    assert_sealed(lab)
