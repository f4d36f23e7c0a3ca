# SPDX-License-Identifier: LGPL-2.1-or-later
"""Power goes at every single durable operation of what an operator does with the bench: making it, bringing it to a new
version, putting a backup back, and each of his calls. What he asked for is done whole or not at all."""

import contextlib
import json
import os
import re
import shutil
import sqlite3

import pytest

import factory
import harness
from factory import new_bench as bench  # pylint: disable=unused-import

pytestmark = pytest.mark.skipif(os.environ.get("CRASH_POINTS") != "1",
                                reason="needs a build with -Dcrash_points=true")

CUT = 137
COUNTERS = ["UNBOX_STORE_CRASH_AT", "UNBOX_DATABASE_CRASH_AT"]


def cut_at(number, counter=COUNTERS[1]):
    return {counter: str(number)}


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def serves(host):
    """Whether a server starts on what lies there; one that doesn't says that for good."""
    server = host.start("identserver", "--address=127.0.0.1", f"--port={factory.free_port()}", ready=False)
    if factory.becomes_ready(host, server):
        assert server.stop() == 0
        return True
    assert server.wait() == 78, host.log()
    return False


@pytest.mark.parametrize("counter", COUNTERS)
def test_of_a_bench_that_is_made(root, counter):
    number, code = 0, CUT
    while code == CUT:
        number += 1
        host = harness.Device(root / str(number))
        folder = host.path(factory.BENCH)
        code = host.start("identserver", "--init", ready=False, environment=cut_at(number, counter)).wait(60)
        assert code in (0, CUT), host.log()
        before = files(folder)
        again = host.start("identserver", "--init", ready=False).wait(60)
        if again != 0:
            assert files(folder) == before, "half a bench is nobody's to overwrite"
        if not serves(host):
            assert code == CUT and again == 1
            shutil.rmtree(folder)
            assert host.start("identserver", "--init", ready=False).wait(60) == 0 and serves(host)
        assert host.start("identserver", "--check", ready=False).wait(60) == 0
        host.close()
    assert number > 3


def make_earlier(bench):
    """As the version before left it: the audit had no hashes."""
    for name in ("issued", "changed", "retired"):
        bench.execute(f"DROP TRIGGER device_is_{name}")
    for name in ("state", "batch_and_state"):
        bench.execute(f"DROP INDEX devices_by_{name}")
    for sql in ("ALTER TABLE devices DROP COLUMN state",
                "DROP TABLE revoked_numbers",
                "DROP TABLE audit",
                "CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, event TEXT NOT NULL,"
                " serial TEXT NOT NULL, detail TEXT NOT NULL) STRICT",
                "INSERT INTO audit (at, event, serial, detail) VALUES (1, 'batch opened', '', 'default'),"
                " (2, 'refused', 'A', 'no')",
                "CREATE INDEX audit_refused ON audit(id) WHERE event = 'refused'",
                "PRAGMA user_version = 2"):
        bench.execute(sql)


def test_of_a_bench_that_is_brought_to_this_version(bench):
    make_earlier(bench)
    versions, number, cut = set(), 0, True
    while cut:
        number += 1
        server = bench.host.start("identserver", "--address=127.0.0.1", f"--port={bench.port}", ready=False,
                                  environment=cut_at(number))
        cut = not factory.becomes_ready(bench.host, server)
        assert server.wait() == CUT if cut else server.stop() == 0
        version, = bench.rows("PRAGMA user_version")[0]
        if version == 2:
            assert bench.tool("--check") == 1
        versions.add(version)
        assert bench.rows("SELECT id, at, event, serial, detail FROM audit LIMIT 2") == [
            (1, 1, "batch opened", "", "default"), (2, 2, "refused", "A", "no")]
    assert versions == {2, 5}
    assert bench.tool("--check") == 0, bench.host.log()


def test_of_a_backup_that_is_put_back(bench):
    """With what was revoked since it was made."""
    bench.start()
    device = factory.Scripted(bench, "A")
    device.enrolled()
    device.hang_up()
    assert bench.tool("--backup=/var/lib/copy.db") == 0
    with contextlib.closing(bench.operator()) as operator:
        operator.call("retire_hostname", {"hostname": "unbox-001"})
    bench.stop()
    number, code, seen = 0, CUT, set()
    while code == CUT:
        number += 1
        for path in list(bench.folder.glob("bench.db*")):
            path.unlink()
        code = bench.host.start("identserver", "--restore=/var/lib/copy.db", ready=False,
                                environment=cut_at(number)).wait(60)
        assert code in (0, CUT), bench.host.log()
        # It gets its name when it is whole; when that was not the last that happened, it is said to be there.
        named = (bench.folder / "bench.db").exists()
        seen.add((code, named))
        if code == CUT:
            assert bench.tool("--restore=/var/lib/copy.db") == (1 if named else 0), bench.host.log()
        assert bench.rows("SELECT event FROM audit ORDER BY id DESC LIMIT 2") == [("restored",), ("revoked",)]
        assert bench.states("A") == ["revoked"]
        assert {path.name for path in bench.folder.glob("bench.db*")} == {"bench.db"}
        assert bench.tool("--check") == 0
    assert seen == {(CUT, False), (CUT, True), (0, True)}


