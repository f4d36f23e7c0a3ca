#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Turns the page's files into C: in every language, as they are, compressed, and with their tags. The
same files give the same C on every machine.

usage: embed.py OUTPUT FILE...

Each file of the folder text is the catalogue of the language that it is named after; the first is the one for everybody
who reads none of them. A page (.html) names the texts of the catalogue's part "page": {{key}}, and gives a
text with gaps what goes into them: {{key|gap:<b>markup</b>}}. {{>name.html}} is the whole of another file, which
is no page of its own; {{>name.html|gap:text}} fills its {gap}. {{=name}} is filled in by the program on the pages that it
fills in (template.h), and empty on the others; what they have in common with those has its parts in one piece. NAME.part.html is such a page too, and is served to nobody as it is.
The parts "script" and "said" become text.js. What is in them, in "program" and in "countries" is in the program too, for the
pages that it fills in (texts.h).
"""

import gzip
import hashlib
import html
import json
import pathlib
import re
import sys

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
FILLED = {"country.html", "forget.html", "health.html", "hotspot.html", "https.html", "join.html", "logs.html",
          "network.html", "radio.html", "reboot.html", "refused.html", "reset.html", "restart.html", "revoke.html",
          "service.html", "services.html", "system.html", "tokens.html", "wired.html"}
INCLUDE = re.compile(r"\{\{>([a-z.-]+)((?:\|[a-z]+:[^|}]*)*)\}\}\n")
VALUE = re.compile(r"\{\{=([a-z0-9-]+)\}\}")
CUT = "<!--cut-->"
GAP = re.compile(r"\{\{([a-z0-9.-]+)((?:\|[a-z]+:[^|}]*)*)\}\}")


def is_catalogue(file):
    return file.parent.name == "text"


def fill_gaps(text, gaps):
    """`gaps` are as in {{key|gap:markup|gap:markup}}, from the first bar on."""
    for gap in gaps.split("|")[1:]:
        name, markup = gap.split(":", 1)
        text = text.replace(f"{{{name}}}", markup)
    return text


def render(page, language, texts):
    """The page in this language. The link to the language that it is in says so."""

    def fill(match):
        return fill_gaps(html.escape(texts[match[1]]), match[2])

    texts = {**texts, "language": language}
    return GAP.sub(fill, page).replace(
        f'hreflang="{language}"', f'hreflang="{language}" aria-current="true"')


def pages(files):
    """The pages by their names, each whole."""
    texts = {file.name: file.read_text() for file in files if file.suffix == ".html"}
    included = {match[1] for text in texts.values() for match in INCLUDE.finditer(text)}

    def whole(name):
        return INCLUDE.sub(lambda match: fill_gaps(whole(match[1]), match[2]), texts[name])

    def made(name):
        if name in FILLED:
            return VALUE.sub(r"<!--\1-->", whole(name))
        return VALUE.sub("", whole(name) if name.endswith(".part.html") else whole(name).replace(CUT, ""))

    return {name: made(name) for name in texts if name not in included}


def sentences(catalogue, first):
    """What the services' sentences, English as they are, are here."""
    return {english: catalogue["said"][key] for key, english in first["said"].items() if catalogue is not first}


def script(catalogue, first):
    """text.js: what the scripts say, and the services' sentences."""
    parts = {"texts": catalogue["script"], "said": sentences(catalogue, first)}
    return "// SPDX-License-Identifier: LGPL-2.1-or-later\n" + "".join(
        f"export const {name} = {json.dumps(part, ensure_ascii=False, indent=0)};\n"
        for name, part in parts.items())


def assets(files, catalogues):
    """Path, language (None: the same in all) and content of each."""
    first = next(iter(catalogues.values()))
    for file in files:
        if file.suffix != ".html":
            yield f"/{file.name}", file.suffix, None, file.read_bytes()
    for name, page in pages(files).items():
        path = "/" if name == "index.html" else name if name.endswith(".part.html") else f"/{name}"
        for language, catalogue in catalogues.items():
            yield path, ".html", language, render(page, language, catalogue["page"]).encode()
    for language, catalogue in catalogues.items():
        yield "/text.js", ".js", language, script(catalogue, first).encode()


def forms(texts):
    """A text that has a form for one and another for many as two."""
    for key, text in texts.items():
        yield from ((f"{key}#{form}", words) for form, words in text.items()) if isinstance(text, dict) else [(key, text)]


def texts_of(number, language, catalogue, first):
    """What the program itself says in a language: the definitions, and the entry that names them. It searches in all of
    them but the countries, which are in the order that people look for them in."""
    tables = {
        "texts": sorted(forms(catalogue["script"] | catalogue["program"])),
        "said": sorted(sentences(catalogue, first).items()),
        "countries": list(catalogue["countries"].items()),
    }
    defined = "".join(
        f"static const struct text {name}_{number}[] = {{\n" + "".join(
            f"    {{{json.dumps(key, ensure_ascii=False)}, {json.dumps(text, ensure_ascii=False)}}},\n"
            for key, text in table) + "    {},\n};\n"
        for name, table in tables.items())
    return defined, f'    {{"{language}", ' + ", ".join(
        f"{{{name}_{number}, {len(table)}}}" for name, table in tables.items()) + "},\n"


def array(name, data):
    lines = [",".join(str(byte) for byte in data[i:i + 24]) for i in range(0, len(data), 24)]
    return f"static const unsigned char {name}[] = {{\n" + ",\n".join(lines) + "};\n"


def main(output, *names):
    files = [pathlib.Path(name) for name in names]
    catalogues = {file.stem: json.loads(file.read_text()) for file in files if is_catalogue(file)}
    arrays, entries = [], []
    for number, (path, suffix, language, data) in enumerate(
            assets([file for file in files if not is_catalogue(file)], catalogues)):
        tag = hashlib.sha256(data).hexdigest()[:16]
        spoken = f'"{language}"' if language else "NULL"
        arrays += [array(f"data_{number}", data), array(f"gzip_{number}", gzip.compress(data, mtime=0))]
        entries.append(
            f'    {{"{path}", {spoken}, "{TYPES[suffix]}", "\\"{tag}\\"", "\\"{tag}-gzip\\"",\n'
            f"        data_{number}, sizeof(data_{number}), gzip_{number}, sizeof(gzip_{number})}},\n")
    languages = ", ".join(f'"{language}"' for language in catalogues)
    first = next(iter(catalogues.values()))
    said = [texts_of(number, *each, first) for number, each in enumerate(catalogues.items())]
    pathlib.Path(output).write_text(
        '#include "assets.h"\n#include "texts.h"\n\n' + "\n".join(arrays) + "\nconst struct asset assets[] = {\n"
        + "".join(entries) + "};\n\nconst size_t n_assets = sizeof(assets) / sizeof(assets[0]);\n\n"
        + f"const char *const asset_languages[] = {{{languages}, NULL}};\n\n"
        + "\n".join(defined for defined, _ in said)
        + "\nconst struct texts texts_of_all[] = {\n" + "".join(entry for _, entry in said) + "    {},\n};\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
