# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page: what it serves and how fast, beside other web servers; how soon it is there; what it holds in memory."""

import itertools
import json
import shlex
import statistics

from . import table, web
from .ground import MEASURE

CLIENTS = (1, 32, 512)
WINDOW_MSEC = 700
HANDSHAKING = (1, 8)
REQUESTS = 100_000
# Nobody waits for so many of somebody who is slow.
ROUNDS_MAX = {web.FLASK: 12, web.FLASK_THREADS: 12}
STREAMS = 1000
UNIT = "bench-streams"
WHO = {"status": [web.WEBSERVER, *web.RIVALS], "page": [web.WEBSERVER, web.LIGHTTPD, web.NGINX],
       "asset": [web.WEBSERVER, web.LIGHTTPD, web.NGINX], "alive": [web.WEBSERVER]}
# nginx takes no sockets from systemd.
COLD = [(web.WEBSERVER, "alive"), (web.WEBSERVER, "page"), (web.LIGHTTPD, "page"), (web.FLASK, "status")]
TITLES = {"status": "The status document ({path}, {size} bytes)", "page": "The page ({path}, {size} bytes)",
          "asset": "An asset ({path}, {size} bytes)", "alive": "What asks no other service (/health)"}
LIMIT = 0.9


def rate(result):
    return result["answers"] / result["seconds"]


def cells(results):
    """Requests/s, p99 in ms and the servers' CPU for each request, of the runs of one measure."""
    text = table.spread([rate(result) for result in results])
    if statistics.median(result["generator"] / result["seconds"] / 1e6 for result in results) > LIMIT:
        text += "*"
    for what in ("lost", "starved", "wrong"):
        worst = max(result[what] for result in results)
        text += f"; {worst} {what}" if worst else ""
    answered = [result for result in results if result["answers"]]
    return [text, table.spread([result["latency"]["p99"] / 1000 for result in answered]),
            table.spread([result["servers"] / result["answers"] for result in answered])]


def speed(ground, options, document, sizes):
    rows = []
    for clients in CLIENTS:
        results = {(who, tls): [] for who in WHO[document] for tls in (False, True)}
        for _ in range(options.runs):
            for (who, tls), runs in results.items():
                runs.append(who.ask(ground, document, tls, clients, WINDOW_MSEC))
        rows += [[who.name, clients, *cells(results[who, False]), *cells(results[who, True])]
                 for who in WHO[document]]
    columns = ["requests/s", "p99, ms", "CPU, µs/request"]
    table.show(TITLES[document].format(path=web.DOCUMENTS.get(document), size=sizes.get(document)),
               ["server", "connections", *columns, *(f"TLS: {column}" for column in columns)], rows)


def handshakes(ground, options):
    rows = []
    who = [web.WEBSERVER, web.LIGHTTPD, web.NGINX]
    for clients in HANDSHAKING:
        results = {server: [] for server in who}
        for _ in range(options.runs):
            for server, runs in results.items():
                runs.append(server.ask(ground, "asset", True, clients, WINDOW_MSEC, new=True))
        rows += [[server.name, clients, *cells(results[server])] for server in who]
    table.show("TLS handshakes", ["server", "at once", "handshakes/s", "p99, ms", "CPU, µs each"], rows,
               "TLS 1.3, X25519, the device's own certificate (P-256) for all three, nothing resumed: a new connection "
               "for each request of the asset, which is counted with it.")


def first_answer(ground, server, document, tls):
    """In ms; None if there is none in the ten seconds that clients wait."""
    server.stop(ground)
    return server.ask(ground, document, tls)["first"] / 1000 or None


def first_answers(ground, options, server, document, tls):
    values = [first_answer(ground, server, document, tls) for _ in range(options.runs)]
    return table.spread(values) + (f"; {values.count(None)} had none in 10 s" if None in values else "")


def cold(ground, options):
    rows = []
    for server, document in COLD:
        rows.append([server.name, server.paths[document],
                     *(first_answers(ground, options, server, document, tls) for tls in (False, True))])
    table.show("First answer after socket activation", ["server", "of", "ms", "TLS: ms"], rows,
               f"{options.runs} starts: nobody runs when somebody connects; from there to the whole answer, systemd's "
               "work in it, and webserver's sandbox, which no other has. nginx takes no sockets from systemd.")


