# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page as those who attack it find it, and an honest client beside them.

Who is honest comes from an address of his own; the attackers have the rest of 127.0.0.0/8.
"""

import contextlib
import itertools
import pathlib
import re
import resource
import socket
import time

import pytest

from web import TOKEN, Client, OverTls, Web

SOURCES = pathlib.Path(__file__).parents[2]


def number(path, pattern):
    """What stands in a source file."""
    return int(re.search(pattern, (SOURCES / path).read_text(encoding="utf-8"), re.MULTILINE).group(1))


HONEST = "127.99.99.99"
# Connections to the page, to the page over TLS, of one address.
ALL = number("webserver/web.h", r"define WEB_CONNECTIONS_MAX (\d+)")
ALL_TLS = number("webserver/web.h", r"define WEB_TLS_CONNECTIONS_MAX (\d+)")
EACH = number("webserver/web.h", r"define WEB_CONNECTIONS_PER_ADDRESS_MAX (\d+)")
# Of these may be streams; so many of one login from one address, and so many not of one login at all.
STREAMS = number("webserver/web.h", r"define WEB_STREAMS_MAX (\d+)")
TLS_STREAMS = number("webserver/web.h", r"define WEB_TLS_STREAMS_MAX (\d+)")
STREAMS_PER_ADDRESS = number("webserver/web.h", r"define WEB_STREAMS_PER_ADDRESS_MAX (\d+)")
STREAMS_EACH = number("webserver/live/events.c", r"define STREAMS_EACH_MAX (\d+)")
STREAMS_SPARE = number("webserver/live/events.c", r"define STREAMS_SPARE (\d+)")
DESCRIPTORS = number("systemd/webserver.service.in", r"^LimitNOFILE=(\d+)")
# Headers have to be there by then, common/http-server.c; and the unit's own time for everything else.
REQUEST_SEC = 15
OURS = f"Host: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"


@pytest.fixture(scope="module", autouse=True)
def many_descriptors():
    """As many for the attackers as there may be; returns how many connections that allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard if hard != resource.RLIM_INFINITY else 1 << 20, 12000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield min(10000, wanted - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def secure():
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        yield listener


@pytest.fixture
def web(device, secure):
    made = Web(device, others=[secure])
    made.listener.listen(512)
    made.allow_script()
    made.start()
    resource.prlimit(made.daemon.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    yield made
    # Whatever happened: it is the same process, and fine.
    assert made.daemon.running
    assert_honest_is_served(made)
    made.listener.close()


def assert_honest_is_served(web, tls_port=None):
    """Within a second; the machine may have other things to do, so the best of three counts."""
    client = OverTls(tls_port, source=HONEST) if tls_port else Client(web.port, source=HONEST)
    times = []
    for _ in range(3):
        begin = time.monotonic()
        assert client.ask("GET", "/")[0] == 200
        times.append(time.monotonic() - begin)
        if times[-1] < 1:
            return
    raise AssertionError(f"an honest client waited {times} s")


def connections(web):
    """How many it says that there are."""
    said = re.search(r"(\d+|no) connections?$", web.device.notify.status).group(1)
    return 0 if said == "no" else int(said)


def addresses():
    for b, c in itertools.product(range(1, 200), range(1, 250)):
        yield f"127.{b}.{c}.1"


class Crowd:
    """Connections that don't block, of many addresses, `each` of one."""

    def __init__(self, port, count, each):
        self.sockets = []
        sources = addresses()
        for i in range(count):
            if i % each == 0:
                source = next(sources)
            one = socket.socket()
            one.setblocking(False)
            one.bind((source, 0))
            with contextlib.suppress(BlockingIOError):
                one.connect(("127.0.0.1", port))
            self.sockets.append(one)

    def say(self, data):
        """To everybody who is still connected."""
        for one in self.sockets:
            with contextlib.suppress(OSError):
                one.send(data)

    def alive(self):
        """How many the server has not hung up on."""
        count = 0
        for one in self.sockets:
            try:
                count += one.recv(65536) != b""
            except BlockingIOError:
                count += 1
            except OSError:
                pass
        return count

    def close(self):
        for one in self.sockets:
            one.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def statuses(received):
    """The codes of all answers in what was received."""
    return [int(code) for code in re.findall(rb"(?:^|\r\n|\}|\n)HTTP/1\.[01] (\d\d\d) ", received)]
