# SPDX-License-Identifier: LGPL-2.1-or-later
"""A device at its bench, and what the tests of an enrolment hold it against."""

import json
import stat

import pytest

import factory

RETRY = "3d0d8c0f4a4f4f9f9d8b6a1c5e7f2a03"

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

    def start(fn, mode="csr", **keys):
        meddler = factory.Meddler(bench, fn, **keys)
        started.append(meddler)
        client.configure(meddler.port, bench.folder / "ca.pem", mode=mode)
        return meddler

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


def change(where, **members):
    """Changes members of the JSON that answers one call."""
    def meddle(path, status, headers, body):
        if path == where:
            answer = json.loads(body)
            for name, value in members.items():
                holder = answer["serial_certs"] if name in ("cert", "chain", "ca", "key") else answer
                holder[name] = value
            body = json.dumps(answer).encode()
        return status, headers, body
    return meddle
