"""Certificates for tests, by openssl's command: an authority, and what it signs; HTTPS as callers speak it."""
import os
import socket
import ssl

from tg_gateway import free_port
from tg_http import Answer, request
from tg_process import run


def openssl(*arguments, input=None):
    done = run(["openssl", *arguments], **({"input": input} if input is not None else {}))
    if done.returncode:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")
    return done.stdout


class Authority:
    """A certificate authority in FOLDER; ca is its certificate's file."""

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.ca, self.key = os.path.join(folder, "ca.crt"), os.path.join(folder, "ca.key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650", "-subj", "/CN=Tablegate test CA",
                "-keyout", self.key, "-out", self.ca)

    def issue(self, name, hosts, days=90, begin=None, end=None, key=None):
        """Writes NAME.crt and NAME.key for these hosts, in place of those before: (certificate, key). begin, end: openssl's YYYYMMDDHHMMSSZ."""
        path = os.path.join(self.folder, name)
        key = key or f"{path}.key"
        if not os.path.exists(key):
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{key}.new")
            os.chmod(f"{key}.new", 0o600)
            os.rename(f"{key}.new", key)
        config = f"{path}.cnf"
        with open(config, "w", encoding="ascii") as file:
            names = ",".join(f"DNS:{host}" for host in hosts)
            file.write(f"[ca]\ndefault_ca=c\n[c]\ndatabase={path}.index\nnew_certs_dir={self.folder}\nrand_serial=yes\ndefault_md=sha256\n"
                       f"policy=p\nunique_subject=no\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName={names}\nbasicConstraints=CA:FALSE\n"
                       "[req]\ndistinguished_name=d\n[d]\n")
        open(f"{path}.index", "w", encoding="ascii").close()
        openssl("req", "-new", "-config", config, "-key", key, "-subj", "/CN=tablegate test", "-out", f"{path}.csr")
        dates = (["-startdate", begin] if begin else []) + (["-enddate", end] if end else ["-days", str(days)])
        openssl("ca", "-batch", "-notext", "-config", config, "-cert", self.ca, "-keyfile", self.key, "-in", f"{path}.csr", "-out", f"{path}.new", *dates)
        os.rename(f"{path}.new", f"{path}.crt")
        return f"{path}.crt", key


def https(port, host, target="/", ca=None, sni=None, header_host=None, headers=None, context=None, timeout=15):
    """One GET over TLS to 127.0.0.1: SNI and Host can differ; without ca nothing is verified. Answer, with .tls_version and .peer (the
    peer's names, where it was verified)."""
    if context is None:
        context = ssl.create_default_context(cafile=ca) if ca else ssl._create_unverified_context()
    sni = host if sni is None else sni
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as link, context.wrap_socket(link, server_hostname=sni or None) as tls:
        lines = {"Host": header_host or host, "Connection": "close", **(headers or {})}
        tls.sendall(f"GET {target} HTTP/1.1\r\n{''.join(f'{name}: {value}' + chr(13) + chr(10) for name, value in lines.items())}\r\n".encode())
        parts = []
        while True:
            part = tls.recv(65536)
            if not part:
                break
            parts.append(part)
        version, peer = tls.version(), tls.getpeercert()
    head, _, body = b"".join(parts).partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    answer = Answer(int(first.split(" ")[1]), [field.split(": ", 1) for field in fields], body)
    answer.tls_version, answer.peer = version, [name for _, name in (peer or {}).get("subjectAltName", ())]
    return answer


def curl(url, *options, headers=None, timeout=30):
    """curl from the command line, without proxies: (exit status, body, stderr)."""
    words = [word for name, value in (headers or {}).items() for word in ("-H", f"{name}: {value}")]
    done = run(["curl", "-sS", "--noproxy", "*", "--max-time", str(timeout), *options, *words, url], timeout=timeout + 10)
    return done.returncode, done.stdout, done.stderr


class DomainProject:
    """A project whose nginx includes domains.conf, on a plain and a TLS port of its own; domain names are those of `authority`."""

    def __init__(self, t, objects, users, **parts):
        self.p = p = t.project()
        self.authority = Authority(os.path.join(p.folder, "tls"))
        self.http, self.https = free_port(), free_port()
        users[0].update(http_listen=[f"127.0.0.1:{self.http}"], https_listen=[f"127.0.0.1:{self.https}"])
        p.serve(users, http=f"include {p.gateway.out}/domains.conf;\n{parts.pop('http', '')}", **parts)
        if objects:
            p.apply(objects)

    def domain(self, name, days=90, certificate=None, **fields):
        """A definition of an HTTPS domain, with a certificate of our authority unless one is named (a file's name in its folder)."""
        stem = certificate or name.replace("*", "_")
        if certificate is None:
            self.authority.issue(stem, [name], days)
        path = os.path.join(self.authority.folder, stem)
        return {"kind": "Domain", "name": name, "protocol": "HTTPS", "certificate": f"{path}.crt", "certificate_key": f"{path}.key", **fields}

    def options(self):
        return ("--check", self.p.gateway.check_command(), "--reload", self.p.gateway.reload_command())

    def sync(self, *more):
        """sync with nginx's own check and reload; may fail."""
        return self.p.loader("sync", "--output", self.p.gateway.out, *self.options(), *more)

    def publish(self, name, *domains):
        """Publishes on these domains only, syncs, and returns when only new workers serve."""
        gateway = self.p.gateway
        words = [word for domain in domains for word in ("--domain", domain)] or ["--no-domain"]
        self.p.loader.must("api", "publish", name, *words, "--yes")
        old, seen = set(gateway.workers()), gateway.log_size()
        result = self.sync()
        if result.rc:
            raise RuntimeError(repr(result))
        gateway.wait_new_workers(old, seen)

    def conf(self):
        with open(os.path.join(self.p.gateway.out, "domains.conf"), encoding="utf-8") as file:
            return file.read()

    def ask(self, host, target="/", **headers):
        """Over the plain port of the generated blocks."""
        return request(self.http, target, headers={"Host": host, **headers})

    def https_ask(self, host, target="/", **options):
        """Over TLS; verified with our authority unless ca=None."""
        return https(self.https, host, target, ca=options.pop("ca", self.authority.ca), **options)
