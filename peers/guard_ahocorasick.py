"""`ahocorasick_rs` beside our guard: `keyword`. The bare automaton, without any normalisation or answer: a floor, no peer."""

import ahocorasick_rs
from guard_worker import read, work

settings, items = read()
words = [item["word"] for item in items if "word" in item]
kind = getattr(ahocorasick_rs.Implementation, settings["implementation"])
automaton = ahocorasick_rs.AhoCorasick(words, implementation=kind, store_patterns=False)
texts = [item for item in items if "text" in item]
work(settings, texts, lambda item: {"flagged": bool(automaton.find_matches_as_indexes(item["text"]))}, ["ahocorasick_rs"])
