#!/usr/bin/env python3
"""A stand-in for MaxCompute: REST endpoint and table tunnel on loopback, written from the protocol's description alone, without any of
the loader's code: its own record encoder (tg_record_stream), canonical text and signatures. It can fail in every way that the service can.

    service = MaxCompute().start()
    service.table("user_info", "user_id:bigint,user_name:string", [(1, "a"), (2, None)])
    service.fail(data("user_info"), cut(40), times=2)      # the next two downloads of it break after 40 bytes (tg_maxcompute_faults)

As a program it serves the seed table of the tutorial: tg_maxcompute.py --port N --table NAME:COLUMNS:CSV."""
import argparse
import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import http.server
import json
import re
import sys
import threading
import time
import urllib.parse
import zlib
from email.utils import formatdate, mktime_tz, parsedate_tz
from xml.sax.saxutils import escape, quoteattr

from tg_maxcompute_faults import Refusal, Reply, Request
from tg_record_stream import encode_stream, parse_type

kProject = "demo"
kAccess = ("LTAI4tablegate", "a-secret-that-no-log-may-hold")
# --- signatures


def canonical(method, path, query, headers):
    lines = [method] + [headers.get(name, "") for name in ("content-md5", "content-type", "date")]
    odps = {name: value for name, value in headers.items() if name.startswith("x-odps-")}
    odps.update({name.lower(): value for name, value in query if name.lower().startswith("x-odps-")})
    lines += [f"{name}:{odps[name]}" for name in sorted(odps)]
    arguments = "&".join(f"{name}={value}" if value else name for name, value in sorted(query))
    return "\n".join(lines + [path + ("?" + arguments if arguments else "")])


def signature(key, text):
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha1).digest()).decode()


