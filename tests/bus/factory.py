# SPDX-License-Identifier: LGPL-2.1-or-later
"""A factory for the enrolment's tests: a bench with the real identserver, a device with the real identclient, a
hostnamed for it, and between the two, where a test asks for it, somebody who changes what the bench says."""

import base64
import contextlib
import datetime
import http.client
import http.server
import json
import pathlib
import socket
import sqlite3
import ssl
import subprocess
import threading
import uuid

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

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

    def operator(self):
        """A connection to the operator's socket."""
        return self.host.connect("identserver")

    def tool(self, *arguments):
        """Runs identserver for something that it does once; returns its exit code."""
        return self.host.start("identserver", *arguments, ready=False).wait(30)

    def close(self):
        self.host.close()


@pytest.fixture
def new_bench(root):
    """One that the test starts itself."""
    with contextlib.closing(Bench(root / "bench")) as made:
        yield made


@pytest.fixture
def bench(root):
    with contextlib.closing(Bench(root / "bench")) as made:
        made.start()
        yield made


@pytest.fixture
def operator(bench):
    with contextlib.closing(bench.operator()) as peer:
        yield peer


class Scripted:
    """A device that does as the test says, one call at a time, over one connection."""

    def __init__(self, bench, serial, **members):
        self.bench = bench
        self.serial = serial
        self.members = members
        self.attempt = str(uuid.uuid4())
        self.key = ec.generate_private_key(ec.SECP256R1())
        self._connection = None
        self._shown = None

    def show(self, certificate, key):
        """From now on it shows this certificate over TLS."""
        self._shown = self.bench.folder.parent / f"shown-{uuid.uuid4()}.pem"
        self._shown.write_text(certificate + pem(key))
        self.hang_up()

    def hang_up(self):
        if self._connection:
            self._connection.close()
        self._connection = None

    def call(self, method, path, body=None):
        if not self._connection:
            context = ssl.create_default_context(cafile=self.bench.folder / "ca.pem")
            if self._shown:
                context.load_cert_chain(self._shown)
            self._connection = http.client.HTTPSConnection("127.0.0.1", self.bench.port, timeout=120,
                                                           context=context)
        try:
            self._connection.request(method, path, None if body is None else json.dumps(body),
                                     {"Content-Type": "application/json"})
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.hang_up()
            raise
        if "json" not in answer.headers.get("Content-Type", ""):
            return answer.status, content
        return answer.status, json.loads(content)

    def nonce(self):
        status, answer = self.call("POST", "/v1/challenge", {"serial": self.serial})
        assert status == 200, answer
        return answer["nonce"]

    def csr(self, nonce):
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self.serial)])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).add_attribute(
            x509.oid.AttributeOID.CHALLENGE_PASSWORD, nonce.encode()).sign(self.key, hashes.SHA256())
        return request.public_bytes(serialization.Encoding.PEM).decode()

    def request(self, mode="csr", **members):
        nonce = self.nonce()
        body = {"v": 1, "serial": self.serial, "product": "p", "hw_rev": "1", "batch": "", "attempt": self.attempt,
                "nonce": nonce, "mode": mode, "macs": {}, **self.members, **members}
        if mode == "csr":
            body["csr"] = self.csr(nonce)
        return body

    def enroll(self, path="/v1/enroll", **members):
        return self.call("POST", path, self.request(**members))

    def reassign(self, **members):
        return self.enroll("/v1/reassign", reason="board changed", **members)

    def renew(self):
        nonce = self.nonce()
        return self.call("POST", "/v1/renew", {"v": 1, "serial": self.serial, "attempt": self.attempt,
                                               "nonce": nonce, "csr": self.csr(nonce)})

    def acknowledge(self, answer, key=None):
        certificate = x509.load_pem_x509_certificate(answer["serial_certs"]["cert"].encode())
        digest = certificate.fingerprint(hashes.SHA256()).hex()
        proof = (key or self.key).sign(f"ident-ack-v1\0{answer['enrolment_id']}{digest}".encode(),
                                       ec.ECDSA(hashes.SHA256()))
        return self.call("POST", f"/v1/enroll/{answer['enrolment_id']}/ack",
                         {"cert_sha256": digest, "pop": base64.b64encode(proof).decode()})

    def enrolled(self):
        """Goes the whole way; returns the answer."""
        status, answer = self.enroll()
        assert status in (200, 201), answer
        assert self.acknowledge(answer)[0] == 204
        return answer

    def begin_anew(self):
        """Another attempt, with another key."""
        self.attempt = str(uuid.uuid4())
        self.key = ec.generate_private_key(ec.SECP256R1())


