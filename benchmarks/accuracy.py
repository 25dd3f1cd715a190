"""How well the reader reads and answers, through the real services: `python -m benchmarks.accuracy --help`.

* Transcription: pages of unseen text, character error rate = edit distance ÷ characters of the truth, white space
  folded on both sides, since where a line was wrapped is not part of the text.
* Planted facts: a line "key: value" is put into a page of unseen text and asked for.
* Questions: right (equal to an accepted answer after folding case, width, spaces and final punctuation), abstained
  (the reader said that the document does not tell), wrong. For absent facts abstaining is right.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import lzma
import platform
import random
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from glyphstream import Client
from glyphstream.client import Completed, Options, TextDelta, Upload
from rapidfuzz.distance import Levenshtein

from gateway.local_stack import running_stack

KEYS = {
    "zh": ("额定电压", "接口超时", "最大连接数", "保修期限", "工作温度", "采样周期", "合同总价", "日志保留天数"),
    "en": ("request timeout", "supply voltage", "maximum speed", "warranty period", "sampling rate", "retry limit"),
}
UNITS = {"zh": (" ms", " V", " 个", " 天", " 元", "%"), "en": (" ms", " V", " days", " EUR", " Hz", "%")}
PLANTED = {"zh": "{key}：{value}", "en": "{key}: {value}"}
ASKED = {
    "zh": ("{key}是多少？", "请问{key}是多少", "文中规定的{key}是多少?"),
    "en": ("What is the {key}?", "How much is the {key}?", "Tell me the {key}."),
}
FINAL = "。.；;，,！!？? "
LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class Reply:
    """One answer and what it took."""

    text: str
    completed: Completed


async def reply(client: Client, upload: Upload, question: str, task: str = "ask") -> Reply:
    """Read a document and answer one question about it."""
    pieces: list[str] = []
    async for event in client.read(upload, question, Options(task=task)):
        if isinstance(event, TextDelta):
            pieces.append(event.text)
        elif isinstance(event, Completed):
            return Reply("".join(pieces), event)
    raise RuntimeError("the stream ended without Completed")


def held_passages(folder: Path, lang: str, count: int, seed: int) -> Iterator[str]:
    """Passages of about one page from documents that nobody trains on."""
    with lzma.open(folder / f"held_{lang}.jsonl.xz", "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file]
    rng = random.Random(seed)
    size = 380 if lang == "zh" else 700
    while count:
        text = rng.choice(texts)
        start = text.find("\n", rng.randrange(max(1, len(text) - size))) + 1
        passage = text[start : start + size].strip()
        if len(passage) > size // 2:
            count -= 1
            yield passage


def unspaced(text: str) -> str:
    """Text without white space."""
    return "".join(text.split())


def folded(text: str) -> str:
    """Text as answers are compared: NFKC, lower case, no white space, no final punctuation."""
    return unspaced(unicodedata.normalize("NFKC", text)).casefold().strip(FINAL)


async def transcription(client: Client, folder: Path, count: int, seed: int) -> None:
    """Print the character error rate by language and mode."""
    for mode in ("precise", "fast"):
        for lang in LANGUAGES:
            errors = characters = 0
            for passage in held_passages(folder, lang, count, seed):
                read = await reply(client, Upload(passage.encode(), "held.txt", mode), "", "transcribe")
                truth = unspaced(passage)
                errors += Levenshtein.distance(truth, unspaced(read.text))
                characters += len(truth)
            rate = errors / characters
            print(
                f"transcription {mode:8} {lang}  CER {rate:7.2%}  {count} passages, {characters} characters", flush=True
            )


async def planted(client: Client, folder: Path, count: int, seed: int) -> None:
    """Print how often a fact planted on a page is found, by language."""
    rng = random.Random(seed)
    for lang in LANGUAGES:
        verdicts: Counter[str] = Counter()
        for passage in held_passages(folder, lang, count, seed):
            lines = passage[: len(passage) * 3 // 4].split("\n")
            key, value = rng.choice(KEYS[lang]), f"{rng.randrange(1, 10**4)}{rng.choice(UNITS[lang])}"
            lines.insert(rng.randint(0, len(lines)), PLANTED[lang].format(key=key, value=value))
            question = rng.choice(ASKED[lang]).format(key=key)
            got = await reply(client, Upload("\n".join(lines).encode(), "planted.txt"), question)
            verdicts[judged(got, [value])] += 1
        print(f"planted facts {lang}  {dict(verdicts)} of {count}", flush=True)


def judged(reply_: Reply, accepted: list[str]) -> str:
    """right, abstained or wrong."""
    if not reply_.completed.found:
        return "abstained" if accepted else "right"
    if any(folded(reply_.text) == folded(answer) for answer in accepted):
        return "right"
    return "wrong"


async def questions(client: Client, folder: Path, mode: str) -> None:
    """Print how the questions of an evaluation folder (docs/, questions.jsonl) are answered."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for line in (folder / "questions.jsonl").read_text("utf-8").splitlines():
        asked = json.loads(line)
        data = (folder / "docs" / asked["doc"]).read_bytes()
        got = await reply(client, Upload(data, asked["doc"], mode), asked["question"])
        accepted = [asked["answer"], *asked["accept"]] if asked["answer"] else []
        verdict = judged(got, accepted)
        for row in (asked["doc"], asked["kind"], "all"):
            table[row][verdict] += 1
        print(json.dumps({"id": asked["id"], "verdict": verdict, "answer": got.text}, ensure_ascii=False), flush=True)
    for row, verdicts in table.items():
        total = sum(verdicts.values())
        shares = "  ".join(f"{name} {verdicts[name] / total:4.0%}" for name in ("right", "abstained", "wrong"))
        print(f"{row:24} {shares}  of {total}")


async def main() -> None:
    """Run what was asked for against a gateway, or against services of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--held", type=Path, help="folder with held_zh.jsonl.xz and held_en.jsonl.xz")
    parser.add_argument("--passages", type=int, default=20)
    parser.add_argument("--planted", type=int, default=0, help="planted facts a language; needs --held")
    parser.add_argument("--eval", type=Path, help="folder with docs/ and questions.jsonl")
    parser.add_argument("--mode", default="precise")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(f"machine: {platform.processor() or platform.machine()}")
    async with running_stack() as addresses, Client(addresses.gateway) as client:
        if args.held and args.planted:
            await planted(client, args.held, args.planted, args.seed)
        if args.held and args.passages:
            await transcription(client, args.held, args.passages, args.seed)
        if args.eval:
            await questions(client, args.eval, args.mode)


if __name__ == "__main__":
    asyncio.run(main())
