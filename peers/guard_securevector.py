"""SecureVector Guardian beside our guard: `accuracy`. As its own server calls it: decoded, in windows, shipped threshold."""

from guard_worker import read, work
from svguardian import resolve_runtime
from svguardian.model.pure_infer import PureGuardian
from svguardian.serve import analyze

settings, items = read()
guardian = PureGuardian.load(resolve_runtime(download=False))
work(settings, items, lambda item: {"flagged": analyze(item["text"], guardian)["is_threat"]}, ["securevector-guardian-model"])
