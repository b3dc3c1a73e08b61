"""What the stand-in for MaxCompute answers, and how an answer of it can fail: Reply, Refusal, and functions that change a reply."""


class Refusal(Exception):
    def __init__(self, status, code, message="", **more):
        super().__init__(code)
        self.status, self.code, self.message, self.more = status, code, message or code, more


def refuse(status, code, message="", **more):
    def act(_reply):
        raise Refusal(status, code, message, **more)
    return act


def cut(size, clean=False):
    """The body ends after so many bytes of the stream; clean: as if that were all of it."""
    def act(reply):
        reply.body, reply.broken = reply.body[:size], not clean
    return act


def change_byte(at, change=1):
    def act(reply):
        body = bytearray(reply.body)
        body[at] ^= change
        reply.body = bytes(body)
    return act


def stall(seconds, after=20):
    """Nothing comes for so long after the first bytes."""
    def act(reply):
        reply.stall = (after, seconds)
    return act


def replace(function):
    def act(reply):
        reply.body = function(reply.body)
    return act


def hang_up(reply):
    reply.hang_up = True


class Matches:
    """Requests by method, part of the path and names in the query."""

    def __init__(self, method, path, *names):
        self.method, self.path, self.names = method, path, names

    def __call__(self, request):
        query = dict(request.query)
        return request.method == self.method and self.path in request.path and all(name in query for name in self.names)


def data(table=""):
    return Matches("GET", f"/tables/{table}" if table else "/", "data")


def session(table=""):
    return Matches("POST", f"/tables/{table}", "downloads")


def description(table=""):
    return Matches("GET", f"/tables/{table}", "curr_project")


class Request:
    def __init__(self, method, path, query, headers, body):
        self.method, self.path, self.query, self.headers, self.body = method, path, query, headers, body

    def __repr__(self):
        return f"{self.method} {self.path} {self.query}"


class Reply:
    def __init__(self, status=200, body=b"", headers=None):
        self.status, self.body, self.headers = status, body if isinstance(body, bytes) else body.encode(), headers or {}
        self.broken = self.hang_up = False
        self.stall = None
