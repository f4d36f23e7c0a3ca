# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real identclient enrols at the real identserver, and goes through the bad days that a factory has."""

import base64
import fcntl
import hashlib
import os
import shutil
import subprocess
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

import factory
import harness
from enrolling import (  # noqa: F401  pylint: disable=unused-import
    RETRY, assert_one_entry, assert_tries_again, change, client, enrols, meddle, mode)
from factory import bench  # noqa: F401  pylint: disable=unused-import

ENROLLED = "0c3bb8f0b4d148ae9a2c7a4b1be8d602"
CONFIG_INVALID = "5a1d0a6e6ec24b0c8a1c7e2b0c2f5d01"


def test_a_device_gets_its_identity(bench, client, hostnamed):
    enrols(client, hostnamed)

    current = client.identity / "current"
    assert mode(current / "private.pem.key") == 0o640
    assert not (client.identity / "attempt.key").exists()
    assert client.read()["serial"] == client.serial
    assert bench.states(client.serial) == ["active"]
    assert_one_entry(client, ENROLLED, "is enrolled as unbox-001")
    factory.openssl("verify", "-purpose", "sslclient", "-CAfile", current / "ca.pem",
                    current / "certificate.pem.crt", cwd=current)
    assert client.check() == 0
    assert client.status == "identity whole, hostname unbox-001"


def test_enrolled_once_is_enrolled_for_ever(bench, client, hostnamed):
    enrols(client, hostnamed)
    before = client.files()
    bench.stop()
    assert client.run() == 0
    assert client.status == "already enrolled"
    assert client.files() == before


def test_the_key_never_reaches_the_bench(bench, client, hostnamed):
    enrols(client, hostnamed)
    key = (client.identity / "current/private.pem.key").read_text()
    body = "".join(key.splitlines()[1:-1])
    for path in bench.folder.iterdir():
        content = path.read_bytes()
        assert body.encode() not in content
        assert path.name in ("ca.key", "server.key") or b"PRIVATE KEY" not in content


def test_without_a_bench_it_says_so_and_enrols_when_it_comes(bench, client, hostnamed):
    bench.stop()
    assert_tries_again(client, f"no bench: 127.0.0.1:{bench.port} does not answer on lo (Connection refused)")
    begun = client.files()
    assert client.run() == 1
    assert "attempt 2, trying again in 5 s" in client.status
    assert len(client.device.journal.find(MESSAGE_ID=RETRY)) == 1
    assert client.files() == begun, "the second try goes on with what the first has begun"
    bench.start()
    enrols(client, hostnamed)


def test_a_bench_that_is_not_ours(root, client):
    other = factory.Bench(root / "other")
    try:
        client.configure(other.port, client.device.path("/etc/unbox/factory-ca.pem"))
        other.start()
        assert_tries_again(client, "not our bench")
        assert other.rows("SELECT count(*) FROM nonces") == [(0,)]
    finally:
        other.close()


def test_a_bench_with_another_address_in_its_certificate(root, client):
    other = factory.Bench(root / "other", "7.7.7.7")
    try:
        client.configure(other.port, other.folder / "ca.pem")
        other.start()
        assert_tries_again(client, "not our bench")
    finally:
        other.close()


def test_a_device_without_a_clock_accepts_dates_and_nothing_else(bench, client, hostnamed, meddle):
    """What looks expired to us looks like tomorrow's to a device in 1970: only the dates are passed over."""
    certificate = factory.expired(bench.folder, bench.folder / "server.key", bench.folder / "ca.pem",
                                  bench.folder / "ca.key")
    meddle(lambda path, *answer: answer, certificate=certificate)
    enrols(client, hostnamed)


def test_an_expired_ca_gives_no_identity(bench, client, hostnamed):
    bench.stop()
    ca = bench.folder / "ca.pem"
    shutil.copy(factory.expired(bench.folder, bench.folder / "ca.key", extensions="authority"), ca)
    (bench.folder / "expired/certificate.pem").unlink()
    shutil.rmtree(bench.folder / "expired")
    shutil.copy(factory.expired(bench.folder, bench.folder / "server.key", ca, bench.folder / "ca.key"),
                bench.folder / "server.pem")
    client.configure(bench.port, ca)
    bench.start()
    assert_tries_again(client, "certificate has expired")
    assert not (client.identity / "current").exists()


