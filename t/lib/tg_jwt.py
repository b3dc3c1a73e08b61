"""Keys and tokens for the tests of JWT, made by the libraries that callers use (jwt_tokens.js) or byte by byte."""
import base64
import hashlib
import hmac
import json
import time

from tg_node import node

kFamilies = ("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
kRsa, kP256, kP384, kP521 = {"type": "rsa", "bits": 2048}, *({"type": "ec", "curve": f"P-{bits}"} for bits in (256, 384, 521))
kEd25519 = {"type": "ed25519"}


def b64url(data):
    data = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def make_keys(**kinds):
    """{name: {"private", "public", "jwk", "private_jwk"}}, as jwt_tokens.js says."""
    return node("jwt_tokens.js", {"keys": kinds})[0]


def make_tokens(recipes):
    return node("jwt_tokens.js", {"tokens": recipes})[0]


def claims(**more):
    """Valid for five minutes; a claim of None is left out."""
    return {name: value for name, value in {"exp": int(time.time()) + 300, **more}.items() if value is not None}


def recipe(library, alg, key, payload=None, **header):
    """key: one of make_keys(), PEM, or bytes of a secret."""
    if isinstance(key, bytes):
        key = {"secret": b64url(key)}
    elif isinstance(key, dict):
        key = key["private"]
    return {"library": library, "alg": alg, "key": key, "header": header, "claims": claims() if payload is None else payload}


def raw_recipe(alg, key, header, payload, der=False):
    """header and payload: objects, or text or bytes as they are to stand in the token."""
    def part(value):
        return b64url(json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else value)
    return {**recipe("raw", alg, key, {}), "input": f"{part(header)}.{part(payload)}", "der": der}


def key_set(**keys):
    """A JWK Set: each of make_keys(), a JWK or bytes of a secret, under its name as kid."""
    def jwk(kid, key):
        if isinstance(key, bytes):
            key = {"kty": "oct", "k": b64url(key)}
        return {**key.get("jwk", key), "kid": kid}
    return json.dumps({"keys": [jwk(kid, key) for kid, key in keys.items()]})


def hs256(secret, payload, **header):
    """A token by the standard library alone."""
    head = {"alg": "HS256", "typ": "JWT", **header}
    text = ".".join(b64url(json.dumps(part, separators=(",", ":"))) for part in (head, payload))
    return f"{text}.{b64url(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())}"
