# SPDX-License-Identifier: LGPL-2.1-or-later
"""The device's status as a small program with Flask would answer it: made to JSON for each request."""

import json
from pathlib import Path

from flask import Flask, jsonify

STATUS = json.loads(Path("/srv/page/status").read_text(encoding="utf-8"))
app = Flask(__name__)


@app.get("/status")
def status():
    return jsonify(STATUS)
