# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other credentials for a device that had some: renewed with what it has, or re-assigned by an operator's token. The
real identclient at the real identserver."""

import shutil

import pytest

import factory
from factory import bench, operator  # pylint: disable=unused-import

REPLACED = "b3c81f7ad5e64b0e9c2f7d46a1e80c21"
RETRY = "c4d92a8be6f75c1fad308e57b2f91d22"
REFUSED = "d5ea3b9cf7086d20be419f68c30a2e23"


@pytest.fixture
def client(root, bus, bench, hostnamed):
    """An enrolled device that may renew, and is re-assigned, over any network."""
    made = factory.Client(root / "device", bus.address)
    configure(made, bench)
    assert made.run() == 0, made.device.log()
    yield made
    made.close()


def configure(client, bench, port=None):
    url = f"https://127.0.0.1:{port or bench.port}"
    client.configure(1, bench.folder / "ca.pem", interface="eth9", renew_url=url, reassign_url=url)
    if not client.provisioned:
        client.configure(bench.port, bench.folder / "ca.pem", renew_url=url, reassign_url=url)


@pytest.fixture
def meddle(bench, client):
    """Puts a Meddler between device and server."""
    started = []

    def start(fn, **keys):
        meddler = factory.Meddler(bench, fn, shown=client.identity / "current", **keys)
        started.append(meddler)
        configure(client, bench, meddler.port)

    configure(client, bench)
    yield start
    for meddler in started:
        meddler.close()


def assert_replaced(bench, client, before, how):
    """It has others than `before`, they alone are active, and nothing is left of how they came."""
    assert client.status == f"{how} as unbox-001"
    assert len(client.device.journal.find(MESSAGE_ID=REPLACED)) == 1
    assert client.certificate() != before
    assert bench.rows("SELECT cert_sha256 FROM enrolments WHERE state = 'active'") == [(client.certificate(),)]
    assert "pending" not in bench.states(client.serial)
    names = sorted(p.name for p in client.identity.iterdir())
    assert names == ["clock", "current", f"gen-{client.certificate()}", "provisioned"]
    assert client.check() == 0, client.device.log()


def assert_kept(client, before):
    assert client.certificate() == before
    assert client.check() == 0, client.device.log()


def test_a_certificate_is_renewed_at_two_thirds_of_its_life(bench, client):
    assert client.run("--renew") == 0
    assert "nothing to renew: the certificate is renewed in 24" in client.status
    client.age(bench, 199, 101.5)
    before = client.certificate()
    assert client.run("--renew") == 0
    assert client.status == "nothing to renew: the certificate is renewed in 1 days and ends in 101"
    assert_kept(client, before)

    configure(client, bench)
    client.age(bench, 201, 99.5)
    before = client.certificate()
    assert client.run("--renew") == 0, client.device.log()
    assert_replaced(bench, client, before, "renewed")
    assert bench.rows("SELECT kind FROM enrolments WHERE state = 'active'") == [("renew",)]
    assert client.run("--renew") == 0
    assert "nothing to renew" in client.status


def test_a_renewal_that_nobody_has_configured_is_said(bench, client):
    client.age(bench, 201, 99.5)
    client.configure(bench.port, bench.folder / "ca.pem")
    assert client.run("--renew") == 78
    assert client.status == "configuration: the certificate ends in 99 days, and enrolment.renew_url says nowhere to " \
        "renew it"


def test_a_server_that_is_away(bench, client):
    configure(client, bench)
    client.age(bench, 201, 99.5)
    before = client.certificate()
    bench.stop()
    for attempt in (1, 2):
        assert client.run("--renew", environment={"RUNTIME_DIRECTORY": "/run/unbox"}) == 1
        assert f"no bench: 127.0.0.1:{bench.port} does not answer (Connection refused)" in client.status
        assert f"attempt {attempt}, trying again in 3600 s" in client.status
    assert len(client.device.journal.find(MESSAGE_ID=RETRY)) == 1
    assert_kept(client, before)
    bench.start()
    assert client.run("--renew") == 0, client.device.log()
    assert_replaced(bench, client, before, "renewed")


def test_the_old_one_is_in_use_until_the_server_has_heard(bench, client, meddle):
    client.age(bench, 201, 99.5)
    before = client.certificate()
    meddle(lambda path, *answer: None if path == "/v1/renew" else answer)
    assert client.run("--renew") == 1
    assert_kept(client, before)
    assert bench.states(client.serial) == ["active", "pending"]

    meddle(lambda path, *answer: None if path.endswith("/ack") else answer)
    assert client.run("--renew") == 1
    assert_kept(client, before)
    assert client.certificate("next") != before
    configure(client, bench)
    assert client.run("--renew") == 0, client.device.log()
    assert_replaced(bench, client, before, "renewed")
    assert bench.states(client.serial) == ["active", "revoked"]


@pytest.mark.parametrize("damage", ["unreadable", "ended"])
def test_only_the_last_answer_was_lost_and_the_old_ones_hold_no_more(bench, client, meddle, damage):
    """The server has revoked them by then: what counts lies on the disk, and needs nothing of them."""
    client.age(bench, 201, 99.5)
    before = client.certificate()
    meddle(lambda path, *answer: None if path.endswith("/ack") else answer)
    assert client.run("--renew") == 1
    assert bench.states(client.serial) == ["active", "revoked"]
    if damage == "unreadable":
        (client.identity / "current/private.pem.key").write_text("unreadable")
    else:
        bench.execute("UPDATE enrolments SET serial = 'elsewhere' WHERE state = 'active'")
        client.age(bench, 300, -1)
        bench.execute(f"UPDATE enrolments SET serial = '{client.serial}' WHERE state = 'active'")
    assert client.check() == 1
    client.configure(bench.port, bench.folder / "ca.pem")
    assert client.run("--renew") == 78
    assert "the server has not heard of the new certificate yet" in client.status
    configure(client, bench)
    assert client.run("--renew") == 0, client.device.log()
    assert_replaced(bench, client, before, "renewed")


def test_a_renewal_that_was_heard_of_too_late_is_begun_anew(bench, client, meddle):
    client.age(bench, 201, 99.5)
    before = client.certificate()
    meddle(lambda path, *answer: None if path.endswith("/ack") else answer)
    assert client.run("--renew") == 1
    bench.execute("UPDATE enrolments SET state = 'pending', ack_by = 1 WHERE kind = 'renew'")
    bench.execute("UPDATE enrolments SET state = 'active' WHERE kind = 'enroll'")
    configure(client, bench)
    assert client.run("--renew") == 1
    assert "beginning a new one" in client.status
    assert_kept(client, before)
    assert not (client.identity / "next").exists()
    assert client.run("--renew") == 0, client.device.log()
    assert_replaced(bench, client, before, "renewed")


def test_a_certificate_that_was_revoked(bench, client):
    configure(client, bench)
    client.age(bench, 201, 99.5)
    before = client.certificate()
    bench.execute("UPDATE enrolments SET state = 'revoked'")
    assert client.run("--renew") == 77
    assert "not the one that serial 1000000078 has now" in client.status
    assert "ask the bench operator for a re-assignment token" in client.status
    assert len(client.device.journal.find(MESSAGE_ID=REFUSED)) == 1
    assert_kept(client, before)


def test_a_certificate_that_has_ended(bench, client):
    configure(client, bench)
    client.age(bench, 300, -1)
    assert client.run("--renew") == 77
    assert "chain: certificate has expired" in client.status
    assert "ask the bench operator for a re-assignment token" in client.status


def test_at_the_customers_dates_count(bench, client, meddle):
    client.age(bench, 201, 99.5)
    before = client.certificate()
    certificate = factory.expired(bench.folder, bench.folder / "server.key", bench.folder / "ca.pem",
                                  bench.folder / "ca.key")
    meddle(lambda path, *answer: answer, certificate=certificate)
    assert client.run("--renew") == 1
    assert "not our bench" in client.status
    assert_kept(client, before)


def token_for(operator, client):
    return operator.call("make_token", {"serial": client.serial, "reason": "test"})["token"]


@pytest.mark.parametrize("damage", ["none", "key", "all"])
def test_a_device_is_reassigned(bench, operator, client, damage):
    configure(client, bench)
    before = client.certificate()
    if damage == "key":
        (client.identity / "current/private.pem.key").write_text("unreadable")
    if damage == "all":
        (client.identity / "current").unlink()
        shutil.rmtree(next(client.identity.glob("gen-*")))
    client.put_token(token_for(operator, client) + " flash replaced\n")
    assert client.run("--reassign") == 0, client.device.log()
    assert_replaced(bench, client, before, "re-assigned")
    assert bench.rows("SELECT detail FROM audit WHERE event = 'issued, reassign'") == [("flash replaced",)]
    assert client.run("--reassign") == 0
    assert "nothing to do: there is no token" in client.status


def test_a_device_with_new_flash_gets_its_name_again(root, bus, bench, operator, client):
    twin = factory.Client(root / "twin", bus.address)
    configure(twin, bench)
    assert twin.run() == 77
    assert "re-assignment" in twin.status
    twin.put_token(token_for(operator, client))
    assert twin.run("--reassign") == 0, twin.device.log()
    assert twin.provisioned and twin.read()["hostname"] == "unbox-001"
    assert twin.read()["uuid"] == client.read()["uuid"]
    assert bench.states(client.serial) == ["active", "revoked"]
    assert twin.check() == 0
    twin.close()


def test_without_a_server_for_it_the_bench_is_asked(bench, operator, client):
    client.configure(bench.port, bench.folder / "ca.pem", interface="eth9")
    client.put_token(token_for(operator, client))
    assert client.run("--reassign") == 1
    assert "no bench: this device has no interface eth9" in client.status
    client.configure(bench.port, bench.folder / "ca.pem")
    assert client.run("--reassign") == 0, client.device.log()


def test_a_bundle_is_reassigned(bench, operator, client):
    operator.call("set_batch", {"name": "default", "bundle": True})
    before = client.certificate()
    client.configure(bench.port, bench.folder / "ca.pem", mode="bundle")
    client.put_token(token_for(operator, client))
    assert client.run("--reassign") == 0, client.device.log()
    assert_replaced(bench, client, before, "re-assigned")
    assert bench.rows("SELECT mode FROM enrolments WHERE state = 'active'") == [("bundle",)]


TOKENS = {
    "empty": ("\n", 1, "is empty: write the token of the bench operator into it"),
    "two lines": ("abc\ndef\n", 77, "is no token: write the one of the bench operator into it"),
    "unknown": ("abc\n", 77, "ask the bench operator for a new token"),
}


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_that_is_none(bench, operator, client, name):
    text, code, advice = TOKENS[name]
    configure(client, bench)
    before = client.certificate()
    client.put_token(text)
    assert client.run("--reassign") == code
    assert advice in client.status
    assert (client.identity / "reassign").read_text() == text
    assert_kept(client, before)
    assert client.run("--renew") == 0
    assert client.status == "nothing to renew: a re-assignment is under way"
    client.put_token(token_for(operator, client))
    assert client.run("--reassign") == 0, client.device.log()
    assert_replaced(bench, client, before, "re-assigned")


def test_a_token_of_before_does_not_end_another_reassignment(bench, operator, client, meddle):
    """What one token has begun is not taken for what the next one is to begin."""
    meddle(lambda path, *answer: None if path.endswith("/ack") else answer)
    client.put_token(token_for(operator, client))
    assert client.run("--reassign") == 1
    heard_of = client.certificate("next")
    configure(client, bench)
    client.put_token(token_for(operator, client))
    assert client.run("--reassign") == 0, client.device.log()
    assert_replaced(bench, client, heard_of, "re-assigned")
    assert bench.states(client.serial) == ["active", "revoked", "revoked"]
