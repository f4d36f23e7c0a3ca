# SPDX-License-Identifier: LGPL-2.1-or-later
"""What takes time, and what two may want to change at once."""

import threading

import pytest

import peers
from harness import eventually
from web import Browser, Client, Stream, Web

WIRED = {"interface": "eth0", "carrier": True, "address": "192.0.2.7", "method": "static", "pending": None,
         "static": {"address": "192.0.2.7/24", "gateway": "192.0.2.1", "dns": []}, "last": None}
EARLIER = {"code": "password_wrong", "message": "The password is wrong.", "ssid": "HomeNet",
           "time": "2026-01-05T10:00:00Z"}
FORM = {"method": "static", "address": "192.0.2.8/24", "gateway": "192.0.2.1", "dns": []}


@pytest.fixture
def web(device):
    made = Web(device)
    made.allow_script()
    made.start()
    yield made
    made.listener.close()


def refused(answer):
    status, _, problem = answer
    return status, problem["code"]


def begin(web, path, body):
    """Something that takes time; returns the job's path."""
    status, headers, job = web.ask("POST", f"/api/v1/{path}", body)
    assert status == 202, job
    assert job["state"] == "running" and job["ended"] is None
    assert headers["Location"] == f"/api/v1/jobs/{job['id']}"
    return headers["Location"]


# --- Joins and scans ---


@pytest.mark.parametrize("body", [
    {"ssid": "HomeNet", "password": "hunter22"}, {"ssid_hex": "ff00", "hidden": True}])
def test_a_join(web, network, body):
    network.answers["status"] = {**peers.NETWORK_STATUS, "verdict": EARLIER}
    job = begin(web, "network/connect", body)
    assert network.called("connect") == [body]
    # The verdict of an earlier one is not this one's.
    assert web.get(job)["state"] == "running"
    network.answers["status"] = {**network.answers["status"], "join": {"ssid": "HomeNet", "step": "address"}}
    assert web.get(job)["progress"] == {"step": "address"}
    joined = {**EARLIER, "code": "joined", "message": "HomeNet works.", "time": "2026-01-05T10:01:00Z"}
    network.answers["status"] = {**peers.NETWORK_STATUS, "verdict": joined}
    ended = web.get(job)
    assert (ended["state"], ended["result"], ended["problem"]) == ("done", joined, None)
    # It stays so, whoever joins what afterwards.
    network.answers["status"] = {**peers.NETWORK_STATUS, "verdict": EARLIER}
    assert web.get(job) == ended


def test_a_join_that_fails(web, network):
    job = begin(web, "network/connect", {"ssid": "HomeNet", "password": "hunter22"})
    network.answers["status"] = {**peers.NETWORK_STATUS, "verdict": EARLIER}
    ended = web.get(job)
    assert (ended["state"], ended["result"]) == ("failed", None)
    assert ended["problem"] == {"code": "password_wrong", "detail": "The password is wrong."}


def test_a_join_that_is_refused(web, network):
    network.answers["connect"] = ValueError("BUSY", "The device is busy with another change.")
    assert refused(web.ask("POST", "/api/v1/network/connect", {"ssid": "HomeNet"})) == (409, "busy")
    network.answers["status"] = ValueError("INTERNAL_ERROR", "not now")
    assert refused(web.ask("POST", "/api/v1/network/connect", {"ssid": "HomeNet"})) == (502, "internal_error")
    assert web.get("/api/v1/jobs") == {"jobs": []}


def test_a_service_that_is_away_does_not_end_a_join(web, network, serve):
    job = begin(web, "network/connect", {"ssid": "HomeNet"})
    network.close()
    assert web.get(job)["state"] == "running"
    serve("user-network", {"status": {**peers.NETWORK_STATUS, "verdict": EARLIER}})
    eventually(lambda: web.get(job)["state"] == "failed")


def test_a_scan(web, network):
    network.answers["networks"] = {"networks": [], "scanning": True}
    job = begin(web, "network/scan", {})
    assert network.called("scan") == [None]
    assert web.get(job)["state"] == "running"
    network.answers["networks"] = peers.NETWORKS
    assert web.get(job)["result"] == {"networks": 2}


# --- What healthd does ---


def slowly(answer):
    """An answer that comes when it is let."""
    begun = threading.Event()
    go_on = threading.Event()

    def wait(params):
        begun.set()
        assert go_on.wait(20)
        return answer
    return wait, begun, go_on


def test_a_restart_that_is_quick(web, health):
    health.answers["restart_service"] = {"ok": True}
    status, _, answer = web.ask("POST", "/api/v1/health/restart", {"service": "product"})
    assert (status, answer) == (200, {"ok": True})
    health.answers["restart_service"] = ValueError("RESTART_FAILED", "product failed to start")
    assert refused(web.ask("POST", "/api/v1/health/restart", {"service": "product"})) == (502, "restart_failed")
    assert [job["state"] for job in web.get("/api/v1/jobs")["jobs"]] == ["done", "failed"]


