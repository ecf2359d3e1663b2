"""LiteLLM's content filter beside our guard, in-process: `accuracy`, `keyword`, `pii`, `stream`.

The class of the proxy itself is driven, without the proxy around it: no HTTP, no authentication, no logging callback.
`accuracy` enables the categories that LiteLLM ships for the head that is asked about, at its default severity."""

import asyncio, logging, os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # no look-up in the network

from fastapi import HTTPException
from guard_worker import read, work
from litellm._logging import verbose_proxy_logger
from litellm.proxy.guardrails.guardrail_hooks.litellm_content_filter.content_filter import ContentFilterGuardrail
from litellm.proxy.guardrails.guardrail_hooks.litellm_content_filter.patterns import PREBUILT_PATTERNS
from litellm.types.utils import ModelResponseStream

verbose_proxy_logger.setLevel(logging.CRITICAL)
CATEGORIES = {
    "injection": ["prompt_injection_jailbreak", "prompt_injection_system_prompt", "prompt_injection_data_exfiltration", "prompt_injection_malicious_code", "prompt_injection_sql"],
    "harm": ["harmful_child_safety", "harmful_illegal_weapons", "harmful_self_harm", "harmful_violence", "harm_toxic_abuse", "bias_gender", "bias_racial", "bias_religious", "bias_sexual_orientation", "denied_insults"],
}  # fmt: skip
PII = {
    "email": "email", "credit_card": "bank-card", "passport_china": "passport", "ipv4": "ipv4", "aws_access_key": "aws-access-key",
    "github_token": "github-token", "generic_api_key": "api-key", "street_address": "address",
}  # fmt: skip


def guardrail(**settings):
    return ContentFilterGuardrail(guardrail_name="bench", **settings)


def blocks(filter, text):
    try:
        return filter._filter_single_text(text) != text
    except HTTPException:
        return True


def accuracy():
    enabled = lambda names: [{"category": name, "enabled": True, "action": "BLOCK"} for name in names]
    filters = {head: guardrail(categories=enabled(names)) for head, names in CATEGORIES.items()}
    return lambda item: {"flagged": blocks(filters[item["head"]], item["text"])}


def keyword(words):
    filter = guardrail(blocked_words=[{"keyword": word, "action": "BLOCK"} for word in words])
    return lambda item: {"flagged": blocks(filter, item["text"])}


def pii():
    known = [name for name in PII if name in PREBUILT_PATTERNS]
    filter = guardrail(patterns=[{"pattern_type": "prebuilt", "pattern_name": name, "action": "MASK"} for name in known])

    def judge(item):
        hits = []
        for entry in filter.compiled_patterns:
            spans = filter._find_pattern_spans(item["text"], entry)
            hits += [{"kind": PII[entry["pattern_name"]], "start": start, "end": end} for start, end in spans]
        return {"hits": hits}

    return judge


def stream(settings):
    block = [{"keyword": word, "action": "BLOCK"} for word in settings["words"]]
    mask = [{"pattern_type": "regex", "pattern": regex, "name": name, "action": "MASK"} for name, regex in settings["patterns"].items()]
    filter = guardrail(blocked_words=block, patterns=mask, event_hook="post_call", default_on=True)

    async def play(chunks):
        out = []

        async def upstream():
            for number, chunk in enumerate(chunks):
                yield ModelResponseStream(**{**chunk, "created": number + 1})

        stopped = False
        try:
            async for item in filter.async_post_call_streaming_iterator_hook(None, upstream(), {"model": "m", "metadata": {}}):
                out.append(item.model_dump())
        except HTTPException:
            stopped = True
        return {"events": out, "stopped": stopped}

    return lambda item: asyncio.run(play(item["chunks"]))


settings, items = read()
if settings["task"] == "keyword":
    judge = keyword([item["word"] for item in items if "word" in item])
    items = [item for item in items if "text" in item]
else:
    judge = {"accuracy": accuracy, "pii": pii, "stream": lambda: stream(settings)}[settings["task"]]()
work(settings, items, judge, ["litellm"])
