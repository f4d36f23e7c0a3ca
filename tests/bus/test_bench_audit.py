# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bench's audit, as --check looks at it: whole while everybody keeps to the server, and telling when somebody
didn't."""

import re

import pytest

import factory
import harness
from factory import bench, operator  # pylint: disable=unused-import


@pytest.fixture
def check(bench):
    """Runs --check; returns its exit code and what it said."""
    def run(known=None):
        begun = len(bench.host.log())
        code = bench.tool("--check" if known is None else f"--check={known}")
        return code, bench.host.log()[begun:]
    return run


def last_hash(said):
    return re.search(r"the last one with the hash ([0-9a-f]{64})", said).group(1)


def use(bench, operator):
    """One of each kind of entry."""
    device = factory.Scripted(bench, "1000000078")
    device.enrolled()
    device.begin_anew()
    assert device.enroll()[0] == 409
    token = operator.call("make_token", {"serial": device.serial})["token"]
    status, answer = device.reassign(token=token)
    assert status == 201 and device.acknowledge(answer)[0] == 204
    device.hang_up()
    operator.call("retire_hostname", {"hostname": "unbox-001"})


def test_an_audit_that_nobody_has_touched(bench, operator, check):
    use(bench, operator)
    code, said = check()
    assert code == 0, said
    entries = bench.rows("SELECT count(*) FROM audit")[0][0]
    assert entries >= 8 and f"its audit has {entries} entries" in said
    noted = last_hash(said)
    assert check(noted)[0] == 0
    use_again = factory.Scripted(bench, "NEXT")
    use_again.enrolled()
    use_again.hang_up()
    code, said = check(noted)
    assert code == 0 and last_hash(said) != noted, "it is still among them"


@pytest.mark.parametrize("way", ["changed", "taken out", "cut off"])
def test_an_audit_that_somebody_has_touched(bench, operator, check, way):
    use(bench, operator)
    noted = last_hash(check()[1])
    with pytest.raises(Exception, match="append-only"):
        bench.execute("DELETE FROM audit WHERE id = 3")
    bench.execute("DROP TRIGGER audit_is_kept")
    bench.execute("DROP TRIGGER audit_is_final")
    bench.execute({"changed": "UPDATE audit SET serial = 'somebody' WHERE id = 3",
                   "taken out": "DELETE FROM audit WHERE id = 2",
                   "cut off": "DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)"}[way])
    code, said = check(noted)
    assert code == 1
    assert ("its end was cut off" if way == "cut off" else "entry 3 of the audit was changed") in said
    assert (check()[0] == 0) == (way == "cut off"), "only who has noted a hash can tell that"


def test_a_database_that_cant_be_looked_at(bench, check):
    bench.stop()
    path = bench.folder / "bench.db"
    whole = path.read_bytes()
    for content in (b"", b"not a database" * 999, whole[:8192] + bytes(len(whole) - 8192)):
        path.write_bytes(content)
        code, said = check()
        assert code == 1 and "is damaged or not a bench's database" in said
        assert path.read_bytes() == content


def test_a_backup_has_the_audit_too(bench, operator, check):
    use(bench, operator)
    noted = last_hash(check()[1])
    assert bench.tool("--backup=/var/lib/copy.db") == 0
    bench.stop()
    for path in list(bench.folder.glob("bench.db*")):
        path.unlink()
    assert bench.tool("--restore=/var/lib/copy.db") == 0, bench.host.log()
    code, said = check(noted)
    assert code == 0, said
    assert bench.rows("SELECT event FROM audit ORDER BY id DESC LIMIT 1") == [("restored",)]
    bench.start()
    harness.eventually(lambda: bench.call("GET", "/health")[0] == 200)
