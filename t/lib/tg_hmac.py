"""Alibaba's AccessKey signature as a client makes it, written from the description alone and independently of the module."""
import base64
import hashlib
import hmac
import time
import urllib.parse
import uuid
from email.utils import formatdate

_kForm = "application/x-www-form-urlencoded"


def content_md5(body):
    return base64.b64encode(hashlib.md5(body).digest()).decode()


def string_to_sign(method, target, headers, signed, body=b"", empty="", raw=False, lower=False):
    """headers: a dict as sent. signed: names in the list. empty: "=" spells an empty value `k=`. raw: the raw-query profile."""
    have = {name.lower(): value for name, value in headers.items()}
    path, _, query = target.partition("?")
    pairs = []

    def add(text, decode):
        for part in filter(None, text.split("&")):
            name, _, value = part.partition("=")
            pairs.append((urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(value)) if decode else (name, value))

    add(query, not raw)
    if have.get("content-type", "").split(";")[0].strip().lower() == _kForm:
        add(body.decode(), True)
    pairs.sort(key=lambda pair: pair[0].encode())
    joined = "&".join(f"{name}={value}" if value else name + empty for name, value in pairs)
    never = {"accept", "content-md5", "content-type", "date", "x-ca-signature", "x-ca-signature-headers"}
    names = sorted((name.lower() if lower else name) for name in signed if name.lower() not in never)
    lines = "".join(f"{name}:{have.get(name.lower(), '')}\n" for name in names)
    fixed = "".join(have.get(name, "") + "\n" for name in ("accept", "content-md5", "content-type", "date"))
    return f"{method}\n{fixed}{lines}{path}{'?' if joined else ''}{joined}"


def signature(secret, text, method="HmacSHA256"):
    digest = {"HmacSHA256": hashlib.sha256, "HmacSHA1": hashlib.sha1}[method]
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), digest).digest()).decode()


def signed_headers(key, method, target, headers=None, body=b"", signed=("X-Ca-Key", "X-Ca-Timestamp", "X-Ca-Nonce", "X-Ca-Signature-Method"),
                   when=None, nonce=None, date=True, timestamp=True, hash_method="HmacSHA256", **spelling):
    """All headers of a signed request. key: {"access_key", "secret"} as `consumer add-key -o json` prints it."""
    when = time.time() if when is None else when
    out = {"Accept": "application/json", **(headers or {})}
    if date:
        out["Date"] = formatdate(when, usegmt=True)
    if timestamp:
        out["X-Ca-Timestamp"] = str(int(when * 1000))
    out["X-Ca-Key"] = key["access_key"]
    out["X-Ca-Nonce"] = nonce or str(uuid.uuid4())
    out["X-Ca-Signature-Method"] = hash_method
    form = out.get("Content-Type", "").split(";")[0].strip().lower() == _kForm
    if body and not form and "Content-MD5" not in out:
        out["Content-MD5"] = content_md5(body)
    out["X-Ca-Signature-Headers"] = ",".join(signed)
    out["X-Ca-Signature"] = signature(key["secret"], string_to_sign(method, target, out, signed, body, **spelling), hash_method)
    return out
