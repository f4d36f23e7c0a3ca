# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bench as its operator and a scripted device see it: who gets in, what is refused and in which words, bundles,
re-assignment, renewal, revocation, races, and its database."""

import concurrent.futures
import csv
import io
import re
import shutil
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

import factory
import harness
from factory import bench, operator  # pylint: disable=unused-import
from peers import FakePeer


@pytest.fixture
def device(bench):
    made = factory.Scripted(bench, "1000000078")
    yield made
    made.hang_up()


def add_batch(operator, name="B7", **members):
    operator.call("add_batch", {"name": name, "quota": 10, "pool": "box", "pattern": "box-###", **members})


def assert_problem(answered, status, code, text):
    assert (answered[0], answered[1]["code"]) == (status, code), answered
    assert text in answered[1]["detail"], answered


def test_a_batch_from_its_opening_to_its_end(operator, bench, device):
    add_batch(operator, quota=1, country="CH", cloud_endpoint="mqtt.example.com:8883", listed=True)
    assert operator.call("allow_serials", {"batch": "B7", "csv": "first,last\n1000000070,1000000079\nA1\n"}) == \
        {"serials": 11}
    answer = device.enrolled()
    assert answer["hostname"] == "box-001"
    assert answer["country"] == "CH" and answer["cloud"] == {"endpoint": "mqtt.example.com:8883"}
    batch = operator.call("list_batches")["batches"][0]
    assert (batch["name"], batch["quota"], batch["used"], batch["done"], batch["open"]) == ("B7", 1, 1, 1, 1)
    listed = operator.call("list_devices", {"batch": "B7"})["devices"]
    assert [(d["serial"], d["hostname"], d["state"]) for d in listed] == [("1000000078", "box-001", "active")]
    assert operator.call("get_status")["active"] == 1

    assert_problem(factory.Scripted(bench, "A1").enroll(), 403, "batch_closed", "batch B7 is full (1 devices)")
    assert_problem(factory.Scripted(bench, "A2", batch="B7").enroll(), 403, "serial_not_allowed",
                   "serial A2 is not in batch B7: ask the bench operator")
    operator.call("set_batch", {"name": "B7", "quota": 2, "open": False})
    assert_problem(factory.Scripted(bench, "A1").enroll(), 403, "batch_closed", "batch B7 is not open")
    failures = operator.call("list_failures")["failures"]
    assert [f["serial"] for f in failures] == ["A1", "A2", "A1"]
    assert "batch B7 is not open" in failures[0]["reason"]
    assert operator.call("list_failures", {"before": failures[0]["number"], "limit": 1})["failures"] == failures[1:2]


def test_a_real_device_is_told_what_to_do(root, bus, bench, operator, hostnamed):
    operator.call("set_batch", {"name": "default", "listed": True})
    client = factory.Client(root / "device", bus.address)
    client.configure(bench.port, bench.folder / "ca.pem", batch="default")
    assert client.run() == 77
    assert "serial 1000000078 is not in batch default: ask the bench operator" in client.status
    operator.call("allow_serials", {"batch": "default", "csv": "1000000078\n"})
    assert client.run() == 0, client.device.log()
    client.close()


def test_every_refusal_of_the_table(bench, operator, device):
    for method, path in (("POST", "/v1/challenge"), ("POST", "/v1/enroll"), ("POST", "/v1/reassign")):
        assert_problem(device.call(method, path, {"serial": "../"}), 400, "bad_request", "")
    request = device.request()
    assert_problem(device.call("POST", "/v1/enroll", {**request, "csr": "x"}), 422, "bad_csr", "CSR")
    assert_problem(device.call("POST", "/v1/enroll", {**request, "nonce": "0" * 64}), 422, "bad_csr", "nonce")
    assert device.call("POST", "/v1/enroll", request)[0] == 201
    assert_problem(device.call("POST", "/v1/enroll", request), 422, "nonce_expired", "another challenge")
    assert_problem(device.enroll(mode="bundle"), 409, "spki_mismatch", "re-assignment")
    status, answer = device.enroll()
    assert status == 200, "the same attempt with the same key"
    other = factory.Scripted(bench, device.serial)
    other.attempt = device.attempt
    assert_problem(other.enroll(), 409, "spki_mismatch", "re-assignment")
    assert_problem(device.acknowledge(answer, other.key), 422, "bad_proof", "not signed")
    assert device.acknowledge(answer)[0] == 204
    assert device.acknowledge(answer)[0] == 204
    device.begin_anew()
    assert_problem(device.enroll(), 409, "already_issued", "ask the bench operator for a re-assignment")
    assert_problem(device.reassign(), 403, "reassign_not_authorised", "needs a token")
    assert_problem(device.reassign(token="00"), 401, "token_invalid", "ask the bench operator")
    assert_problem(device.enroll(mode="bundle", batch="B9"), 409, "already_issued", "")
    assert_problem(factory.Scripted(bench, "X", batch="B9").enroll(), 403, "batch_closed", "B9 is not open")
    assert_problem(factory.Scripted(bench, "X").enroll(mode="bundle"), 422, "mode_unsupported", "mode csr")
    bench.execute("UPDATE batches SET listed = 1")
    assert_problem(factory.Scripted(bench, "X").enroll(), 403, "serial_not_allowed", "on no batch's list")
    late = factory.Scripted(bench, "L")
    bench.execute("UPDATE batches SET listed = 0")
    _, answer = late.enroll()
    bench.execute("UPDATE enrolments SET ack_by = 1 WHERE state = 'pending'")
    assert_problem(late.enroll(), 410, "attempt_expired", "begin a new one")
    assert_problem(late.acknowledge(answer), 410, "attempt_expired", "begin a new attempt")
    assert_problem(device.renew(), 403, "reassign_not_authorised", "present certificate")
    failures = operator.call("list_failures")["failures"]
    assert {failure["serial"] for failure in failures} == {"", device.serial, "X", "L"}
    assert all("bad_request" in failure["reason"] for failure in failures if not failure["serial"]), failures


def memory_of(pid):
    """Everything that the process could leak: what it may write to."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            begin, end, mode = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            size = int(end, 16) - int(begin, 16)
            if mode.startswith("rw") and size < 256 << 20:
                memory.seek(int(begin, 16))
                try:
                    yield memory.read(size)
                except OSError:
                    pass