def v4_key(secret, date, region):
    key = ("aliyun_v4" + secret).encode()
    for part in (date, region, "odps", "aliyun_v4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def zstd(data):
    library = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    library.ZSTD_compressBound.restype = library.ZSTD_compress.restype = ctypes.c_size_t
    room = ctypes.create_string_buffer(library.ZSTD_compressBound(ctypes.c_size_t(len(data))))
    size = library.ZSTD_compress(room, ctypes.c_size_t(len(room)), data, ctypes.c_size_t(len(data)), 3)
    return room.raw[:size]


class MaxCompute:
    """REST on self.endpoint, tunnel on another port. access: pairs of id and secret that it knows."""

    def __init__(self, project=kProject, access=kAccess, region=None, token=None, compress=True):
        self.project, self.access, self.region, self.token, self.compress = project, access, region, token, compress
        self.tables, self.sessions, self.instances = {}, {}, {}
        self.requests, self.faults, self.unsigned = [], [], []
        self.lock = threading.Lock()
        self.active = self.most_active = 0  # downloads at the same time
        self.metrics = False
        self.initiating = 0  # sessions are that many polls in the making
        self.page = 2        # partitions an answer
        self.chunk = 4096
        self.knows_v4 = True
        self.modified = None  # LastModifiedTime of tables, seconds since 1970; None: now

    # --- what tests say
    def table(self, name, columns, rows=None, keys="", partitions=None, kind="MANAGED_TABLE", query=None):
        """columns: "a:bigint,b:array<string>" (a list of pairs for what has commas). partitions: {"ds=1": rows}."""
        self.tables[name] = {"columns": _columns(columns), "keys": _columns(keys), "rows": {"": rows or []} if partitions is None else partitions,
                             "kind": kind, "query": query, "times": {}}

    def change_partition(self, name, partition, rows, modified):
        """New rows (None: it is gone) and their LastModifiedTime, seconds since 1970."""
        table = self.tables[name]
        table["times"][partition] = modified
        if rows is None:
            del table["rows"][partition]
        else:
            table["rows"][partition] = rows

    def fail(self, matches, action, times=1):
        with self.lock:
            self.faults.append([matches, action, times])

    def asked(self, matches):
        return [request for request in self.requests if matches(request)]

    def start(self, port=0, tunnel_port=0):
        self.rest = _serve(self, port, "/api")
        self.tunnel = _serve(self, tunnel_port, "")
        self.endpoint = f"http://127.0.0.1:{self.rest.server_address[1]}/api"
        self.tunnel_host = f"127.0.0.1:{self.tunnel.server_address[1]}"
        return self

    def stop(self):
        for server in (self.rest, self.tunnel):
            server.shutdown()
            server.server_close()

    # --- requests
    def verify(self, request):
        text = canonical(request.method, request.path, request.query, request.headers)
        given = request.headers.get("authorization", "")
        found = re.fullmatch(r"ODPS ([^/:]+)(?:/(\d{8})/([^/]+)/odps/aliyun_v4_request)?:(\S+)", given)
        if not found or found[1] != self.access[0]:
            raise Refusal(401, "Unauthorized", "unknown access key")
        if found[2] and not self.knows_v4:
            raise Refusal(400, "ODPS-0410051", "need ak v3 support")
        if self.region and self.knows_v4 and found[3] != self.region:
            raise Refusal(401, "Unauthorized", "a V4 signature was expected")
        key = v4_key(self.access[1], found[2], found[3]) if found[2] else self.access[1].encode()
        if not hmac.compare_digest(signature(key, text), found[4]):
            raise Refusal(401, "Unauthorized", f"the signature does not match, {self.access[1]} signs {text!r}")
        if abs(mktime_tz(parsedate_tz(request.headers["date"])) - time.time()) > 900:
            raise Refusal(401, "Unauthorized", "the date is not now")
        if (request.headers.get("authorization-sts-token") or None) != self.token:
            raise Refusal(401, "Unauthorized", "the security token is another")
        if dict(request.query).get("curr_project") != self.project:
            raise Refusal(400, "InvalidParameter", "curr_project is missing")

    def answer(self, request, tunnel):
        with self.lock:
            self.requests.append(request)
        self.verify(request)
        reply = (self.answer_tunnel if tunnel else self.answer_rest)(request)
        for fault in self.take_faults(request):
            fault(reply)
        return reply

    def take_faults(self, request):
        with self.lock:
            actions = []
            for fault in self.faults:
                if fault[2] > 0 and fault[0](request):
                    fault[2] -= 1
                    actions.append(fault[1])
                    break
            return actions

    def find_table(self, name):
        if name not in self.tables:
            raise Refusal(404, "NoSuchTable", f"there is no table {name}")
        return self.tables[name]

    def answer_rest(self, request):
        query = dict(request.query)
        base = f"/projects/{self.project}"
        if not request.path.startswith(base + "/"):
            raise Refusal(404, "NoSuchProject")
        path = request.path[len(base):]
        if path == "/tunnel":
            return Reply(200, self.tunnel_host)
        if path == "/instances" and request.method == "POST":
            return self.create_instance(request)
        if path.startswith("/instances/"):
            return self.show_instance(path.split("/")[2], query)
        if not path.startswith("/tables/"):
            raise Refusal(404, "NoSuchObject")
        name = path.split("/")[2]
        table = self.find_table(name)
        if "partitions" in query:
            return self.list_partitions(table, query)
        schema = {"columns": _json_columns(table["columns"]), "partitionKeys": _json_columns(table["keys"]), "isVirtualView": table["kind"] == "VIRTUAL_VIEW"}
        return Reply(200, f'<?xml version="1.0"?><Table><Name>{escape(name)}</Name><Schema format="Json"><![CDATA[{json.dumps(schema)}]]></Schema>'
                          f"<Project>{self.project}</Project><LastModifiedTime>{formatdate(self.modified, usegmt=True)}</LastModifiedTime><Type>{table['kind']}</Type></Table>")

    def list_partitions(self, table, query):
        names = [name for name in table["rows"] if name.startswith(query.get("partition", ""))]
        begin = int(query.get("marker", 0))
        items = ""
        for name in names[begin:begin + self.page]:
            columns = "".join(f"<Column Name={quoteattr(key)} Value={quoteattr(value)}/>" for key, value in (part.split("=", 1) for part in name.split(",")))
            items += f"<Partition>{columns}<LastModifiedTime>{table['times'].get(name, 1)}</LastModifiedTime></Partition>"
        marker = str(begin + self.page) if begin + self.page < len(names) else ""
        return Reply(200, f'<?xml version="1.0"?><Partitions><Marker>{marker}</Marker><MaxItems>{self.page}</MaxItems>{items}</Partitions>')

    def create_instance(self, request):
        if request.headers.get("content-type") != "application/xml":
            raise Refusal(400, "InvalidParameter", "no XML")
        sql = re.search(r"<Query>(.*)</Query>", request.body.decode(), re.S)[1].replace("&lt;", "<").replace("&amp;", "&")
        name = f"inst{len(self.instances)}"
        self.instances[name] = {"sql": sql, "polls": 2}
        return Reply(201, b"", {"Location": f"{self.endpoint}/projects/{self.project}/instances/{name}"})

    def show_instance(self, name, query):
        instance = self.instances[name]
        found = re.fullmatch(r"SELECT (.*) FROM ((?:`\w+`\.)*`(\w+)`);", instance["sql"])
        good = found and found[3] in self.tables and not self.tables[found[3]].get("query") == "fails"
        if "taskstatus" in query:
            return Reply(200, "<Instance><Status>Terminated</Status><Tasks><Task Type='SQL'><Name>AnonymousSQLTask</Name>"
                              f"<Status>{'Success' if good else 'Failed'}</Status></Task></Tasks></Instance>")
        if "result" in query:
            text = base64.b64encode(b"ODPS-0130131: Table not found").decode()
            return Reply(200, f"<Instance><Tasks><Task Type='SQL'><Name>AnonymousSQLTask</Name><Result Transform='Base64' Format='text'>{text}</Result></Task></Tasks></Instance>")
        instance["polls"] -= 1
        return Reply(200, f"<Instance><Status>{'Running' if instance['polls'] > 0 else 'Terminated'}</Status></Instance>")

    def answer_tunnel(self, request):
        query = dict(request.query)
        if request.headers.get("x-odps-tunnel-version") is None:
            raise Refusal(400, "InvalidParameter", "no version of the tunnel")
        found = re.fullmatch(rf"/projects/{self.project}(?:/schemas/(\w+))?/(tables|instances)/([^/]+)", request.path)
        if not found:
            raise Refusal(404, "NoSuchObject", request.path)
        if request.method == "POST" and "downloads" in query:
            return self.open_session(found, query)
        opened = self.sessions.get(query.get("downloadid"))
        if not opened or opened["path"] != request.path:
            raise Refusal(404, "NoSuchDownload")
        if opened["partition"] != query.get("partition", ""):
            raise Refusal(400, "InvalidPartitionSpec")
        if "data" not in query:
            with self.lock:
                opened["initiating"] = max(opened["initiating"] - 1, 0)
            return self.session_reply(query["downloadid"], opened)
        if opened["status"] != "normal":
            raise Refusal(409, "StatusConflict", "the session has expired")
        return self.send_rows(opened, query, request)

    def open_session(self, found, query):
        name = found[3]
        if found[2] == "instances":
            name = re.search(r"`(\w+)`;$", self.instances[name]["sql"])[1]
        table = self.find_table(name)
        if found[2] == "tables" and table["kind"] == "VIRTUAL_VIEW":
            raise Refusal(400, "InvalidOperation", "the tunnel reads no views")
        partition = query.get("partition", "")
        if bool(partition) != bool(table["keys"]):
            raise Refusal(400, "InvalidPartitionSpec", "You need to specify a partitionspec along with the specified table")
        if partition not in table["rows"]:
            raise Refusal(404, "NoSuchPartition", partition)
        columns = table["columns"]
        rows = table["rows"][partition]
        if found[2] == "instances":
            wanted = re.findall(r"`(\w+)`", self.instances[found[3]]["sql"].split(" FROM ")[0])
            places = [[column for column, _ in columns].index(column) for column in wanted]
            columns, rows = [columns[place] for place in places], [tuple(row[place] for place in places) for row in rows]
        with self.lock:
            number = f"dl{len(self.sessions)}"
            opened = self.sessions[number] = {"path": found[0], "partition": partition, "rows": rows, "columns": columns, "status": "normal",
                                              "initiating": self.initiating}
        return self.session_reply(number, opened, 201)

    def session_reply(self, number, opened, status=200):
        state = "initiating" if opened["initiating"] else opened["status"]
        answer = {"DownloadID": number, "Initiated": "x", "Owner": "o", "Status": state,
                  "Schema": {"IsVirtualView": False, "columns": _json_columns(opened["columns"]), "partitionKeys": []}}
        if state == "normal":
            answer["RecordCount"] = len(opened["rows"])
        return Reply(status, json.dumps(answer))

    def send_rows(self, opened, query, request):
        start, count = map(int, re.fullmatch(r"\((\d+),(\d+)\)", query["rowrange"]).groups())
        if count == 0 or start + count > len(opened["rows"]):
            raise Refusal(400, "InvalidRowRange")
        columns, rows = opened["columns"], opened["rows"][start:start + count]
        if "columns" in query:
            names = query["columns"].split(",")
            places = [[column for column, _ in columns].index(name) for name in names]
            columns, rows = [columns[place] for place in places], [tuple(row[place] for place in places) for row in rows]
        reply = Reply(200, encode_stream([parse_type(kind) for _, kind in columns], rows, self.metrics))
        wanted = request.headers.get("accept-encoding", "")
        if self.compress and wanted in ("deflate", "zstd"):
            reply.headers["Content-Encoding"] = wanted
        return reply


def _columns(text):
    if not isinstance(text, str):
        return list(text)
    return [tuple(part.split(":", 1)) for part in text.split(",")] if text else []


def _json_columns(columns):
    return [{"name": name, "type": kind, "nullable": True, "comment": ""} for name, kind in columns]


def _serve(service, port, prefix):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self):
            raw, _, arguments = self.path.partition("?")
            query = urllib.parse.parse_qsl(arguments.replace("+", "%2B"), keep_blank_values=True)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = urllib.parse.unquote(raw)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, path[len(prefix):], query, headers, body)
            is_data = "data" in dict(query)
            if is_data:
                with service.lock:
                    service.active += 1
                    service.most_active = max(service.most_active, service.active)
            try:
                if prefix and not path.startswith(prefix + "/"):
                    raise Refusal(404, "NoSuchObject")
                reply = service.answer(request, not prefix)
            except Refusal as refusal:
                reply = self.refusal_reply(refusal)
            except OSError:
                self.close_connection = True
                return
            finally:
                if is_data:
                    with service.lock:
                        service.active -= 1
            try:
                self.send(reply)
            except OSError:
                self.close_connection = True

        def refusal_reply(self, refusal):
            if prefix:
                return Reply(refusal.status, f"<?xml version=\"1.0\"?><Error><Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message>"
                                             "<RequestId>req1</RequestId><HostId>h</HostId></Error>")
            return Reply(refusal.status, json.dumps({"Code": refusal.code, "Message": refusal.message, "RequestId": "req1", "HostId": "h", **refusal.more}))

        def send(self, reply):
            if reply.hang_up:
                self.close_connection = True
                return
            encoding = reply.headers.get("Content-Encoding")
            body = reply.body
            if encoding == "deflate":
                packer = zlib.compressobj()
                body = packer.compress(body) + (packer.flush(zlib.Z_SYNC_FLUSH) if reply.broken else packer.flush())
            elif encoding == "zstd":
                body = zstd(body)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(body), service.chunk):
                piece = body[at:at + service.chunk]
                if reply.stall:
                    after, seconds = reply.stall
                    reply.stall = None
                    self.wfile.write(b"%x\r\n%s\r\n" % (after, piece[:after]))
                    self.wfile.flush()
                    piece = piece[after:]
                    time.sleep(seconds)
                if piece:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            if reply.broken:
                self.wfile.flush()
                self.close_connection = True
                return
            self.wfile.write(b"0\r\n\r\n")

        do_GET = do_POST = do

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, request, client_address):
            if not isinstance(sys.exc_info()[1], OSError):  # who hangs up needs no traceback
                super().handle_error(request, client_address)

        daemon_threads = True
        block_on_close = False  # one may sleep
        request_queue_size = 128

    server = Server(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def read_csv(path, columns):
    import csv
    whole = ("tinyint", "smallint", "int", "bigint")
    with open(path, encoding="utf-8", newline="") as file:
        return [tuple(None if row[name] == "" else int(row[name]) if kind in whole else row[name] for name, kind in columns) for row in csv.DictReader(file)]


def main():
    parser = argparse.ArgumentParser(description="A stand-in for MaxCompute on 127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--table", action="append", default=[], metavar="NAME:FILE:COLUMNS", help="user_info:users.csv:user_id:bigint,user_name:string")
    arguments = parser.parse_args()
    service = MaxCompute()
    for text in arguments.table:
        name, path, columns = text.split(":", 2)
        service.table(name, columns, read_csv(path, _columns(columns)))
    service.start(arguments.port)
    print(f"MaxCompute stands at {service.endpoint}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    sys.exit(main())
