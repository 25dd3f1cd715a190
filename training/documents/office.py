"""Kinds written in offices: contracts, minutes of meetings, interface references, release notes."""

from __future__ import annotations

from training.documents import names, say
from training.documents.chance import pick, some, upto, words
from training.documents.lexicon import Attribute, Domain, fill
from training.documents.page import Page
from training.documents.prose import cast, paragraph
from training.documents.tables import grid
from training.documents.titles import title
from training.documents.values import numeral_zh

_THIS = {
    "zh": ("本合同", "本协议", "合同", "本租约"),
    "en": ("this contract", "this agreement", "the contract", "this lease"),
}


_CONTRACTS = ("合同书", "服务协议", "租赁合同", "采购合同")


def contract(page: Page) -> None:
    """Parties, then articles of numbered clauses about the contract and what it is about."""
    rng, lang = page.rng, page.lexicon.lang
    domain = next(d for d in page.lexicon.domains if d.key == "contract")
    this = pick(rng, _THIS[lang])
    page.names.append(this)
    page.domain_of[this] = domain
    named = title(page, [names.brand_zh(rng) if lang == "zh" else names.latin(rng).capitalize()])
    page.head(named + (pick(rng, _CONTRACTS) if lang == "zh" else " agreement"))
    page.put("\n")
    for attribute in _parties(domain):
        page.put(pick(rng, attribute.names) + ("：" if lang == "zh" else ": "))
        page.value(this, attribute, attribute.make(rng))
        page.put("\n")
    subjects, article = cast(page), 0
    while not page.full:
        article += 1
        _article(page, article, [this, this, this, *some(rng, subjects, 3)])


def _parties(domain: Domain) -> list[Attribute]:
    return [a for a in domain.attributes if a.key in ("甲方", "乙方", "签订日期", "buyer", "seller", "signing date")]


def _article(page: Page, article: int, subjects: list[str]) -> None:
    rng, lang = page.rng, page.lexicon.lang
    head = (
        (f"第{numeral_zh(article)}条　" if rng.random() < 0.8 else f"{article}. ")
        if lang == "zh"
        else f"Article {article}. "
    )
    label = (f"第{numeral_zh(article)}条", "条") if lang == "zh" else (f"article {article}", "article")
    page.put("\n")
    parent = page.heading("", head, title(page, subjects[3:] or subjects), (*label, -1))
    for clause in range(1, upto(rng, 3, 6)):
        page.put(f"{article}.{clause} ")
        subject = pick(rng, subjects)
        attribute = pick(rng, page.domain_of[subject].attributes)
        page.open = parent
        if (subject, attribute.key) in page.stated or rng.random() < 0.3:
            page.filler()
        else:
            say.fact(page, subject, attribute)
        page.put("\n")


_MINUTES = {
    "zh": ("会议纪要", "周例会纪要", "评审会议记录", "专题会议纪要"),
    "en": ("Minutes", "Minutes of the weekly meeting", "Meeting record"),
}


def minutes(page: Page) -> None:
    """Date, place, chair; then items with decisions: who does what by when."""
    rng, lang, formats = page.rng, page.lexicon.lang, page.lexicon.formats
    meeting = pick(rng, formats["meeting"].patterns)
    page.names.append(meeting)
    page.domain_of[meeting] = formats["meeting"]
    page.head(pick(rng, _MINUTES[lang]))
    page.put("\n")
    for attribute in some(rng, formats["meeting"].attributes, upto(rng, 3, 5)):
        page.put(attribute.key + ("：" if lang == "zh" else ": "))
        page.value(meeting, attribute, attribute.make(rng))
        page.put("\n")
    item, subjects = 0, cast(page)
    while not page.full:
        item += 1
        _item(page, item, subjects)


def _item(page: Page, item: int, subjects: list[str]) -> None:
    rng, lang = page.rng, page.lexicon.lang
    numeral = f"{numeral_zh(item)}、" if lang == "zh" else f"{item}. "
    label = (f"第{numeral_zh(item)}项", "项") if lang == "zh" else (f"item {item}", "item")
    page.put("\n")
    page.heading("", numeral, title(page, subjects), (*label, -1))
    tasks = [page.entity(page.lexicon.formats["task"]) for _ in range(upto(rng, 1, 3))]
    for task in tasks:
        for attribute in some(rng, page.domain_of[task].attributes, upto(rng, 1, 3)):
            say.fact(page, task, attribute)
    page.put("\n")
    if rng.random() < 0.6:
        paragraph(page, subjects)


