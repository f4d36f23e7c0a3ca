# SPDX-License-Identifier: LGPL-2.1-or-later
"""The private key encrypted at rest, by the real systemd-creds, with a host key that is the test's."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess

import pytest

import factory
import harness
from factory import bench  # pylint: disable=unused-import

DAMAGED = "e6fb4cad08197e31cf52a079d41b3f24"
CUT = 137

pytestmark = pytest.mark.skipif(not pathlib.Path("/usr/bin/systemd-creds").exists(), reason="needs systemd-creds")


@pytest.fixture
def client(root, bus, bench, hostnamed):
    """An enrolled device whose configuration wants the key encrypted."""
    made = factory.Client(root / "device", bus.address)
    configure(made, bench, "host")
    made.device.path("/run/unbox/identity").mkdir()
    made.device.path("/var/lib/systemd").mkdir()
    assert made.run() == 0, made.device.log()
    yield made
    made.close()


def configure(client, bench, encryption):
    url = f"https://127.0.0.1:{bench.port}"
    client.configure(bench.port, bench.folder / "ca.pem", key_encryption=encryption, renew_url=url, reassign_url=url)


def key_file(client):
    return client.identity / "current/private.pem.key"


def in_memory(client):
    folder = client.device.path("/run/unbox/identity")
    return {path.name: path.read_text() for path in folder.iterdir()}


def power_off(client):
    """What was in memory is gone."""
    for path in client.device.path("/run/unbox/identity").iterdir():
        path.unlink()


def sealed_file(client):
    return client.identity / "current/private.pem.key.sealed"


def assert_sealed(client, key):
    """The key is in memory and nowhere else, and its readers see no difference."""
    name = os.readlink(client.identity / "current") + ".key"
    assert os.readlink(key_file(client)) == f"/run/unbox/identity/{name}"
    assert in_memory(client) == {name: key}
    assert client.device.path(f"/run/unbox/identity/{name}").stat().st_mode & 0o777 == 0o640
    assert not [name for name, content in client.files().items() if b"PRIVATE KEY" in content]
    assert sealed_file(client).stat().st_mode & 0o777 == 0o600
    assert client.check() == 0, client.device.log()


def test_a_key_is_encrypted_and_decrypted_at_each_boot(client):
    key = key_file(client).read_text()
    for _ in range(2):
        assert client.run("--seal") == 0, client.device.log()
        assert client.status == "the key is encrypted at rest, and at hand"
        assert_sealed(client, key)
    power_off(client)
    assert client.check() == 1
    assert "not decrypted since the boot: see identclient-seal.service" in client.status
    assert client.run("--seal") == 0, client.device.log()
    assert_sealed(client, key)


def test_by_default_it_stays_plain_and_it_becomes_so_again(client, bench):
    key = key_file(client).read_text()
    configure(client, bench, "none")
    assert client.run("--seal") == 0
    assert client.status == "the key is not encrypted at rest"
    assert key_file(client).read_text() == key and not key_file(client).is_symlink()
    configure(client, bench, "host")
    assert client.run("--seal") == 0
    power_off(client)
    configure(client, bench, "none")
    assert client.run("--seal") == 0
    assert key_file(client).read_text() == key and not key_file(client).is_symlink()
    assert not sealed_file(client).exists() and in_memory(client) == {}
    assert client.check() == 0


def test_what_is_no_key_is_not_read_for_somebody_else(client):
    """The folder belongs to a user who may less than the one that encrypts."""
    key_file(client).write_text("secret of somebody else")
    assert client.run("--seal") == 1
    assert client.status == "can't encrypt the key: Bad message"
    assert in_memory(client) == {} and not sealed_file(client).exists()


@pytest.mark.parametrize("missing", ["current", "provisioned"])
def test_before_there_is_an_identity(client, missing):
    """An enrolment that is under way reads its key at any boot."""
    (client.identity / missing).unlink()
    assert client.run("--seal") == 0
    assert client.status == "there is no identity yet"
    assert not list(client.identity.rglob("*.sealed"))


def test_under_another_machine_id_systemd_is_not_even_asked(client):
    """It would delete its host key, and with that what others have encrypted on this device."""
    key = key_file(client).read_text()
    assert client.run("--seal") == 0
    machine_id = client.device.path("/etc/machine-id")
    secret = client.device.path("/var/lib/systemd/credential.secret")
    mine, host_key = machine_id.read_text(), secret.read_bytes()
    power_off(client)
    machine_id.write_text("0123456789abcdef0123456789abcdef\n")
    assert client.run("--seal") == 77
    assert "under another machine-id" in client.status and "re-assignment token" in client.status
    assert len(client.device.journal.find(MESSAGE_ID=DAMAGED)) == 1
    assert secret.read_bytes() == host_key
    machine_id.write_text(mine)
    assert client.run("--seal") == 0, client.device.log()
    assert_sealed(client, key)


DAMAGES = {
    "host key lost": lambda client: client.device.path("/var/lib/systemd/credential.secret").unlink(),
    "empty": lambda client: sealed_file(client).write_text(""),
    "gone": lambda client: sealed_file(client).unlink(),
    "changed": lambda client: sealed_file(client).write_text(json.dumps(
        {**json.loads(sealed_file(client).read_text()), "credential": "AAAA"})),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_key_that_cant_be_decrypted_is_replaced_by_a_token(client, bench, damage):
    assert client.run("--seal") == 0
    power_off(client)
    DAMAGES[damage](client)
    assert client.run("--seal") == 77
    assert "ask the bench operator for a re-assignment token" in client.status
    assert len(client.device.journal.find(MESSAGE_ID=DAMAGED)) == 1
    assert client.check() == 1
    operator = bench.operator()
    client.put_token(operator.call("make_token", {"serial": client.serial})["token"])
    operator.close()
    assert client.run("--reassign") == 0, client.device.log()
    key = key_file(client).read_text()
    assert client.run("--seal") == 0, client.device.log()
    assert_sealed(client, key)


def test_what_is_renewed_is_encrypted_again(client, bench):
    assert client.run("--seal") == 0
    client.age(bench, 201, 99)
    before = client.certificate()
    assert client.run("--renew") == 0, client.device.log()
    assert client.certificate() != before
    key = key_file(client).read_text()
    assert client.run("--seal") == 0, client.device.log()
    assert_sealed(client, key)


def test_a_device_without_a_tpm_says_so_and_keeps_its_key(client, bench):
    key = key_file(client).read_text()
    configure(client, bench, "tpm2")
    if pathlib.Path("/dev/tpmrm0").exists():
        pytest.skip("this machine has one")
    assert client.run("--seal") == 78
    assert "enrolment.key_encryption: can't encrypt with tpm2, the key stays plain" in client.status
    assert key_file(client).read_text() == key
    assert client.check() == 0


class Tpm:
    """One in software (swtpm), and a systemd-creds that speaks to it: the kernel's /dev/tpmrm0 it would take by itself."""

    def __init__(self, folder, client):
        folder.mkdir(exist_ok=True)
        # Its second port is the one after the first, and may be somebody else's.
        tries = (self._start(folder, factory.free_port()) for _ in range(5))
        port = next(filter(None, tries))
        root = client.device.root
        if not (root / "creds").exists():
            shutil.copy("/usr/bin/systemd-creds", root / "creds")
        (root / "systemd-creds").write_text(
            f'#!/bin/sh\nSYSTEMD_TPM2_DEVICE=swtpm:host=127.0.0.1,port={port} exec {root}/creds "$@"\n')
        (root / "systemd-creds").chmod(0o755)
        self.sign = client.device.path("/var/lib/sysfs/class/tpmrm/tpmrm0")
        self.sign.mkdir(parents=True, exist_ok=True)

    def _start(self, folder, port):
        """Returns the port once it listens there, or None if it can't."""
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}", "--flags", "not-need-init,startup-clear",
             "--server", f"type=tcp,port={port}", "--ctrl", f"type=tcp,port={port + 1}"])

        def listening():
            return all(f":{number:04X} 00000000:0000 0A" in pathlib.Path("/proc/net/tcp").read_text()
                       for number in (port, port + 1))
        harness.eventually(lambda: self.process.poll() is not None or listening(), 20)
        return port if self.process.poll() is None else None

    def close(self):
        self.sign.rmdir()
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def tpm(root, client, bench):
    """tpm("own") is a context in which the device, which wants its key encrypted so, has this one."""
    if not shutil.which("swtpm"):
        pytest.skip("needs swtpm")
    configure(client, bench, "tpm2")
    return lambda name: contextlib.closing(Tpm(root / name, client))


