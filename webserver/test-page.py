#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page's files: every text is in every language's catalogue, and is used; nothing is said outside of
them; and all of it together stays small.

usage: test-page.py FILE... -- SOURCES
"""

import gzip
import html.parser
import json
import pathlib
import re
import sys
import unicodedata
import unittest

import embed

BUDGET = 150_000
# What is the same in all languages: names, examples of addresses, signs.
UNTRANSLATED = {"English", "Français", "+"}
# Attributes that people read or hear.
READ = {"alt", "aria-label", "aria-description", "title"}
TEXT = re.compile(r"\bt\(\s*'([^']+)'")
FAMILY = re.compile(r"\btOf\(\s*'([^']+)'")
# "Joining " "%s" of C's long lines.
SEAM = re.compile(r'"\s*"')
# What webserver fills in.
VALUE = re.compile(r"<!--[a-z0-9-]+-->")
# webserver puts it together from the service's title and what is the matter with it.
SERVICES = re.compile(r"^The (?:network|health) service (.*)\.$")

files = [pathlib.Path(name) for name in sys.argv[1:sys.argv.index("--")]]
sources = pathlib.Path(sys.argv[-1])
catalogues = {file.stem: json.loads(file.read_text()) for file in files if embed.is_catalogue(file)}
pages = embed.pages(files)
scripts = {file.name: file.read_text() for file in files if file.suffix == ".js"}
program = "".join(file.read_text() for file in sorted((sources / "webserver").rglob("*.c")))


def gaps(text):
    """The gaps of a text, in each of its forms."""
    forms = text.values() if isinstance(text, dict) else [text]
    return [set(re.findall(r"\{(\w+)\}", form)) for form in forms]


class Words(html.parser.HTMLParser):
    """What is said in a page, but for the catalogue's texts."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(VALUE.sub("", embed.GAP.sub("", page)))

    def handle_data(self, data):
        if data.strip():
            self.found.append(data.strip())

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in READ and value]


class Catalogues(unittest.TestCase):
    def test_same_keys(self):
        first, *others = catalogues.values()
        self.assertGreater(len(catalogues), 1)
        for other in others:
            self.assertEqual(first.keys(), other.keys())
            for part, texts in first.items():
                self.assertEqual(texts.keys(), other[part].keys(), part)

    def test_same_gaps(self):
        first, *others = catalogues.values()
        for other in others:
            for part, texts in first.items():
                for key, text in texts.items():
                    self.assertEqual(gaps(text)[-1], gaps(other[part][key])[-1], key)
                    self.assertEqual(isinstance(text, dict), isinstance(other[part][key], dict), key)

    def test_nothing_is_empty(self):
        for language, catalogue in catalogues.items():
            for texts in catalogue.values():
                for key, text in texts.items():
                    for form in text.values() if isinstance(text, dict) else [text]:
                        self.assertTrue(form.strip(), (language, key))

    def test_pages(self):
        used = {match[1] for page in pages.values() for match in embed.GAP.finditer(page)}
        self.assertEqual(used - {"language"}, catalogues["en"]["page"].keys())

    def test_gaps_of_pages_are_filled(self):
        for language, catalogue in catalogues.items():
            for name, page in pages.items():
                text = embed.render(page, language, catalogue["page"])
                self.assertEqual(re.findall(r"[{}]+\w*", text), [], (language, name))
                self.assertEqual(text.count(f'<html lang="{language}">'), 1, name)

    def test_only_what_is_filled_in_has_values(self):
        for name, page in pages.items():
            self.assertEqual(bool(VALUE.search(page)), name in embed.FILLED or name.endswith(".part.html"), name)

    def test_scripts(self):
        texts = catalogues["en"]["script"].keys()
        used = {key for script in scripts.values() for key in TEXT.findall(script)}
        families = {name for script in scripts.values() for name in FAMILY.findall(script)}
        members = {key for key in texts if key.rpartition(".")[0] in families}
        self.assertEqual(used | members, texts)
        self.assertEqual({key.rpartition(".")[0] for key in members}, families)

    def test_program(self):
        """What is there for the program alone is in it, and no script has it too."""
        texts = catalogues["en"]["program"]
        self.assertEqual(texts.keys() & catalogues["en"]["script"].keys(), set())
        self.assertEqual({key for key in texts if f'"{key}"' not in program}, set())

    def test_countries(self):
        """The same as the scripts have, each language's in its order; and those that are taken."""
        codes = set(re.findall(r"\b[A-Z]{2}\b", scripts["country.js"].split("COUNTRIES = (")[1].split(")")[0]))
        taken = (sources / "common/country-codes.c").read_text().split("codes[] =")[1].split(";")[0]
        self.assertEqual(set(re.findall(r"\b[A-Z]{2}\b", taken)), codes)
        for language, catalogue in catalogues.items():
            self.assertEqual(catalogue["countries"].keys(), codes)
            names = [
                "".join(filter(str.isalnum, unicodedata.normalize("NFD", name.lower())))
                for name in catalogue["countries"].values()]
            self.assertEqual(names, sorted(names), language)

    def test_services_say_so(self):
        said = SEAM.sub("", "".join(
            file.read_text() for folder in ("common", "healthd", "identserver", "user-network", "webserver")
            for file in sorted((sources / folder).rglob("*.c"))))
        for sentence in catalogues["en"]["said"].values():
            spoken = SERVICES.sub(r'"\1"', sentence)
            self.assertTrue(spoken in said, sentence)

    def test_nothing_else_is_said(self):
        for name, page in pages.items():
            self.assertEqual(set(Words(page).found) - UNTRANSLATED, set(), name)


class Size(unittest.TestCase):
    def test_budget(self):
        """What a browser loads of everything, in the language that needs the most."""
        sizes = {}
        for _, _, language, data in embed.assets(
                [file for file in files if not embed.is_catalogue(file)], catalogues):
            sizes[language] = sizes.get(language, 0) + len(gzip.compress(data, mtime=0))
        # They go out within the pages that the program fills in.
        for language, catalogue in catalogues.items():
            for part in ("program", "countries"):
                sizes[language] += len(gzip.compress(json.dumps(catalogue[part]).encode(), mtime=0))
        shared = sizes.pop(None)
        print(f"compressed: {shared} bytes, and " + ", ".join(f"{n} in {name}" for name, n in sizes.items()))
        self.assertLess(shared + sum(sizes.values()), BUDGET)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
