# SPDX-License-Identifier: LGPL-2.1-or-later
"""A factory for the enrolment's tests: a bench with the real identserver, a device with the real identclient, a
hostnamed for it, and between the two, where a test asks for it, somebody who changes what the bench says."""

import contextlib
import http.client
import http.server
import json
import pathlib
import socket
import sqlite3
import ssl
import subprocess
import threading

import harness

IDENTITY = "/var/lib/unbox/identity"
BENCH = "/var/lib/unbox-bench"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bench:
    """identserver on 127.0.0.1. `certified` is the address in its certificate."""

    def __init__(self, root, certified="127.0.0.1", *options):
        self.host = harness.Device(root)
        self.port = free_port()
        self.folder = self.host.path(BENCH)
        self.server = None
        made = self.host.start("identserver", "--init", f"--address={certified}", *options, ready=False)
        assert made.wait() == 0, self.host.log()

    def start(self, environment=None):
        self.server = self.host.start(
            "identserver", "--address=127.0.0.1", f"--port={self.port}", environment=environment)

    def stop(self):
        assert self.server.stop() == 0

    def rows(self, sql, *arguments):
        with contextlib.closing(sqlite3.connect(self.folder / "bench.db")) as database:
            return database.execute(sql, arguments).fetchall()

    def execute(self, sql):
        with contextlib.closing(sqlite3.connect(self.folder / "bench.db")) as database, database:
            database.execute(sql)

    def states(self, serial):
        return sorted(row[0] for row in self.rows("SELECT state FROM enrolments WHERE serial = ?", serial))

    def call(self, method, path, body=None):
        """One request as a device makes it; returns status and JSON."""
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)
        connection.request(method, path, None if body is None else json.dumps(body),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, json.loads(content) if content else None

    def close(self):
        self.host.close()


class Client:
    """A device before its enrolment."""

    def __init__(self, root, bus_address, serial="1000000078"):
        self.device = harness.Device(root)
        self.serial = serial
        self.identity = self.device.path(IDENTITY)
        self.identity.mkdir(parents=True, mode=0o750)
        self.device.path("/run/unbox/identclient").mkdir(parents=True)
        self.device.path("/var/lib/sysfs").mkdir(parents=True)
        self._bus_address = bus_address

    def configure(self, port, ca, **keys):
        """`ca` is a file that becomes the factory's CA for this device."""
        self.device.path("/etc/unbox/factory-ca.pem").write_bytes(pathlib.Path(ca).read_bytes())
        settings = {"url": f"https://127.0.0.1:{port}", "interface": "lo", "serial": self.serial, **keys}
        lines = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in settings.items())
        self.device.configure("enrolment:\n" + lines)

    def run(self, *arguments, environment=None, timeout=25):
        """One try, as systemd would start it. Returns its exit code."""
        client = self.device.start(
            "identclient", "--sysfs=/var/lib/sysfs", *arguments, ready=False, environment={
                "RUNTIME_DIRECTORY": "/run/unbox/identclient", "DBUS_SYSTEM_BUS_ADDRESS": self._bus_address,
                **(environment or {})})
        code = client.wait(timeout)
        self.device.notify.settle()
        self.device.journal.settle()
        return code

    def check(self):
        return self.run("--check")

    @property
    def status(self):
        return self.device.notify.status

    @property
    def provisioned(self):
        return (self.identity / "provisioned").exists()

    def files(self):
        """What lies in the identity folder, without where links lead."""
        return {str(p.relative_to(self.identity)): p.read_bytes() for p in self.identity.rglob("*") if p.is_file()}

    def read(self):
        return json.loads((self.identity / "current/identity.json").read_text())

    def close(self):
        self.device.close()


class Meddler:
    """Stands where the bench should be, with the bench's certificate, and hands requests on to it. What comes back
    goes through `meddle(path, status, headers, body)`, which returns the three that the device gets, or None to hang
    up."""

    def __init__(self, bench, meddle, certificate=None, key=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate or bench.folder / "server.pem", key or bench.folder / "server.key")
        meddler = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                request = self.rfile.read(int(self.headers["Content-Length"]))
                answer = meddle(self.path, *meddler.ask_bench(bench, self.path, request))
                self.close_connection = True
                if answer is None:
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True,
                                                  do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02},
                                        daemon=True)
        self._thread.start()

    @staticmethod
    def ask_bench(bench, path, request):
        context = ssl._create_unverified_context()  # pylint: disable=protected-access
        connection = http.client.HTTPSConnection("127.0.0.1", bench.port, timeout=10, context=context)
        connection.request("POST", path, request, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = answer.read()
        headers = {k: v for k, v in answer.getheaders() if k in ("Content-Type", "Retry-After")}
        connection.close()
        return answer.status, headers, body

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def openssl(*arguments, cwd):
    subprocess.run(["openssl", *map(str, arguments)], cwd=cwd, check=True, capture_output=True, timeout=30)


CA_CONFIG = """[ca]
default_ca = c
[c]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = p
unique_subject = no
[p]
commonName = supplied
[server]
subjectAltName = IP:127.0.0.1
extendedKeyUsage = serverAuth
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""


def expired(folder, key, issuer=None, issuer_key=None, extensions="server"):
    """A certificate for `key` that was good in 2021 alone; without an issuer it signs itself. Returns its file."""
    work = folder / "expired"
    work.mkdir()
    (work / "ca.cnf").write_text(CA_CONFIG)
    (work / "index.txt").write_text("")
    openssl("req", "-new", "-key", key, "-subj", "/CN=unbox factory", "-out", "request.pem", cwd=work)
    signer = ["-cert", issuer, "-keyfile", issuer_key] if issuer else ["-selfsign", "-keyfile", key]
    openssl("ca", "-config", "ca.cnf", "-batch", "-notext", "-in", "request.pem", "-out", "certificate.pem",
            "-extensions", extensions, "-startdate", "20210101000000Z", "-enddate", "20211231000000Z", *signer,
            cwd=work)
    return work / "certificate.pem"