def work(ground, server):
    """At least so many requests, of all that it serves, plain and over TLS; how many it were."""
    answered = 0
    ways = itertools.cycle((document, tls) for document in server.paths for tls in (False, True)
                           if not tls or server.tls[0] == server.plain[0])
    for document, tls in itertools.islice(ways, ROUNDS_MAX.get(server, 200)):
        answered += server.ask(ground, document, tls, 32, WINDOW_MSEC)["answers"]
        if answered >= REQUESTS:
            break
    return answered


def memory(ground, options):
    rows = []
    for server in (web.WEBSERVER, *web.RIVALS):
        fresh, used, requests = [], [], []
        for _ in range(options.runs if server is web.WEBSERVER else 1):
            server.stop(ground)
            server.start(ground)
            server.ask(ground, "status")
            fresh.append(server.memory(ground))
            requests.append(work(ground, server))
            used.append(server.memory(ground))
        rows.append([server.name, table.spread(fresh), table.spread(used), table.number(min(requests))])
    table.show("Memory of the page", ["server", "started, PSS in MB", "after requests", "at least so many"], rows,
               f"{options.runs} fresh starts of webserver, one of each other; 32 connections, each document in turn, "
               "plain and over TLS (Flask: plain, and fewer where it takes too long). All processes of the server.")


def held(ground, headers):
    """What so many streams cost: how many are held, what came instead of the others, and memory in MB."""
    web.WEBSERVER.stop(ground)
    web.WEBSERVER.start(ground)
    web.WEBSERVER.ask(ground, "status")
    before = web.WEBSERVER.memory(ground)
    words = [f"{MEASURE}/streams", str(web.WEBSERVER.plain[1]), str(STREAMS), *headers]
    ground.run(f"systemd-run -q --collect --unit={UNIT} -p Type=notify -p LimitNOFILE=8192 -p TimeoutStartSec=60 "
               f"{shlex.join(words)}", 90)
    result = json.loads(ground.out(f"systemctl show -P StatusText {UNIT}"))
    result |= {"before": before, "after": web.WEBSERVER.memory(ground)}
    ground.run(f"systemctl stop {UNIT}")
    return result


def streams(ground, options, owner):
    headers = web.credentials(ground, owner)
    results = [held(ground, headers) for _ in range(options.runs)]
    refused = sorted({f"{count} × {status}" for result in results for status, count in result["refused"].items()})
    table.show(f"{STREAMS} streams of events", ["held", "got instead", "started, PSS in MB", "with them",
                                                "KiB for each"],
               [[table.spread([result["held"] for result in results]), ", ".join(refused) or "–",
                 *(table.spread([result[when] for result in results]) for when in ("before", "after")),
                 table.spread([(result["after"] - result["before"]) * 1024 / result["held"]
                               for result in results if result["held"]])]],
               f"{options.runs} fresh starts of webserver, each asked for {STREAMS} streams from 128 addresses with "
               f"{len(headers)} logins, of which each may have a few; plain.")


def notes(options):
    print(f"Medians of {options.runs} runs of {WINDOW_MSEC} ms, which begin when each connection has had an answer. The "
          "clients are one thread on 32 addresses of loopback, for which webserver has no limit of requests; on no "
          "address are there more connections than it allows. Connections are kept, but by gunicorn as it comes (one "
          "worker), which hangs up behind each answer; with threads there are four, and it keeps them. lighttpd is one "
          "process, nginx a worker for each processor, webserver one thread and, for the status, user-network's. Files "
          "and Flask's JSON are what webserver answers (compressed, where it compresses). * where the clients took more "
          "than 90 % of a processor: the server could do more.\n", flush=True)


def measure(ground, options):
    owner, sizes = web.set_up(ground)
    for document in WHO:
        speed(ground, options, document, sizes)
    notes(options)
    handshakes(ground, options)
    cold(ground, options)
    memory(ground, options)
    web.stop_rivals(ground)
    streams(ground, options, owner)
