"""HS256 tokens as RFC 7515 has them, by the standard library alone; every other algorithm is jwt.t's, by its npm packages."""
import base64
import hashlib
import hmac
import json


def _encoded(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def hs256(secret, claims, header=None):
    head = {"alg": "HS256", "typ": "JWT", **(header or {})}
    text = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    return f"{text}.{_encoded(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())}"
