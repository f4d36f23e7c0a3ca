# SPDX-License-Identifier: LGPL-2.1-or-later
"""The list of revoked certificates that the bench publishes: a revocation is in it at once, and it is made anew long
before it ends, whatever becomes of the bench's clock. And when the database is lost, the list is not: what was revoked
since the last backup stays so."""

import contextlib
import datetime
import shutil

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

import factory
from factory import new_bench  # noqa: F401  pylint: disable=unused-import
from harness import eventually
from odd_clock import YEAR, OddClock

DAY = datetime.timedelta(days=1)
MINUTE = datetime.timedelta(minutes=1)


def served(bench):
    return x509.load_der_x509_crl(factory.Scripted(bench, "x").call("GET", "/v1/crl")[1])


def written(bench):
    return x509.load_pem_x509_crl((bench.folder / "crl.pem").read_bytes())


def numbers(crl):
    return {revoked.serial_number for revoked in crl}


def now(bench):
    """As the bench takes it."""
    return datetime.datetime.utcfromtimestamp(bench.call("GET", "/health")[1]["timestamp"])


@pytest.fixture
def bench_of(new_bench):
    """One that serves by such a clock."""
    def start(scale):
        clock = OddClock(new_bench.host, scale)
        new_bench.start(environment=clock.environment)
        return new_bench, clock
    return start


def test_a_revocation_is_in_the_list_at_once(bench_of):
    """The answer to the operator comes after it. A minute in a second, as a list is a second old before the next."""
    bench, _ = bench_of(60)
    gone = []
    operator = bench.operator()
    for serial in ("1", "2"):
        device = factory.Scripted(bench, serial)
        answer = device.enrolled()
        device.hang_up()
        operator.call("retire_hostname", {"hostname": answer["hostname"]})
        gone.append(factory.number(answer))
        assert numbers(served(bench)) == numbers(written(bench)) == set(gone)
    operator.close()


def test_the_list_is_made_anew_each_day(bench_of):
    """Half a day in a second, in which nobody asks it anything."""
    bench, clock = bench_of(12 * 3600)
    lists = [written(bench).last_update]

    def is_third_day():
        present = written(bench)
        left = present.next_update - datetime.datetime.utcfromtimestamp(clock.seen())
        assert left > 5 * DAY, "it ends long after the next one is due"
        if present.last_update != lists[-1]:
            lists.append(present.last_update)
        return len(lists) == 4

    eventually(is_third_day, 60)
    # Somebody looks each hour; on a busy machine a second is half a day late.
    assert all(0.99 * DAY < after - before < 2 * DAY for before, after in zip(lists, lists[1:])), lists


@pytest.mark.parametrize("years", [1, -20])
def test_the_clock_of_the_bench_is_set(bench_of, years):
    bench, clock = bench_of(1)
    clock.jump(years * YEAR)
    for crl in (served(bench), written(bench)):
        assert abs(crl.last_update - now(bench)) < MINUTE
        assert crl.next_update - now(bench) > 6 * DAY


class Line(factory.Scripted):
    """A device that is taken off the line again."""

    def close(self):
        self.hang_up()


def enrol(bench, serial):
    """Returns the number of the device's certificate."""
    with contextlib.closing(Line(bench, serial)) as device:
        return factory.number(device.enrolled())


def retire(bench, serial):
    (hostname,), = bench.rows("SELECT hostname FROM devices WHERE serial = ?", serial)
    with contextlib.closing(bench.operator()) as operator:
        operator.call("retire_hostname", {"hostname": hostname})


def lose(bench, damaged=False):
    """The database is gone; a damaged one is moved away."""
    path = bench.folder / "bench.db"
    if damaged:
        size = path.stat().st_size
        path.write_bytes(path.read_bytes()[:4096] + bytes(size - 4096))
        server = bench.host.start("identserver", "--address=127.0.0.1", f"--port={bench.port}", ready=False)
        assert server.wait(30) == 78 and "put a backup in its place" in bench.host.log()
    for left in list(bench.folder.glob("bench.db*")):
        left.unlink()


def restore(bench, name="copy.db"):
    """Returns the exit code and what was said."""
    begun = len(bench.host.log())
    code = bench.tool(f"--restore=/var/lib/{name}")
    return code, bench.host.log()[begun:]