def test_the_bench_makes_the_key_where_a_cloud_insists(bench, client, hostnamed):
    client.configure(bench.port, bench.folder / "ca.pem", mode="bundle")
    assert client.run() == 77
    assert "enrolment.mode" in client.status
    bench.execute("UPDATE batches SET bundle = 1")
    enrols(client, hostnamed)
    current = client.identity / "current"
    assert mode(current / "private.pem.key") == 0o640
    assert not (client.identity / "attempt.key").exists()
    assert client.check() == 0
    assert bench.rows("SELECT mode, state FROM enrolments") == [("bundle", "active")]


def test_a_bundle_that_was_lost_is_made_again(bench, client, hostnamed, meddle):
    bench.execute("UPDATE batches SET bundle = 1")
    meddle(lambda path, *answer: None if path == "/v1/enroll" else answer, mode="bundle")
    assert client.run() == 1
    client.configure(bench.port, bench.folder / "ca.pem", mode="bundle")
    enrols(client, hostnamed)
    assert bench.states(client.serial) == ["active", "revoked"]


def test_the_mode_is_changed_in_between(bench, client, hostnamed, meddle):
    """A device whose attempt was begun with a key of its own begins anew with none, and the other way round."""
    bench.execute("UPDATE batches SET bundle = 1")
    port = meddle(lambda path, *answer: None if path == "/v1/enroll" else answer).port
    for begun_as in ("csr", "bundle"):
        client.configure(port, bench.folder / "ca.pem", mode=begun_as)
        assert client.run() == 1
    client.configure(bench.port, bench.folder / "ca.pem", mode="csr")
    enrols(client, hostnamed)
    assert bench.rows("SELECT mode FROM enrolments WHERE state = 'active'") == [("csr",)]


def test_a_bundle_without_its_key(client, hostnamed, bench, meddle):
    bench.execute("UPDATE batches SET bundle = 1")
    meddle(change("/v1/enroll", key="-----BEGIN PRIVATE KEY-----\nMII\n"), mode="bundle")
    assert_tries_again(client, "key: not a private key on P-256")


def pin_of(path):
    key = x509.load_pem_x509_certificate(path.read_bytes()).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "sha256//" + base64.b64encode(hashlib.sha256(key).digest()).decode()


def test_the_benchs_key_is_pinned_where_the_ca_is_not_enough(bench, client, hostnamed):
    client.configure(bench.port, bench.folder / "ca.pem", pins="sha256//abc")
    assert client.run() == 78
    assert "enrolment.pins" in client.status
    other, pin = pin_of(bench.folder / "ca.pem"), pin_of(bench.folder / "server.pem")
    client.configure(bench.port, bench.folder / "ca.pem", pins=other)
    assert_tries_again(client, "not our bench")
    assert bench.states(client.serial) == []
    client.configure(bench.port, bench.folder / "ca.pem", pins=f"{other};{pin}")
    enrols(client, hostnamed)


def test_the_keys_mode_is_the_configured_one(bench, client, hostnamed):
    client.configure(bench.port, bench.folder / "ca.pem", key_mode="0600")
    enrols(client, hostnamed)
    key = client.identity / "current/private.pem.key"
    assert mode(key) == 0o600
    assert client.check() == 0
    key.chmod(0o640)
    assert client.check() == 1
    assert client.status == "identity not whole (private.pem.key: its mode is 0640, more than 0600)"
    entry, = client.device.journal.find(MESSAGE_ID="e6fb4cad08197e31cf52a079d41b3f24")
    assert entry["PRIORITY"] == "3" and "its mode is 0640" in entry["MESSAGE"]


def test_the_power_is_turned_off_only_after_the_enrolment(bench, client, hostnamed):
    flag = client.device.path("/run/unbox/identclient/poweroff")
    client.configure(bench.port, bench.folder / "ca.pem", poweroff=True)
    hostnamed.refuses = True
    assert client.run() == 1
    assert not flag.exists()
    hostnamed.refuses = False
    enrols(client, hostnamed)
    assert flag.exists()
    flag.unlink()
    assert client.run() == 0
    assert not flag.exists(), "already enrolled: somebody has turned it on again"


