"""Presidio's analyser beside our guard: `pii`. Its pattern recognisers only: names and places need a model of a hub.

Its defaults, with two kindnesses: the blank pipeline stands in for the language model, and `regions: cn` lets its
telephone recogniser look for mainland numbers, which it does not by default."""

import spacy
from guard_worker import read, work
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import PhoneRecognizer

KINDS = {"CREDIT_CARD": "bank-card", "EMAIL_ADDRESS": "email", "IP_ADDRESS": "ipv4", "PHONE_NUMBER": "mobile", "LOCATION": "address"}


class Blank(SpacyNlpEngine):
    def __init__(self):
        super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
        self.nlp = {"en": spacy.blank("en")}

    def load(self):
        pass


settings, items = read()
registry = RecognizerRegistry()
registry.load_predefined_recognizers(languages=["en"])
if settings.get("regions") == "cn":
    registry.remove_recognizer("PhoneRecognizer")
    registry.add_recognizer(PhoneRecognizer(supported_regions=("CN", "US", "GB")))
engine = AnalyzerEngine(registry=registry, nlp_engine=Blank(), supported_languages=["en"])


def judge(item):
    found = engine.analyze(item["text"], language="en")
    return {"hits": [{"kind": KINDS[hit.entity_type], "start": hit.start, "end": hit.end} for hit in found if hit.entity_type in KINDS]}


work(settings, items, judge, ["presidio-analyzer", "spacy"])
