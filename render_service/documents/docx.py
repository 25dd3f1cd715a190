"""Owns the way from a DOCX file to lines of text: bounds for the archive, then mammoth, then the lines of the HTML."""

import io
import re
import zipfile

import mammoth

from render_service.documents.markup import decode_html
from render_service.documents.numbering import BODY, with_numbers
from render_service.documents.values import Decoded, InvalidDocument, TextTooLong

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MAX_ENTRIES = 10_000
MAX_XML_BYTES = 64 * 1024 * 1024
# XML of text packs about 10 : 1, and rarely 40 : 1; what packs better than that is a bomb.
MAX_XML_RATIO = 200
RATIO_FROM_BYTES = 4 * 1024 * 1024
ENCRYPTED = 0x1
PROLOGUE_BYTES = 4096
DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
BACK_LINK = re.compile(r' ?<a href="#(?:foot|end)note-ref-[^"]*">↑</a>')  # what mammoth puts behind a note
# What else comes as a ZIP archive, by an entry that it has.
OTHERS = {
    "xl/workbook.xml": "an XLSX workbook: save the sheet as CSV or PDF",
    "ppt/presentation.xml": "a PPTX presentation: save it as PDF",
    "content.xml": "an OpenDocument file: save it as .docx or PDF",
    "META-INF/container.xml": "an EPUB book: save it as HTML or PDF",
    "META-INF/MANIFEST.MF": "a JAR archive",
}


def decode_docx(data: bytes) -> Decoded:
    """The lines of a DOCX file; deleted text of tracked changes is left out. Raises InvalidDocument."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check(archive)
        numbered = io.BytesIO(with_numbers(data))
        html = mammoth.convert_to_html(numbered, convert_image=mammoth.images.img_element(_no_image)).value
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise InvalidDocument(f"the DOCX file is damaged or cut off: {error}") from error
    except (InvalidDocument, MemoryError):
        raise
    except Exception as error:  # whatever mammoth and the XML parser make of a file that is not as it should be
        raise InvalidDocument(f"the DOCX file is damaged: {type(error).__name__}: {error}"[:200]) from error
    return decode_html(BACK_LINK.sub("", html), media_type=MEDIA_TYPE)


def _check(archive: zipfile.ZipFile) -> None:
    """Refuses what is no DOCX or would grow without bound; zipfile never unpacks more than an entry declares."""
    entries = archive.infolist()
    names = {entry.filename for entry in entries[:MAX_ENTRIES]}
    if len(entries) > MAX_ENTRIES:
        raise InvalidDocument(f"the archive holds {len(entries):,} files: this is no document")
    if BODY not in names:
        kind = next((kind for name, kind in OTHERS.items() if name in names), "a ZIP archive: unpack it first")
        raise InvalidDocument(f"this is {kind}, no document that can be read")
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise InvalidDocument("the DOCX file is encrypted: save it without a password")
    xml = [entry for entry in entries if entry.filename.endswith((".xml", ".rels"))]
    _check_growth(sum(entry.file_size for entry in xml), sum(entry.compress_size for entry in xml))
    with archive.open(BODY) as body:
        if DOCTYPE.search(body.read(PROLOGUE_BYTES)):
            raise InvalidDocument("the DOCX file declares a document type, which none may")


def _check_growth(unpacked_bytes: int, packed_bytes: int) -> None:
    if unpacked_bytes > MAX_XML_BYTES:
        raise TextTooLong(f"the DOCX file unpacks to {unpacked_bytes:,} bytes, at most {MAX_XML_BYTES:,} are taken")
    if unpacked_bytes > RATIO_FROM_BYTES and unpacked_bytes > MAX_XML_RATIO * packed_bytes:
        raise InvalidDocument(
            f"the DOCX file unpacks to {unpacked_bytes // max(1, packed_bytes)} times its size: a bomb"
        )


def _no_image(_image: object) -> dict[str, str]:
    return {}
