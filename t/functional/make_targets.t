#!/usr/bin/env python3
"""make install DESTDIR= PREFIX= DEBUG=, make uninstall, make format and make clean, on a copy of the sources."""
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kAsan, kCheckout, kLoader, kNginx, kSlow, run, run_test
from tg_settings import nginx_env

kInstalled = {"lib/nginx/modules/ngx_http_tablegate_module.so": 0o644, "bin/tablegate": 0o755, "share/nginx/modules-available/mod-http-tablegate.conf": 0o644,
              "lib/systemd/system/tablegate-refresh.service": 0o644,
              "lib/systemd/system/tablegate-sync@.service": 0o644}

kBinaries = ("lib/nginx/modules/ngx_http_tablegate_module.so", "bin/tablegate")


def files(folder):
    return {os.path.relpath(os.path.join(path, name), folder): os.stat(os.path.join(path, name)).st_mode & 0o777 for path, _, names in os.walk(folder) for name in names}


def make(folder, *words):
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR", "PREFIX")}
    return run(["make", "-s", "-C", folder, *words], env=env, timeout=600 * kSlow)


def installing(t, p):
    for name, prefix, line in (("default", None, "modules/ngx_http_tablegate_module.so"), ("other", "/opt/tablegate", "/opt/tablegate/lib/nginx/modules/ngx_http_tablegate_module.so")):
        root = os.path.join(p.folder, name)
        done = make(kCheckout, "install", f"DESTDIR={root}", *([f"PREFIX={prefix}"] if prefix else []))
        t.is_(done.returncode, 0, f"install into DESTDIR, PREFIX {name}") or t.diag(done.stdout + done.stderr)
        below = (prefix or "/usr")[1:]
        t.is_(files(root), {os.path.join(below, path): mode for path, mode in kInstalled.items()}, "these files with these modes, nothing else")
        with open(os.path.join(root, below, "share/nginx/modules-available/mod-http-tablegate.conf"), encoding="utf-8") as file:
            t.is_(file.read(), f"load_module {line};\n", "the file for modules-enabled names the module")
        with open(os.path.join(root, below, "lib/systemd/system/tablegate-refresh.service"), encoding="utf-8") as file:
            t.like(file.read(), rf"(?m)^ExecStart=/{below}/bin/tablegate table watch$", "the unit runs the installed command")
        unit = os.path.join(root, below, "lib/systemd/system/tablegate-sync@.service")
        with open(unit, encoding="utf-8") as file:
            text = file.read()
        t.like(text, rf"(?m)^ExecStart={prefix or '/usr'}/bin/tablegate sync --gateway %i --watch ", "the unit starts the installed command")
        check_unit(t, p, unit, text)
        done = run([os.path.join(root, below, "bin/tablegate"), "--version"])
        t.like(done.stdout, r"^tablegate \d", "the installed command runs")
        for path in kBinaries:
            t.unlike(run(["readelf", "-S", "-W", os.path.join(root, below, path)]).stdout, r"\.(debug_|symtab|gnu_debuglink)", f"{path} is stripped")


def debug_data(t, p):
    """DEBUG=1: beside the binaries, which name it; uninstall leaves what is not its own."""
    root = os.path.join(p.folder, "debug")
    t.is_(make(kCheckout, "install", f"DESTDIR={root}", "DEBUG=1").returncode, 0, "install with DEBUG=1")
    debug = {os.path.join("usr", os.path.dirname(path), ".debug", f"{os.path.basename(path)}.debug"): path for path in kBinaries}
    t.is_(files(root), {**{os.path.join("usr", path): mode for path, mode in kInstalled.items()}, **{path: 0o644 for path in debug}}, "a file for each binary")
    for path, binary in debug.items():
        sections = run(["readelf", "-S", "-W", os.path.join(root, "usr", binary)]).stdout
        t.ok(".gnu_debuglink" in sections and ".debug_info" not in sections, f"{binary} is stripped and names its debug data", sections)
        t.like(run(["readelf", "-S", "-W", os.path.join(root, path)]).stdout, r"\.debug_info", f"{path} holds it")
    other = os.path.join(root, "usr/bin/other")
    with open(other, "w", encoding="utf-8") as file:
        file.write("somebody else's")
    t.is_(make(kCheckout, "uninstall", f"DESTDIR={root}").returncode, 0, "uninstall")
    t.is_(list(files(root)), ["usr/bin/other"], "what install put there is gone, nothing else")
    t.ok(not os.path.exists(os.path.join(root, "usr/bin/.debug")), "the folders of debug data too")
    t.is_(make(kCheckout, "uninstall", f"DESTDIR={root}").returncode, 0, "uninstall again")


