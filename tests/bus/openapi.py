# SPDX-License-Identifier: LGPL-2.1-or-later
"""What webserver/openapi.json promises, and whether an answer keeps it."""

import json
import pathlib
import re

import jsonschema

PATH = pathlib.Path(__file__).parents[2] / "webserver/openapi.json"
DOCUMENT = json.loads(PATH.read_text(encoding="utf-8"))
PROBLEM = "application/problem+json"

# Of a path or a method that isn't described: nothing but a refusal, or a redirection to the device's own name.
REFUSALS = {302, 400, 401, 403, 404, 405, 413, 415, 429}
# Of any request, whichever it is.
ANYWHERE = DOCUMENT["x-anywhere"]


def resolve(node):
    while "$ref" in node:
        target = DOCUMENT
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def _validator(schema):
    return jsonschema.Draft202012Validator(
        schema, resolver=jsonschema.RefResolver("", DOCUMENT), format_checker=jsonschema.FormatChecker())


def validate(schema, value, what):
    """Fails when `value` isn't as `schema` says."""
    error = jsonschema.exceptions.best_match(_validator(schema).iter_errors(value))
    assert error is None, f"openapi.json: {what}: {error.json_path}: {error.message}"


def _pattern(template):
    return re.compile("".join(
        "[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]+\})", template)))


# Those without a name in braces first, as OpenAPI wants it.
_PATHS = [(_pattern(path), path) for path in sorted(DOCUMENT["paths"], key=lambda path: path.count("{"))]


def find(method, path):
    """The operation that is described for it, or None."""
    path = path.split("?")[0]
    template = next((template for pattern, template in _PATHS if pattern.fullmatch(path)), None)
    return DOCUMENT["paths"].get(template, {}).get("get" if method == "HEAD" else method.lower())


def operations():
    """All, as (method, path, operation)."""
    return [(method.upper(), path, operation)
            for path, operations in DOCUMENT["paths"].items() for method, operation in operations.items()]


def _check_content(described, what, content_type, body):
    content = described.get("content")
    if content is None:
        assert not body, f"openapi.json: {what} has no body"
        return
    media = content.get(content_type.split(";")[0], content.get("*/*"))
    assert media is not None, f"openapi.json: {what} is no {content_type}"
    if "schema" in media and content_type.split(";")[0].endswith("json"):
        validate(media["schema"], body, what)


def check(method, path, sent, status, headers, body):
    """An answer, `body` decoded where it is JSON; and what was sent, where it was taken."""
    what = f"{method} {path}: {status}"
    operation = find(method, path)
    if str(status) in ANYWHERE:
        described = resolve(ANYWHERE[str(status)])
    elif operation is None:
        assert status in REFUSALS, f"openapi.json: {what} is not described"
        described = DOCUMENT["components"]["responses"][str(status)]
    else:
        assert str(status) in operation["responses"], f"openapi.json: {what} is not described"
        described = resolve(operation["responses"][str(status)])
    for name in described.get("headers", {}):
        required = name in ("Location", "ETag", "Allow", "WWW-Authenticate")
        assert not required or name in headers or method == "HEAD", f"openapi.json: {what} without {name}"
    if method != "HEAD":
        _check_content(described, what, headers.get("Content-Type", ""), body)
    if operation and isinstance(sent, dict) and status < 300:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        validate(schema, json.loads(json.dumps(sent)), f"{what}: the request")


def check_event(event):
    """What a stream tells."""
    validate({"$ref": "#/components/schemas/Event"}, event, "an event")