def test_a_key_that_only_this_tpm_decrypts(client, bench, tpm):
    key = key_file(client).read_text()
    with tpm("own"):
        assert client.run("--seal") == 0, client.device.log()
        assert_sealed(client, key)
    kept = sealed_file(client).read_text()
    assert json.loads(kept)["with"] == "tpm2"
    assert not client.device.path("/var/lib/systemd/credential.secret").exists(), "there is no host key in it"

    # Its driver may be late, or somebody may have pulled it off the board: nothing is given up yet.
    power_off(client)
    assert client.run("--seal") == 1, "systemd starts it again"
    assert "encrypted by a TPM, and the device has none" in client.status
    assert client.device.journal.find(MESSAGE_ID=DAMAGED) == []

    # The disk in another board.
    with tpm("other"):
        assert client.run("--seal") == 77
    assert "can't be decrypted by this TPM (Failed to load HMAC key in TPM: " in client.status
    assert "put the old one back, or ask the bench operator for a re-assignment token" in client.status
    assert len(client.device.journal.find(MESSAGE_ID=DAMAGED)) == 1
    assert client.check() == 1 and sealed_file(client).read_text() == kept and in_memory(client) == {}

    # Its own again.
    with tpm("own"):
        assert client.run("--seal") == 0, client.device.log()
        assert_sealed(client, key)
        client.age(bench, 201, 99)
        before = client.certificate()
        assert client.run("--renew") == 0, client.device.log()
        assert client.certificate() != before
        key = key_file(client).read_text()
        assert client.run("--seal") == 0, client.device.log()
        assert_sealed(client, key)

    # The board is gone for good.
    power_off(client)
    with contextlib.closing(bench.operator()) as operator:
        client.put_token(operator.call("make_token", {"serial": client.serial})["token"])
    with tpm("other"):
        assert client.run("--reassign") == 0, client.device.log()
        key = key_file(client).read_text()
        for _ in range(2):
            assert client.run("--seal") == 0, client.device.log()
            assert_sealed(client, key)
            power_off(client)


@pytest.mark.skipif(os.environ.get("CRASH_POINTS") != "1", reason="needs a build with -Dcrash_points=true")
@pytest.mark.parametrize("way", ["host", "none"])
def test_power_goes_at_every_operation(client, bench, way):
    """Whichever it was, the key is there after the next boot."""
    key = key_file(client).read_text()
    kept = client.identity.parent / "kept"
    if way == "none":
        assert client.run("--seal") == 0
        configure(client, bench, "none")
    shutil.copytree(client.identity, kept, symlinks=True)
    number, code = 0, CUT
    while code == CUT:
        number += 1
        shutil.rmtree(client.identity)
        shutil.copytree(kept, client.identity, symlinks=True)
        power_off(client)
        code = client.run("--seal", environment={"UNBOX_STORE_CRASH_AT": str(number)})
        assert code in (0, CUT), client.device.log()
        power_off(client)
        assert client.run("--seal") == 0, client.device.log()
        if way == "host":
            assert_sealed(client, key)
        else:
            assert key_file(client).read_text() == key and not key_file(client).is_symlink()
            assert client.check() == 0
    assert number > 4
