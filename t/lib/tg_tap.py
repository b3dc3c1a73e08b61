"""TAP output for prove: ok, is_, like, subset checks and diagnostics. No plan is needed: done() writes it."""
import re
import sys
import traceback


class SkipAll(Exception):
    """Raised by Tap.skip_all()."""


class Tap:
    """One test file's results. Every check returns whether it held, so that a test can stop early."""

    def __init__(self):
        self.count = 0
        self.failed = 0
        self.planned = None

    def plan(self, number):
        self.planned = number
        self._line(f"1..{number}")

    def ok(self, condition, name, *details):
        self.count += 1
        if not condition:
            self.failed += 1
        self._line(f"{'ok' if condition else 'not ok'} {self.count} - {str(name).replace('#', '/')}")
        if not condition:
            frame = sys._getframe(1)
            while frame.f_back and frame.f_code.co_filename == __file__:
                frame = frame.f_back
            self.diag(f"  at {frame.f_code.co_filename}:{frame.f_lineno}")
            for detail in details:
                self.diag(detail)
        return bool(condition)

    def is_(self, got, want, name):
        return self.ok(got == want, name, f"   got: {got!r}", f"wanted: {want!r}")

    def isnt(self, got, unwanted, name):
        return self.ok(got != unwanted, name, f"got the unwanted {got!r}")

    def like(self, text, pattern, name):
        return self.ok(re.search(pattern, text or "", re.S) is not None, name, f"   got: {text!r}", f"wanted: /{pattern}/")

    def unlike(self, text, pattern, name):
        return self.ok(re.search(pattern, text or "", re.S) is None, name, f"     got: {text!r}", f"unwanted: /{pattern}/")

    def diag(self, text):
        for line in str(text).splitlines() or [""]:
            print(f"# {line}", file=sys.stderr)
        sys.stderr.flush()

    def note(self, text):
        for line in str(text).splitlines():
            self._line(f"# {line}")

    def skip_all(self, reason):
        """Nothing can be tested here: the test ends with only this line."""
        raise SkipAll(reason)

    def exception(self, what):
        """The exception being handled becomes a failed check with its traceback."""
        self.ok(False, what, traceback.format_exc())

    def done(self):
        if self.planned is None:
            self._line(f"1..{self.count}")
        return 1 if self.failed or self.count == 0 or self.planned not in (None, self.count) else 0

    @staticmethod
    def _line(text):
        try:
            print(text, flush=True)
        except UnicodeEncodeError:
            print(text.encode("ascii", "backslashreplace").decode(), flush=True)
