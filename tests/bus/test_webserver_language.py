# SPDX-License-Identifier: LGPL-2.1-or-later
"""The languages of the page: what a browser prefers, and what somebody has chosen on it."""

import json
import pathlib
import re

import pytest

from web import Client

SOURCES = pathlib.Path(__file__).parents[2]
FRENCH = {"Accept-Language": "fr-CA, fr;q=0.9, en;q=0.8"}


def language(answer):
    """Of a page: the header's and its own say the same."""
    status, headers, data = answer
    assert status == 200
    said = headers["Content-Language"]
    assert f'<html lang="{said}">'.encode() in data
    assert {"Accept-Language", "Cookie"} <= set(headers["Vary"].split(", "))
    return said


@pytest.mark.parametrize("path", ["/", "/login.html", "/welcome.html", "/password.html"])
def test_the_browser_s_language(web, path):
    assert language(web.ask("GET", path)) == "en"
    assert language(web.ask("GET", path, headers=FRENCH)) == "fr"
    assert language(web.ask("GET", path, headers={"Accept-Language": "de, fr;q=0.1"})) == "fr"
    assert language(web.ask("GET", path, headers={"Accept-Language": "tlh"})) == "en"


def test_the_scripts_texts(web):
    for headers, word in ((None, b'"Connected"'), (FRENCH, "\"Connecté\"".encode())):
        status, answered, data = web.ask("GET", "/text.js", headers=headers)
        assert status == 200 and word in data
        assert answered["Content-Type"] == "text/javascript; charset=utf-8"


def test_what_is_no_text_is_the_same_for_all(web):
    tags = {web.ask("GET", "/style.css", headers=headers)[1]["ETag"] for headers in (None, FRENCH)}
    assert len(tags) == 1
    assert "Content-Language" not in web.ask("GET", "/style.css", headers=FRENCH)[1]


def test_each_language_has_a_tag_of_its_own(web):
    for packed in ({}, {"Accept-Encoding": "gzip"}):
        english = web.ask("GET", "/", headers=packed)[1]["ETag"]
        french = web.ask("GET", "/", headers={**FRENCH, **packed})[1]["ETag"]
        assert english != french
        assert web.ask("GET", "/", headers={**packed, "If-None-Match": english})[0] == 304
        assert web.ask("GET", "/", headers={**FRENCH, **packed, "If-None-Match": english})[0] == 200


def test_a_choice_is_kept_in_the_browser(web):
    answer = web.ask("GET", "/login.html?lang=fr")
    assert language(answer) == "fr"
    cookie, *attributes = answer[1]["Set-Cookie"].split("; ")
    assert cookie == "lang=fr"
    assert {"Path=/", "SameSite=Lax", "HttpOnly"} <= set(attributes)
    chosen = Client(web.port, headers={"Cookie": cookie})
    assert language(chosen.ask("GET", "/")) == "fr"
    assert "Set-Cookie" not in chosen.ask("GET", "/")[1]
    assert language(chosen.ask("GET", "/", headers={"Accept-Language": "en"})) == "fr"
    # Another choice comes before the old one.
    assert language(chosen.ask("GET", "/?lang=en")) == "en"


@pytest.mark.parametrize("wrong", ["de", "", "fr-CA", "FR", "fr%0d%0aX-Evil:%201", "f" * 2000])
def test_what_is_no_language_changes_nothing(web, wrong):
    answer = web.ask("GET", f"/?lang={wrong}", headers={"Cookie": f"lang={wrong}"})
    assert language(answer) == "en"
    assert "Set-Cookie" not in answer[1] and "X-Evil" not in answer[1]


def test_each_verdict_on_a_join_has_its_words():
    """On the page in every language, as the device says it in English; and the README has when it comes to it."""
    source = (SOURCES / "user-network/verdict.c").read_text(encoding="utf-8")
    verdicts = {code: "".join(re.findall('"([^"]*)"', words)).replace("%s", "{ssid}") for code, words in re.findall(
        r'\[VERDICT_\w+\] =\s+\{"(\w+)",\s*((?:"[^"]*"\s*)+)\}', source)}
    assert verdicts.pop("none") and len(verdicts) == len(re.findall(
        r"^    VERDICT_\w+,", (SOURCES / "user-network/verdict.h").read_text(encoding="utf-8"), re.MULTILINE)) - 1
    (said, *others) = [json.loads((SOURCES / f"webserver/assets/text/{name}.json").read_text(encoding="utf-8"))
                       for name in ("en", "fr")]
    for code, words in verdicts.items():
        assert [group[f"verdict.{code}"] for group in said.values() if f"verdict.{code}" in group] == [words]
        for texts in others:
            (translated,) = [group[f"verdict.{code}"] for group in texts.values() if f"verdict.{code}" in group]
            assert "{ssid}" in translated and translated != words
    (table,) = re.findall(r"^\| code \| when \|\n(.*?)\n\n", (SOURCES / "user-network/README.md").read_text(
        encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == sorted(verdicts)
