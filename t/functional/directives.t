#!/usr/bin/env python3
"""Every directive and variable of the module is in ngx_module/docs with its context, and nothing else is. Reads files only."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kCheckout, run_test

kContexts = {"NGX_HTTP_MAIN_CONF": "http", "NGX_HTTP_SRV_CONF": "server", "NGX_HTTP_LOC_CONF": "location"}


def read(*path):
    with open(os.path.join(kCheckout, *path), encoding="utf-8") as file:
        return file.read()


def in_source(source):
    """{directive: contexts} of nginx's command tables and of the block tablegate_service."""
    found = {}
    for name, flags in re.findall(r'\{\s*ngx_string\("(\w+)"\),\s*((?:NGX_\w+\s*\|?\s*)+),', source):
        contexts = [kContexts[flag] for flag in re.findall(r"\w+", flags) if flag in kContexts]
        if contexts:
            found[name] = contexts
    block = re.search(r"\nchar\* read_line\(.*?\n}", source, re.S).group(0)
    found.update({name: ["tablegate_service"] for name in re.findall(r'name == "(\w+)"', block)})
    return found


def in_page(page):
    """{directive: contexts} of a page: a heading, then a table with the rows Syntax, Default and Context."""
    found = {}
    for section in re.split(r"^## ", page, flags=re.M)[1:]:
        name = section.split("\n", 1)[0]
        context = re.search(r"^\| \*\*Context\*\* \| (.*) \|$", section, re.M)
        syntax = re.search(rf"^\| \*\*Syntax\*\* \| `{name}[ ;]", section, re.M)
        default = re.search(rf"^\| \*\*Default\*\* \| (none|`{name} .*;`) \|$", section, re.M)
        found[name] = re.findall(r"`(\w+)`", context.group(1)) if context and syntax and default else "no Syntax, Default or Context"
    return found


def test(t):
    source = "".join(read(path) for path in sorted(glob.glob(os.path.join(kCheckout, "ngx_module", "ngx", "*.cpp"))))
    directives = in_source(source)
    t.ok(len(directives) >= 17, "the source has directives", sorted(directives))
    t.is_(in_page(read("ngx_module", "docs", "directives.md")), directives, "directives.md has each directive with its contexts, and no other")
    variables = {f"${name}" for name in re.findall(r'\{ngx_string\("(tablegate_\w+)"\), k[A-Z]', source)}
    t.ok(len(variables) >= 10, "the source has variables", sorted(variables))
    listed = set(re.findall(r"^\| `(\$\w+)` \|", read("ngx_module", "docs", "variables.md"), re.M))
    t.is_(sorted(listed), sorted(variables), "variables.md has each variable, and no other")


run_test(test)
