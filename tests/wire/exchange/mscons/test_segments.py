import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.wire.exchange.mscons.segments import MOST_SEGMENT_BYTES, NotEdifact, SegmentTooLong, read_segments
from wire.exchange.files import golden, pieces_of

RAW = golden("mscons.edi")


@pytest.mark.parametrize("size", [1, 3, 50, 10**6])
def test_segments_do_not_depend_on_the_pieces(size: int) -> None:
    segments = list(read_segments(pieces_of(RAW, size)))
    assert len(segments) == 54
    assert segments[11].at(0, 1) == "1ESY 4711'2"
    assert segments[13].elements == (("5",), ("1-1:1.29.0", "SRW"))
    assert [(each.line, each.number) for each in segments[:3]] == [(2, 1), (3, 2), (4, 3)]
    assert list(read_segments([RAW.replace(b"\n", b"")])) == [
        type(each)(each.tag, each.elements, 1, each.number) for each in segments
    ]


def test_service_characters_are_those_of_una() -> None:
    (segment,) = read_segments([b"UNA|*,! ~UNB*UN!*OC|3~"])
    assert segment.elements == (("UN*OC", "3"),)
    (plain,) = read_segments([b"UNA:+.  'UNB+a?+b'"])
    assert plain.elements == (("a?",), ("b",))


def test_unoy_is_utf_8_and_unoc_latin_1() -> None:
    for name, encoding in (("UNOY", "utf-8"), ("UNOC", "latin-1")):
        _, segment = read_segments([f"UNB+{name}:4'NAD+Zähler'".encode(encoding)])
        assert segment.at(0) == "Zähler"


@given(
    st.lists(
        st.lists(st.text("ab?+:'\n", min_size=1, max_size=5), min_size=1, max_size=3), min_size=1, max_size=3
    )
)
@settings(deadline=None)
def test_what_is_released_comes_back(elements: list[list[str]]) -> None:
    def released(text: str) -> str:
        return "".join(f"?{each}" if each in "?+:'" else each for each in text)

    raw = "UNB+" + "+".join(":".join(map(released, parts)) for parts in elements) + "'"
    (segment,) = read_segments(pieces_of(raw.encode(), 2))
    assert segment.elements == tuple(map(tuple, elements))


def test_refuses_other_files_and_segments_without_end() -> None:
    for raw in (b"", b"UNA:+", b"100,NEM12", b"UNH+1'"):
        with pytest.raises(NotEdifact):
            list(read_segments([raw]))
    for raw in (b"UNB+UNOC:3' NAD+x", b"UNB+UNOC:3" + b"x" * 2 * MOST_SEGMENT_BYTES + b"'"):
        with pytest.raises(SegmentTooLong):
            list(read_segments([raw]))
