"""What a case is: files that attack, and the benign twin of the same container and shape."""

import dataclasses, hashlib, re

BLOCK, REVIEW, CLEAN = "block", "review", "clean"


@dataclasses.dataclass
class Link:
    """A symbolic link."""

    target: str


@dataclasses.dataclass
class Case:
    group: str
    name: str
    expected: str  # BLOCK: must be blocked; REVIEW: to be held for review is enough
    reason: str
    hostile: dict  # path -> bytes or Link
    twin: dict

    @property
    def id(self):
        return f"{self.group}/{self.name}"

    @property
    def folder(self):
        return f"{self.group}--" + re.sub(r"[^A-Za-z0-9_.-]+", "_", self.name)

    @property
    def held_out(self):
        """One in five, by the id alone, so that a new case moves no old one."""
        return int.from_bytes(hashlib.sha256(b"jingwei-scan-holdout-1:" + self.id.encode()).digest()[:4], "big") % 5 == 0


def one(group, name, expected, reason, path, hostile, twin):
    """A case of one file."""
    return Case(group, name, expected, reason, {path: hostile}, {path: twin})
