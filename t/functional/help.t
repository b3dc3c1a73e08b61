#!/usr/bin/env python3
"""`--help` of every noun and verb, found by walking from `tablegate --help`: it says what it does, with examples of that very verb. The pages
loader/docs/reference.md and definitions.md have each command, option and field, and nothing else."""
import glob
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kCheckout, run_test

# A verb that goes missing is noticed.
kVerbs = """init|explain|version|apply|diff|export|deploy|openapi|get|delete|sync|doctor|gateway status|gateway forget|workspace create|workspace list|workspace set|workspace delete|table load|table status|table columns|table views|table advise|api generate|api list
api test|usage|api deprecate|api commit|api plan|api diff|api rename|api submit|api approve|api reject|api rollback|audit|api versions|api show|api publish|api unpublish|api call|consumer create|consumer list|consumer show|consumer enable
consumer disable|consumer delete|consumer authorize|consumer deauthorize|consumer add-key|consumer revoke-key""".replace("\n", "|").split("|")


def below(help_text):
    """Names of the subcommands that a help text lists."""
    found = re.search(r"^Subcommands:\n((?:  .*\n|\n)+)", help_text, re.M)
    return re.findall(r"^  (\S+)", found.group(1), re.M) if found else []


kHelp = {}  # words: their help text, as walk() found it


def walk(t, p, words):
    """Checks the help of these words and of all below; returns the verbs (what has nothing below it)."""
    name = " ".join(words)
    result = p.loader(*words, "--help")
    t.ok(result.rc == 0 and result.stdout and not result.stderr, f"--help of '{name}': exit 0, on stdout", result)
    help_text = kHelp[" ".join(words)] = result.stdout
    examples = help_text.partition("Examples:\n")[2]
    t.like(examples, rf"(?m)^  (.*\| *)?tablegate .*{re.escape(words[-1]) if words else ''}", f"'{name}' has an example of its own")
    t.is_(p.loader(*words, "-h").stdout, help_text, f"-h of '{name}' is the same")
    bare = [line for line in help_text.splitlines() if re.match(r"  -\S+(,-\S+)*( [A-Z|:=-]+)*( REQUIRED)?$", line)]
    following = {line: help_text.splitlines()[help_text.splitlines().index(line) + 1] for line in bare}
    t.ok(all(line.startswith("      ") for line in following.values()), f"'{name}': every option says what it is for", following)
    names = below(help_text)
    return [name] if not names else [verb for one in names for verb in walk(t, p, [*words, one])]


def page(name):
    with open(os.path.join(kCheckout, "loader", "docs", name), encoding="utf-8") as file:
        return file.read()


def option_names(lines):
    return sorted({name for line in lines for name in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", line)} - {"-h", "--help"})


def helped(words=()):
    """{command: (usage, options, variables)} of the help texts of these words and of all below. Global options are the root's."""
    help_text = kHelp[" ".join(words)]
    own = help_text if not words else re.sub(r"^Global options:\n(  .*\n)+", "", help_text, flags=re.M)
    options = option_names(re.match(r"[^ {]+", line.strip()).group(0) for line in own.splitlines() if re.match(r" {2,4}-", line))
    usage = re.search(r"^Usage: (.*)$", help_text, re.M).group(1)
    found = {" ".join(("tablegate", *words)): (usage, options, sorted(re.findall(r"\(Env:(\w+)\)", own)))}
    for name in below(help_text):
        found.update(helped((*words, name)))
    return found


def check_reference(t):
    """A heading for each command, its usage, then its options: - `-m`, `--message TEXT`: meaning"""
    text = page("reference.md")
    commands = helped()
    found = {}
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        heading, _, body = section.partition("\n")
        options = [" ".join(re.findall(r"`([^`]+)`", line.split(": ", 1)[0])) for line in body.splitlines() if line.startswith("- `-")]
        usage = re.search(r"^`(tablegate .*)`$", body, re.M)
        found[heading.strip("`")] = (usage.group(1) if usage else None, option_names(options))
    t.is_(sorted(found), sorted(commands), "reference.md has every command, and no other")
    for name, (usage, options, variables) in commands.items():
        t.is_(found.get(name), (usage, options), f"reference.md has the usage and the options of '{name}'")
        t.is_([variable for variable in variables if f"`{variable}`" not in text], [], f"reference.md has the variables of '{name}'")


def fields(schema, prefix=""):
    """Paths of all fields of a JSON Schema, as versioning.scheme or request_parameters[].name."""
    for name, value in schema.get("properties", {}).items():
        if prefix or name not in ("$schema", "kind"):
            yield prefix + name
        yield from fields(value, f"{prefix}{name}.")
        yield from fields(value.get("items", {}), f"{prefix}{name}[].")


def check_definitions(t):
    """A heading for each kind, then its fields in the first cells of tables."""
    found = {}
    for section in re.split(r"^## ", page("definitions.md"), flags=re.M)[1:]:
        heading, _, body = section.partition("\n")
        cells = [line.split(" | ")[0] for line in body.splitlines() if re.match(r"\| \**`", line)]
        found[heading] = sorted(name for cell in cells for name in re.findall(r"`([^`]+)`", cell))
    for path in sorted(glob.glob(os.path.join(kCheckout, "schema", "definitions", "*.schema.json"))):
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        t.is_(found.get(schema["title"]), sorted(fields(schema)), f"definitions.md has the fields of {schema['title']}")


def test(t):
    p = t.project()
    verbs = walk(t, p, [])
    check_reference(t)
    check_definitions(t)
    t.is_([verb for verb in kVerbs if verb not in verbs], [], "every verb is listed")
    t.like(p.loader("--version").stdout, r"^tablegate \d+\.\d+\.\d+\n$", "--version")
    t.is_(p.loader().rc, 2, "no command: the help and exit 2")
    t.like(p.loader().stderr, "Subcommands:", "on stderr")


run_test(test)
