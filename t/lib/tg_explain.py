"""What each statement of a command reads: PostgreSQL's own plans with the rows that they really visited (auto_explain).

    explain = Explain(p)                        # a project whose PostgreSQL runs
    with explain.statements() as found: p.loader.must("api", "list")
    found[0].text, found[0].visited, found[0].returned

visited: {relation: rows} that the scans of the statement looked at, those that a filter removed and those of triggers' statements
included (nested=True: each is a statement of its own)."""
import contextlib
import json
import re

_kSettings = {
    "log_min_duration": "0", "log_analyze": "on", "log_timing": "off", "log_format": "json", "log_nested_statements": "off",
}


class Statement:
    """One executed statement."""

    def __init__(self, entry):
        self.text = entry["Query Text"]
        self.returned = 0
        self.visited = {}
        self._add(entry["Plan"])
        self.returned = entry["Plan"].get("Actual Rows", 0)

    def _add(self, node):
        loops = node.get("Actual Loops", 0)
        rows = node.get("Actual Rows", 0) + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        name = node.get("Relation Name") if "Scan" in node["Node Type"] else None
        removed = node.get("Rows Removed by Join Filter", 0) * loops
        if name:
            self.visited[name] = self.visited.get(name, 0) + rows * loops
        if removed:
            self.visited["join"] = self.visited.get("join", 0) + removed
        for child in node.get("Plans", ()):
            self._add(child)

    def __repr__(self):
        return f"{self.visited}: {self.text[:700]}"


class Explain:
    def __init__(self, p):
        self._p = p
        settings = "".join(f"ALTER DATABASE tablegate SET auto_explain.{name} = '{value}';" for name, value in _kSettings.items())
        p.postgres.psql(f"LOAD 'auto_explain'; ALTER DATABASE tablegate SET session_preload_libraries = 'auto_explain'; {settings}")

    @contextlib.contextmanager
    def statements(self, nested=False):
        """The statements of all sessions that begin within it."""
        self._p.postgres.psql(f"LOAD 'auto_explain'; ALTER DATABASE tablegate SET auto_explain.log_nested_statements = '{'on' if nested else 'off'}'")
        with open(self._p.postgres.log, "rb") as log:
            log.seek(0, 2)
            found = []
            yield found
            text = log.read().decode("utf-8", "replace")
        # Each line of an entry after the first begins with a tab.
        for entry in re.findall(r" ms  plan:\n((?:\t.*\n)+)", text):
            found.append(Statement(json.loads(entry.replace("\n\t", "\n"))))
