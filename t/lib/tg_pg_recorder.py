"""A recorder between a client and PostgreSQL's unix socket: passes every byte on and records what the client sent (protocol 3.0) and
the bytes that came back."""
import os
import socket
import struct
import threading


class Recorder:
    """Listens in FOLDER; what all its clients sent is in the sets below."""

    def __init__(self, folder, upstream):
        self.folder, self.upstream = folder, f"{upstream}/.s.PGSQL.5432"
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        self.startup = {}      # parameter: value
        self.messages = set()  # type bytes
        self.statements = set()  # (name, SQL) of every Parse, (None, SQL) of every simple Query
        self.types = set()     # OIDs that Parse declared
        self.formats = set()   # format codes of Bind, for parameters and results
        self.bound = set()     # values of every Bind, as bytes
        self.answers = bytearray()  # all that the server sent
        self.faults = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(folder, ".s.PGSQL.5432"))
        os.chmod(os.path.join(folder, ".s.PGSQL.5432"), 0o777)
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.upstream)
            threading.Thread(target=self._pass, args=(client, server, self._parser()), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, None), daemon=True).start()

    def _pass(self, source, sink, parser):
        if parser:
            next(parser)
        try:
            while data := source.recv(65536):
                if parser:
                    parser.send(data)
                else:
                    self.answers += data
                sink.sendall(data)
        except OSError:
            pass
        except Exception as error:  # pylint: disable=broad-except
            self.faults.append(repr(error))
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _parser(self):
        """A generator that takes bytes as they come."""
        buffer, started = b"", False
        while True:
            buffer += yield
            while True:
                head = 1 if started else 0
                if len(buffer) < head + 4:
                    break
                size = struct.unpack("!I", buffer[head:head + 4])[0]
                if len(buffer) < head + size:
                    break
                kind, body = buffer[:head], buffer[head + 4:head + size]
                buffer = buffer[head + size:]
                if not started:
                    started = self._start(body)
                else:
                    self._message(kind.decode(), body)

    def _start(self, body):
        if struct.unpack("!I", body[:4])[0] != 196608:
            self.messages.add(f"startup {body[:4].hex()}")
            return False
        words = body[4:].rstrip(b"\0").decode().split("\0")
        self.startup.update(zip(words[::2], words[1::2]))
        return True

    def _message(self, kind, body):
        self.messages.add(kind)
        if kind == "Q":
            self.statements.add((None, body.rstrip(b"\0").decode()))
        elif kind == "P":
            name, sql, rest = body.split(b"\0", 2)
            self.statements.add((name.decode(), sql.decode()))
            count = struct.unpack("!H", rest[:2])[0]
            self.types.update(struct.unpack(f"!{count}I", rest[2:2 + 4 * count]))
        elif kind == "B":
            _, _, rest = body.split(b"\0", 2)
            self._bind(rest)

    def _bind(self, rest):
        def codes():
            nonlocal rest
            count = struct.unpack("!H", rest[:2])[0]
            found = struct.unpack(f"!{count}H", rest[2:2 + 2 * count])
            rest = rest[2 + 2 * count:]
            return found or (0,)
        self.formats.update(codes())
        count = struct.unpack("!H", rest[:2])[0]
        rest = rest[2:]
        for _ in range(count):
            size = struct.unpack("!i", rest[:4])[0]
            self.bound.add(rest[4:4 + max(size, 0)])
            rest = rest[4 + max(size, 0):]
        self.formats.update(codes())

    def dsn(self, user="tablegate_reader"):
        return f"host={self.folder} port=5432 dbname=tablegate user={user}"

    def stop(self):
        self.listener.close()
