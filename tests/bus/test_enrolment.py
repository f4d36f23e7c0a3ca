# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real identclient enrols at the real identserver, and goes through the bad days that a factory has."""

import json
import shutil
import stat
import subprocess
import time

import pytest

import factory
import harness

RETRY = "3d0d8c0f4a4f4f9f9d8b6a1c5e7f2a03"
REFUSED = "7c2f9e1b0a8d4c3e8f6a5b4c3d2e1f04"
ENROLLED = "0c3bb8f0b4d148ae9a2c7a4b1be8d602"
CONFIG_INVALID = "5a1d0a6e6ec24b0c8a1c7e2b0c2f5d01"


@pytest.fixture
def bench(root):
    made = factory.Bench(root / "bench")
    made.start()
    yield made
    made.close()


@pytest.fixture
def client(root, bus, bench):
    made = factory.Client(root / "device", bus.address)
    made.configure(bench.port, bench.folder / "ca.pem")
    yield made
    made.close()


@pytest.fixture
def meddle(bench, client):
    """Puts a Meddler between device and bench; returns what starts it."""
    started = []

    def start(fn, **keys):
        meddler = factory.Meddler(bench, fn, **keys)
        started.append(meddler)
        client.configure(meddler.port, bench.folder / "ca.pem")

    yield start
    for meddler in started:
        meddler.close()


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def assert_one_entry(client, message_id, text):
    """The journal has exactly this one entry that an operator should know."""
    entries = client.device.journal.find(MESSAGE_ID=message_id)
    assert len(entries) == 1, client.device.log()
    assert text in entries[0]["MESSAGE"]


def assert_tries_again(client, text):
    assert client.run() == 1
    assert text in client.status
    assert "attempt 1, trying again in" in client.status
    assert_one_entry(client, RETRY, text)
    assert not client.provisioned


def enrols(client, hostnamed, hostname="unbox-001"):
    assert client.run() == 0, client.device.log()
    assert client.provisioned
    assert client.status == f"enrolled as {hostname}"
    assert hostnamed.names == {"Hostname": hostname, "StaticHostname": hostname}


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


def problem(status, code, detail="because"):
    body = json.dumps({"status": status, "code": code, "detail": detail}).encode()
    return lambda path, *answer: (status, {"Content-Type": "application/problem+json"}, body)


def change(where, **members):
    """Changes members of the JSON that answers one call."""
    def meddle(path, status, headers, body):
        if path == where:
            answer = json.loads(body)
            for name, value in members.items():
                holder = answer["serial_certs"] if name in ("cert", "chain", "ca") else answer
                holder[name] = value
            body = json.dumps(answer).encode()
        return status, headers, body
    return meddle


PLAIN = {"Content-Type": "application/json"}

