"""The files that sync writes, read and edited by a test: manifest.json and credentials.json beside it."""
import hashlib
import json
import os

kCredentials = "credentials.json"


def credentials_of(manifest):
    """The path of the credentials of a manifest."""
    return os.path.join(os.path.dirname(manifest), kCredentials)


def read_file(path):
    """(header, lines as JSON) of one of them."""
    with open(path, encoding="utf-8") as file:
        first, *lines = file.read().splitlines()
    return json.loads(first), [json.loads(line) for line in lines]


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def _write(path, header, text):
    if os.path.exists(path):
        os.unlink(path)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        file.write(json.dumps(header, separators=(",", ":")) + "\n" + text)


def _text(lines):
    return "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)


def write_files(manifest, lines, consumers, gateway="dataservice-prod", publication=1):
    """Writes both files with these lines (JSON) under headers that fit. Returns the manifest's size."""
    body, callers = _text(lines), _text(consumers)
    _write(credentials_of(manifest), {"format": 1, "gateway": gateway, "manifests": [_digest(body)], "sha256": _digest(callers)}, callers)
    _write(manifest, {"format": 2, "gateway": gateway, "publication": publication, "sha256": _digest(body)}, body)
    return len(body)


def edit(manifest, change):
    """Calls change(lines, consumers) on the lists of both files and writes what they are then."""
    header, lines = read_file(manifest)
    _, consumers = read_file(credentials_of(manifest))
    change(lines, consumers)
    return write_files(manifest, lines, consumers, header["gateway"], header["publication"])
