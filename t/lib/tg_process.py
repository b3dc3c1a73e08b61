"""Processes of a test: started with the test's marks, found again by what they hold open, ended whatever happens.

A guardian (forked before anything else) ends the test's processes when the test itself dies, kill -9 included: nginx runs as a daemon,
out of reach of PDEATHSIG."""
import ctypes
import os
import pwd
import signal
import subprocess
import time

kRoot = os.geteuid() == 0
kPrSetPdeathsig = 1
_libc = ctypes.CDLL(None, use_errno=True)


def wait_for(condition, timeout=10.0, what=None, interval=0.01):
    """Calls condition until it is true and returns its value; TimeoutError after timeout seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"not within {timeout} s: {what or getattr(condition, '__name__', condition)}")
        time.sleep(interval)


def die_with_parent(signal_number):
    """preexec_fn: the child gets the signal when its parent's thread ends."""
    def set_signal():
        _libc.prctl(kPrSetPdeathsig, signal_number, 0, 0, 0)
    return set_signal


def user_arguments(user):
    """subprocess arguments that make a child run as user; nothing where we are not root and run as ourselves."""
    if not kRoot or user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def run(command, timeout=60, user=None, **options):
    """subprocess.run with captured text, bounded. When the test dies, the guardian ends it: a preexec_fn would make Python
    fork itself, which costs more CPU than most of the commands."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, "cwd": "/", **options}
    if "input" in options:
        del options["stdin"]
    return subprocess.run(command, timeout=timeout, text=True, encoding="utf-8", errors="surrogateescape", check=False,
                          **user_arguments(user), **options)


def is_alive(pid):
    """Is pid a running process (no zombie)?"""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return ""


def children(pid):
    """Process ids whose parent is pid."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as stat:
                    fields = stat.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid and fields[0] not in ("Z", "X"):
                found.append(int(entry))
    return sorted(found)


def processes_in(folder, without=()):
    """Processes that work in folder or have a file of it open: nginx holds its log, PostgreSQL works in its data."""
    found = []
    prefix = folder.rstrip("/") + "/"
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) in without or not is_alive(entry):
            continue
        try:
            links = [os.readlink(f"/proc/{entry}/cwd")]
            for fd in os.listdir(f"/proc/{entry}/fd"):
                try:
                    links.append(os.readlink(f"/proc/{entry}/fd/{fd}"))
                except OSError:
                    pass
        except OSError:
            continue
        if any(link.startswith(prefix) for link in links):
            found.append(int(entry))
    return sorted(found)


def processes_naming(folder, without=()):
    """Processes with a path below folder in their arguments or environment: psql and the loader, which work elsewhere."""
    found = []
    prefix = folder.rstrip("/").encode() + b"/"
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) in without or not is_alive(entry):
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as arguments, open(f"/proc/{entry}/environ", "rb") as environment:
                if prefix in arguments.read() + environment.read():
                    found.append(int(entry))
        except OSError:
            continue
    return found


def kill_all_in(folder, without=(), find=processes_in):
    """Ends every process of folder: TERM, then KILL."""
    for number, patience in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 3.0)):
        end = time.monotonic() + patience
        pids = find(folder, without)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGCONT)
                os.kill(pid, number)
            except OSError:
                pass
        while pids and time.monotonic() < end:
            time.sleep(0.05)
            pids = find(folder, without)
        if not pids:
            return


class Guardian:
    """Waits on a pipe for the end of the test; when that comes without dismiss(), ends what is left and removes the folder."""

    def __init__(self, folder, keep):
        test = os.getpid()
        reader, self._writer = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(reader)
            return
        try:
            os.setsid()
            os.close(self._writer)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            for fd in (0, 1, 2):  # prove waits for the end of the test's output
                os.dup2(os.open(os.devnull, os.O_RDWR), fd)
            if os.read(reader, 1) == b"":
                kill_all_in(folder, (os.getpid(), test), lambda *what: sorted({*processes_in(*what), *processes_naming(*what)}))
                if not keep:
                    run(["rm", "-rf", "--one-file-system", folder])
        finally:
            os._exit(0)

    def dismiss(self):
        os.write(self._writer, b"x")
        os.close(self._writer)
        os.waitpid(self.pid, 0)
