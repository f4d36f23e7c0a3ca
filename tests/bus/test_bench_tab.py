# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Factory tab: what the bench registers of itself, whether it holds all that, and that what it shows is so now."""

import datetime
import time

import factory
import harness
from factory import bench, new_bench, operator  # pylint: disable=unused-import
from peers import FakePeer


def registered_tab(bench):
    healthd = FakePeer(bench.host.path("/run/unbox/healthd.sock"), {
        "register_service": {}, "subscribe": {"seq": 1}, "publish": {"seq": 1}})
    bench.start()
    registered, = harness.eventually(lambda: healthd.called("register_service"))
    bench.stop()
    healthd.close()
    return registered["tab"]


def enrol(bench, serial):
    device = factory.Scripted(bench, serial)
    answer = device.enrolled()
    device.hang_up()
    return answer


def test_the_tab_describes_what_there_is(new_bench):
    tab = registered_tab(new_bench)
    new_bench.start()
    enrol(new_bench, "1")
    assert factory.Scripted(new_bench, "2", batch="none").enroll()[0] == 403
    peer = new_bench.operator()
    assert tab["title"] == "Factory"
    values = peer.call(tab["method"])
    assert set(values) == {item["name"] for item in tab["status"]}
    types = {"text": (str, type(None)), "number": int, "boolean": bool, "time": str, "table": list, "chart": list,
             "document": str}
    for item in tab["status"]:
        assert isinstance(values[item["name"]], types[item["type"]]), item
        for column in item.get("columns", ()):
            for row in values[item["name"]]:
                assert isinstance(row[column["name"]], types[column["type"]]), (item["name"], column, row)
    methods = {method["name"] for method in peer.call("describe")["methods"]}
    assert {action["method"] for action in tab["actions"] + tab["documents"]} <= methods
    assert {action["method"] for action in tab["actions"] if "confirm" in action} == {"retire_hostname"}
    peer.close()


PARAMETERS = {"string": "B9", "integer": 7, "boolean": True}
GIVEN = {"pattern": "b9-###", "country": "CH", "csv": "1,5", "hostname": "b9-777"}


def test_every_action_takes_what_its_schema_says(new_bench):
    actions = registered_tab(new_bench)["actions"]
    new_bench.start()
    peer = new_bench.operator()
    for action in sorted(actions, key=lambda action: action["method"]):
        schema = action["parameters"]
        assert set(schema.get("required", ())) <= set(schema["properties"])
        assert all(property["title"] for property in schema["properties"].values())
        peer.call(action["method"], {name: GIVEN.get(name, PARAMETERS[property["type"]])
                                     for name, property in schema["properties"].items()})
    batch = peer.call("get_factory")["batches"][0]
    assert (batch["name"], batch["quota"], batch["pool"], batch["listed"], batch["open"]) == ("B9", 7, "B9", True, True)
    peer.close()


def test_what_it_shows_is_so_now(bench, operator):
    assert operator.call("get_factory")["hours"] == [0] * 12
    for i in range(3):
        enrol(bench, f"S{i}")
    assert factory.Scripted(bench, "LATE").enroll()[0] == 201
    operator.call("set_batch", {"name": "default", "open": False})
    assert factory.Scripted(bench, "NO").enroll()[0] == 403
    bench.execute("UPDATE devices SET enrolled_at = enrolled_at - 2 * 3600 WHERE serial = 'S0'")
    shown = operator.call("get_factory")
    assert (shown["active"], shown["pending"], shown["places"]) == (3, 1, 0)
    assert shown["hours"] == [0] * 9 + [1, 0, 2]
    assert [(row["serial"], row["state"]) for row in shown["devices"]] == [
        ("LATE", "pending"), ("S2", "active"), ("S1", "active"), ("S0", "active")]
    assert [row["serial"] for row in shown["failures"]] == ["NO"]
    assert abs(datetime.datetime.fromisoformat(shown["failures"][0]["at"]).timestamp() - time.time()) < 60
    batch, = shown["batches"]
    assert (batch["done"], batch["used"], batch["open"]) == (3, 4, False)