def test_a_bundles_key_is_sent_once_and_kept_nowhere(bench, operator, device):
    operator.call("set_batch", {"name": "default", "bundle": True})
    _, lost = device.enroll(mode="bundle")
    status, answer = device.enroll(mode="bundle")
    assert status == 201 and bench.states(device.serial) == ["pending", "revoked"]
    pems = [lost["serial_certs"]["key"], answer["serial_certs"]["key"]]
    keys = [serialization.load_pem_private_key(p.encode(), None) for p in pems]
    assert_problem(device.acknowledge(lost, keys[0]), 410, "attempt_expired", "")
    assert device.acknowledge(answer, keys[1])[0] == 204
    assert_problem(device.enroll(mode="bundle"), 410, "attempt_expired", "kept nowhere")
    device.hang_up()

    bodies = [p.splitlines()[1].encode() for p in pems]
    raw = [k.private_numbers().private_value.to_bytes(32, "big") for k in keys]
    for path in bench.host.root.rglob("*"):
        if path.is_file():
            assert not any(secret in path.read_bytes() for secret in bodies + raw), path
    assert not any(body.decode() in bench.host.log() for body in bodies)
    for piece in memory_of(bench.server.pid):
        assert not any(body in piece for body in bodies)


def lists(bench):
    """The numbers in the list that the bench serves, and in its file."""
    served = x509.load_der_x509_crl(factory.Scripted(bench, "x").call("GET", "/v1/crl")[1])
    ca = x509.load_pem_x509_certificate((bench.folder / "ca.pem").read_bytes())
    assert served.is_signature_valid(ca.public_key())
    assert (served.next_update - served.last_update).days == 7
    written = x509.load_pem_x509_crl((bench.folder / "crl.pem").read_bytes())
    return [r.serial_number for r in served], [r.serial_number for r in written]


def revoked(bench):
    """The numbers in both lists, which are the same but while they are made anew."""
    def same():
        served, written = lists(bench)
        return (served,) if served == written else None

    return set(harness.eventually(same)[0])


def test_a_device_is_reassigned(bench, operator, device):
    old = device.enrolled()
    assert revoked(bench) == set()
    token = operator.call("make_token", {"serial": device.serial, "reason": "flash replaced"})["token"]
    assert all(token.encode() not in p.read_bytes() for p in bench.folder.iterdir())
    device.begin_anew()
    status, answer = device.reassign(token=token)
    assert status == 201 and answer["hostname"] == old["hostname"] and answer["uuid"] == old["uuid"]
    assert bench.states(device.serial) == ["active", "pending"], "the old one holds until the new one's ack"
    assert device.acknowledge(answer)[0] == 204
    assert bench.states(device.serial) == ["active", "revoked"]
    harness.eventually(lambda: revoked(bench) == {factory.number(old)})
    device.begin_anew()
    assert_problem(device.reassign(token=token), 401, "token_invalid", "used already")


