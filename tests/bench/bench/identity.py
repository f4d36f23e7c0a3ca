# SPDX-License-Identifier: LGPL-2.1-or-later
"""The factory: how many devices a bench enrols, beside what its signatures and its disk alone would cost; one device
from exec to provisioned; and a bench that has seen many.

The bench's database and the identity of the device that is measured lie on a disk of the machine.
"""

import contextlib
import shlex
import sqlite3
import statistics
import subprocess
import time

from lab import wait
from lab.device import Device

from . import table
from .ground import DISK, MEASURE
from .memory import look

UNIT = "bench-identserver"
URL = "https://127.0.0.1:5002"
SOCKET = f"{DISK}/ipc.sock"
BENCH = f"{DISK}/bench"
IDENTITY = "/var/lib/unbox/identity"
CONFIG = "/etc/unbox/config.yaml.d/60-bench.yaml"
CA = "/etc/unbox/bench-ca.pem"
QUOTA = 100_000_000
AT_ONCE = {1: 100, 8: 400, 64: 640}
# What the bench computes and waits for in one enrolment: it signs in the handshake and on the certificate, verifies the
# CSR and the proof, and commits challenge, enrolment and acknowledgement.
SIGNATURES, VERIFICATIONS, COMMITS = 2, 2, 3
COMMIT_BYTES = 32 * 1024
LOOKUPS = 2000
QUESTIONS = {
    "list_devices, one in the middle": ("list_devices", '{"after":"M-000004","limit":1}'),
    "get_factory, what the page shows": ("get_factory", "{}"),
}


def start(ground):
    """Starts the bench; returns for how many seconds systemd waited until it was ready."""
    begun = time.monotonic()
    ground.run(f"systemd-run -q --collect --unit={UNIT} -p Type=notify -p TimeoutStartSec=300 /opt/bench/identserver "
               f"--directory={BENCH} --address=127.0.0.1 --port=5002 --socket={SOCKET}", 320)
    return time.monotonic() - begun


def stop(ground):
    ground.run(f"systemctl stop {UNIT}", 60)


@contextlib.contextmanager
def a_bench(ground):
    """A new one, which serves."""
    ground.run(f"/opt/bench/identserver --init --directory={BENCH} --address=127.0.0.1 --quota={QUOTA} "
               "--hostname-prefix=b")
    try:
        start(ground)
        yield
        stop(ground)
    finally:
        ground.run(f"systemctl stop {UNIT}", 60, check=False)
        ground.run(f"rm -rf {BENCH}")


def load(ground, prefix, devices, at_once):
    """Devices that have no answer in time give up, and are counted; if that are all, there is no measure."""
    result = ground.json(shlex.join([f"{MEASURE}/bench-enrol", URL, f"{BENCH}/ca.pem", prefix, str(devices),
                                     str(at_once)]), 1800)
    assert result["devices"] > 0, result["reason"]
    return result


def once(ground, prefix, devices, at_once):
    """One run, with what it cost the bench and the generator for each device, in µs."""
    pid = ground.pid(UNIT)
    before = ground.cpu_usec([pid])
    result = load(ground, prefix, devices, at_once)
    result["rate"] = result["devices"] / result["seconds"]
    result["server"] = (ground.cpu_usec([pid]) - before) / result["devices"]
    result["generator"] = result["cpu"] / result["devices"]
    return result


def share(results, who):
    """How much of one processor it took, in percent."""
    return f"{statistics.median(result[who] * result['rate'] / 1e4 for result in results):.0f} %"


def given_up(results):
    """How many devices had no answer in time, of all runs; and what the first of them said."""
    count = sum(result["given_up"] for result in results)
    reason = next((result["reason"] for result in results if result["reason"]), None)
    return f"{count} ({reason})" if count else "0"


def rates(ground, options):
    """Returns the median rate of the most devices at once."""
    rows = []
    for at_once, devices in AT_ONCE.items():
        results = [once(ground, f"R{at_once}-{run}", devices, at_once) for run in range(options.runs)]
        rows.append([at_once, table.spread([result["rate"] for result in results]),
                     *(table.spread([result["latency"][name] / 1000 for result in results]) for name in ("p50", "p99")),
                     given_up(results), table.spread([result["server"] for result in results]), share(results, "server"),
                     table.spread([result["generator"] for result in results]), share(results, "generator")])
    table.show("Enrolments", ["devices at once", "enrolments/s", "p50, ms", "p99, ms", "gave up",
                              "CPU of identserver, µs each", "of a processor", "CPU of the generator, µs each",
                              "of a processor"], rows,
               f"{options.runs} runs of {', '.join(map(str, AT_ONCE.values()))} devices, each with a connection and a "
               "key of its own, from challenge to acknowledgement; one that gave up, as a device does after 5 s without a "
               "byte, is in no other column. The generator is one process with the device's own code: where its share "
               "comes near 100 %, or both together near all processors, the bench could do more.")
    return statistics.median(result["rate"] for result in results)


def openssl():
    """Seconds for a signature and for a verification, P-256, by openssl's own measure."""
    text = subprocess.run(["openssl", "speed", "-seconds", "1", "ecdsap256"], check=True, capture_output=True,
                          text=True).stdout
    line = next(line for line in text.splitlines() if "nistp256" in line)
    signs, verifies = (float(word) for word in line.split()[-2:])
    return 1 / signs, 1 / verifies


