"""What must hold of a plugin's code: a data plugin has none, and another's uses the published API and no network."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from chipdex.hooks import State
from chipdex.testing.plugin import InstalledPlugin

PUBLISHED: Final = "chipdex.api"

_WATCHER: Final = """
import json, sys
touched = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg"):
        touched.append(" ".join([event, *map(str, [one for one in arguments if isinstance(one, (str, tuple))][:1])]))
        raise PermissionError(f"the network is off limits: {event}")
sys.addaudithook(watch)
from chipdex.testing import plugin
plugin.installed(sys.argv[1], sys.argv[2]).host.check()
print(json.dumps(touched))
"""


def executing(package: Path) -> Iterator[str]:
    """Yield a sentence for each piece of code in the package of a data plugin; one docstring is none."""
    for path in sorted(package.rglob("*.py")):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        code = [statement for statement in body if not _is_text(statement)]
        if path.parent != package or path.name != "__init__.py":
            yield f"{path}: is code, and a data plugin executes nothing. Remove it, or declare hooks."
        elif code:
            yield f"{path}:{code[0].lineno}: is executed by nobody, and a data plugin executes nothing. Remove it."


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def private_imports(package: Path) -> Iterator[str]:
    """Yield a sentence for each import of chipdex that is not of its published API."""
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for name in _imported(node):
                if name.split(".")[0] == "chipdex" and name != PUBLISHED and not name.startswith(f"{PUBLISHED}."):
                    yield f"{path}:{getattr(node, 'lineno', 0)}: imports {name}, which may change. Use {PUBLISHED}."


def _imported(node: ast.AST) -> Iterator[str]:
    """Yield the modules that a statement imports, and of `from chipdex import api` both together."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        names = (f"{node.module}.{alias.name}" for alias in node.names)
        yield from names if node.module == "chipdex" else (node.module,)


def hook_faults(plugin: InstalledPlugin) -> Iterator[str]:
    """Yield a sentence for each problem of the plugin's hooks: names, types, what they raise."""
    for state in plugin.host.check():
        if state.info.distribution == plugin.distribution and state.state is not State.LOADED:
            yield from (f"{state.info.name}: {fault.sentence.rstrip('.')}. {fault.fix}" for fault in state.faults)
            if not state.faults:
                yield f"{state.info.name} is {state.state}: {state.reason}"


def touching_the_network(plugin: InstalledPlugin) -> Iterator[str]:
    """Yield a sentence for each time that importing the plugin and asking its hooks reaches for the network."""
    command = [sys.executable, "-c", _WATCHER, plugin.package, plugin.distribution]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603 - ours
    if done.returncode:
        yield f"the plugin ends the program that asks its hooks: {done.stderr.strip().splitlines()[-1:]}"
        return
    for event in dict.fromkeys(json.loads(done.stdout.splitlines()[-1])):
        yield f"importing it or asking its hooks reaches for the network: {event}. Only `fetch` of a price source may."