def test_a_device_renews_with_what_it_has(root, bench, device):
    old, old_key = device.enrolled(), device.key
    device.begin_anew()
    assert_problem(device.renew(), 403, "reassign_not_authorised", "present certificate")
    stranger = factory.Bench(root / "other")
    stranger.start()
    foreign = factory.Scripted(stranger, device.serial)
    device.show(foreign.enrolled()["serial_certs"]["cert"], foreign.key)
    assert_problem(device.renew(), 403, "reassign_not_authorised", "does not hold")
    foreign.hang_up()
    stranger.close()

    neighbour = factory.Scripted(bench, "2000")
    neighbour.show(neighbour.enrolled()["serial_certs"]["cert"], neighbour.key)
    neighbour.begin_anew()
    neighbour.serial = device.serial
    assert_problem(neighbour.renew(), 403, "reassign_not_authorised", "not the one that serial 1000000078 has")

    device.show(old["serial_certs"]["cert"], old_key)
    status, answer = device.renew()
    assert status == 201 and answer["hostname"] == old["hostname"]
    assert device.renew()[0] == 200
    assert device.acknowledge(answer)[0] == 204
    harness.eventually(lambda: factory.number(old) in revoked(bench))
    device.begin_anew()
    assert_problem(device.renew(), 403, "reassign_not_authorised", "not the one that")


def test_a_hostname_ends(bench, operator, device):
    answer = device.enrolled()
    assert operator.ask("release_hostname", {"hostname": "unbox-001"})["error"]["code"] == "NOT_FOUND"
    operator.call("retire_hostname", {"hostname": "unbox-001"})
    harness.eventually(lambda: revoked(bench) == {factory.number(answer)})
    assert operator.call("list_devices", {"state": "retired"})["devices"][0]["serial"] == device.serial
    device.begin_anew()
    assert_problem(device.enroll(), 403, "serial_not_allowed", "was retired")
    assert operator.ask("make_token", {"serial": device.serial})["error"]["code"] == "CONFLICT"
    assert operator.ask("retire_hostname", {"hostname": "UNBOX-001"})["error"]["code"] == "CONFLICT"
    assert factory.Scripted(bench, "2").enrolled()["hostname"] == "unbox-002"
    operator.call("release_hostname", {"hostname": "unbox-001"})
    assert factory.Scripted(bench, "3").enrolled()["hostname"] == "unbox-001"


def test_the_operator_is_told_what_is_wrong(operator):
    for method, params, code in (
            ("add_batch", {}, "INVALID_PARAMS"), ("add_batch", {"name": "B", "quota": 1, "pool": "none"}, "NOT_FOUND"),
            ("set_batch", {"name": "none"}, "NOT_FOUND"), ("set_batch", {"name": "default", "quota": -7}, "INVALID_PARAMS"),
            ("allow_serials", {"batch": "default", "csv": "a b"}, "INVALID_PARAMS"),
            ("clear_serials", {"batch": "none"}, "NOT_FOUND"), ("make_token", {"serial": "/"}, "INVALID_PARAMS"),
            ("add_hostnames", {"pool": "p", "hostnames": ["a", 7]}, "INVALID_PARAMS"),
            ("list_devices", {"limit": "x"}, "INVALID_PARAMS")):
        answer = operator.ask(method, params)
        assert answer["error"]["code"] == code, (method, answer)
        assert answer["error"]["message"]


@pytest.mark.parametrize("line", [0, -1, 2 ** 31, 2 ** 32 + 1, 2 ** 63 - 1])
def test_a_line_that_no_list_has_is_refused(bench, operator, line):
    answer = operator.ask("allow_serials", {"batch": "default", "csv": "A-1", "line": line})
    assert answer["error"] == {"code": "INVALID_PARAMS", "message": f"line is a number from 1 to {2 ** 31 - 1}"}
    assert bench.rows("SELECT count(*) FROM allowed_serials") == [(0,)]
    assert operator.call("allow_serials", {"batch": "default", "csv": "A-1", "line": 2 ** 31 - 1}) == {"serials": 1}


