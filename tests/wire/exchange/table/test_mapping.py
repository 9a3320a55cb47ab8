import json
from dataclasses import replace

import pytest

from mingdu.wire.exchange.table.headers import Meaning, Role
from mingdu.wire.exchange.table.mapping import BadMapping, from_json, guess_mapping

HEADERS = ["户号", "表号", "数据时间", "正向有功总(kWh)", "A相电压", "备注"]
ROWS = [
    ["0530100042", "M1", "2026-10-25 00:00", "1.234,50", "220,1", ""],
    ["0530100042", "M1", "2026-10-25 00:15", "1,5", "", ""],
]


def test_guesses_roles_marks_order_and_interval() -> None:
    mapping = guess_mapping(HEADERS, ROWS)
    roles = [column.meaning.role for column in mapping.columns]
    assert roles == [Role.POINT, Role.METER, Role.TIME, Role.VALUE, Role.VALUE, Role.IGNORED]
    assert (mapping.decimal, mapping.group, mapping.order, mapping.interval_minutes) == (",", ".", "ymd", 15)


@pytest.mark.parametrize(
    ("texts", "marks"),
    [
        (["1,234.5"], (".", ",")),
        (["1.234,5"], (",", ".")),
        (["1,5", "2,25"], (",", "")),
        (["1,234", "2,500"], (".", ",")),
        (["1.5"], (".", "")),
    ],
)
def test_guesses_the_marks_of_numbers(texts: list[str], marks: tuple[str, str]) -> None:
    mapping = guess_mapping(["户号", "时间", "示数"], [["1", "no time", text] for text in texts])
    assert (mapping.decimal, mapping.group) == marks
    assert mapping.interval_minutes is None


def test_clock_headers_tell_the_interval() -> None:
    assert guess_mapping(["户号", "日期", "00:00", "00:30", "01:00"]).interval_minutes == 30


def test_of_two_times_the_surer_one_is_taken() -> None:
    mapping = guess_mapping(["户号", "抄表员到达的时间", "抄表时间", "示数"])
    assert [column.meaning.role for column in mapping.columns][1:3] == [Role.IGNORED, Role.TIME]


def test_a_stored_mapping_comes_back_and_fits_only_its_headers() -> None:
    mapping = guess_mapping(HEADERS, ROWS)
    again = from_json(json.loads(json.dumps(mapping.as_json())))
    assert again == mapping
    assert again.fits(HEADERS)
    assert again.fits([*HEADERS[:5], "another remark"])
    assert not again.fits(HEADERS[1:])
    assert not again.fits(HEADERS[:4])


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"order": "ydm"},
        {"decimal": "'"},
        {"group": ",", "decimal": ","},
        {"columns": []},
        {"columns": [{}]},
        {"more": 1},
        {"columns": 3},
    ],
)
def test_refuses_a_stored_mapping_that_is_damaged(change: dict[str, object]) -> None:
    with pytest.raises(BadMapping):
        from_json({**guess_mapping(HEADERS, ROWS).as_json(), **change})


def test_refuses_headers_without_time_or_value_or_too_many() -> None:
    for headers in (["户号", "示数"], ["户号", "时间"], [], ["时间", "示数"] * 300):
        with pytest.raises(BadMapping):
            guess_mapping(headers)


def test_refuses_one_role_in_two_columns_and_amounts_without_interval() -> None:
    mapping = guess_mapping(HEADERS, ROWS)
    twice = replace(mapping.columns[5], meaning=Meaning(Role.TIME))
    with pytest.raises(BadMapping):
        replace(mapping, columns=(*mapping.columns, twice))
    with pytest.raises(BadMapping):
        guess_mapping(["户号", "时间", "用电量"]).require_interval()