def is_whole(bench, copy):
    """Whether it can be put back, into another folder, with all that was in the register."""
    other = bench.host.path("/var/lib/other")
    shutil.rmtree(other, ignore_errors=True)
    other.mkdir()
    assert bench.tool(f"--restore=/var/lib/{copy.name}", "--directory=/var/lib/other") == 0, bench.host.log()
    assert bench.tool("--check", "--directory=/var/lib/other") == 0
    with contextlib.closing(sqlite3.connect(other / "bench.db")) as database:
        return database.execute("SELECT count(*) FROM devices").fetchall() == bench.rows("SELECT count(*) FROM devices")


def test_of_a_backup_while_it_serves(bench):
    """What is there under the name of the backup is whole, and the one that was there before is not touched."""
    bench.start()
    copy = bench.host.path("/var/lib/copy.db")
    number, code, seen = 0, CUT, set()
    while code == CUT:
        number += 1
        device = factory.Scripted(bench, f"COPIED-{number}")
        device.enrolled()
        device.hang_up()
        code = bench.host.start("identserver", "--backup=/var/lib/copy.db", ready=False,
                                environment=cut_at(number)).wait(60)
        assert code in (0, CUT), bench.host.log()
        seen.add((code, copy.exists()))
        if not copy.exists():
            assert bench.tool("--backup=/var/lib/copy.db") == 0, bench.host.log()
        assert is_whole(bench, copy)
        before = copy.read_bytes()
        assert bench.tool("--backup=/var/lib/copy.db") == 1 and copy.read_bytes() == before
        assert [path.name for path in copy.parent.glob("copy.db*")] == ["copy.db"]
        copy.unlink()
    assert seen == {(CUT, False), (CUT, True), (0, True)}


# What is asked ({} is a number), and what it leaves when it was done, besides its entry in the audit.
CALLS = {
    "add_batch": ({"name": "B{}", "quota": 1, "pool": "p{}", "pattern": "p{}-#"}, "batch opened",
                  "SELECT count(*) FROM batches JOIN hostname_pools ON pool = hostname_pools.name"
                  " WHERE batches.name = 'B{}'"),
    "set_batch": ({"name": "default", "country": "CH", "quota": "{}"}, "batch changed",
                  "SELECT count(*) FROM batches WHERE country = 'CH' AND quota = {}"),
    "add_hostnames": ({"pool": "unbox", "hostnames": ["a-{}", "b-{}"]}, "hostnames added",
                      "SELECT count(*) = 2 FROM pool_names WHERE hostname IN ('a-{}', 'b-{}')"),
    "make_token": ({"serial": "T{}"}, "token made", "SELECT count(*) FROM tokens WHERE serial = 'T{}'"),
    "clear_serials": ({"batch": "default"}, "list emptied", "SELECT count(*) = 0 FROM allowed_serials"),
}


def ask(bench, method, params):
    """Whether it was answered."""
    with contextlib.closing(bench.operator()) as operator:
        with contextlib.suppress(OSError):
            operator.send(json.dumps({"id": 1, "method": method, "params": params}).encode() + b"\n")
            answer = operator.receive()
            assert answer is None or "result" in answer, answer
            return answer is not None
    return False


def filled(template, number):
    if isinstance(template, str):
        text = template.replace("{}", str(number))
        return int(text) if re.fullmatch(r"\d+", text) else text
    if isinstance(template, list):
        return [filled(item, number) for item in template]
    if isinstance(template, dict):
        return {name: filled(item, number) for name, item in template.items()}
    return template


@pytest.mark.parametrize("method", CALLS)
def test_of_a_bench_that_is_asked(bench, method):
    template, event, effect = CALLS[method]
    seen, number, answered = set(), 0, False
    while not answered:
        number += 1
        bench.execute("INSERT OR IGNORE INTO allowed_serials (serial, batch) VALUES ('L', 'default')")
        entries = bench.rows("SELECT count(*) FROM audit WHERE event = ?", event)[0][0]
        bench.start(environment=cut_at(number))
        answered = ask(bench, method, filled(template, number))
        if answered:
            bench.stop()
        else:
            assert bench.server.wait() == CUT
        done = bench.rows(effect.replace("{}", str(number)))[0][0]
        assert bench.rows("SELECT count(*) FROM audit WHERE event = ?", event)[0][0] == entries + done
        assert done or not answered
        seen.add(done)
    assert seen == {0, 1}, "it was cut before and after"
    assert bench.tool("--check") == 0