def test_the_export_has_every_device_and_no_formula(bench, operator):
    header = operator.call("export_csv")["csv"]
    for i in range(105):
        assert factory.Scripted(bench, f"{i:03}", product='=1+"2"').enroll()[0] == 201
    text, after = "", {}
    while after is not None:
        piece = operator.call("export_csv", after)
        text += piece["csv"]
        after = {"after": piece["next"]} if piece["next"] else None
    assert text.startswith(header) and header.endswith("\r\n"), "an empty one has its columns, too"
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["serial"] for row in rows] == [f"{i:03}" for i in range(105)]
    device = operator.call("list_devices", {"limit": 1})["devices"][0]
    assert rows[0].keys() == device.keys() and rows[0]["uuid"] == device["uuid"]
    assert rows[0]["product"] == "'=1+\"2\"" and rows[0]["state"] == "pending"


def at_once(work, count):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def assert_names(bench, devices):
    assert bench.rows("SELECT count(*), count(DISTINCT hostname) FROM devices") == [(devices, devices)]
    assert bench.rows("SELECT count(*) FROM hostnames") == [(devices,)]


def test_200_devices_at_once(bench):
    devices = [factory.Scripted(bench, f"S{i}") for i in range(200)]
    names = at_once(lambda i: devices[i].enrolled()["hostname"], len(devices))
    assert sorted(names) == [f"unbox-{i:03}" for i in range(1, 201)]
    assert bench.rows("SELECT state, count(*) FROM enrolments GROUP BY state") == [("active", 200)]
    assert_names(bench, 200)
    for device in devices:
        device.hang_up()


def test_two_devices_with_one_serial_at_once(bench):
    for turn in range(5):
        twins = [factory.Scripted(bench, f"TWIN-{turn}") for _ in range(2)]

        def go(i):
            status, answer = twins[i].enroll()  # pylint: disable=cell-var-from-loop
            return twins[i].acknowledge(answer)[0] if status == 201 else status  # pylint: disable=cell-var-from-loop

        codes = at_once(go, 2)
        assert codes.count(204) == 1 and set(codes) <= {204, 409, 410}, codes
        assert bench.states(f"TWIN-{turn}").count("active") == 1
        assert "pending" not in bench.states(f"TWIN-{turn}")
    assert_names(bench, 5)


def test_a_quota_is_reached_in_a_race(bench, operator):
    add_batch(operator, quota=3)
    devices = [factory.Scripted(bench, f"Q{i}", batch="B7") for i in range(20)]
    answers = at_once(lambda i: devices[i].enroll(), len(devices))
    assert sorted(a[0] for a in answers) == [201] * 3 + [403] * 17
    assert {a[1]["code"] for a in answers if a[0] == 403} == {"batch_closed"}
    assert bench.rows("SELECT used FROM batches WHERE name = 'B7'") == [(3,)]
    assert_names(bench, 3)


def test_a_backup_while_it_serves_and_back(bench, operator, device):
    device.enrolled()
    assert bench.tool("--backup=/var/lib/copy.db") == 0
    copy = bench.host.path("/var/lib/copy.db")
    assert copy.stat().st_mode & 0o777 == 0o600
    before = copy.read_bytes()
    assert bench.tool("--backup=/var/lib/copy.db") == 1 and copy.read_bytes() == before
    after = factory.Scripted(bench, "AFTER")
    assert after.enrolled()["hostname"] == "unbox-002"
    after.hang_up()
    device.hang_up()
    assert bench.tool("--restore=/var/lib/copy.db") == 1, "there is a database"
    assert bench.states("AFTER") == ["active"]
    bench.stop()
    (bench.folder / "bench.db").rename(bench.folder / "lost.db")
    assert bench.tool("--restore=/var/lib/copy.db") == 0, bench.host.log()
    assert {p.name for p in bench.folder.glob("bench.db*")} == {"bench.db"}
    bench.start()
    assert bench.states(device.serial) == ["active"] and bench.states("AFTER") == []
    fresh = factory.Scripted(bench, "FRESH")
    assert_problem(fresh.enroll(), 403, "batch_closed", "no batch is open")
    again = bench.operator()
    again.call("set_batch", {"name": "default", "open": True})
    again.close()
    assert fresh.enrolled()["hostname"] not in ("unbox-001", "unbox-002")


