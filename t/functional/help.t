#!/usr/bin/env python3
"""`--help` of every noun and verb, found by walking from `tablegate --help`: it says what it does, with examples of that very verb."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import run_test

# All verbs; a verb that goes missing is noticed.
kVerbs = """init|apply|diff|export|deploy|openapi|get|delete|sync|doctor|gateway status|gateway forget|workspace create|workspace list|workspace set|table load|table status|table columns|api generate|api list
api test|usage|api deprecate|api commit|api diff|api rename|api submit|api approve|api reject|api rollback|audit|api versions|api show|api publish|api unpublish|api call|consumer create|consumer list|consumer show|consumer enable
consumer disable|consumer delete|consumer authorize|consumer deauthorize|consumer add-key|consumer revoke-key""".replace("\n", "|").split("|")


def below(help_text):
    """Names of the subcommands that a help text lists."""
    found = re.search(r"^Subcommands:\n((?:  .*\n|\n)+)", help_text, re.M)
    return re.findall(r"^  (\S+)", found.group(1), re.M) if found else []


def walk(t, p, words):
    """Checks the help of these words and of all below; returns the verbs (what has nothing below it)."""
    name = " ".join(words)
    result = p.loader(*words, "--help")
    t.ok(result.rc == 0 and result.stdout and not result.stderr, f"--help of '{name}': exit 0, on stdout", result)
    help_text = result.stdout
    examples = help_text.partition("Examples:\n")[2]
    t.like(examples, rf"(?m)^  (.*\| *)?tablegate .*{re.escape(words[-1]) if words else ''}", f"'{name}' has an example of its own")
    t.is_(p.loader(*words, "-h").stdout, help_text, f"-h of '{name}' is the same")
    bare = [line for line in help_text.splitlines() if re.match(r"  -\S+(,-\S+)*( [A-Z|:=-]+)*( REQUIRED)?$", line)]
    following = {line: help_text.splitlines()[help_text.splitlines().index(line) + 1] for line in bare}
    t.ok(all(line.startswith("      ") for line in following.values()), f"'{name}': every option says what it is for", following)
    names = below(help_text)
    return [name] if not names else [verb for one in names for verb in walk(t, p, [*words, one])]


def test(t):
    p = t.project()
    verbs = walk(t, p, [])
    t.is_([verb for verb in kVerbs if verb not in verbs], [], "every verb is listed")
    t.like(p.loader("--version").stdout, r"^tablegate \d+\.\d+\.\d+\n$", "--version")
    t.is_(p.loader().rc, 2, "no command: the help and exit 2")
    t.like(p.loader().stderr, "Subcommands:", "on stderr")


run_test(test)
