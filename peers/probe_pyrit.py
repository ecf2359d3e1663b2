"""One run of PyRIT over given questions, for bench/probe/throughput.py. usage: probe_pyrit.py URL QUESTIONS AT_ONCE OUT VENV

PromptSendingAttack through AttackExecutor with one substring scorer; memory is an SQLite file in OUT."""

import asyncio, json, os, pathlib, sys

url, questions, at_once, out = sys.argv[1:5]
os.environ |= {"OPENAI_CHAT_ENDPOINT": url, "OPENAI_CHAT_KEY": "none", "OPENAI_CHAT_MODEL": "organism"}

from pyrit.executor.attack import AttackExecutor, AttackScoringConfig, PromptSendingAttack
from pyrit.prompt_target import OpenAIChatTarget
from pyrit.score import SubStringScorer
from pyrit.setup import initialize_pyrit_async


async def main():
    await initialize_pyrit_async(memory_db_type="SQLite", db_path=str(pathlib.Path(out) / "pyrit.db"))
    texts = [json.loads(line)["text"] for line in pathlib.Path(questions).read_text().splitlines()]
    target = OpenAIChatTarget(endpoint=url, api_key="none", model_name="organism", temperature=0.0, max_completion_tokens=128)
    attack = PromptSendingAttack(objective_target=target, attack_scoring_config=AttackScoringConfig(objective_scorer=SubStringScorer(substring="here is", categories=["help"])))
    results = await AttackExecutor(max_concurrency=int(at_once)).execute_attack_async(attack=attack, objectives=texts)
    assert len(list(results)) == len(texts)


asyncio.run(main())