def parts(ground, options, rate):
    """What cannot be avoided, alone."""
    signs, verifies = zip(*(openssl() for _ in range(options.runs)))
    syncs = [ground.json(f"{MEASURE}/bench-fsync {DISK} {COMMIT_BYTES} 200")["p50"] / 1e6 for _ in range(options.runs)]
    rows, together = [], 0
    for name, seconds, count in (("ECDSA P-256 signature (openssl speed)", signs, SIGNATURES),
                                 ("its verification", verifies, VERIFICATIONS),
                                 (f"fdatasync of {COMMIT_BYTES // 1024} KiB", syncs, COMMITS)):
        together += statistics.median(seconds) * count
        rows.append([name, table.spread([value * 1e6 for value in seconds]), count,
                     table.number(statistics.median(seconds) * count * 1e6)])
    rows.append(["**together**", "", "", table.number(together * 1e6)])
    table.show("What an enrolment costs at least", ["what", "µs", "times", "µs for one enrolment"], rows,
               f"One after the other that would be {table.number(1 / together)} enrolments/s; with "
               f"{max(AT_ONCE)} devices at once the bench does {table.number(rate)}, "
               f"{table.number(rate * together)} of it.")


def one_device(ground, number):
    """Milliseconds from identclient's exec to its end, at which the device is provisioned."""
    ground.run(f"rm -rf {IDENTITY}/* && printf 'enrolment: {{url: \"{URL}\", ca_file: {CA}, interface: lo, "
               f"serial: ONE-{number}}}\\n' >{CONFIG} && systemctl restart identclient.service")
    wait.until(lambda: ground.out("systemctl show -P SubState identclient") in ("dead", "failed"), 30,
               "identclient's end")
    assert Device(ground).provisioned(), ground.out("journalctl -u identclient -n 5 -o cat")
    begun, ended = (int(ground.out(f"systemctl show -P ExecMain{name}TimestampMonotonic identclient"))
                    for name in ("Start", "Exit"))
    return (ended - begun) / 1000


def provisioning(ground, options):
    name = Device(ground).hostname()
    ground.run(f"cp -a {IDENTITY} {DISK}/identity && mount --bind {DISK}/identity {IDENTITY}")
    ground.run(f"install -m 0644 {BENCH}/ca.pem {CA}")
    try:
        one_device(ground, "first")
        values = [one_device(ground, number) for number in range(options.runs)]
    finally:
        ground.run(f"umount {IDENTITY}; rm -rf {DISK}/identity {CONFIG} {CA}; hostnamectl set-hostname {name}")
    table.show("One device", ["from exec to provisioned, ms"], [[table.spread(values)]],
               f"{options.runs} runs of identclient.service as shipped, after one that doesn't count: key, TLS, "
               "checks, every file durable, hostname set and read back.")


def fill(disk, rows):
    """A bench that has seen so many devices, and has as many serials on its list."""
    with contextlib.closing(sqlite3.connect(disk / "bench/bench.db")) as database, database:
        count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
        for statement in (
                "INSERT INTO hostnames (hostname, serial, given_at, pool) "
                "SELECT printf('h%07d', i), printf('S%07d', i), 1, 'b' FROM n",
                "INSERT INTO devices (serial, uuid, batch, hostname, product, hw_rev, macs, first_seen_at, "
                "enrolled_at) SELECT printf('S%07d', i), printf('u%07d', i), 'default', printf('h%07d', i), 'p', '1', "
                "'{}', 1, 1 FROM n",
                "INSERT INTO enrolments (id, serial, attempt, kind, mode, spki_sha256, cert_sha256, certificate, "
                "state, issued_at, ack_by, acknowledged_at) SELECT printf('e%07d', i), printf('S%07d', i), "
                "printf('a%07d', i), 'enroll', 'csr', 'x', printf('c%07d', i), 'x', 'active', 1, 1, 1 FROM n",
                "INSERT INTO allowed_serials (serial, batch) SELECT printf('L%07d', i), 'default' FROM n"):
            database.execute(count + statement, (rows,))


def ask(ground, method, params):
    line = f'{{"id":1,"method":"{method}","params":{params}}}'
    return ground.json(shlex.join([f"{MEASURE}/bench-load", SOCKET, "1", str(LOOKUPS), line, '"result"']), 600)


def lookups(ground, options, rows):
    """Cells of one size of database."""
    cells = []
    for method, params in QUESTIONS.values():
        cells.append(table.spread([ask(ground, method, params)["latency"]["p50"] for _ in range(options.runs)]))
    cells.append(table.spread([once(ground, f"Q{rows}-{run}", 50, 1)["latency"]["p50"] / 1000
                               for run in range(options.runs)]))
    return cells


def crowds(ground, options):
    """Memory after many devices, and what it takes to find one among very many."""
    fresh = look(ground, UNIT)
    devices = load(ground, "M", options.devices, 64)["devices"]
    used = look(ground, UNIT)
    table.show("Memory of identserver", ["when", "PSS, MB", "its own, MB", "RSS, MB"], [
        [when, *map(table.number, values)] for when, values in (
            ("started", fresh), (f"after {devices} devices", used))])
    cells = [[f"{devices}", *lookups(ground, options, "few"), "–"]]
    stop(ground)
    fill(ground.disk, options.rows)
    seconds = start(ground)
    cells.append([f"{options.rows} more", *lookups(ground, options, "many"), table.number(seconds)])
    table.show("Lookups", ["devices", *(f"{name}, p50 µs" for name in QUESTIONS), "an enrolment, p50 ms",
                           "start → READY, s"], cells,
               f"{options.runs} runs of {LOOKUPS} questions over IPC and of 50 enrolments, one after the other. The "
               "many are made by hand, with certificates of one byte, and as many serials stand on an allow-list; at "
               "its start identserver checks the whole database.")


def measure(ground, options):
    with a_bench(ground):
        rate = rates(ground, options)
        parts(ground, options, rate)
        provisioning(ground, options)
    with a_bench(ground):
        crowds(ground, options)
