#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Turns the page's files into C: as they are, compressed, and with their tags. The same files give the
same C on every machine.

usage: embed.py OUTPUT FILE...
"""

import gzip
import hashlib
import pathlib
import sys

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def array(name, data):
    lines = [",".join(str(byte) for byte in data[i:i + 24]) for i in range(0, len(data), 24)]
    return f"static const unsigned char {name}[] = {{\n" + ",\n".join(lines) + "};\n"


def main(output, *files):
    arrays, entries = [], []
    for number, file in enumerate(map(pathlib.Path, files)):
        data = file.read_bytes()
        packed = gzip.compress(data, mtime=0)
        tag = hashlib.sha256(data).hexdigest()[:16]
        path = "/" if file.name == "index.html" else f"/{file.name}"
        arrays += [array(f"data_{number}", data), array(f"gzip_{number}", packed)]
        entries.append(
            f'    {{"{path}", "{TYPES[file.suffix]}", "\\"{tag}\\"", "\\"{tag}-gzip\\"",\n'
            f"        data_{number}, sizeof(data_{number}), gzip_{number}, sizeof(gzip_{number})}},\n")
    pathlib.Path(output).write_text(
        '#include "assets.h"\n\n' + "\n".join(arrays) + "\nconst struct asset assets[] = {\n"
        + "".join(entries) + "};\n\nconst size_t n_assets = sizeof(assets) / sizeof(assets[0]);\n")


main(*sys.argv[1:])
