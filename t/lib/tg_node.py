"""Scripts in t/lib that run npm packages, unchanged, of build/node (t/lib/npm.sh): one JSON text in, one out."""
import json
import os

from tg_process import run
from tg_settings import kCheckout, kSlow

_kPlace = os.path.join(kCheckout, "build", "node")


def need_node(t):
    """Ends the test with SKIP if t/lib/npm.sh has not been run. `make test` runs it, and fails if it fails."""
    if not os.path.exists(os.path.join(_kPlace, "installed.json")):
        t.skip_all("its npm packages are not installed: run t/lib/npm.sh")


def node(script, value, **env):
    """What the script (t/lib/SCRIPT) answers to value, and its stderr."""
    done = run(["node", os.path.join(kCheckout, "t", "lib", script)], input=json.dumps(value), timeout=60 * kSlow,
               env={**os.environ, "NODE_PATH": os.path.join(_kPlace, "node_modules"), **env})
    if done.returncode:
        raise RuntimeError(f"{script}: exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout), done.stderr
