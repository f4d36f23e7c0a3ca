# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pages as a browser without scripts reads them."""

import html.parser
import json
import urllib.parse

from browsing import TEXTS
from web import encode

# Nothing comes with them that the page's Content-Security-Policy would not let run or load.
INLINE = ("style", "script")


class Page(html.parser.HTMLParser):
    """Counts what begins, and gathers what is read, what is loaded, links and forms."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.loaded = []
        self.links = []
        self.forms = []
        self.inline = []
        self.text = ""
        self.language = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append(tag)
        if tag == "a":
            self.links.append(values.get("href"))
        else:
            self.loaded += [value for name, value in attrs if name in ("src", "href")]
        if tag == "html":
            self.language = values.get("lang")
        if tag in INLINE and "src" not in values:
            self.inline.append(tag)
        self.inline += [name for name in values if name == "style" or name.startswith("on")]
        if tag == "form":
            self.forms.append({"action": values.get("action", ""), "method": values.get("method"), "fields": [],
                               "files": values.get("enctype") == "multipart/form-data"})
        if tag == "input" and "name" in values and self.forms:
            self.forms[-1]["fields"].append(values["name"])

    def handle_data(self, data):
        self.text += data

    def submit(self, action, **fields):
        """The address that a browser asks for when the form that leads there is sent; what isn't filled in is empty."""
        form, = [form for form in self.forms if form["action"].endswith(action)]
        assert form["method"] == "get" and set(fields) <= set(form["fields"])
        return f"{form['action']}?{urllib.parse.urlencode({**dict.fromkeys(form['fields'], ''), **fields})}"


VOID = {"br", "hr", "img", "input", "link", "meta"}


class Shown(Page):
    """What can be seen of a page: `text`, `links` and `forms` are without what is hidden. Each form has its `values`;
    `open` are the details that are."""

    def __init__(self, text):
        self._open = []
        self.refresh = None
        self.open = set()
        super().__init__(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        hidden = "hidden" in values or any(hidden for _, hidden in self._open)
        forms, links = list(self.forms), list(self.links)
        super().handle_starttag(tag, attrs)
        if tag == "details" and "open" in values:
            self.open.add(values["data-testid"])
        if tag not in VOID:
            self._open.append((tag, hidden))
        if hidden:
            self.forms, self.links = forms, links
        elif tag == "form":
            self.forms[-1]["values"] = {}
        elif tag in ("input", "button") and "name" in values and self.forms:
            chosen = values.get("type") not in ("checkbox", "radio") or "checked" in values
            if chosen or values["name"] not in self.forms[-1]["values"]:
                self.forms[-1]["values"][values["name"]] = values.get("value", "") if chosen else ""
        elif tag == "select":
            self._select = values["name"]
            self.forms[-1]["values"][self._select] = ""
        elif tag == "option" and "selected" in values:
            self.forms[-1]["values"][self._select] = values["value"]

    def handle_endtag(self, tag):
        assert self._open and self._open[-1][0] == tag, (tag, self._open)
        self._open.pop()

    def handle_data(self, data):
        if not any(hidden for _, hidden in self._open):
            super().handle_data(data)

    def words(self):
        """The text in one line."""
        return " ".join(self.text.split())


def catalogue(language):
    """What is said in a language: of the pages, the scripts and the program."""
    parts = json.loads((TEXTS / f"{language}.json").read_text())
    return {**parts["page"], **parts["script"], **parts["program"]}


class Reader:
    """Somebody without a script: goes to a page, sends its forms, and is led on. Every page that he gets is in his
    language, and has nothing that would need a script. He knows what stands in the forms, and nothing else."""

    def __init__(self, browser, language="en"):
        self.browser = browser
        browser.csrf = None
        self.language = language
        self.texts = catalogue(language)
        browser.headers["Accept-Language"] = language
        self.path = self.page = self.headers = self.status = self.body = None

    def _ask(self, method, path, body=None, headers=None):
        self.status, self.headers, data = self.browser.ask(method, path, body, headers)
        if self.status == 302:
            self.go(self.headers["Location"])
            return self
        self.path = path
        self.body = text = data.decode()
        self.page = Shown(text)
        assert self.page.language == self.headers["Content-Language"] == self.language
        assert not self.page.inline and "script" not in self.page.tags and "<!--" not in text
        return self

    def go(self, path):
        """Opens a page, and those that it leads to."""
        self._ask("GET", path.partition("#")[0])
        self.path = path
        return self

    def form(self, action, **chosen):
        """The one form of the page that leads there and has these values."""
        form, = [form for form in self.page.forms
                 if form["action"] == action and chosen.items() <= form["values"].items()]
        return form

    def send(self, action, form=None, **typed):
        """Fills a form in and sends it; a field that is typed has to be there."""
        form = form or self.form(action)
        assert typed.keys() <= form["values"].keys()
        body, kind = encode({**form["values"], **typed}, form.get("files"))
        if form["method"] == "get":
            return self.go(f"{action}?{body}")
        return self._ask("POST", action, body, {"Content-Type": kind, "Origin": self.browser.origin()})

    def says(self, key, **gaps):
        """Whether the page says that, in his language."""
        text = self.texts[key]
        for name, value in gaps.items():
            text = text.replace(f"{{{name}}}", value)
        return " ".join(text.split()) in self.page.words()
