"""gorget (the continuation of LLM Guard) beside our guard: `accuracy`, `keyword`, `pii`. Only what needs no model hub.

`accuracy`: BanSubstrings with the list that gorget ships, and InvisibleText. `keyword`: BanSubstrings. `pii`: the
recognisers and expressions of its Anonymize scanner without the transformer that finds names, and its Secrets scanner,
which tells no kind: `secret` stands for all."""

from guard_worker import read, work

from gorget.input_scanners import BanSubstrings, InvisibleText, Secrets
from gorget.input_scanners.anonymize_helpers.analyzer import _add_recognizers, _get_nlp_engine
from gorget.input_scanners.anonymize_helpers.regex_patterns import get_regex_patterns
from gorget.input_scanners.ban_substrings import PROMPT_STOP_SUBSTRINGS
from gorget.util import configure_logger
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry

configure_logger("CRITICAL")
KINDS = {
    "CREDIT_CARD": "bank-card", "CREDIT_CARD_RE": "bank-card", "EMAIL_ADDRESS": "email", "EMAIL_ADDRESS_RE": "email", "IP_ADDRESS": "ipv4",
    "PHONE_NUMBER": "mobile", "PHONE_NUMBER_ZH": "mobile", "PHONE_NUMBER_WITH_EXT": "mobile",
}  # fmt: skip


def accuracy():
    scanners = [BanSubstrings(PROMPT_STOP_SUBSTRINGS), InvisibleText()]
    return lambda item: {"flagged": not all(scanner.scan(item["text"])[1] for scanner in scanners)}


def keyword(words):
    scanner = BanSubstrings(words)
    return lambda item: {"flagged": not scanner.scan(item["text"])[1]}


def pii():
    languages = ["en", "zh"]
    registry = RecognizerRegistry(supported_languages=languages)
    registry.load_predefined_recognizers(languages=languages)
    _add_recognizers(registry, get_regex_patterns(), [], languages)
    engine = AnalyzerEngine(registry=registry, nlp_engine=_get_nlp_engine(languages), supported_languages=languages)
    secrets = Secrets()

    def judge(item):
        found = engine.analyze(item["text"], language=item["lang"], score_threshold=0.5)  # Anonymize's default threshold
        hits = [{"kind": KINDS[hit.entity_type], "start": hit.start, "end": hit.end} for hit in found if hit.entity_type in KINDS]
        clean, valid, _ = secrets.scan(item["text"])
        if not valid:
            # What is left on both sides is what was not hidden.
            text = item["text"]
            start = next((at for at, (a, b) in enumerate(zip(text, clean)) if a != b), min(len(text), len(clean)))
            after = next((at for at, (a, b) in enumerate(zip(reversed(text), reversed(clean))) if a != b), 0)
            hits.append({"kind": "secret", "start": start, "end": max(start, len(text) - after)})
        return {"hits": hits}

    return judge


settings, items = read()
if settings["task"] == "keyword":
    judge = keyword([item["word"] for item in items if "word" in item])
    items = [item for item in items if "text" in item]
else:
    judge = {"accuracy": accuracy, "pii": pii}[settings["task"]]()
work(settings, items, judge, ["gorget", "presidio-analyzer"])