_ERRORS = {
    "zh": ("meaning", ("含义", "说明", "原因", "意思")),
    "en": ("meaning", ("meaning", "description", "cause")),
}
_FAULTS = {
    "zh": words("[func][act]失败/[obj]不存在/[obj]已过期/没有[verb][obj]的权限/[actor]未登录/[func]繁忙"),
    "en": words(
        "[func] [act] failed/no such [obj]/[obj] expired/not allowed to [verb] [obj]/[func] is busy/missing [obj]"
    ),
}
_PARAMETERS = {
    "zh": ("请求参数", "参数说明", "入参", "参数列表"),
    "en": ("Parameters", "Request parameters", "Arguments"),
}
_CODES = {"zh": ("错误码", "返回码说明", "错误代码"), "en": ("Error codes", "Errors", "Return codes")}


def interface(page: Page) -> None:
    """An interface reference: calls with their path and limits, parameter tables, error codes."""
    rng, lang, formats = page.rng, page.lexicon.lang, page.lexicon.formats
    marks = pick(rng, ("## ", "### ", ""))
    while not page.full:
        call = page.entity(formats["api"])
        label = (f"“{call}”一节", "节") if lang == "zh" else (f'the section "{call}"', "section")
        page.heading(marks, "", call, (*label, -1))
        page.filler()
        page.put("\n\n")
        for attribute in some(rng, formats["api"].attributes, upto(rng, 3, 6)):
            page.put("- " + pick(rng, attribute.names[:2]) + ("：" if lang == "zh" else ": "))
            page.value(call, attribute, attribute.make(rng))
            page.put("\n")
        page.put("\n" + pick(rng, _PARAMETERS[lang]) + "\n")
        grid(page, formats["param"], [page.entity(formats["param"]) for _ in range(upto(rng, 2, 4))])
        page.put("\n")
        if rng.random() < 0.5:
            _errors(page)


def _errors(page: Page) -> None:
    rng, lang = page.rng, page.lexicon.lang
    page.put(pick(rng, _CODES[lang]) + "\n")
    key, spoken = _ERRORS[lang]
    meaning = Attribute(key, "what", spoken, (), _MEANINGS[lang], page.lexicon.makers["error"])
    for _ in range(upto(rng, 3, 6)):
        error = page.lexicon.makers["error"](rng)
        if error in page.names:
            continue
        page.names.append(error)
        page.domain_of[error] = Domain("", (), ("E{c}", "{c}"), (meaning,))
        page.put(error + pick(rng, ("  ", "：" if lang == "zh" else ": ", " - ")))
        page.value(error, meaning, fill(rng, pick(rng, _FAULTS[lang]), page.lexicon.slots))
        page.put("\n")
    page.put("\n")


_MEANINGS = {
    "zh": ("{s} 是什么意思", "返回 {s} 表示什么", "{s} 代表什么错误", "什么情况下会返回 {s}", "错误码 {s} 的含义"),
    "en": ("what does {s} mean", "what does the code {s} stand for", "when is {s} returned"),
}
_CHANGES = {
    "zh": (
        "新增[func][act]功能",
        "修复[obj]偶尔丢失的问题",
        "优化[func]性能",
        "移除[obj]",
        "[func]页面支持[verb][obj]",
        "调整[func][act]的顺序",
    ),
    "en": ("added [func] [act]", "fixed lost [obj]", "faster [func]", "removed [obj]", "[func] can now [verb] [obj]"),
}


def release(page: Page) -> None:
    """Release notes: a heading for each version, its data, and what has changed."""
    rng, lang, formats = page.rng, page.lexicon.lang, page.lexicon.formats
    subjects = cast(page)
    bullet = pick(rng, ("- ", "* ", "· "))
    while not page.full:
        version = page.entity(formats["release"])
        unit = "节" if lang == "zh" else "section"
        page.heading(pick(rng, ("## ", "")), "", version, (version, unit, -1))
        for attribute in some(rng, formats["release"].attributes, upto(rng, 2, 4)):
            page.put(attribute.key + ("：" if lang == "zh" else ": "))
            page.value(version, attribute, attribute.make(rng))
            page.put("\n")
        for _ in range(upto(rng, 2, 5)):
            page.put(bullet)
            subject = pick(rng, subjects)
            attribute = pick(rng, page.domain_of[subject].attributes)
            if rng.random() < 0.5 and (subject, attribute.key) not in page.stated:
                say.fact(page, subject, attribute)
            else:
                _change(page)
            page.put("\n")
        page.put("\n")


def _change(page: Page) -> None:
    start = page.at
    page.put(fill(page.rng, pick(page.rng, _CHANGES[page.lexicon.lang]), page.lexicon.slots))
    page.sentence(start)
