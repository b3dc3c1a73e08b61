"""What is tested: the stock nginx with the built module, the built loader; under ASan + UBSan with TABLEGATE_ASAN=1."""
import functools
import os
import shutil

from tg_process import run

kCheckout = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
kTutorial = os.path.join(kCheckout, "t", "tutorial")
kAsan = os.environ.get("TABLEGATE_ASAN", "") not in ("", "0")
kKeep = os.environ.get("TABLEGATE_KEEP", "") not in ("", "0")
_build = os.path.join(kCheckout, "build", "asan") if kAsan else os.path.join(kCheckout, "build")
kModule = os.path.abspath(os.environ.get("TABLEGATE_MODULE") or os.path.join(_build, "ngx_http_tablegate_module.so"))
kLoader = os.path.abspath(os.environ.get("TABLEGATE_BIN") or os.path.join(_build, "tablegate"))
kNginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin") or "/usr/sbin/nginx"
kSlow = 4 if kAsan else 1  # factor for time limits


def sanitizer_env(folder, suppressions="lsan.supp"):
    """Environment of a sanitized program; its reports land in FOLDER/sanitizer, which nginx's workers can write to too."""
    if not kAsan:
        return {}
    log = f"log_path={folder}/sanitizer/report"
    # A copy beside the test: workers cannot read a checkout below a 0700 home.
    copy = os.path.join(folder, suppressions)
    if not os.path.exists(copy):
        shutil.copyfile(os.path.join(kCheckout, "t", "lib", suppressions), copy)
        os.chmod(copy, 0o644)
    return {
        "ASAN_OPTIONS": f"{log}:exitcode=99:detect_leaks=1:abort_on_error=0:detect_odr_violation=0",
        "UBSAN_OPTIONS": f"{log}:print_stacktrace=1:halt_on_error=1",
        "LSAN_OPTIONS": f"suppressions={copy}:print_suppressions=0",
    }


@functools.lru_cache(None)
def asan_runtime():
    return os.path.realpath(run(["gcc", "-print-file-name=libasan.so"]).stdout.strip())


def nginx_env(folder, brief=False):
    """The stock nginx knows no ASan: its runtime has to be loaded first. brief: a run with -t or -s, which frees nothing in the end."""
    if not kAsan:
        return {}
    return {**sanitizer_env(folder, "lsan_brief.supp" if brief else "lsan.supp"), "LD_PRELOAD": asan_runtime()}


def sanitizer_reports(folder):
    """Texts of all reports so far."""
    reports = []
    place = os.path.join(folder, "sanitizer")
    for name in sorted(os.listdir(place)):
        with open(os.path.join(place, name), encoding="utf-8", errors="replace") as file:
            text = file.read()
        # LeakSanitizer's own tracer died: it found nothing out, and says nothing of us. A report of a fault says ERROR.
        if "LeakSanitizer has encountered a fatal error" in text and "ERROR: " not in text:
            continue
        # libpq's description of its sockets for OpenSSL ("libpq socket"), made once a process at the first TLS connection and never freed.
        if "SUMMARY: AddressSanitizer: 109 byte(s) leaked in 2 allocation(s)." in text and "CRYPTO_zalloc" in text and "CRYPTO_strdup" in text:
            continue
        reports.append(f"{name}: {text}")
    return reports