def test_the_power_stays_on_by_default(client, hostnamed):
    enrols(client, hostnamed)
    assert not client.device.path("/run/unbox/identclient/poweroff").exists()


def test_what_the_batch_has_travels_with_the_answer(bench, client, hostnamed):
    bench.execute("UPDATE batches SET country = 'CH', cloud_endpoint = 'mqtt.example.com:8883'")
    enrols(client, hostnamed)
    assert client.read()["country"] == "CH"
    assert client.read()["cloud"] == {"endpoint": "mqtt.example.com:8883"}


def test_the_benchs_time_is_the_floor_of_the_clock(bench, client, hostnamed, meddle):
    floor = client.identity / "clock"
    then = int(time.time()) - 7 * 24 * 3600
    meddle(change("/v1/challenge", server_time=then))
    assert client.run() == 0
    first = int(floor.read_text())
    assert first >= time.time() - 60, "the enrolment's answer had the right time"
    assert client.run("--clock") == 0
    assert int(floor.read_text()) >= first
    floor.write_text("nonsense\n")
    assert client.run("--clock") == 0
    assert client.check() == 0


def test_one_enrolment_at_a_time(client):
    folder = os.open(client.identity, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        assert client.run() == 1
        assert client.status == "another enrolment is under way on this device"
    finally:
        os.close(folder)


def test_an_interface_that_is_not_there(bench, client):
    client.configure(bench.port, bench.folder / "ca.pem", interface="eth9")
    assert_tries_again(client, "no bench: this device has no interface eth9")


def test_the_bench_is_asked_on_its_interface_or_not_at_all(bench, client):
    """127.0.0.1 answers on lo; bound to another interface, nobody is there."""
    name = f"unbox{bench.port % 10000}"
    subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=True)
    try:
        subprocess.run(["ip", "address", "add", "10.99.9.1/32", "dev", name], check=True)
        client.configure(bench.port, bench.folder / "ca.pem", interface=name)
        assert_tries_again(client, f"does not answer on {name}")
    finally:
        subprocess.run(["ip", "link", "del", name], check=True)


CONFIGURATIONS = {
    "unknown key": ("enrolment:\n  colour: blue\n", "enrolment.colour"),
    "not https": ("enrolment:\n  url: http://7.7.7.7:5001\n", "enrolment.url"),
    "no serial": ("enrolment:\n  serial: ''\n", "no serial number"),
    "no CA": ("enrolment:\n  serial: A1\n  ca_file: /etc/unbox/none.pem\n", "none.pem: No such file"),
    "no CA in it": ("enrolment:\n  serial: A1\n  ca_file: /etc/unbox/config.yaml\n", "holds no certificate"),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_bad_configuration(client, name):
    text, reason = CONFIGURATIONS[name]
    client.device.configure(text)
    assert client.run() == 78
    assert client.status.startswith("configuration: ") and reason in client.status
    assert_one_entry(client, CONFIG_INVALID, reason)
    assert client.files() == {}


def test_where_the_serial_comes_from(bench, client, hostnamed):
    credentials = client.device.path("/var/lib/credentials")
    tree = client.device.path("/var/lib/sysfs/firmware/devicetree/base")
    credentials.mkdir()
    tree.mkdir(parents=True)
    (credentials / "dmi-serial").write_text("DMI-7\n")
    (tree / "serial-number").write_bytes(b"100000007800abcd\0")
    environment = {"CREDENTIALS_DIRECTORY": "/var/lib/credentials"}
    assert client.run(environment=environment) == 0
    assert client.read()["serial"] == "100000007800abcd"
    (tree / "serial-number").write_bytes(b"0000000000000000\0")
    assert client.run("--check", environment=environment) == 1
    assert "this device is DMI-7" in client.status


def test_check_finds_what_is_wrong(client, hostnamed):
    assert client.check() == 1
    enrols(client, hostnamed)
    current = client.identity / "current"
    key = current / "private.pem.key"

    key.chmod(0o644)
    assert client.check() == 1
    assert "its mode is 0644" in client.status
    key.chmod(0o640)
    hostnamed.names["StaticHostname"] = "localhost"
    assert client.check() == 1
    assert "it is 'localhost', the identity says 'unbox-001'" in client.status
    hostnamed.names["StaticHostname"] = "unbox-001"
    factory.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key, cwd=current)
    key.chmod(0o640)
    assert client.check() == 1
    assert "key: it does not belong to the certificate" in client.status
    key.unlink()
    assert client.check() == 1
    assert "private.pem.key: No such file" in client.status


