"""Bytes become text, or a refusal that says why and where."""

import codecs

import pytest

from render_service.documents import Decoded, Document, InvalidDocument, decode, decode_utf8

WORDS = "合同 contract é"


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        pytest.param(WORDS.encode(), "", id="utf-8"),
        pytest.param(codecs.BOM_UTF8 + WORDS.encode(), "", id="utf-8 with a mark"),
        pytest.param(WORDS.encode("utf-16"), "", id="utf-16 with a mark"),
        pytest.param(codecs.BOM_UTF16_BE + WORDS.encode("utf-16-be"), "latin-1", id="a mark beats what is said"),
        pytest.param(WORDS.encode("utf-32"), "", id="utf-32 with a mark"),
        pytest.param(WORDS.encode("utf-16-le"), "UTF-16LE", id="utf-16 as said"),
        pytest.param(WORDS.encode("gb18030"), "GB18030", id="gb18030 as said"),
    ],
)
def test_text_in_a_known_encoding_is_decoded(data, charset):
    assert decode(Document(data, charset=charset)) == Decoded(WORDS, "text/plain")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param(Document(b""), "empty", id="empty"),
        pytest.param(Document(b"%PDF-1.7 ..."), "PDF", id="pdf"),
        pytest.param(Document(b"PK\x03\x04..."), "ZIP", id="zip"),
        pytest.param(Document(b"\x89PNG\r\n\x1a\n"), "PNG", id="png"),
        pytest.param(Document(b"\x7fELF\x02"), "ELF", id="program"),
        pytest.param(Document(b"abc\xff\xfe"), "byte 3", id="broken utf-8"),
        pytest.param(Document("中文".encode()[:4]), "byte 3", id="cut utf-8"),
        pytest.param(Document(WORDS.encode("gbk")), "byte 0; name its charset", id="another charset"),
        pytest.param(Document(b"\x00" * 64), "NUL", id="nothing but NUL"),
        pytest.param(Document("abc".encode("utf-16-le")), "UTF-16", id="utf-16 without a mark"),
        pytest.param(Document(bytes(range(1, 32)) * 9), "control characters", id="binary"),
        pytest.param(Document(b"abc", charset="klingon"), "klingon", id="unknown charset"),
        pytest.param(Document(b"abc", charset="rot13"), "rot13", id="a codec that is no charset"),
    ],
)
def test_what_is_no_text_is_refused_by_name(document, message):
    with pytest.raises(InvalidDocument, match=message):
        decode(document)


def test_a_text_type_that_the_sender_names_is_kept():
    assert decode(Document(b"# a", media_type="text/markdown")).media_type == "text/markdown"
    assert decode(Document(b"# a", media_type="application/pdf")).media_type == "text/plain"


@pytest.mark.parametrize("data", [b"", b"a\xff"], ids=["empty", "broken"])
def test_text_between_services_is_utf8(data):
    with pytest.raises(InvalidDocument):
        decode_utf8(data)


def test_a_log_with_escapes_is_no_binary():
    assert decode(Document(b"\x1b[31mred\x1b[0m\n" * 9)).text.count("red") == 9
