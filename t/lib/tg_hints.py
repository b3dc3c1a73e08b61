"""The `try:` lines of the loader: each is one command alone, which the program can parse, and which keeps what was typed."""
import difflib
import os
import re
import shlex

from tg_process import run
from tg_settings import kCheckout, kLoader

kNouns = ("api", "table", "consumer", "workspace", "gateway")
kGlobals = ("--catalog", "--mirror", "--workspace", "--gateway")
kLooks = (["get"], ["api", "test"], ["explain"])  # change nothing: one of several, or the list of what there is, is no more than was asked
# Parsing is the same in both builds, and a sanitized program takes ten times as long to start.
kParser = next((path for path in (os.path.join(kCheckout, "build", "tablegate"),) if os.path.exists(path)), kLoader)
kPrograms = ("tablegate", "psql", "createdb", "pg_isready", "chmod", "chown", "ls", "df", "iconv", "openssl", "xz", "zstd", "bzip2", "lz4", "gzip", "7z",
             "unrar", "unzip", "tar", "sed", "systemctl", "nginx", "libreoffice")


def hints_of(result):
    """The commands behind `try: ` in what a command printed."""
    return re.findall(r"^ *try: (.*)$", result.stderr + result.stdout, re.M)


def _verb(words):
    plain = [word for word in words if not word.startswith("-")]
    return plain[:2] if plain and plain[0] in kNouns else plain[:1]


def _lost(typed, hint):
    """Typed words that the hint lacks. Kept is also an option with another value, a misspelt word, and a choice in upper case."""
    left, lost = list(hint), []
    for place, word in enumerate(typed):
        if word in left:
            left.remove(word)
        elif not (place and typed[place - 1].startswith("-") and typed[place - 1] in hint) and word.split("=")[0] not in [one.split("=")[0] for one in hint]:
            meant = hint[place] if place < len(hint) else ""  # a misspelt word is replaced by the nearest
            if not re.fullmatch("[A-Z]+", meant) and difflib.SequenceMatcher(None, word, meant).ratio() < 0.7:
                lost.append(word)
    return lost


def fault_of(typed, hint, env):
    """Why the hint is not what a person could type next; None: it is."""
    try:
        words = shlex.split(hint)
    except ValueError as error:
        return f"no words of a shell: {error}"
    if "|" in words:
        words = words[words.index("|") + 1:]
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    if not words or words[0].rsplit("/", 1)[-1] not in kPrograms:
        return "does not begin with a program"
    if words[0] != "tablegate":
        return None
    words = words[1:]
    if "tablegate" in words:
        return "is not one command alone"
    parsed = run([kParser, "--parse-only", *words], env=env, timeout=60)
    if parsed.returncode:
        return f"cannot be parsed: {parsed.stderr}"
    if words[-1] in ("--help", "--version"):
        return None
    typed = [word for word in typed if word != "--"]
    if _verb(words) == _verb(typed) and _verb(typed) not in kLooks:
        lost = _lost(typed, words)
    else:
        lost = [word for word in kGlobals if word in typed and word not in words]
    return f"loses {lost}" if lost else None
