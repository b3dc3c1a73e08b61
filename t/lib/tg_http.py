"""HTTP for tests: whole answers, raw bytes on one connection, and load with limits."""
import collections
import http.client
import json
import socket
import threading
import time
import urllib.parse


class Answer:
    """One answer: status, headers (lower-case names), body as bytes."""

    def __init__(self, status, headers, body):
        self.status = status
        self.pairs = [(name.lower(), value) for name, value in headers]
        self.headers = dict(self.pairs)
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:300]!r}>"


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def path_with(path, **parameters):
    """path?name=value&..., percent-encoded as UTF-8."""
    return path + ("?" + urllib.parse.urlencode(parameters, doseq=True, quote_via=urllib.parse.quote) if parameters else "")


class Client:
    """One connection, kept alive; opened on the first request."""

    def __init__(self, port, host="127.0.0.1", timeout=15):
        self.connection = http.client.HTTPConnection(host, port, timeout=timeout)

    def request(self, target, method="GET", headers=None, body=None):
        self.connection.request(method, target, body=body, headers=headers or {})
        got = self.connection.getresponse()
        return Answer(got.status, got.getheaders(), got.read())

    def local_port(self):
        """Our end's port: the same number is the same connection. None when it is closed."""
        return self.connection.sock.getsockname()[1] if self.connection.sock else None

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def request(port, target, method="GET", headers=None, body=None, timeout=15):
    """One request on a connection of its own."""
    with Client(port, timeout=timeout) as client:
        return client.request(target, method, {"Connection": "close", **(headers or {})}, body)


def raw(port, data, timeout=15):
    """Sends bytes, returns all bytes until the peer closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as link:
        link.sendall(data)
        parts = []
        while True:
            part = link.recv(65536)
            if not part:
                return b"".join(parts)
            parts.append(part)


class Load:
    """Requests from several threads until stop(), a count or a time limit, whichever comes first.

    close: a new connection for each request. statuses counts answers; failures lists what was no answer; wrong lists answers that
    check(answer) did not like. A kept connection that the server closed between two requests is opened again, as every client does."""

    def __init__(self, port, target, headers=None, threads=8, close=False, count=None, seconds=60, check=None, timeout=15):
        self.port, self.target, self.close, self.check, self.timeout = port, target, close, check, timeout
        self.headers = {**(headers or {}), **({"Connection": "close"} if close else {})}
        self.count, self.seconds = count, seconds
        self.statuses, self.failures, self.wrong, self.reopened = collections.Counter(), [], [], 0
        self._stop, self._lock, self._begun = threading.Event(), threading.Lock(), 0
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]

    def start(self):
        self._end = time.monotonic() + self.seconds
        for thread in self._threads:
            thread.start()
        return self

    @property
    def answered(self):
        return sum(self.statuses.values())

    def stop(self):
        self._stop.set()
        return self.join()

    def join(self):
        for thread in self._threads:
            thread.join(self.seconds + self.timeout)
        return self

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def _next(self):
        with self._lock:
            if self._stop.is_set() or time.monotonic() > self._end or (self.count is not None and self._begun >= self.count):
                return False
            self._begun += 1
            return True

    def _work(self):
        client, used = None, 0
        while self._next():
            try:
                if client is None:
                    client, used = Client(self.port, timeout=self.timeout), 0
                try:
                    answer = client.request(self.target, headers=self.headers)
                except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                    if not used:
                        raise
                    client.close()
                    client, used = Client(self.port, timeout=self.timeout), 0
                    with self._lock:
                        self.reopened += 1
                    answer = client.request(self.target, headers=self.headers)
                used += 1
                bad = self.check is not None and not self.check(answer)
                with self._lock:
                    self.statuses[answer.status] += 1
                    if bad:
                        self.wrong.append(answer)
                if self.close or client.connection.sock is None:
                    client.close()
                    client = None
            except Exception as error:  # whatever it is, it is a failed request
                with self._lock:
                    self.failures.append(repr(error))
                if client:
                    client.close()
                client = None
        if client:
            client.close()

    def __repr__(self):
        return (f"{dict(self.statuses)}, {len(self.failures)} failed {self.failures[:3]}, {len(self.wrong)} wrong {self.wrong[:2]}, "
                f"{self.reopened} connections opened again")


def slow_link(port, target, headers=None, version="1.1", timeout=15):
    """A GET whose answer nobody reads yet: its connection, which takes little before it is read."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.settimeout(timeout)
    link.connect(("127.0.0.1", port))
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    link.sendall(f"GET {target} HTTP/{version}\r\nHost: a\r\n{lines}\r\n".encode())
    return link
