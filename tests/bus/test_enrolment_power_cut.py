# SPDX-License-Identifier: LGPL-2.1-or-later
"""Power goes at every single durable operation of an enrolment, on either side of it. After the next start it goes on
by itself to one active certificate and one hostname."""

import contextlib
import http.client
import json
import os

import pytest

import factory
from factory import new_bench as bench  # pylint: disable=unused-import

pytestmark = pytest.mark.skipif(os.environ.get("CRASH_POINTS") != "1",
                                reason="needs a build with -Dcrash_points=true")

CUT = 137


def new_client(root, bus, bench, number):
    client = factory.Client(root / f"device-{number}", bus.address, f"CUT-{number}")
    client.configure(bench.port, bench.folder / "ca.pem")
    return client


def assert_whole(bench, client):
    assert client.provisioned and client.check() == 0, client.device.log()
    assert bench.states(client.serial).count("active") == 1
    assert "pending" not in bench.states(client.serial)
    assert not (client.identity / "staging").exists()
    assert len([name for name, content in client.files().items() if b"PRIVATE KEY" in content]) == 1
    assert len(list(client.identity.glob("gen-*"))) == 1


def assert_no_hostname_lost_or_given_twice(bench, devices):
    assert bench.rows("SELECT count(DISTINCT hostname) FROM devices") == [(devices,)]
    assert bench.rows("SELECT count(*) FROM hostnames") == [(devices,)]


def test_of_the_device(root, bus, bench, hostnamed):
    bench.start()
    number, code = 0, CUT
    while code == CUT:
        number += 1
        client = new_client(root, bus, bench, number)
        code = client.run(environment={"UNBOX_STORE_CRASH_AT": str(number)})
        if code == CUT:
            assert client.run() == 0, client.device.log()
        assert code in (0, CUT)
        assert_whole(bench, client)
        client.close()
    assert number > 20, "an enrolment has more durable operations than that"
    assert_no_hostname_lost_or_given_twice(bench, number)


def test_of_the_bench(root, bus, bench, hostnamed):
    number, code = 0, 1
    while code == 1:
        number += 1
        bench.start(environment={"UNBOX_DATABASE_CRASH_AT": str(number)})
        client = new_client(root, bus, bench, number)
        code = client.run()
        if code == 1:
            assert bench.server.wait() == CUT
            bench.start()
            assert client.run() == 0, client.device.log()
        assert code in (0, 1)
        bench.stop()
        assert_whole(bench, client)
        client.close()
    assert number > 6, "challenge, enroll and ack commit each, and power may go before and after"
    assert_no_hostname_lost_or_given_twice(bench, number)


def give_new_credentials(bench, device, state):
    """Enrols, renews with the certificate, is re-assigned with a bundle: from wherever it was cut off. Every answer
    that the device has got is kept in `state`, as on its disk."""
    if "first" not in state:
        state["first"] = device.enrolled()
    if "renewed" not in state:
        if "renewing" not in state:
            device.show(state["first"]["serial_certs"]["cert"], device.key)
            device.begin_anew()
            state["renewing"] = True
        if "renewal" not in state:
            status, state["renewal"] = device.renew()
            assert status in (200, 201)
        assert device.acknowledge(state["renewal"])[0] == 204
        state["renewed"] = True
    operator = bench.operator()
    with contextlib.closing(operator):
        if "token" not in state:
            operator.call("set_batch", {"name": "default", "bundle": True})
            token = operator.call("make_token", {"serial": device.serial})["token"]
            device.begin_anew()
            state["token"] = token
        if "bundle" not in state:
            status, state["bundle"] = device.reassign(mode="bundle", token=state["token"])
            assert status == 201
        assert device.acknowledge(state["bundle"], factory.key_of(state["bundle"]))[0] == 204


