# SPDX-License-Identifier: LGPL-2.1-or-later
"""The web servers that are measured beside each other, and how they are asked."""

import re
import shlex

from lab import wait
from lab.world import Somebody

from . import rivals
from .ground import MEASURE
from .memory import look_at

PACKAGES = ["lighttpd", "lighttpd-mod-openssl", "nginx", "gunicorn", "python3-flask"]
DOCUMENTS = {"status": "/api/v1/network", "page": "/", "asset": "/style.css"}
FILES = "/srv/page"
CERTIFICATE = "/srv/page.pem"
PAGE = "http://127.0.0.1:5000"
# What each login may have is limited, and each token or session counts as one: of those that webserver keeps, all but
# the owner's session.
TOKENS, SESSIONS = 16, 31


class Web:
    """A server: for each of its ports a unit; `helpers` are units that it asks."""

    token = None  # all of them are asked with it

    def __init__(self, name, plain, tls, paths, helpers=()):
        self.name = name
        self.plain = plain  # unit, port
        self.tls = tls
        self.paths = paths
        self.helpers = list(helpers)

    def ask(self, ground, document, tls=False, clients=1, msec=0, new=False):
        """What the load says (http-load.c); without a time, of the first answer alone."""
        unit, port = self.tls if tls else self.plain
        words = [f"{MEASURE}/bench-http-load", "--header", "Accept-Encoding: gzip"]
        words += ["--header", f"Authorization: Bearer {Web.token}"]
        words += ["--tls"] if tls else []
        words += ["--new"] if new else []
        for measured in [unit, *self.helpers] if msec else []:
            for pid in ground.pids(measured):
                words += ["--pid", str(pid)]
        return ground.json(shlex.join([*words, str(port), self.paths[document], str(clients), str(msec)]), 60)

    def units(self):
        return list(dict.fromkeys([self.plain[0], self.tls[0]]))

    def stop(self, ground):
        """Nobody is told that it has been started too often."""
        units = " ".join(self.units())
        ground.run(f"systemctl stop {units}; systemctl reset-failed {units}", 60, check=False)

    def start(self, ground):
        ground.run(f"systemctl start {' '.join(self.units())}", 60)

    def memory(self, ground):
        """PSS of all its processes on the plain port, in MB."""
        return sum(look_at(ground, pid)[0] for pid in ground.pids(self.plain[0]))


STATIC = {name: f"/{name}" for name in DOCUMENTS}
WEBSERVER = Web("**webserver**", ("webserver.service", 5000), ("webserver.service", 5443),
                {**DOCUMENTS, "alive": "/health"}, ["user-network.service"])
LIGHTTPD = Web("lighttpd", ("bench-lighttpd.service", 8081), ("bench-lighttpd.service", 8441), STATIC)
NGINX = Web("nginx", ("nginx.service", 8082), ("nginx.service", 8442), STATIC)
FLASK = Web("Flask, gunicorn as it comes", ("bench-flask@8083.service", 8083), ("bench-flask@8443.service", 8443),
            {"status": "/status"})
FLASK_THREADS = Web("Flask, gunicorn with threads", ("bench-flask@8084.service", 8084),
                    ("bench-flask@8444.service", 8444), {"status": "/status"})
RIVALS = [LIGHTTPD, NGINX, FLASK, FLASK_THREADS]


class Visitor(Somebody):
    """Somebody on the device itself, with a browser of sorts."""

    def run(self, script, timeout=30, check=True):
        return self.machine.run(script, timeout, check)


def make_token(owner, name):
    answer = owner.use(PAGE, "/api/v1/tokens", "POST", body={"name": name, "scopes": ["read"]})
    assert answer.status == 201, answer
    return answer.json()["token"]


def credentials(ground, owner):
    """Headers, as many as there can be, that each pass as a login of its own."""
    headers = [f"Authorization: Bearer {Web.token}"]
    headers += [f"Authorization: Bearer {make_token(owner, f'bench {number}')}" for number in range(1, TOKENS)]
    for number in range(SESSIONS):
        answer = Visitor(ground, f"visitor-{number}").log_in(PAGE, Web.token)
        assert answer.status == 200, answer
        headers.append("Cookie: " + re.search(r"Set-Cookie: (unbox=[^;]+)", answer.headers)[1])
    return headers


def copy_documents(ground):
    """Lays what webserver answers down as files, to the byte, and its certificate; returns how long they are."""
    ground.run(f"mkdir -p {FILES} && cp /var/lib/unbox/web/https-device.pem {CERTIFICATE}")
    sizes = {}
    for name, path in DOCUMENTS.items():
        ground.run(f"curl -fsS -o {FILES}/{name} -H 'Accept-Encoding: gzip' "
                   f"-H 'Authorization: Bearer {Web.token}' {PAGE}{path}")
        sizes[name] = int(ground.out(f"stat -c %s {FILES}/{name}"))
    return sizes


def start_rivals(ground):
    """nginx is Debian's own unit; the others take their ports from systemd."""
    rivals.put(ground.root, PACKAGES, lambda script: ground.run(script, 300))
    ground.run("ln -sf /opt/measure/page/nginx-site /etc/nginx/sites-enabled/default")
    ground.run(f"systemctl daemon-reload && systemctl start nginx.service {' '.join(sockets())}", 60)
    for web in RIVALS:
        for tls in (False, True):
            wait.until(lambda who=web, over=tls: answers(ground, who, over), 60, f"{web.name} to answer")


def answers(ground, web, tls):
    answer = web.ask(ground, "status", tls)
    return answer["first"] > 0 and answer["wrong"] == 0


def sockets():
    return [unit.replace(".service", ".socket") for web in RIVALS if web is not NGINX for unit in web.units()]


def stop_rivals(ground):
    ground.run(f"systemctl stop {' '.join(sockets())}", 60)
    for web in RIVALS:
        web.stop(ground)


def set_up(ground):
    """Returns the owner of the page, and how long its documents are."""
    ground.watch()
    owner = Visitor(ground, "owner")
    Web.token = make_token(owner, "bench")
    wait.until(lambda: ground.run("test -e /var/lib/unbox/web/https-device.pem", check=False).code == 0, 30,
               "the page's certificate")
    sizes = copy_documents(ground)
    start_rivals(ground)
    return owner, sizes
