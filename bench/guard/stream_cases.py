"""Streamed replies with something forbidden in them, cut in every place. All values are made up (values.py).

A case is a list of chunks as an OpenAI-compatible server sends them, and where in which field the forbidden item
stands. `bytes_of` gives the server-sent events as bytes, with the places where a write may be cut."""

import json, random, re

from values import api_key, aws_access_key, bank_card, email, github_token, jwt, private_key, resident_id

WORDS = {"zh": ["制作炸弹", "冰毒交易", "枪支弹药"], "en": ["pipe bomb", "napalm recipe"]}
# For the peer that has no such patterns; ours has validators.
PATTERNS = {
    "resident-id": r"(?<!\d)\d{17}[\dXx](?![\dA-Za-z])", "mobile": r"(?<!\d)1[3-9]\d{9}(?!\d)", "bank-card": r"(?<!\d)\d{15,19}(?!\d)",
    "email": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}", "aws-access-key": r"AKIA[A-Z0-9]{16}", "github-token": r"gh[ps]_[A-Za-z0-9]{36}",
    "api-key": r"sk-[A-Za-z0-9_-]{20,}", "jwt": r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", "private-key": r"(?s)-----BEGIN [A-Z ]*KEY-----.*?-----END [A-Z ]*KEY-----",
}  # fmt: skip
BEFORE = {
    "zh": "关于您上次提到的那件事，我们已经和相关同事确认过情况，资料都整理好放在下面，请先仔细看一遍再决定怎么处理；如果还有不清楚的地方可以随时告诉我们。内容是：",
    "en": "About the matter that came up last time: we have checked with the others, and everything is put together below, so please read it once before you decide what to do. It says: ",
}
AFTER = {"zh": "。以上就是全部内容，谢谢您的耐心等待。", "en": ". That is all of it; thank you for your patience."}
FIELDS = ("content", "second choice", "reasoning", "tool arguments")
HARMLESS = [
    "周末打算制作一份炸酱面，弹性安排时间；冰箱里的毒蘑菇图鉴别弄丢了。", "枪支管理的规定和弹药库的历史是两本书。", "订单号 20260101123456 已经发出，电话分机 1380，单价 13800 元。", "版本 1.2.3，发布于 2026-11-21，下载了 4111 次。",
    "Please pipe the output to a file; the bomb calorimeter measures heat of combustion.", "A napkin and a recipe for palm oil: nap, then alm, then rest.", "The AKIRA film, a gh-pages branch, sk-learn and an eyJ prefix are harmless.", "-----BEGIN SUMMARY----- nothing secret here -----END SUMMARY-----",
    "他说：制作，然后停了很久，才说：炸弹酒是一种鸡尾酒。", "mail me at the office, or @ the team; it is a@b without a dot",
]  # fmt: skip


def items(seed=7):
    chance = random.Random(seed)
    out = [{"name": f"word {word}", "group": f"words, {lang}", "text": word, "lang": lang} for lang, words in WORDS.items() for word in words]
    mobile = "138" + "".join(chance.choice("0123456789") for _ in range(8))
    makers = {"resident-id": resident_id, "bank-card": bank_card, "email": email, "aws-access-key": aws_access_key, "github-token": github_token, "api-key": api_key, "jwt": jwt, "private-key": private_key}
    values = {"mobile": mobile, **{kind: make(chance) for kind, make in makers.items()}}
    for kind, value in values.items():
        group = "keys and tokens" if kind in ("aws-access-key", "github-token", "api-key", "jwt", "private-key") else "personal data"
        out += [{"name": f"{kind}, {lang}", "group": group, "text": value, "lang": lang} for lang in ("zh", "en")]
    wide = lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    for name, text, lang in [
        ("zero-width", "\u200b".join("制作炸弹"), "zh"), ("zero-width", "pi\u200bpe bo\u200dmb", "en"), ("full-width", wide("napalm").replace(" ", "\u3000") + " " + wide("recipe"), "en"),
        ("full-width number", wide(mobile), "zh"), ("traditional", "製作炸彈", "zh"), ("separators", "制*作*炸*弹", "zh"), ("pinyin", "zhizuo zhadan", "zh"), ("homophones", "制做炸蛋", "zh"),
        ("tag characters", "".join(c + chr(0xE0000 + ord("x")) for c in "枪支弹药"), "zh"), ("bidi controls", "冰\u2066毒\u2069交易", "zh"), ("HTML entities", "".join(f"&#x{ord(c):x};" for c in "炸弹").join(["制作", ""]), "zh"),
        ("look-alikes", "n\u0430p\u0430lm r\u0435c\u0456p\u0435", "en"), ("leetspeak", "n4p4lm r3c1p3", "en"), ("spelled out", "p-i-p-e b-o-m-b", "en"),
    ]:  # fmt: skip
        out.append({"name": f"{name}: {lang}", "group": "disguised", "text": text, "lang": lang})
    return out


