#!/usr/bin/env python3
"""The files of a source folder, or of a room with its sub-rooms, are compiled as one unit (Makefile). So a function of an unnamed namespace
has a name that no other file of its unit has there, and no header of its namespace: else a call in another file would take it, without an
error, where it fits better.
The compiler itself reports types and constants that clash. Functions are found by their form: clang-format begins them in column 1."""
import collections
import glob
import os
import re
import sys

kFunction = re.compile(r"^(?!return\b|using\b|else\b|typedef\b|extern\b|static_assert\b|friend\b)[A-Za-z_][\w:<>,*&\s\[\]]*?[\s*&>](\w+)\(")
kMember = re.compile(r"\w+::~?\w+\(")


def names(line):
    function = kFunction.match(line)
    return [function.group(1)] if function and not kMember.search(line[:function.end()]) else []


def unnamed(path):
    """The names of the file's unnamed namespaces."""
    found, inside = set(), False
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("namespace {"):
                inside = True
            elif line.startswith("}  // namespace"):
                inside = False
            elif inside:
                found.update(names(line))
    return found


def declared(folder):
    found = {}
    for path in glob.glob(f"{folder}/**/*.hpp", recursive=True):
        with open(path, encoding="utf-8") as file:
            for line in file:
                function = kFunction.match(line)
                if function:
                    found.setdefault(function.group(1), path)
    return found


def unit_of(path, whole_rooms):
    """The folder or room whose files are compiled together with this one."""
    folder = os.path.dirname(path)
    return next((room for room in whole_rooms if f"{folder}/".startswith(f"{room}/")), folder)


def main():
    os.chdir(sys.argv[1])
    with open("Makefile", encoding="utf-8") as file:
        whole_rooms = re.search(r"(?m)^WHOLE_ROOMS := (.*)$", file.read()).group(1).split()
    faults = []
    for room in ("ngx_module/core", "ngx_module/pg", "ngx_module/ngx", "loader"):  # each has a namespace of its own
        known = declared(room)
        owners = collections.defaultdict(list)
        for path in sorted(glob.glob(f"{room}/**/*.cpp", recursive=True)):
            if path == "loader/cli/main.cpp":
                continue  # a unit of its own
            for name in sorted(unnamed(path)):
                owners[unit_of(path, whole_rooms), name].append(path)
                if name in known:
                    faults.append(f"{path}: {name} is in an unnamed namespace, and a function of {known[name]}")
        for (unit, name), paths in owners.items():
            if len(paths) > 1:
                faults.append(f"{unit}: {name} is in the unnamed namespaces of {' and '.join(os.path.basename(path) for path in paths)}")
    for fault in faults:
        print(f"layers: {fault}; give one of them another name", file=sys.stderr)
    return 1 if faults else 0


sys.exit(main())
