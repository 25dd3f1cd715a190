"""The two lexicons, put together from their tables."""

from training.documents import (
    domains_en,
    domains_zh,
    formats_en,
    formats_zh,
    names,
    prose_en,
    prose_zh,
    wording_en,
    wording_zh,
)
from training.documents.lexicon import Lexicon
from training.documents.values import EN, ZH

CHINESE = Lexicon(
    lang="zh", makers=ZH, brand=names.brand_zh, domains=domains_zh.DOMAINS, formats=formats_zh.DOMAINS, stop="。",
    states=wording_zh.STATES, tails=wording_zh.TAILS, leads=wording_zh.LEADS,
    cores=wording_zh.CORES, before=wording_zh.BEFORE, after=wording_zh.AFTER, after_wh=wording_zh.AFTER_WH, wh=wording_zh.WH, scopes=wording_zh.SCOPES,
    quotes=wording_zh.QUOTES, quote_pairs=wording_zh.QUOTE_PAIRS, sections=wording_zh.SECTIONS, about=wording_zh.ABOUT,
    filler=prose_zh.FILLER, slots=prose_zh.SLOTS, titles=prose_zh.TITLES,
)  # fmt: skip

ENGLISH = Lexicon(
    lang="en", makers=EN, brand=lambda rng: names.latin(rng).capitalize(), domains=domains_en.DOMAINS, formats=formats_en.DOMAINS, stop=".",
    states=wording_en.STATES, tails=wording_en.TAILS, leads=wording_en.LEADS,
    cores=wording_en.CORES, before=wording_en.BEFORE, after=wording_en.AFTER, after_wh=wording_en.AFTER_WH, wh=wording_en.WH, scopes=wording_en.SCOPES,
    quotes=wording_en.QUOTES, quote_pairs=wording_en.QUOTE_PAIRS, sections=wording_en.SECTIONS, about=wording_en.ABOUT,
    filler=prose_en.FILLER, slots=prose_en.SLOTS, titles=prose_en.TITLES,
)  # fmt: skip

LEXICONS = {"zh": CHINESE, "en": ENGLISH}