def chunk(index, delta, finish=None):
    return {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": index, "delta": delta, "finish_reason": finish}]}


def chunks_of(field, pieces):
    """The pieces of one text, in the field that is asked for."""
    out = [chunk(0, {"role": "assistant", "content": ""})]
    for number, piece in enumerate(pieces):
        if field == "content":
            out.append(chunk(0, {"content": piece}))
        elif field == "second choice":
            out += [chunk(0, {"content": "好的。"}), chunk(1, {"content": piece})]
        elif field == "reasoning":
            out.append(chunk(0, {"reasoning_content": piece}))
        else:
            head = {"id": "t", "type": "function"} if not number else {}
            call = {"index": 0, **head, "function": {**({"name": "note"} if not number else {}), "arguments": piece}}
            out.append(chunk(0, {"tool_calls": [call]}))
    out += [chunk(1, {}, "stop")] if field == "second choice" else []
    return [*out, chunk(0, {}, "tool_calls" if field == "tool arguments" else "stop")]


def cases(seed=7, three=10, longest=60):
    """Every place to cut an item into two chunks, some into three, and one character a chunk; in every field."""
    chance = random.Random(seed)
    for item in items(seed):
        text, before, after = item["text"], BEFORE[item["lang"]], AFTER[item["lang"]]
        for field in FIELDS:
            if field == "tool arguments":
                if "\n" in text:
                    continue
                before, after = '{"note":"' + before, after + '"}'
            places = list(range(1, len(text)))
            if len(places) > longest:
                places = sorted(chance.sample(places, longest))
            cuts = [[place] for place in places]
            cuts += [sorted(chance.sample(range(1, len(text)), 2)) for _ in range(three) if len(text) > 2]
            cuts.append(list(range(1, len(text))))
            for cut in cuts:
                ends = [0, *cut, len(text)]
                pieces = [text[a:b] for a, b in zip(ends, ends[1:])]
                pieces[0], pieces[-1] = before + pieces[0], pieces[-1] + after
                yield {**item, "field": field, "cuts": len(cut), "before": before, "after": after, "chunks": chunks_of(field, pieces)}


def harmless_cases(longest=40):
    """Harmless replies that begin like something forbidden, and halves of a word in different choices."""
    for text in HARMLESS:
        for field in FIELDS:
            for place in range(1, len(text), max(1, len(text) // longest)):
                yield {"name": "harmless", "group": "harmless", "field": field, "text": text, "chunks": chunks_of(field, [text[:place], text[place:]])}
    for word in WORDS["zh"] + WORDS["en"]:
        for place in range(1, len(word)):
            halves = [chunk(0, {"content": "甲" + word[:place]}), chunk(1, {"content": word[place:] + "乙"}), chunk(0, {}, "stop"), chunk(1, {}, "stop")]
            yield {"name": "halves", "group": "harmless", "field": "both choices", "text": ("甲" + word[:place], word[place:] + "乙"), "chunks": halves}


def bytes_of(chunks, ascii):
    events = [json.dumps({**one, "created": number + 1}, ensure_ascii=ascii) for number, one in enumerate(chunks)]
    return "".join(f"data: {event}\n\n" for event in events).encode() + b"data: [DONE]\n\n"


def texts_of(events):
    """What a caller has read, by field."""
    out = {}
    for event in events:
        for choice in event.get("choices") or []:
            delta, index = choice.get("delta") or {}, choice.get("index", 0)
            for key, field in (("content", "content" if not index else "second choice"), ("reasoning_content", "reasoning")):
                if isinstance(delta.get(key), str):
                    out[field] = out.get(field, "") + delta[key]
            for call in delta.get("tool_calls") or []:
                arguments = (call.get("function") or {}).get("arguments")
                if isinstance(arguments, str):
                    out["tool arguments"] = out.get("tool arguments", "") + arguments
    return out


def leaked(case, events):
    """How many characters of the forbidden item a caller has read: the longest beginning or end that stands in its place."""
    got = texts_of(events).get(case["field"], "")
    item, before, after = case["text"], case["before"][-6:], case["after"][:6]
    begins = next((k for k in range(len(item), 0, -1) if before + item[:k] in got), 0)
    ends = next((k for k in range(len(item), 0, -1) if item[-k:] + after in got), 0)
    return max(begins, ends)


def tokens_of(text, chance):
    """A text in pieces of one to three characters or digits, or one word with the space before it, as models stream."""
    return re.findall(r" ?[A-Za-z]+| ?[0-9]{1,3}|[\u3400-\u9fff]{1,%d}|." % chance.choice([1, 2, 3]), text, re.S)


def held(case, events):
    """Characters held after each chunk, and by how many chunks each character was late. `created` numbers the chunks."""
    received, released, held_after, late = [], 0, [], []
    for number, one in enumerate(case["chunks"], 1):
        received += [number] * len(texts_of([one]).get("content", ""))
    now, at = 0, 0
    for event in [*events, None]:
        number = event.get("created", now) if event else now + 1
        while event and number > now or not event and now < len(case["chunks"]):
            if now:
                held_after.append(sum(step <= now for step in received) - released)
            now += 1
        if event:
            count = len(texts_of([event]).get("content", ""))
            late += [now - step for step in received[released : released + count]]
            released += count
    return held_after, late