@pytest.fixture
def backed_up(new_bench):
    """A bench of which there is a backup, with the numbers of its certificates: an EARLY one that was revoked before it,
    one that is LOST soon, and one that stays GOOD."""
    new_bench.start()
    issued = {serial: enrol(new_bench, serial) for serial in ("EARLY", "LOST", "GOOD")}
    retire(new_bench, "EARLY")
    assert new_bench.tool("--backup=/var/lib/copy.db") == 0
    return new_bench, issued


@pytest.mark.parametrize("damaged", [False, True])
def test_what_was_revoked_since_the_backup_stays_revoked(backed_up, damaged):
    bench, issued = backed_up
    issued["LATE"] = enrol(bench, "LATE")
    retire(bench, "LOST")
    retire(bench, "LATE")
    gone = {issued[serial] for serial in ("EARLY", "LOST", "LATE")}
    eventually(lambda: numbers(written(bench)) == gone)
    bench.stop()
    lose(bench, damaged)
    code, said = restore(bench)
    assert code == 0 and "1 of its certificates, and 1 that it has not" in said
    assert bench.tool("--check") == 0
    assert [bench.states(serial) for serial in ("EARLY", "LOST", "GOOD")] == [["revoked"], ["revoked"], ["active"]]
    bench.start()
    assert numbers(served(bench)) == numbers(written(bench)) == gone

    # Nobody comes back with it by himself: its identity is the operator's affair.
    with contextlib.closing(bench.operator()) as operator:
        operator.call("set_batch", {"name": "default", "open": True})
    with contextlib.closing(Line(bench, "LOST")) as device:
        status, answer = device.enroll()
    assert status == 409 and answer["code"] == "already_issued"

    # The next backup has them all, without a list beside it.
    assert bench.tool("--backup=/var/lib/next.db") == 0
    bench.stop()
    lose(bench)
    (bench.folder / "crl.pem").unlink()
    code, said = restore(bench, "next.db")
    assert code == 0 and "/crl.pem: what was revoked since the backup holds again" in said
    bench.start()
    assert numbers(served(bench)) == gone


def test_a_list_that_has_ended_still_says_what_was_revoked(backed_up):
    bench, issued = backed_up
    bench.stop()
    lose(bench)
    ca = x509.load_pem_x509_certificate((bench.folder / "ca.pem").read_bytes())
    key = serialization.load_pem_private_key((bench.folder / "ca.key").read_bytes(), None)
    long_ago = datetime.datetime(2024, 5, 6, 7, 8, 9)
    entry = x509.RevokedCertificateBuilder().serial_number(issued["LOST"]).revocation_date(long_ago).build()
    crl = x509.CertificateRevocationListBuilder().issuer_name(ca.subject).last_update(long_ago).next_update(
        long_ago + DAY).add_revoked_certificate(entry).sign(key, hashes.SHA256())
    (bench.folder / "crl.pem").write_bytes(crl.public_bytes(serialization.Encoding.PEM))
    code, said = restore(bench)
    assert code == 0 and "1 of its certificates, and 0 that it has not" in said
    bench.start()
    found = {revoked.serial_number: revoked.revocation_date for revoked in served(bench)}
    assert found.keys() == {issued["EARLY"], issued["LOST"]} and found[issued["LOST"]] == long_ago


WRONG = {
    "another CA's": "/crl.pem is the list of another CA than ca.pem",
    "no list": "/crl.pem is no list of revoked certificates",
    "no CA": "There is no CA's certificate (ca.pem)",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_list_that_cant_be_trusted_is_refused(root, backed_up, wrong):
    bench, _ = backed_up
    bench.stop()
    lose(bench)
    path = bench.folder / "crl.pem"
    if wrong == "another CA's":
        with contextlib.closing(factory.Bench(root / "other")) as other:
            other.start()
            shutil.copy(other.folder / "crl.pem", path)
    elif wrong == "no list":
        path.write_text("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")
    else:
        (bench.folder / "ca.pem").unlink()
    before = path.read_bytes()
    code, said = restore(bench)
    assert code == 1 and WRONG[wrong] in said and "nothing was changed" in said
    assert not list(bench.folder.glob("bench.db*")) and path.read_bytes() == before
    path.unlink()
    assert restore(bench)[0] == 0