def test_a_device_that_the_backup_does_not_know(root, bus, bench, hostnamed):
    """It keeps what it has; by a token it gets other credentials, though the bench has never heard of it."""
    assert bench.tool("--backup=/var/lib/copy.db") == 0
    client = factory.Client(root / "device", bus.address)
    client.configure(bench.port, bench.folder / "ca.pem")
    assert client.run() == 0, client.device.log()
    bench.stop()
    for path in list(bench.folder.glob("bench.db*")):
        path.unlink()
    assert bench.tool("--restore=/var/lib/copy.db") == 0, bench.host.log()
    bench.start()
    client.put_token("none")
    assert client.run("--reassign") == 77
    assert "is not a device of this bench's: ask the bench operator" in client.status
    operator = bench.operator()
    operator.call("set_batch", {"name": "default", "open": True})
    client.put_token(operator.call("make_token", {"serial": client.serial})["token"])
    operator.close()
    assert client.run("--reassign") == 0, client.device.log()
    name = client.read()["hostname"]
    assert name != "unbox-001" and hostnamed.names["StaticHostname"] == name
    assert client.check() == 0 and bench.states(client.serial) == ["active"]
    client.close()


def test_what_is_damaged_is_neither_copied_nor_put_back(bench):
    bench.stop()
    database = bench.folder / "bench.db"
    whole = database.read_bytes()
    for content in (b"not a database" * 999, whole[:8192] + bytes(len(whole) - 8192)):
        database.write_bytes(content)
        assert bench.tool("--backup=/var/lib/copy.db") == 1
        assert "is damaged or not a bench's" in bench.host.log()
        assert database.read_bytes() == content
    shutil.move(database, bench.host.path("/var/lib/bad.db"))
    assert bench.tool("--restore=/var/lib/bad.db") == 1
    assert not list(bench.folder.glob("bench.db*"))
    assert not list(bench.host.path("/var/lib").glob("copy.db*"))


def test_progress_is_an_event(root):
    bench = factory.Bench(root / "bench")
    healthd = FakePeer(bench.host.path("/run/unbox/healthd.sock"), {
        "register_service": {}, "subscribe": {"seq": 1}, "publish": {"seq": 1}})
    bench.start()
    registered = harness.eventually(lambda: healthd.called("register_service"))[0]
    assert registered["name"] == "identserver" and registered["endpoint"] == "/run/unbox/identserver.sock"
    device = factory.Scripted(bench, "1")
    device.enrolled()
    device.hang_up()
    expected = {"topic": "factory.changed", "data": {"active": 1, "pending": 0, "places": 999}}
    harness.eventually(lambda: expected in healthd.called("publish"), what=str(healthd.calls))
    healthd.close()
    bench.close()


def test_a_list_from_a_file_while_it_serves(bench, operator):
    bench.host.path("/var/lib/list.csv").write_text("".join(f"F-{i}\n" for i in range(20000)))
    assert bench.tool("--allow=/var/lib/list.csv", "--batch=default") == 0, bench.host.log()
    operator.call("set_batch", {"name": "default", "listed": True})
    assert factory.Scripted(bench, "F-19999").enroll()[0] == 201
    assert factory.Scripted(bench, "F-20000").enroll()[0] == 403
    assert bench.tool("--allow=/var/lib/list.csv", "--batch=none") == 1


def test_the_key_is_for_the_bench_alone(bench, device):
    bench.stop()
    key = bench.folder / "ca.key"
    key.chmod(0o640)
    assert bench.tool("--address=127.0.0.1", f"--port={bench.port}") == 78
    assert "chmod 0600" in bench.host.log()
    credentials = bench.host.path("/run/credentials")
    credentials.mkdir()
    key.rename(credentials / "ca.key")
    bench.start(environment={"CREDENTIALS_DIRECTORY": "/run/credentials"})
    device.enrolled()


def test_a_full_disk_gives_nobody_an_identity_that_it_forgets(root):
    disk = root / "small/var/lib"
    disk.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
    try:
        bench = factory.Bench(root / "small")
        bench.start()
        names, full = [], None
        for i in range(2000):
            device = factory.Scripted(bench, f"D{i}")
            try:
                status, answer = device.enroll()
            except AssertionError:
                full = i
                break
            if status == 503:
                full = i
                break
            names.append(answer["hostname"])
            device.hang_up()
        assert full, "a disk of 1 MiB is full some day"
        bench.server.kill()
        bench.start()
        assert sorted(names) == sorted(row[0] for row in bench.rows("SELECT hostname FROM devices"))
        bench.close()
    finally:
        subprocess.run(["umount", disk], check=True)