def key_of(answer):
    """The key that came with a bundle."""
    return serialization.load_pem_private_key(answer["serial_certs"]["key"].encode(), None)


def number(answer):
    """The serial number of the certificate that came with it."""
    return x509.load_pem_x509_certificate(answer["serial_certs"]["cert"].encode()).serial_number


def add_devices(bench, count):
    """Of another batch, as they are when they have their identity."""
    bench.execute("INSERT INTO batches (name, quota, open, pool, created_at) VALUES ('B8', 50000, 1, 'unbox', 1)")
    bench.execute(f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
                  " INSERT INTO hostnames (hostname, serial, given_at)"
                  " SELECT printf('h%d', i), printf('N%04d', i), 1 FROM n")
    bench.execute("INSERT INTO devices (serial, uuid, hostname, batch, product, hw_rev, macs, first_seen_at,"
                  " enrolled_at) SELECT serial, 'u-' || hostname, hostname, 'B8', 'p', '1', '', 1, 1"
                  " FROM hostnames WHERE serial LIKE 'N%'")


def becomes_ready(host, server):
    harness.eventually(lambda: host.notify.seen("READY") or not server.running, 60, "it is ready, or has ended")
    return server.running


def pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption()).decode()


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
        power_off = settings.pop("poweroff", False)
        lines = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in settings.items())
        self.device.configure(f"enrolment:\n{lines}factory:\n  poweroff: {json.dumps(power_off)}\n")

    def start(self, *arguments, environment=None):
        """One try, as systemd would start it."""
        return self.device.start(
            "identclient", "--sysfs=/var/lib/sysfs", *arguments, ready=False, environment={
                "RUNTIME_DIRECTORY": "/run/unbox/identclient", "DBUS_SYSTEM_BUS_ADDRESS": self._bus_address,
                **(environment or {})})

    def run(self, *arguments, environment=None, timeout=25):
        """The same until it ends. Returns its exit code."""
        return self.start(*arguments, environment=environment).wait(timeout)

    def check(self):
        return self.run("--check")

    def put_token(self, text):
        """As a technician does."""
        (self.identity / "reassign").write_text(text)

    def certificate(self, link="current"):
        """SHA-256 of the certificate, as the bench's database has it."""
        content = (self.identity / link / "certificate.pem.crt").read_bytes()
        return x509.load_pem_x509_certificate(content).fingerprint(hashes.SHA256()).hex()

    def age(self, bench, since, until):
        """Its certificate becomes one that is `since` days old and holds for `until` more, at the bench too."""
        path = self.identity / "current/certificate.pem.crt"
        old = x509.load_pem_x509_certificate(path.read_bytes())
        now = datetime.datetime.utcnow()
        builder = x509.CertificateBuilder(
            old.issuer, old.subject, old.public_key(), x509.random_serial_number(),
            now - datetime.timedelta(days=since), now + datetime.timedelta(days=until), list(old.extensions))
        key = serialization.load_pem_private_key((bench.folder / "ca.key").read_bytes(), None)
        aged = builder.sign(key, hashes.SHA256())
        text = aged.public_bytes(serialization.Encoding.PEM).decode()
        path.write_text(text)
        bench.execute(f"UPDATE enrolments SET certificate = '{text}', cert_sha256 = '{self.certificate()}'"
                      f" WHERE serial = '{self.serial}' AND state = 'active'")

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
    up. A Content-Length among them stands for the body's own; without a body (None) the answer ends in its first line.
    `shown` is a folder of credentials that it shows to the bench in the device's place."""

    def __init__(self, bench, meddle, certificate=None, key=None, shown=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate or bench.folder / "server.pem", key or bench.folder / "server.key")
        meddler = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                request = self.rfile.read(int(self.headers["Content-Length"]))
                answer = meddle(self.path, *meddler.ask_bench(bench, self.path, request, shown))
                self.close_connection = True
                if answer is None:
                    return
                status, headers, body = answer
                if body is None:
                    self.wfile.write(b"HTTP/1.1 2")
                    return
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
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
    def ask_bench(bench, path, request, shown):
        context = ssl._create_unverified_context()  # pylint: disable=protected-access
        if shown:
            context.load_cert_chain(shown / "certificate.pem.crt", shown / "private.pem.key")
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
