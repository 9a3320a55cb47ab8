"""The page of imports: a file is handed in, checked, imported; tables are remembered; nothing is lost."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from faces.console.desk import colleague, followed, said, text_of
from faces.small_utility import Utility
from mingdu.base.database import reading_connection
from mingdu.faces.console.imports import forms
from mingdu.metering.imports.exchange import files_kept
from mingdu.metering.models import ColumnMapping, FileImport, UsagePoint
from mingdu.metering.store.point_days import PointDay, point_days

pytestmark = pytest.mark.database

PAGE, POINT = "/console/imports/", "P0530100002"
HOURS = [f"2026-12-20 {n // 4:02}:{n % 4 * 15:02}" for n in range(8)]
TABLE = "户号,时间,用电量(kWh)\n" + "".join(f"{POINT},{time},0.125\n" for time in HOURS)
NEM12 = (
    f"100,NEM12,202612310900,S,M\r\n200,{POINT},E1,1,E1,N1,M1,KWH,30,\r\n"
    f"300,20261215,{','.join(['0.250'] * 48)},A,,,,\r\n"
    f"200,NOBODY,E1,1,E1,N1,M1,KWH,30,\r\n300,20261215,{','.join(['1'] * 48)},A,,,,\r\n900\r\n"
)


@pytest.fixture(autouse=True)
def afresh(utility: Utility) -> None:
    FileImport.objects.all().delete()
    ColumnMapping.objects.all().delete()


def handed_in(browser: Client, text: str | bytes, name: str = "a.csv") -> str:
    """Hand a file in; return the address of its page."""
    file = BytesIO(text.encode() if isinstance(text, str) else text)
    file.name = name
    answer = browser.post(PAGE, {"file": file})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def chosen(page: str) -> dict[str, str]:
    """What the form of a page would send as it stands."""
    values = dict(re.findall(r'<input type="text" name="(\w+)"(?: value="([^"]*)")?', page))
    for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', page, re.S):
        picked = re.search(r'<option value="([^"]*)" selected', options)
        values[name] = picked[1] if picked else ""
    return values


def day(number: int = 20) -> PointDay:
    point = UsagePoint.objects.get(code=POINT).pk
    return point_days(reading_connection(), point, [date(2026, 12, number)])[0]


def test_an_empty_page_says_what_to_do(utility: Utility) -> None:
    page = text_of(colleague("clerk"), PAGE)
    assert "还没有上传过文件" in page and "还没有记住的表格" in page
    assert PAGE in text_of(colleague("clerk"), "/console/")


def test_a_file_is_checked_without_writing_and_then_imported(utility: Utility) -> None:
    browser = colleague("clerk")
    address = handed_in(browser, NEM12, "nem12.csv")
    page = text_of(browser, address)
    assert '<option value="nem12" selected>' in page
    assert "正在校验" in followed(browser, address, chosen(page))
    assert said(browser.get(f"{address}progress/"), 302) == ""
    part = browser.get(f"{address}progress/", headers={"HX-Request": "true"})
    assert "HX-Refresh" not in part and "every 2s" in said(part)
    utility.work()
    assert browser.get(f"{address}progress/", headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    page = text_of(browser, address)
    assert "已校验，未导入" in page and "没有这个计量点或表" in page
    assert day(15).version == 0
    assert "正在导入" in followed(browser, f"{address}start/")
    utility.work()
    page = text_of(browser, address)
    assert "已导入，错误行除外" in page and "clerk 员工" in page
    assert set(day(15).values[:40].tolist()) == {250}
    report = b"".join(browser.get(f"{address}report.csv").streaming_content).decode()
    assert report.splitlines()[1].startswith("5,UnknownUsagePoint,48,")
    listed = text_of(browser, PAGE)
    assert "nem12.csv" in listed and "已导入" in listed
    assert "该文件已导入过" in followed(browser, f"{address}start/")


def test_a_table_is_proposed_shown_remembered_and_read_alike(utility: Utility) -> None:
    browser = colleague("clerk")
    address = handed_in(browser, TABLE)
    page = text_of(browser, address)
    assert "0.125 kWh" in page and "2026-12-20 00:15:00" in page
    wanted = chosen(page)
    assert (wanted["column_0"], wanted["amounts"]) == ("point", "15")
    shown = said(
        browser.post(address, wanted | {"unit": "MWh", "column_2": "ignored", "act": "preview"}), 422
    )
    assert "请选定一列时间和至少一列数值" in shown and 'value="MWh"' in shown
    preview = said(browser.post(address, wanted | {"act": "preview"}))
    assert "0.125 kWh" in preview and "正在校验" not in preview
    checked = followed(browser, address, wanted | {"act": "check", "save_as": "集抄"})
    assert "正在校验" in checked
    utility.work()
    assert "正在导入" in followed(browser, f"{address}start/")
    utility.work()
    assert day().values[:8].tolist() == [125] * 8
    again = handed_in(browser, TABLE.replace("0.125", "0.250").replace("2026-12-20", "2026-12-21"))
    assert "?map=%E9%9B%86%E6%8A%84" in text_of(browser, again)
    assert "0.250" in text_of(browser, f"{again}?map=集抄")
    taken = said(browser.post(again, wanted | {"act": "check", "save_as": "集抄"}), 422)
    assert "名称已被占用" in taken
    assert "已改名" in followed(
        browser, f"{PAGE}mappings/", {"name": "集抄", "new_name": "新集抄", "act": "rename"}
    )
    assert "已停用" in followed(browser, f"{PAGE}mappings/", {"name": "新集抄", "act": "retire"})
    assert "已被改名或停用" in followed(browser, f"{PAGE}mappings/", {"name": "集抄", "act": "retire"})
    assert "已被改名或停用" in text_of(browser, f"{again}?map=集抄")


def test_what_cannot_be_read_says_so_and_keeps_what_was_typed(utility: Utility) -> None:
    browser = colleague("clerk")
    address = handed_in(browser, NEM12)
    wrong = {"format": "nem12", "zone": "Mars/Base", "minutes": "15", "decimals": "3"}
    page = said(browser.post(address, wrong), 422)
    assert "没有这个时区" in page and 'value="Mars/Base"' in page
    nothing = handed_in(browser, "\n\n")
    assert "没有数据行" in text_of(browser, nothing)
    refused = browser.post(nothing, wrong | {"zone": "", "format": "table"})
    assert "没有数据行" in said(refused, 422)
    long_form = handed_in(browser, "usage_point,channel|register,time,value,unit,quality\n")
    page = text_of(browser, long_form)
    assert '<option value="long" selected>' in page
    followed(browser, long_form, chosen(page))
    utility.work()
    assert "已校验，未导入" in text_of(browser, long_form)
    other = followed(browser, address, wrong | {"zone": "", "format": "curves"})
    assert "正在校验" in other
    utility.work()
    assert "无法读取" in text_of(browser, address)
    assert "该文件已导入过，或校验尚未完成" in followed(browser, f"{address}start/")


def test_refuses_files_that_are_too_large_or_empty(utility: Utility, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = colleague("clerk")
    empty = BytesIO(b"")
    empty.name = "empty.csv"
    assert said(browser.post(PAGE, {"file": empty}), 422)
    assert said(browser.post(PAGE, {}), 422)
    assert not FileImport.objects.exists()
    with pytest.raises(files_kept.UploadTooLarge):
        files_kept.keep_file(bytes(8_000_000) for _ in range(9))
    with pytest.raises(files_kept.EmptyUpload):
        files_kept.keep_file([])
    huge = SimpleUploadedFile("huge.csv", b"x")
    huge.size = files_kept.MOST_BYTES + 1
    form = forms.UploadForm({}, {"file": huge})
    assert not form.is_valid() and "64 MB" in str(form.errors)


def test_a_colleague_of_one_unit_sees_his_own_files_alone_and_others_none(utility: Utility) -> None:
    browser = colleague("clerk")
    address = handed_in(browser, NEM12)
    other = colleague("engineer")
    assert "a.csv" not in text_of(other, PAGE)
    assert other.get(address).status_code == 404
    for path in (PAGE, address):
        assert colleague("agent").get(path).status_code == 403
