"""Digits are scaled exactly: a slow twin in Decimal is the judge. Zones, points files, formats by content."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mingdu.metering.exchange import ExchangeFormat
from mingdu.metering.imports.exchange.civil import UnknownZone, utc_of, zone_of
from mingdu.metering.imports.exchange.formats import tell_format
from mingdu.metering.imports.exchange.names import BadPointsFile, read_points_file
from mingdu.metering.imports.exchange.values import scale_digits


@given(st.integers(-(10**17), 10**17), st.integers(-9, 9), st.integers(1, 10_000))
def test_scales_as_a_decimal_would(digits: int, shift: int, divisor: int) -> None:
    scaled = scale_digits(np.array([digits]), np.array([shift]), np.array([divisor]))
    if scaled.too_large[0]:
        assert abs(digits) * 10 ** max(shift, 0) >= 10**17
        assert scaled.digits[0] == 0
        return
    with localcontext(prec=60):
        exact = Decimal(digits).scaleb(shift) / divisor
        assert int(scaled.digits[0]) == int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
        assert bool(scaled.rounded[0]) == (exact != exact.to_integral_value())


def test_refuses_what_no_int64_holds() -> None:
    columns = np.array([10**17, 1, 0]), np.array([2, -40, 0]), np.array([1, 1, 1])
    assert scale_digits(*columns).too_large.tolist() == [True, True, False]


def test_an_hour_that_comes_once_is_the_earlier_and_a_repeated_stamp_stays_one() -> None:
    london, civil = zone_of("Europe/London"), "2026-10-25T01:30:00"
    once, _ = utc_of(np.array([civil, "2026-10-25T02:00:00"], "datetime64[s]"), london, np.datetime64("NaT"))
    assert str(once[0]) == "2026-10-25T00:30:00.000000"
    later = np.datetime64("2026-10-25T00:30:00", "us")
    second, _ = utc_of(np.array([civil], "datetime64[s]"), london, later)
    assert str(second[0]) == "2026-10-25T01:30:00.000000"
    third, _ = utc_of(np.array([civil], "datetime64[s]"), london, second[0])
    assert str(third[0]) == "2026-10-25T00:30:00.000000"


@pytest.mark.parametrize("name", ["Nowhere/Land", "../etc"])
def test_refuses_a_zone_that_there_is_not(name: str) -> None:
    with pytest.raises(UnknownZone):
        zone_of(name)


def test_reads_a_points_file_and_names_what_is_wrong_in_it(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("number,usage_point\n610,P0\n\n611, P1\n", encoding="utf-8")
    assert read_points_file(path) == {"610": "P0", "611": "P1"}
    for text in ("", "nmi,point\n", "number,usage_point\n610\n", "number,usage_point\n610,P0\n610,P1\n"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(BadPointsFile):
            read_points_file(path)


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b"\xef\xbb\xbf100,NEM12,", ExchangeFormat.NEM12), (b"100,NEM13,", ExchangeFormat.NEM13),
        (b"100,200\n", None), (b"UNA:+.? 'UNB", ExchangeFormat.MSCONS), (b"UNB+UNOC", ExchangeFormat.MSCONS),
        (b"PK\x03\x04..", ExchangeFormat.TABLE), (b"time,value\n", None), (b"", None), (b"<html>", None),
        (b'<?xml?><feed xmlns="http://www.w3.org/2005/Atom">', ExchangeFormat.GREEN_BUTTON),
        (b'<MeterReadings xmlns="http://iec.ch/TC57/2011/MeterReadings#">', ExchangeFormat.IEC61968),
    ],
)  # fmt: skip
def test_tells_a_format_by_its_first_bytes(head: bytes, told: ExchangeFormat | None) -> None:
    assert tell_format(head) is told