@pytest.mark.parametrize("answer, state", [
    ({"ok": True}, "done"), (ValueError("RESTART_FAILED", "product failed to start"), "failed")])
def test_a_restart_that_takes_long(web, health, answer, state):
    health.answers["restart_service"], _, go_on = slowly(answer)
    job = begin(web, "health/restart", {"service": "product"})
    assert web.get(job)["state"] == "running"
    go_on.set()
    ended = eventually(lambda: web.get(job)["ended"] and web.get(job))
    assert ended["state"] == state
    if state == "failed":
        assert ended["problem"] == {"status": 502, "code": "restart_failed", "detail": "product failed to start"}


def test_diagnostics(web, health):
    bundle = {"system": peers.SYSTEM, "journal": ["x" * 1000] * 50}
    health.answers["diagnostics"], begun, go_on = slowly(bundle)
    job = begin(web, "system/diagnostics", {})
    assert begun.wait(10)
    go_on.set()
    ended = eventually(lambda: web.get(job)["ended"] and web.get(job))
    assert ended["result"] == bundle
    # A list of jobs is no place for it.
    [listed] = web.get("/api/v1/jobs")["jobs"]
    assert listed == {name: value for name, value in ended.items() if name != "result"}


def test_diagnostics_are_not_for_who_only_looks(device, health):
    health.answers["diagnostics"] = {"all": "well"}
    web = Web(device)
    web.start()
    owner = Browser(web.port)
    assert owner.set_first_password("correct horse")[0] == 200
    made = owner.ask("POST", "/api/v1/tokens", {"name": "a script", "scopes": ["read"]})[2]
    job = begin(owner, "system/diagnostics", {})
    assert eventually(lambda: owner.get(job)["result"]) == {"all": "well"}
    shown = Client(web.port, headers={"Authorization": f"Bearer {made['token']}"}).get(job)
    assert (shown["state"], shown["result"]) == ("done", None)
    web.listener.close()


def test_who_listens_is_told_of_the_end(web, health):
    health.answers.update(diagnostics={"all": "well"}, subscribe={"seq": 5})
    stream = Stream(web)
    assert stream.next()[0] == "hello"
    job = begin(web, "system/diagnostics", {})
    assert stream.next() == ("jobs.ended", {"id": job.split("/")[-1], "kind": "diagnostics", "state": "done"})
    stream.close()


def test_stops_with_a_job_that_runs(web, health, device):
    health.answers["restart_service"], begun, go_on = slowly({"ok": True})
    asking = threading.Thread(target=web.ask, args=("POST", "/api/v1/health/restart", {"service": "x"}))
    asking.start()
    assert begun.wait(10)
    assert web.daemon.stop() == 0
    asking.join()
    go_on.set()


def test_jobs_that_there_are_not(web):
    for name in ("0123456789abcdef", "x", "%ff"):
        assert refused(web.ask("GET", f"/api/v1/jobs/{name}")) == (404, "not_found")


def test_there_are_only_so_many_jobs(web, network):
    network.answers["networks"] = {"networks": [], "scanning": True}
    jobs = [begin(web, "network/scan", {}) for _ in range(32)]
    assert refused(web.ask("POST", "/api/v1/network/scan", {})) == (503, "busy")
    network.answers["networks"] = peers.NETWORKS
    assert web.get(jobs[0])["state"] == "done"
    begin(web, "network/scan", {})
    # The first that has ended made room.
    assert web.ask("GET", jobs[0])[0] == 404 and web.get(jobs[1])["state"] == "done"


# --- Two who change the same ---


def test_two_who_set_the_wire_up(web, network):
    network.answers["wired"] = WIRED
    status, headers, settings = web.ask("GET", "/api/v1/network/wired")
    assert (status, settings) == (200, {"method": WIRED["method"], "static": WIRED["static"]})
    tag = headers["ETag"]
    path = "/api/v1/network/wired"
    assert web.ask("PUT", path, FORM, {"If-Match": tag})[0] == 202
    assert web.ask("PUT", path, FORM, {"If-Match": f'"other", {tag}'})[0] == 202
    assert web.ask("PUT", path, FORM, {"If-Match": "*"})[0] == 202
    assert web.ask("PUT", path, FORM)[0] == 202
    assert len(network.called("set_wired")) == 4
    # What only counts or trembles is no change.
    network.answers["wired"] = {**WIRED, "address": None, "carrier": False}
    assert web.ask("GET", path)[1]["ETag"] == tag
    network.answers["wired"] = {**WIRED, "method": "dhcp", "static": None}
    for sent in (tag, f"W/{tag}", '""', "nonsense"):
        assert refused(web.ask("PUT", path, FORM, {"If-Match": sent})) == (412, "changed_meanwhile")
    assert refused(web.ask("PUT", path, {**FORM, "more": 1}, {"If-Match": tag})) == (422, "invalid_params")
    assert len(network.called("set_wired")) == 4
