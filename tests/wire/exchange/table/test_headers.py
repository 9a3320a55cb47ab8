import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mingdu.wire.exchange.series import BadRecord
from mingdu.wire.exchange.table.headers import Role, read_header
from mingdu.wire.exchange.table.mapping import SURE_SCORE
from mingdu.wire.exchange.table.moments import BadTime, guess_order, read_clock, read_moment
from tables import worked_cases


@pytest.mark.parametrize("case", worked_cases("exchange/headers"), ids=lambda case: case["header"])
def test_knows_headers_of_both_languages(case: dict[str, str]) -> None:
    meaning = read_header(case["header"])
    shown = [meaning.role.value, meaning.kind and meaning.kind.value, meaning.shape and meaning.shape.value]
    assert [each or "" for each in shown] == [case["role"], case["kind"], case["shape"]]
    assert (meaning.phase, meaning.unit) == (case["phase"], case["unit"])
    assert (meaning.score >= SURE_SCORE) == (case["sure"] == "yes")


def test_clock_times_head_columns_of_a_day() -> None:
    assert [read_header(text).minute for text in ("00:15", "8:30:00", "24:00")] == [15, 510, 1440]
    assert read_header("24:15").role is Role.IGNORED


@given(st.text(max_size=60))
@settings(deadline=None)
def test_any_header_means_something_or_nothing(text: str) -> None:
    assert 0 <= read_header(text).score <= 100


@pytest.mark.parametrize("case", worked_cases("exchange/moments"), ids=lambda case: case["text"])
def test_reads_times_in_every_spelling(case: dict[str, str]) -> None:
    if case["civil"] == "refused":
        with pytest.raises(BadTime):
            read_moment(case["text"], case["order"], line=3)
        return
    civil, offset = read_moment(case["text"], case["order"], line=3)
    assert civil.isoformat() == case["civil"]
    assert offset == (int(case["offset_minutes"]) if case["offset_minutes"] else None)


def test_refuses_a_text_that_is_too_long_and_a_clock_that_is_none() -> None:
    with pytest.raises(BadTime):
        read_moment("2" * 50, line=1)
    with pytest.raises(BadTime):
        read_clock("25:00", line=1)


def test_guesses_the_order_where_a_day_above_12_tells() -> None:
    assert guess_order(["01/02/2026", "25/02/2026"]) == "dmy"
    assert guess_order(["01/02/2026", "02/25/2026"]) == "mdy"
    assert guess_order(["2026/02/25"]) == guess_order([]) == "ymd"


@given(st.text(alphabet="0123456789-/.:TZ+ 年月日时分", max_size=30), st.sampled_from(["ymd", "dmy", "mdy"]))
@settings(deadline=None)
def test_any_text_is_a_time_or_refused_by_name(text: str, order: str) -> None:
    try:
        read_moment(text, order, line=1)
    except BadRecord as fault:
        assert fault.name == "BadTime"
