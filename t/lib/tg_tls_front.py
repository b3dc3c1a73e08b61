"""A TLS front for PostgreSQL, as poolers and load balancers are: takes TCP connections that begin with SSLRequest, and no others, and passes
what they say to the server's unix socket."""
import select
import socket
import ssl
import struct
import threading

_kSslRequest, _kCancelRequest = 80877103, 80877102


class TlsFront:
    """Listens on .port of 127.0.0.1 with this certificate; .cancels and .sessions are counted by their first message."""

    def __init__(self, upstream, certificate, key):
        self.upstream = f"{upstream}/.s.PGSQL.5432"
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.cancels = self.sessions = self.clear = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            if struct.unpack("!II", client.recv(8, socket.MSG_WAITALL))[1] != _kSslRequest:
                self.clear += 1
                client.close()
                return
            client.sendall(b"S")
            with self.context.wrap_socket(client, server_side=True) as tls, socket.socket(socket.AF_UNIX) as server:
                first = tls.recv(65536)
                if struct.unpack("!II", first[:8])[1] == _kCancelRequest:
                    self.cancels += 1
                else:
                    self.sessions += 1
                server.connect(self.upstream)
                server.sendall(first)
                self._pass(tls, server)
        except OSError:
            pass

    @staticmethod
    def _pass(tls, server):
        while True:
            for source in select.select([tls, server], [], [])[0]:
                data = source.recv(65536)
                if not data:
                    return
                (server if source is tls else tls).sendall(data)
                while source is tls and tls.pending():
                    server.sendall(tls.recv(65536))

    def stop(self):
        self.listener.close()
