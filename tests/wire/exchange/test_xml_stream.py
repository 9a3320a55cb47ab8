import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.wire.exchange.xml_stream import (
    MOST_DEPTH,
    MOST_ELEMENTS,
    MOST_TEXT,
    MOST_TOKEN_BYTES,
    ForbiddenXml,
    NotXml,
    XmlTooLarge,
    wanted_elements,
)
from wire.exchange.files import pieces_of

RAW = b'<a xmlns="n"><x><b i="1">one<c>deep</c></b></x>\n<b/>\n<z><b>three</b></z></a>'
WANTED = frozenset(["n b"])


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_yields_wanted_elements_with_all_inside_in_any_pieces(size: int) -> None:
    one, two, three = wanted_elements(pieces_of(RAW, size), WANTED)
    assert (one.text, one.attributes, one.text_of("n c"), one.line) == ("one", {"i": "1"}, "deep", 1)
    assert (two.children, two.line, three.text) == ([], 2, "three")
    assert one.first("n c", "n d") is None
    assert one.text_of("n d", "n e") == ""


def test_what_came_before_a_fault_is_yielded() -> None:
    found = []
    with pytest.raises(NotXml) as refused:
        for element in wanted_elements([RAW[:-4] + b"<"], WANTED):
            found.append(element.text)
    assert found == ["one", "", "three"]
    assert refused.value.line == 3


def test_refuses_document_types_and_entities_of_every_kind() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 99 + b'"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'
    outside = b'<!DOCTYPE a SYSTEM "elsewhere.txt"><a/>'
    parameter = b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]><a/>'
    for raw in (bomb, outside, parameter, b"<!DOCTYPE html><html/>"):
        with pytest.raises(ForbiddenXml):
            list(wanted_elements([raw], WANTED))


@pytest.mark.parametrize(
    "raw",
    [
        b"<a>" * (MOST_DEPTH + 1),
        b'<b xmlns="n">' + b"x" * (MOST_TEXT + 1),
        b'<b xmlns="n">' + b"<c/>" * MOST_ELEMENTS,
        b'<b c="' + b"x" * (3 * MOST_TOKEN_BYTES),
        b"<!--" + b"x" * (3 * MOST_TOKEN_BYTES),
    ],
    ids=["depth", "text", "elements", "attribute", "comment"],
)
def test_refuses_what_is_too_large(raw: bytes) -> None:
    with pytest.raises(XmlTooLarge):
        list(wanted_elements([raw], WANTED))


@pytest.mark.parametrize("raw", [b"", b"no xml", b"<a></b>", b'<?xml version="1.0" encoding="gb18030"?><a/>',
                                 b'<?xml version="1.0" encoding="klingon"?><a/>'])  # fmt: skip
def test_refuses_what_is_not_well_formed(raw: bytes) -> None:
    with pytest.raises(NotXml):
        list(wanted_elements([raw], WANTED))


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_any_bytes_raise_only_named_faults(raw: bytes) -> None:
    with pytest.raises((NotXml, ForbiddenXml)):
        list(wanted_elements([raw + b"<"], WANTED))
