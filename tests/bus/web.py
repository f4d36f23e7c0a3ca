# SPDX-License-Identifier: LGPL-2.1-or-later
"""webserver, and those who open it: scripts and browsers."""

import hashlib
import http.client
import json
import socket
import ssl
import urllib.parse

import openapi
from harness import eventually

JSON = {"Content-Type": "application/json"}
# Of the device, where a test's owner has set one.
PASSWORD = "correct horse"
# Of an access token that may all that a script may.
TOKEN = "5" * 64


class Client:
    """Asks the daemon on `port`: at `address`, as somebody whose own one is `source`. Every answer has to be as
    openapi.json describes it, except the portal's, which has no API."""

    def __init__(self, port, address="127.0.0.1", source=None, headers=None, described=True):
        self.described = described
        self.port = port
        self.address = address
        self.source = source
        self.headers = headers or {}

    def connect(self):
        return http.client.HTTPConnection(
            self.address, self.port, timeout=20, source_address=self.source and (self.source, 0))

    def ask(self, method, path, body=None, headers=None):
        """Returns status, headers and the body; JSON is decoded."""
        connection = self.connect()
        headers = {**self.headers, **(headers or {})}
        sent = body
        if isinstance(body, dict):
            body, headers = json.dumps(body), {**JSON, **headers}
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        data = response.read()
        if method != "HEAD" and "json" in response.headers.get("Content-Type", ""):
            data = json.loads(data)
        connection.close()
        if self.described:
            openapi.check(method, path, sent, response.status, response.headers, data)
        return response.status, response.headers, data

    def get(self, path):
        """What a request that has to succeed gives."""
        status, _, data = self.ask("GET", path)
        assert status == 200, data
        return data

    def raw(self, data):
        """Sends bytes as they are; returns all that comes back until the daemon closes."""
        received = b""
        with socket.create_connection((self.address, self.port), timeout=20) as connection:
            try:
                connection.sendall(data)
                while chunk := connection.recv(65536):
                    received += chunk
            except ConnectionError:
                pass  # hung up on before all was said
        return received

    def learn_name(self):
        """Waits until the device knows its name: user-network came later than the page, and a name that is
        not known makes it ask again. Returns where whoever uses such a name is led."""
        own = f"http://unbox-7f3a:{self.port}/"
        eventually(lambda: self.ask("GET", "/", headers={"Host": "evil.example"})[1]["Location"] == own)
        return own


class Stream:
    """What somebody is told who asks GET /events; `status` and `headers` are those of the answer."""

    def __init__(self, client, path="/events", headers=None):
        self._connection = client.connect()
        self._connection.request("GET", path, headers={**client.headers, **(headers or {})})
        self._response = self._connection.getresponse()
        self.status, self.headers = self._response.status, self._response.headers
        self.last_id = None

    def next(self):
        """Topic and data of the next message, None at the end; what just says that it goes on is left out."""
        message = {}
        while line := self._response.readline():
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name:
                message[name] = value
                continue
            self.last_id = message.get("id", self.last_id)
            event = json.loads(message["data"])
            openapi.check_event(event)
            if event["topic"] != "alive":
                return event["topic"], event["data"]
            message = {}
        return None

    def problem(self):
        """Of an answer that is none of events."""
        return json.loads(self._response.read())["code"]

    def close(self):
        self._response.close()
        self._connection.close()


class OverTls(Client):
    """Takes whatever certificate it is shown."""

    def connect(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(
            self.address, self.port, timeout=20, context=context, source_address=self.source and (self.source, 0))

    def certificate(self):
        """What it is shown, in DER."""
        connection = self.connect()
        connection.connect()
        shown = connection.sock.getpeercert(binary_form=True)
        connection.close()
        return shown


def _part(name, field):
    """A field of multipart/form-data."""
    begin = f'--edge\r\nContent-Disposition: form-data; name="{name}"'
    if isinstance(field, tuple):
        text, = field
        return f'{begin}; filename="{name}.pem"\r\nContent-Type: application/octet-stream\r\n\r\n{text}\r\n'
    return f"{begin}\r\n\r\n{field}\r\n"


def encode(fields, files=False):
    """A form as browsers send it: the body, and of which kind it is."""
    if files:
        return "".join(map(_part, fields, fields.values())) + "--edge--\r\n", "multipart/form-data; boundary=edge"
    return urllib.parse.urlencode(fields), "application/x-www-form-urlencoded"


class Browser(Client):
    """Keeps cookies as a browser does, and does with them what the page does."""

    csrf = None

    def ask(self, method, path, body=None, headers=None):
        headers = {**(headers or {})}
        if self.csrf and method != "GET":
            headers = {"X-CSRF-Token": self.csrf, **headers}
        status, answered, data = super().ask(method, path, body, headers)
        for cookie in answered.get_all("Set-Cookie", []):
            value, *attributes = cookie.split("; ")
            self.headers.pop("Cookie", None)
            if "Max-Age=0" not in attributes:
                self.headers["Cookie"] = value
        if isinstance(data, dict) and "csrf" in data:
            self.csrf = data["csrf"]
        return status, answered, data

    def set_first_password(self, password):
        return self.ask("PUT", "/api/v1/password", {"password": password})

    def log_in(self, password):
        return self.ask("POST", "/api/v1/session", {"password": password})

    scheme = "http"

    def origin(self):
        """Of the page's own forms."""
        return f"{self.scheme}://{self.address}:{self.port}"

    def submit(self, path, origin="own", **fields):
        """A form, with what the page of it has from the session; returns status and where it goes on. A field that is a
        tuple is a file's text."""
        if self.csrf:
            fields = {"csrf": self.csrf, **fields}
        body, kind = encode(fields, any(isinstance(field, tuple) for field in fields.values()))
        headers = {"Content-Type": kind}
        if origin:
            headers["Origin"] = self.origin() if origin == "own" else origin
        status, answered, _ = self.ask("POST", path, body, headers)
        return status, answered["Location"]


class TlsBrowser(OverTls, Browser):
    scheme = "https"


class Web(Client):
    """The daemon, and a script that may use it. `others` are sockets beside the first."""

    def __init__(self, device, address="127.0.0.1", others=()):
        self.device = device
        self.listener = socket.create_server((address, 0))
        self.others = others
        self.folder = device.path("/var/lib/unbox/web")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.daemon = None
        super().__init__(self.listener.getsockname()[1])

    def allow_script(self):
        """As when somebody has set a password and made an access token."""
        digest = hashlib.sha256(b"access token\0" + TOKEN.encode()).hexdigest()
        (self.folder / "password").write_text("$y$of a password that nobody knows\n")
        (self.folder / "tokens.json").write_text(json.dumps([{
            "id": "0123456789abcdef", "name": "test", "created": 0, "digest": digest,
            "scopes": ["read", "network", "system"]}]))
        self.headers["Authorization"] = f"Bearer {TOKEN}"

    def start(self):
        """Starts it, or starts it again; systemd keeps the socket."""
        if self.daemon:
            assert self.daemon.stop() == 0
        self.daemon = self.device.start("webserver", sockets=[self.listener, *self.others])

    def answers(self):
        """Whether it serves a new connection."""
        try:
            return self.get("/health")["status"] == "healthy"
        except (ConnectionError, http.client.HTTPException):
            return False
