"""Owns character encodings: which one a text is in, said or guessed, and its decoding."""

import codecs
import re
from collections.abc import Iterator

from render_service.documents.values import InvalidDocument

# Longest first: the mark of UTF-32-LE begins with that of UTF-16-LE.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Codecs by Python's name: those of text files, none that could be made to work hard or to decode into bytes.
CHARSETS = frozenset(
    (
        *("ascii", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
        *("gb2312", "gbk", "gb18030", "hz", "big5", "big5hkscs", "cp950"),
        *("shift_jis", "cp932", "euc_jp", "euc_kr", "cp949"),
        *("iso8859-1", "iso8859-2", "iso8859-5", "iso8859-7", "iso8859-9", "iso8859-15", "mac-roman"),
        *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1257", "koi8-r", "koi8-u"),
    )
)
# What a text without a mark may be guessed to be; of equally likely ones the first is taken.
GUESSES = (
    *("gb18030", "big5", "cp932", "euc_jp", "cp949"),
    *("cp1252", "cp1251", "cp1250", "koi8_r", "cp1253", "cp1254", "cp1257", "iso8859_5"),
)
SAMPLE_BYTES = 64 * 1024
# UTF-16 of a text with some ASCII in it: zero bytes stand on one side of the pairs only.
MIN_ZERO_SHARE = 0.1
MOST_CHAOS = 0.2
FORMED_SHARE = 0.7
# Every fourth character or so of a Chinese text is one of these; of a text decoded wrongly, one in twenty at most.
FREQUENT = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学"
    "法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外"
    "天政四日社事平形相全表间样与关各重新线内数正心反你明看原又利比或但质气第向道此变条只没结解问意建月公无系情者最立代想"
    "這個國們來時為會對說過學經與關點開當後發動產種進電裡現實兩體機從業應還間樣線內數質氣變條沒結問無總統設計員別規據處"
)
FREQUENT_SHARE = 0.12
CHINESE = ("gb18030", "big5")
DECLARED = re.compile(rb"""(?:<meta[^>]+charset|<\?xml[^>]+encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
DECLARED_WITHIN_BYTES = 2048
SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def decode_text(data: bytes, said: str = "") -> tuple[str, str]:
    """Text and the name of its encoding.

    A byte order mark decides, else what the sender says, what the page itself declares, UTF-8, the likeliest other one.
    Raises InvalidDocument.
    """
    for mark, name in MARKS:
        if data.startswith(mark):
            return decode_as(data, name), name
    if said:
        name = _known(said)
        return decode_as(data, name), name
    if name := _unmarked_utf16(data[:SAMPLE_BYTES]):
        return decode_as(data, name), name
    declared = DECLARED.search(data[:DECLARED_WITHIN_BYTES])
    for name in (*(_supported(declared.group(1).decode()) if declared else ()), "utf-8"):
        try:
            return data.decode(name), name
        except UnicodeDecodeError:
            continue
    return _guessed(data)


def decode_as(data: bytes, charset: str) -> str:
    """The text of bytes in a known encoding. Raises InvalidDocument."""
    try:
        return data.decode(charset)
    except UnicodeDecodeError as error:
        hint = "; name its charset if it is not UTF-8" if charset == "utf-8" else ""
        raise InvalidDocument(f"not valid {charset} at byte {error.start}{hint}") from error


def _supported(said: str) -> Iterator[str]:
    try:
        name = codecs.lookup(said).name
    except LookupError:
        return
    if name in CHARSETS:
        yield name


def _known(said: str) -> str:
    for name in _supported(said):
        return name
    raise InvalidDocument(f"unknown character encoding {said[:40]!r}")


def _unmarked_utf16(sample: bytes) -> str:
    first, second = sample[::2].count(0), sample[1::2].count(0)
    enough = MIN_ZERO_SHARE * len(sample) / 2
    if first == second or max(first, second) < enough or min(first, second):
        return ""
    return "utf-16-be" if first else "utf-16-le"


def _guessed(data: bytes) -> tuple[str, str]:
    """For bytes that are no UTF-8. A text that is UTF-8 for the most part is a damaged one, not one of another kind."""
    if _is_damaged_utf8(data):
        decode_as(data, "utf-8")
    for name in (*_chinese(_sample(data)), *_likeliest(data)):
        try:
            return data.decode(name), codecs.lookup(name).name
        except UnicodeDecodeError:
            continue
    return decode_as(data, "utf-8"), "utf-8"  # which says where it fails


def _is_damaged_utf8(data: bytes) -> bool:
    """Whether most bytes above ASCII stand in well-formed sequences; of Chinese in GBK about every fifth does."""
    sample = data[: 16 * SAMPLE_BYTES]
    formed = sum(len(match) for match in SEQUENCE.findall(sample))
    above = len(sample) - len(sample.translate(None, bytes(range(0x80, 0x100))))
    return formed > FORMED_SHARE * above


def _chinese(sample: bytes) -> list[str]:
    """The Chinese encoding in which the sample has its share of frequent characters, if there is one.

    Detectors by spread and order of characters take short Chinese for Korean or Russian.
    """
    shares = {name: _frequent_share(sample.decode(name, "replace")) for name in CHINESE}
    return [name for name in sorted(shares, key=lambda name: -shares[name])[:1] if shares[name] >= FREQUENT_SHARE]


def _frequent_share(text: str) -> float:
    strange = [letter for letter in text if letter > "\x7f"]
    return sum(letter in FREQUENT for letter in strange) / max(1, len(strange))


def _likeliest(data: bytes) -> list[str]:
    # Only here: its tables are of no use to the many documents in UTF-8.
    from charset_normalizer import from_bytes

    matches = from_bytes(_sample(data), cp_isolation=list(GUESSES), threshold=MOST_CHAOS)
    ranked = sorted(
        matches, key=lambda match: (round(match.chaos, 2), -round(match.coherence, 2), GUESSES.index(match.encoding))
    )
    # One match stands for all encodings in which the bytes mean the same.
    return [min(set(match.could_be_from_charset) & set(GUESSES), key=GUESSES.index) for match in ranked]


def _sample(data: bytes) -> bytes:
    """The lines that tell: those with bytes above ASCII."""
    sample = bytearray()
    for line in data.splitlines(keepends=True):
        if not line.isascii():
            sample += line
        if len(sample) >= SAMPLE_BYTES:
            break
    return bytes(sample)