def test_of_the_bench_while_it_gives_new_credentials(bench):
    number, cut = 0, True
    while cut:
        number += 1
        device, state, cut = factory.Scripted(bench, f"CUT-{number}"), {}, False
        bench.start(environment={"UNBOX_DATABASE_CRASH_AT": str(number)})
        try:
            give_new_credentials(bench, device, state)
        except (OSError, http.client.HTTPException, AssertionError):
            cut = True
            assert bench.server.wait() == CUT
            bench.start()
            device.hang_up()
            give_new_credentials(bench, device, state)
        bench.stop()
        device.hang_up()
        # A bundle that was lost on the way is revoked too, and another one made.
        assert bench.states(device.serial) in (["active"] + ["revoked"] * 2, ["active"] + ["revoked"] * 3)
        assert bench.rows("SELECT count(*) FROM tokens WHERE serial = ? AND used_at IS NOT NULL",
                          device.serial) == [(1,)]
    assert number > 20, "each call commits, and power may go before and after"
    assert_no_hostname_lost_or_given_twice(bench, number)


def test_of_the_bench_while_it_publishes_what_is_revoked(bench):
    """The list is a file that is replaced: before, or after, never a half."""
    bench.start()
    device = factory.Scripted(bench, "LISTED")
    device.enrolled()
    operator = bench.operator()
    operator.call("retire_hostname", {"hostname": "unbox-001"})
    operator.close()
    device.hang_up()
    bench.stop()
    number, cut = 0, True
    while cut:
        number += 1
        server = bench.host.start("identserver", "--address=127.0.0.1", f"--port={bench.port}", ready=False,
                                  environment={"UNBOX_STORE_CRASH_AT": str(number)})
        cut = not factory.becomes_ready(bench.host, server)
        if cut:
            assert server.wait() == CUT
        else:
            assert server.stop() == 0
        lines = (bench.folder / "crl.pem").read_text().splitlines()
        assert (lines[0], lines[-1]) == ("-----BEGIN X509 CRL-----", "-----END X509 CRL-----")
    assert number > 2


def ask_and_cut(bench, point, method, params):
    """Whether power went at this durable operation of the bench, while an operator asked."""
    bench.start(environment={"UNBOX_DATABASE_CRASH_AT": str(point)})
    operator = bench.operator()
    try:
        operator.send(json.dumps({"id": 1, "method": method, "params": params}).encode() + b"\n")
        answer = operator.receive()
    except OSError:
        answer = None
    operator.close()
    if answer is None:
        assert bench.server.wait() == CUT
        return True
    assert "result" in answer, answer
    bench.stop()
    return False


def test_of_the_bench_while_its_operator_asks(bench):
    """What he asked for is done whole, audit and all, or not at all."""
    seen, point, cut = set(), 0, True
    while cut:
        point += 1
        cut = ask_and_cut(bench, point, "allow_serials", {"batch": "default", "csv": f"A-{point}\nB-{point}\n"})
        rows = bench.rows("SELECT count(*) FROM allowed_serials WHERE serial LIKE ?", f"_-{point}")[0][0]
        assert rows in ((0, 2) if cut else (2,))
        seen.add(rows)
        assert bench.rows("SELECT 2 * count(*) FROM audit WHERE event = 'serials allowed'") == \
            bench.rows("SELECT count(*) FROM allowed_serials")
    assert seen == {0, 2}

    seen, point, cut = set(), 0, True
    while cut:
        point += 1
        bench.start()
        device = factory.Scripted(bench, f"OUT-{point}")
        hostname = device.enrolled()["hostname"]
        device.hang_up()
        bench.stop()
        cut = ask_and_cut(bench, point, "retire_hostname", {"hostname": hostname})
        state = (bench.states(device.serial), *bench.rows(
            "SELECT retired_at IS NOT NULL, (SELECT count(*) FROM audit WHERE event = 'hostname retired' AND detail = ?)"
            " FROM devices WHERE serial = ?", hostname, device.serial))
        assert state in ((["active"], (0, 0)), (["revoked"], (1, 1)))
        seen.add(state[0][0])
    assert seen == {"active", "revoked"}
