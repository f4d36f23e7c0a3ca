# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the tests of the pages without a script: who reads them in either language, and who only looks."""

import pytest

from pages import Reader
from web import PASSWORD, Browser

# Nothing of it is of the page.
HOSTILE = '"><script>alert(1)</script><b onclick=x>&amp;'


@pytest.fixture(params=["en", "fr"])
def reader(owner, request):
    return Reader(owner, request.param)


@pytest.fixture
def viewer(web, owner):
    """Makes a reader who may look, and what `scopes` say."""
    def make(*scopes, language="fr"):
        script = Browser(web.port)
        assert script.log_in(PASSWORD)[0] == 200
        _, _, made = script.ask("POST", "/api/v1/tokens", {"name": "a", "scopes": ["read", *scopes]})
        browser = Browser(web.port)
        assert browser.submit("/login", password=made["token"])[0] == 302
        return Reader(browser, language)
    return make
