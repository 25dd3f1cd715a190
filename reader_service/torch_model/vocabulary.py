"""A checkpoint's tokenizer and chat template as the engine's `Vocabulary`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reader_service.model import Mark, MarkKind, Tokens
from reader_service.profile import Anchors, ReaderProfile, Reasoning, guard, is_guarded, separate


class TokenizerVocabulary:
    """Prompts rendered by the chat template; pages first, then the task, as the engine's resident prefix needs it."""

    def __init__(self, tokenizer: Any, ids: Mapping[str, int], ends: Sequence[int], profile: ReaderProfile) -> None:
        if tokenizer.chat_template is None:
            raise ValueError("the checkpoint has no chat template")
        self._tokenizer = tokenizer
        self.image_token = ids["image"]
        self._page_end = tokenizer.convert_ids_to_tokens(ids["page_end"])
        self.marks: Mapping[int, Mark] = dict(_marks(tokenizer, profile, ends))

    def prefix(self, page_tokens: Sequence[int]) -> list[int]:
        """See `Vocabulary.prefix`."""
        head, _ = self._split(len(page_tokens), guard(""), [])
        counts = iter(page_tokens)
        tokens: list[int] = []
        for token in self._encode(head):
            tokens += [token] * next(counts) if token == self.image_token else [token]
        return tokens

    def suffix(self, pages: int, text: str, history: Sequence[tuple[str, str]]) -> list[int]:
        """See `Vocabulary.suffix`."""
        return self._encode(self._split(pages, text, history)[1])

    def page(self, number: int, tokens: int) -> list[int]:
        """See `Vocabulary.page`. A page is what the template puts between the ends of two; the first one, which stands
        behind the prompt's head, is as long as the second."""
        pages = self.prefix([1] * max(2, number + 1))
        places = [at for at, token in enumerate(pages) if token == self.image_token]
        ends = [at + len(pages) - places[-1] for at in places]
        start = ends[number - 1] if number else 2 * ends[0] - ends[1]
        image = places[number]
        return [*pages[start:image], *[self.image_token] * tokens, *pages[image + 1 : ends[number]]]

    def decode(self, tokens: Tokens) -> str:
        """See `Vocabulary.decode`."""
        return str(self._tokenizer.decode(list(tokens), clean_up_tokenization_spaces=False))

    def _split(self, pages: int, text: str, history: Sequence[tuple[str, str]]) -> tuple[str, str]:
        """The rendered prompt before and after the end of the last page."""
        questions, answers = [*(turn[0] for turn in history), text], [turn[1] for turn in history]
        messages: list[dict[str, Any]] = []
        for number, question in enumerate(questions):
            content = [{"type": "text", "text": question}]
            if number == 0:
                content = [{"type": "image"}] * pages + content
            messages.append({"role": "user", "content": content})
            if number < len(answers):
                messages.append({"role": "assistant", "content": guard(answers[number])})
        rendered = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        before_callers_words = next((at for at, char in enumerate(rendered) if is_guarded(char)), len(rendered))
        cut = rendered.rindex(self._page_end, 0, before_callers_words) + len(self._page_end)
        return rendered[:cut], rendered[cut:]

    def _encode(self, prompt: str) -> list[int]:
        """Tokens of a rendered prompt. Control tokens spelled in the caller's own words stay words."""
        tokens: list[int] = []
        for text, is_the_callers in separate(prompt):
            encoded = self._tokenizer(text, add_special_tokens=False, split_special_tokens=is_the_callers)
            tokens += encoded["input_ids"]
        return tokens


def _marks(tokenizer: Any, profile: ReaderProfile, ends: Sequence[int]) -> Iterator[tuple[int, Mark]]:
    """Every token that is not text; later ones win, so that an anchor that is also special stays an anchor."""
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    for token, added in tokenizer.added_tokens_decoder.items():
        if added.special:
            yield token, Mark(MarkKind.SILENT)
    yield from _reasoning_marks(vocabulary, profile.reasoning)
    yield from _anchor_marks(vocabulary, profile.anchors)
    for token in ends:
        yield token, Mark(MarkKind.END)


def _reasoning_marks(vocabulary: Mapping[str, int], reasoning: Reasoning) -> Iterator[tuple[int, Mark]]:
    kinds = {reasoning.open: MarkKind.REASONING_OPEN, reasoning.close: MarkKind.REASONING_CLOSE}
    kinds |= dict.fromkeys(reasoning.silent, MarkKind.SILENT)
    for text, kind in kinds.items():
        if text in vocabulary:
            yield vocabulary[text], Mark(kind)


def _anchor_marks(vocabulary: Mapping[str, int], anchors: Anchors) -> Iterator[tuple[int, Mark]]:
    if anchors.absent in vocabulary:
        yield vocabulary[anchors.absent], Mark(MarkKind.ABSENT)
    for pattern, kind in ((anchors.page, MarkKind.PAGE), (anchors.row, MarkKind.ROW)):
        if not pattern:
            continue
        number = re.compile(re.escape(pattern).replace(r"\{\}", r"(\d+)"))
        for text, token in vocabulary.items():
            if match := number.fullmatch(text):
                yield token, Mark(kind, int(match[1]) - anchors.first)