def check_unit(t, p, unit, text):
    """systemd's own check, of an instance whose command exists."""
    if not shutil.which("systemd-analyze"):
        t.note("systemd-analyze is not here: the unit is not checked")
        return
    folder = os.path.join(p.folder, "units")
    os.makedirs(folder, exist_ok=True)
    copy = os.path.join(folder, os.path.basename(unit))
    with open(copy, "w", encoding="utf-8") as file:
        file.write(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={kLoader}", text))
    done = run(["systemd-analyze", "verify", "--man=no", copy.replace("@.", "@gateway.")])
    t.ok(done.returncode == 0 and not done.stderr, "systemd-analyze verify finds nothing", done.stderr)


def loaded(t, p):
    """Installed for real (no DESTDIR), nginx takes it by the line that was installed."""
    prefix = os.path.join(p.folder, "prefix")
    t.is_(make(kCheckout, "install", f"PREFIX={prefix}").returncode, 0, "install into a PREFIX of its own")
    conf = p.file("nginx.conf", f"include {prefix}/share/nginx/modules-available/*.conf;\npid {p.folder}/n.pid;\nerror_log stderr;\nevents {{ }}\n"
                                f"http {{ access_log off; tablegate_zone 1m; {' '.join(f'{kind}_temp_path {p.folder}/tmp/{kind};' for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))} }}\n")
    done = run([kNginx, "-t", "-p", p.folder, "-c", conf, "-e", "stderr"], env={**os.environ, **nginx_env(p.folder, brief=True)})
    t.is_(done.returncode, 0, "nginx -t loads it by that file") or t.diag(done.stderr)
    t.is_((make(kCheckout, "uninstall", f"PREFIX={prefix}").returncode, files(prefix)), (0, {}), "uninstall from that PREFIX")


def keeping(t, p):
    """clean and format in a copy: neither may touch what is tested here."""
    copy = os.path.join(p.folder, "copy")
    listed = run(["git", "-c", f"safe.directory={kCheckout}", "-C", kCheckout, "ls-files", "-z", "--", "*.cpp", "*.hpp", "Makefile", "t/lib", ".clang-format"])
    if listed.returncode:
        t.note("no git checkout: format and clean are not tried")
        return
    for name in listed.stdout.split("\0")[:-1]:
        if os.path.exists(os.path.join(kCheckout, name)):
            os.makedirs(os.path.dirname(os.path.join(copy, name)), exist_ok=True)
            shutil.copy2(os.path.join(kCheckout, name), os.path.join(copy, name))
    os.makedirs(os.path.join(copy, "build", "obj"))
    t.is_(make(copy, "clean").returncode, 0, "make clean")
    t.ok(not os.path.exists(os.path.join(copy, "build")) and os.path.exists(os.path.join(copy, "Makefile")), "build/ is gone, nothing else")
    t.is_(make(copy, "clean").returncode, 0, "make clean again")
    t.like(make(copy, "help").stdout, r"(?s)quickstart .*install .*uninstall .*clean ", "make help lists the targets")
    if not shutil.which("clang-format-14"):
        t.note("clang-format-14 is not here (t/lib/deps.sh lint): make format is not tried")
        return
    for words in (["init", "-q"], ["add", "."]):
        run(["git", "-C", copy, *words])
    before = {name: open(os.path.join(copy, name), encoding="utf-8").read() for name in files(copy) if name.endswith((".cpp", ".hpp"))}
    name = "ngx_module/core/arena.cpp"
    with open(os.path.join(copy, name), "w", encoding="utf-8") as file:
        file.write(before[name].replace("\n", "\n   ").replace(" {", "\n{"))
    t.is_(make(copy, "format").returncode, 0, "make format")
    after = {name: open(os.path.join(copy, name), encoding="utf-8").read() for name in before}
    t.is_([name for name in before if before[name] != after[name]], [], "an untidy source is put right, all others stay as they are")


def test(t):
    p = t.project()
    if kAsan:
        t.skip_all("what is installed has no sanitizers")
    installing(t, p)
    debug_data(t, p)
    loaded(t, p)
    keeping(t, p)


run_test(test)