def test_the_bench_refuses_to_be_made_twice(bench):
    before = {p.name: p.read_bytes() for p in bench.folder.glob("*.[pk]e[my]")}
    again = bench.host.start("identserver", "--init", ready=False)
    assert again.wait() == 1
    assert {p.name: p.read_bytes() for p in bench.folder.glob("*.[pk]e[my]")} == before
    assert mode(bench.folder / "ca.key") == 0o600


def test_a_damaged_database_is_said_and_kept(root):
    bench = factory.Bench(root / "bench")
    path = bench.folder / "bench.db"
    whole = path.read_bytes()
    for content in (b"not a database at all" * 500, b"", whole[:8192] + bytes(len(whole) - 8192), whole[:-8192]):
        path.write_bytes(content)
        server = bench.host.start("identserver", "--address=127.0.0.1", f"--port={bench.port}", ready=False)
        assert server.wait() == 78, bench.host.log()
        assert "damaged or not a bench's" in bench.host.notify.status
        assert path.read_bytes() == content
    bench.close()


def test_the_bench_says_that_it_is_well(bench, client, hostnamed):
    status, answer = bench.call("GET", "/health")
    assert status == 200 and answer["status"] == "healthy"
    assert abs(answer["timestamp"] - time.time()) < 5
    enrols(client, hostnamed)
    harness.eventually(lambda: "1 devices enrolled" in bench.host.notify.status, timeout=5)


def test_what_the_bench_refuses(bench):
    def refusal(path, body):
        status, answer = bench.call("POST", path, body)
        assert answer["correlation_id"]
        return status, answer["code"]

    assert refusal("/v1/challenge", {}) == (400, "bad_request")
    assert refusal("/v1/challenge", {"serial": "../etc"}) == (400, "bad_request")
    assert refusal("/v1/enroll", {"v": 1}) == (400, "bad_request")
    request = {"v": 1, "serial": "A1", "product": "p", "hw_rev": "", "batch": "", "nonce": "n", "macs": {},
               "attempt": "6f9a1a0e-5a0b-4d3e-9a51-0c1d2e3f4a5b", "mode": "pkcs12"}
    assert refusal("/v1/enroll", request) == (422, "mode_unsupported")
    assert refusal("/v1/enroll", {**request, "mode": "csr", "csr": "no"}) == (422, "bad_csr")
    unknown = f"/v1/enroll/{request['attempt']}/ack"
    assert refusal(unknown, {"cert_sha256": "0" * 64, "pop": "AAAA"}) == (410, "attempt_expired")
    assert len(bench.rows("SELECT * FROM audit WHERE event = 'refused'")) == 6


def test_the_audit_can_only_grow(bench):
    for sql in ("DELETE FROM audit", "UPDATE audit SET event = 'never'"):
        with pytest.raises(Exception, match="append-only"):
            bench.execute(sql)


def test_a_batch_has_a_quota(root, bus, hostnamed):
    bench = factory.Bench(root / "bench", "127.0.0.1", "--quota=1", "--batch=B7", "--hostname-prefix=KXP2-CORO")
    bench.start()
    codes = []
    for serial in ("1", "2"):
        client = factory.Client(root / serial, bus.address, "S" + serial)
        client.configure(bench.port, bench.folder / "ca.pem")
        codes.append(client.run())
        status = client.status
        client.close()
    assert codes == [0, 77]
    assert "batch B7 is full (1 devices)" in status
    assert bench.rows("SELECT hostname FROM hostnames") == [("KXP2-CORO-001",)]
    bench.close()