MALFORMED = {
    "redirect": (lambda *a: (302, {"Location": "https://127.0.0.1:1/"}, b""), "redirects (302)"),
    "65 KiB": (lambda *a: (200, PLAIN, b" " * (65 << 10)), "sent more than 64 KiB"),
    "garbage": (lambda *a: (200, PLAIN, b"\x00\xff{]"), "did not send a JSON object"),
    "array": (lambda *a: (200, PLAIN, b"[]"), "did not send a JSON object"),
    "empty": (lambda *a: (200, PLAIN, b"{}"), "nonce or server_time is missing"),
    "no content": (lambda *a: (204, {}, b""), "missing"),
    "hang up": (lambda *a: None, "does not answer"),
    "time of 1970": (change("/v1/challenge", server_time=5), "server_time is no time of day"),
    "time of 40000": (change("/v1/enroll", server_time=1200000000000), "server_time is no time of day"),
    "no certificate": (change("/v1/enroll", cert="-----BEGIN CERTIFICATE-----\nMII\n"), "not a certificate"),
    "no CA": (change("/v1/enroll", ca=""), "the chain can't be read"),
    "64 letters": (change("/v1/enroll", hostname="a" * 64), "hostname is not one label"),
    "path": (change("/v1/enroll", hostname="../../etc/passwd"), "hostname is not one label"),
    "id of no form": (change("/v1/enroll", enrolment_id="../../health"), "must be UUIDs"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_answer_is_said_and_loses_nothing(client, hostnamed, bench, meddle, name):
    fn, text = MALFORMED[name]
    meddle(fn)
    assert_tries_again(client, text)
    assert not (client.identity / "current").exists()
    assert not (client.identity / "staging").exists()
    client.configure(bench.port, bench.folder / "ca.pem")
    enrols(client, hostnamed)
    assert bench.states(client.serial) == ["active"]


def identity_of(root, bus, bench, serial):
    other = factory.Client(root / serial, bus.address, serial)
    other.configure(bench.port, bench.folder / "ca.pem")
    assert other.run() == 0
    certificate = (other.identity / "current/certificate.pem.crt").read_text()
    other.close()
    return certificate


def test_an_answer_for_another_serial(root, bus, bench, client, hostnamed, meddle):
    meddle(change("/v1/enroll", cert=identity_of(root, bus, bench, "2000")))
    assert_tries_again(client, "it is for serial 2000, this device is 1000000078")


def test_a_certificate_for_another_key(root, bus, bench, client, hostnamed, meddle):
    certificate = identity_of(root, bus, bench, client.serial)
    bench.execute("UPDATE enrolments SET state = 'revoked'")
    meddle(change("/v1/enroll", cert=certificate))
    assert_tries_again(client, "key: it does not belong to the certificate")


def test_a_chain_that_leads_elsewhere(root, bench, client, hostnamed, meddle):
    other = factory.Bench(root / "other")
    ca = (other.folder / "ca.pem").read_text()
    other.close()
    meddle(change("/v1/enroll", ca=ca))
    assert_tries_again(client, "chain: ")


def test_an_interface_that_is_not_there(bench, client):
    client.configure(bench.port, bench.folder / "ca.pem", interface="eth9")
    assert_tries_again(client, "no bench: this device has no interface eth9")


def test_the_bench_is_asked_on_its_interface_or_not_at_all(bench, client):
    """127.0.0.1 answers on lo; bound to another interface, nobody is there."""
    name = f"unbox{bench.port % 10000}"
    subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=True)
    try:
        client.configure(bench.port, bench.folder / "ca.pem", interface=name)
        assert_tries_again(client, f"does not answer on {name}")
    finally:
        subprocess.run(["ip", "link", "del", name], check=True)


def test_a_slow_answer(client, hostnamed, meddle):
    def wait(path, *answer):
        time.sleep(12)
        return answer

    meddle(wait)
    begin = time.monotonic()
    assert_tries_again(client, "does not answer on lo (Connection timed out)")
    assert time.monotonic() - begin < 20


REFUSALS = {
    "serial_not_allowed": (403, "put it on the list"),
    "batch_closed": (403, "for a batch that is open"),
    "already_issued": (409, "allow a re-assignment"),
    "spki_mismatch": (409, "allow a re-assignment"),
    "token_invalid": (401, "ask the bench operator"),
    "bad_request": (400, "ask the bench operator"),
    "nonce_expired": (422, "challenges expire at once"),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_stops_and_says_what_to_do(client, hostnamed, meddle, code):
    status, advice = REFUSALS[code]
    meddle(problem(status, code, "because\nREADY=1"))
    assert client.run() == 77
    assert "refused by the bench" in client.status and advice in client.status
    assert f"serial {client.serial}" in client.status
    assert not client.device.notify.seen("READY"), "the bench's words must not become the device's"
    assert_one_entry(client, REFUSED, advice)


def test_a_bench_that_is_busy_is_given_time(client, hostnamed, meddle):
    meddle(lambda *a: (503, {"Retry-After": "7"}, b""))
    begin = time.monotonic()
    assert client.run() == 1
    assert time.monotonic() - begin >= 2, "systemd's 5 s come on top"
    assert "trying again in 7 s" in client.status


def test_an_attempt_that_the_bench_let_go_is_begun_anew(bench, client, hostnamed, meddle):
    meddle(lambda path, *answer: None if path.endswith("/ack") else answer)
    assert client.run() == 1
    first = client.read()
    bench.execute("UPDATE enrolments SET state = 'pending', ack_by = 1")
    client.configure(bench.port, bench.folder / "ca.pem")
    assert client.run() == 1
    assert "beginning a new one" in client.status
    enrols(client, hostnamed)
    assert client.read()["attempt"] != first["attempt"]
    assert client.read()["uuid"] == first["uuid"]
    assert bench.states(client.serial) == ["active", "revoked"]
    assert bench.rows("SELECT hostname FROM hostnames") == [("unbox-001",)]


def test_a_lost_answer_is_given_again(bench, client, hostnamed, meddle):
    meddle(lambda path, *answer: None if path == "/v1/enroll" else answer)
    assert client.run() == 1
    assert bench.states(client.serial) == ["pending"]
    client.configure(bench.port, bench.folder / "ca.pem")
    enrols(client, hostnamed)
    assert bench.states(client.serial) == ["active"]


def test_a_lost_acknowledgement_is_given_again(bench, client, hostnamed, meddle):
    meddle(lambda path, *answer: None if path.endswith("/ack") else answer)
    assert client.run() == 1
    assert bench.states(client.serial) == ["active"]
    client.configure(bench.port, bench.folder / "ca.pem")
    enrols(client, hostnamed)


def test_a_second_device_of_the_same_serial(root, bus, bench, client, hostnamed):
    enrols(client, hostnamed)
    twin = factory.Client(root / "twin", bus.address)
    twin.configure(bench.port, bench.folder / "ca.pem")
    assert twin.run() == 77
    assert "has an identity already" in twin.status and "re-assignment" in twin.status
    assert not (twin.identity / "current").exists()
    assert bench.states(client.serial) == ["active"]
    twin.close()


def test_a_hostname_that_is_not_accepted(client, hostnamed, bench):
    hostnamed.refuses = True
    assert_tries_again(client, "can't set the hostname unbox-001: Permission denied")
    hostnamed.refuses, hostnamed.forgets = False, True
    assert client.run() == 1
    assert "it accepted the name, but has another one" in client.status
    hostnamed.forgets = False
    enrols(client, hostnamed)


@pytest.fixture
def small_disk(root):
    """The folder of somebody whose /var/lib has 512 KiB."""
    disk = root / "small/var/lib"
    disk.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", disk], check=True)
    yield root / "small"
    subprocess.run(["umount", disk], check=True)


def fill(folder):
    filler = folder / "var/lib/filler"
    with pytest.raises(OSError):
        filler.write_bytes(bytes(1 << 20))
    return filler


def test_a_full_disk_on_the_device(bus, bench, hostnamed, small_disk):
    client = factory.Client(small_disk, bus.address)
    client.configure(bench.port, bench.folder / "ca.pem")
    filler = fill(small_disk)
    assert_tries_again(client, "No space left on device")
    filler.unlink()
    enrols(client, hostnamed)
    assert client.check() == 0
    client.close()


def test_a_full_disk_on_the_bench(root, bus, hostnamed, small_disk):
    bench = factory.Bench(small_disk)
    bench.start()
    client = factory.Client(root / "device", bus.address)
    client.configure(bench.port, bench.folder / "ca.pem")
    filler = fill(small_disk)
    assert_tries_again(client, "is not ready: the bench's database: No space left on device (503)")
    filler.unlink()
    enrols(client, hostnamed)
    assert bench.states(client.serial) == ["active"]
    client.close()
    bench.close()


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
    for content in (b"not a database at all" * 500, b""):
        path.write_bytes(content)
        server = bench.host.start("identserver", "--address=127.0.0.1", f"--port={bench.port}", ready=False)
        assert server.wait() == 78, bench.host.log()
        bench.host.notify.settle()
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
