import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.wire.exchange.lines import LineTooLong, numbered_lines
from wire.exchange.files import pieces_of


@given(st.lists(st.binary(max_size=9).filter(lambda line: not set(line) & {10, 13})), st.integers(1, 7))
@settings(deadline=None)
def test_lines_do_not_depend_on_the_pieces(lines: list[bytes], size: int) -> None:
    raw = b"".join(line + end for line, end in zip(lines, [b"\r\n", b"\n"] * len(lines), strict=False))
    assert list(numbered_lines(pieces_of(raw, size))) == list(enumerate(lines, 1))


def test_the_last_line_needs_no_end_and_the_byte_order_mark_is_left_out() -> None:
    assert list(numbered_lines([b"\xef\xbb\xbfa\nb"])) == [(1, b"a"), (2, b"b")]


@pytest.mark.parametrize("raw", [b"short\n" + b"x" * 20, b"short\n" + b"x" * 20 + b"\nshort\n"])
def test_refuses_a_line_that_does_not_end(raw: bytes) -> None:
    with pytest.raises(LineTooLong) as refused:
        list(numbered_lines(pieces_of(raw, 4), most=10))
    assert refused.value.line == 2
