# SPDX-License-Identifier: LGPL-2.1-or-later
"""Allow-lists from files: the line goes on while a long one is added, and a mistake in it is found. And the list of all
devices, which takes as little of the line's time."""

import concurrent.futures
import contextlib
import csv

import pytest

import factory
from factory import bench, operator  # pylint: disable=unused-import

LONG = 20000


@pytest.fixture
def allow(bench):
    """Adds a text to the list of `default`; returns the exit code and what was said."""
    def run(text, *options):
        bench.host.path("/var/lib/list.csv").write_text(text)
        begun = len(bench.host.log())
        code = bench.tool("--allow=/var/lib/list.csv", "--batch=default", *options)
        return code, bench.host.log()[begun:]
    return run


def listed(bench):
    return bench.rows("SELECT count(*) FROM allowed_serials")[0][0]


def test_the_line_goes_on_meanwhile(bench):
    bench.host.path("/var/lib/list.csv").write_text("serial\n" + "".join(f"F-{i}\n" for i in range(LONG)))
    tool = bench.host.start("identserver", "--allow=/var/lib/list.csv", "--batch=default", ready=False)
    enrolled = 0
    while tool.running:
        device = factory.Scripted(bench, f"MEANWHILE-{enrolled}")
        device.enrolled()
        device.hang_up()
        enrolled += 1
    assert tool.wait() == 0, bench.host.log()
    assert listed(bench) == LONG
    assert enrolled > 5, "they were served between two pieces of the list"


def test_what_is_added_twice_is_there_once(bench, allow):
    text = "A-1\nB-001,B-100\nC-7\n"
    for _ in range(2):
        code, said = allow(text)
        assert code == 0 and "Added 102 serials to the list of default" in said
    assert listed(bench) == 2
    assert bench.rows("SELECT prefix, first, last FROM allowed_ranges") == [("B-", 1, 100)]


def test_a_mistake_anywhere_adds_nothing(bench, allow):
    code, said = allow("".join(f"F-{i}\n" for i in range(5000)) + "F 5000\n")
    assert code == 1 and "Nothing was added: line 5001: not 1 to 64 of" in said
    assert listed(bench) == 0


def test_what_another_batch_has_is_said_with_its_line(bench, operator, allow):
    operator.call("add_batch", {"name": "B8", "quota": 9, "pool": "box", "pattern": "box-#"})
    operator.call("allow_serials", {"batch": "B8", "csv": "F-4000\n"})
    text = "".join(f"F-{i}\n" for i in range(5000))
    code, said = allow(text)
    assert code == 1 and "line 4001: F-4000 is on another batch's list. What stands before line " in said
    assert 1000 < listed(bench) < 4001
    operator.call("clear_serials", {"batch": "B8"})
    assert allow(text)[0] == 0
    assert listed(bench) == 5000


def test_without_a_server_it_is_done_all_the_same(bench, allow):
    bench.stop()
    assert allow("A-1\nA-2\n")[0] == 0
    assert listed(bench) == 2
    code, said = allow("A-3\nA-4,A-2\n")
    assert code == 1 and "Nothing was added: line 2: the last is before the first" in said
    assert listed(bench) == 2


def test_the_server_of_another_bench_is_not_asked(bench, allow):
    assert bench.tool("--init", "--directory=/var/lib/other") == 0
    assert allow("A-1\n", "--directory=/var/lib/other")[0] == 0
    assert listed(bench) == 0
    assert allow("A-1\n", "--directory=/var/lib/unbox-bench")[0] == 0
    assert listed(bench) == 1


def export(bench):
    """All devices, as an operator's program gets them."""
    text, after = "", {}
    with contextlib.closing(bench.operator()) as operator:
        while after is not None:
            piece = operator.call("export_csv", after)
            text += piece["csv"]
            after = {"after": piece["next"]} if piece["next"] else None
    return text


def test_the_line_goes_on_while_all_devices_are_exported(bench):
    factory.add_devices(bench, LONG)
    enrolled = 0
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        exported = pool.submit(export, bench)
        while not exported.done():
            device = factory.Scripted(bench, f"A-{enrolled}")
            device.enrolled()
            device.hang_up()
            enrolled += 1
    serials = {row["serial"] for row in csv.DictReader(exported.result().splitlines())}
    assert len([serial for serial in serials if serial.startswith("N")]) == LONG
    assert enrolled > 5, "they were served between two pieces"
