# SPDX-License-Identifier: LGPL-2.1-or-later
"""The languages of the page: what a browser prefers, and what somebody has chosen on it."""

import pytest

from web import Client

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
