# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a device may get for an answer at the factory, from a bench or from somebody between the two: malformed, another's, slow,
a refusal, lost, hostile."""

import json
import time

import pytest

import factory
from enrolling import (  # noqa: F401  pylint: disable=unused-import
    assert_one_entry, assert_tries_again, change, client, enrols, meddle)
from factory import bench  # noqa: F401  pylint: disable=unused-import

REFUSED = "7c2f9e1b0a8d4c3e8f6a5b4c3d2e1f04"


def problem(status, code, detail="because"):
    body = json.dumps({"status": status, "code": code, "detail": detail}).encode()
    return lambda path, *answer: (status, {"Content-Type": "application/problem+json"}, body)


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
    "no country": (change("/v1/enroll", country="Switzerland"), "not two capital letters"),
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


MALFORMED_ACKS = {
    "redirect": ((302, {"Location": "https://127.0.0.1:1/"}, b""), "redirects (302)"),
    "65 KiB": ((200, PLAIN, b" " * (65 << 10)), "sent more than 64 KiB"),
    "garbage": ((200, PLAIN, b"\x00\xff{]"), "did not send a JSON object"),
    "busy": ((503, {"Retry-After": "1"}, b""), "is not ready"),
}


@pytest.mark.parametrize("name", MALFORMED_ACKS)
def test_a_malformed_answer_to_the_acknowledgement(client, hostnamed, bench, meddle, name):
    """The bench has heard of it, but the device can't know that."""
    said, text = MALFORMED_ACKS[name]
    meddle(lambda path, *answer: said if path.endswith("/ack") else answer)
    assert_tries_again(client, text)
    assert hostnamed.names["StaticHostname"] == ""
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
    # As if it had never come to its end: else the bench would have nothing to do with it.
    bench.execute("UPDATE enrolments SET state = 'revoked'")
    bench.execute("UPDATE devices SET enrolled_at = NULL")
    meddle(change("/v1/enroll", cert=certificate))
    assert_tries_again(client, "key: it does not belong to the certificate")


def test_a_chain_that_leads_elsewhere(root, bench, client, hostnamed, meddle):
    other = factory.Bench(root / "other")
    ca = (other.folder / "ca.pem").read_text()
    other.close()
    meddle(change("/v1/enroll", ca=ca))
    assert_tries_again(client, "chain: ")


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
    "token_invalid": (401, "ask the bench operator for a new token"),
    "reassign_not_authorised": (403, "ask the bench operator for a re-assignment token"),
    "mode_unsupported": (422, "whether its batch has this mode"),
    "bad_csr": (422, "of different versions: ask the bench operator"),
    "bad_proof": (422, "ask the bench operator for a re-assignment token"),
    "bad_request": (400, "of different versions: ask the bench operator"),
    "something new": (418, "because"),
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
    # As if its acknowledgement had not come.
    bench.execute("UPDATE enrolments SET state = 'pending', ack_by = 1")
    bench.execute("UPDATE devices SET enrolled_at = NULL")
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
