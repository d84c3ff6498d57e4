"""A copy of the tree in which the schema is changed, and what is run in it."""

import collections
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("CACHE", pathlib.Path.home() / ".cache" / "parlance"))
# always the same places: what was compiled there stays valid; not that of the tree itself, whose files cargo would take for the copy's
TARGET = CACHE / "new-field" / "target"

SCHEMA_TOOL = ["cargo", "run", "--locked", "-p", "build-support", "--bin", "parlance-schema", "--"]


class Copy:
    """A copy of what git knows of the tree. `name` is the check that it is for."""

    def __init__(self, name):
        self.name = name
        self.tree = CACHE / name / "tree"

    def fill(self, change=lambda name, content: content):
        """Writes what differs from the copy before. `change` gets each file's name and bytes, and returns those of the copy."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True
        )
        names = {name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()}
        if self.tree.exists():
            for old in [path for path in self.tree.rglob("*") if path.is_file() or path.is_symlink()]:
                if str(old.relative_to(self.tree)) not in names:
                    old.unlink()
        self.renew()
        for name in sorted(names):
            content = change(name, (ROOT / name).read_bytes())
            copy = self.tree / name
            if not copy.exists() or copy.read_bytes() != content:
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(content)
                shutil.copymode(ROOT / name, copy)

    def renew(self):
        """Makes all files new if another copy was compiled last: cargo tells copies apart by the times of their files only."""
        last = TARGET / "copy"
        if last.exists() and last.read_text() == self.name:
            return
        for path in self.tree.rglob("*"):
            if path.is_file():
                os.utime(path)
        TARGET.mkdir(parents=True, exist_ok=True)
        last.write_text(self.name)

    def changed(self):
        """Paths in the copy that are not as in the tree."""
        paths = (str(path.relative_to(self.tree)) for path in self.tree.rglob("*") if path.is_file() and "target" not in path.parts)
        differs = lambda path: not (ROOT / path).is_file() or (ROOT / path).read_bytes() != (self.tree / path).read_bytes()
        return sorted(path for path in paths if differs(path))

    def edits(self, by_hand):
        """Whatever differs from the tree must be edited by hand as expected, or made from the schema."""
        kinds = collections.Counter()
        for path in self.changed():
            if by_hand(path):
                kinds["edited by hand"] += 1
            elif path.endswith((".snap", ".snap.new")):
                kinds["snapshots to accept"] += 1
            elif path.startswith(("openapi/", "generated/typescript/")):
                kinds["artefacts written by parlance-schema"] += 1
            else:
                self.fail(f"{path} was changed")
        say("differs from the tree: " + ", ".join(f"{count} files {kind}" for kind, count in kinds.items()))

    def environment(self, more=None):
        engines = str(ROOT / "target" / "engines")
        return {"ENGINES_FOLDER": engines, **os.environ, "CARGO_TARGET_DIR": str(TARGET), **(more or {})}

    def run(self, what, *command, env=None):
        """Runs a command in the copy, which must succeed, and returns what it printed."""
        started = time.monotonic()
        done = subprocess.run(
            command, cwd=self.tree, env=self.environment(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if done.returncode != 0:
            print(done.stdout[-20_000:])
            self.fail(f"{' '.join(command)} failed: something else would have to be edited")
        say(f"{what} ({' '.join(command[:3])}, {time.monotonic() - started:.0f} s)")
        return done.stdout

    def fail(self, text):
        sys.exit(f"{self.name}: {text}")


def say(text):
    print(text, flush=True)
