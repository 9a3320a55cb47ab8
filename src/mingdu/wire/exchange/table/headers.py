"""What the headers of tables mean, in Chinese and English, with how sure that is."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from mingdu.wire.exchange.series import Kind, Shape
from mingdu.wire.exchange.units import read_unit


class Role(Enum):
    """What a column holds."""

    POINT = "point"
    METER = "meter"
    TIME = "time"  # date and clock, or the date alone beside a CLOCK column or clock headers
    CLOCK = "clock"
    UNIT = "unit"
    KIND = "kind"  # names what the VALUE column of the row holds
    REGISTER = "register"
    QUALITY = "quality"
    VALUE = "value"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Meaning:
    """
    What one header means.

    kind, shape, phase   of a VALUE column; None: the rows or the mapping tell
    unit                 as written in the header, empty if it names none
    minute               of a VALUE column headed by a clock time: minutes after midnight
    score                0 to 100: 100 for a known word, less where a known word is only a part
    """

    role: Role
    kind: Kind | None = None
    shape: Shape | None = None
    phase: str = ""
    unit: str = ""
    minute: int | None = None
    score: int = 0


_WORDS: Final[dict[Role, str]] = {
    Role.POINT: "户号 用户编号 用电户号 客户编号 计量点 计量点编号 计量点号 电表户号 "
    "usagepoint point account accountnumber nmi mpan pod meteringpoint customernumber",
    Role.METER: "表号 电表号 电能表号 表计编号 资产编号 电表资产号 出厂编号 "
    "meter meternumber meterno meterserial serial meterid",
    Role.TIME: "时间 数据时间 采集时间 抄表时间 日期时间 冻结时间 日期 数据日期 抄表日期 "
    "time timestamp datetime readat readtime start starttime intervalstart date readdate day",
    Role.CLOCK: "时刻 时分 clock timeofday",
    Role.UNIT: "单位 计量单位 unit uom",
    Role.KIND: "数据项 数据类型 测量项 数据名称 channel item measure",
    Role.REGISTER: "费率 时段 费率类型 register tariff",
    Role.QUALITY: "质量 质量标记 质量标志 数据状态 quality qualityflag status",
}

_VALUE_WORDS: Final[tuple[tuple[str, Kind | None, Shape | None], ...]] = (
    (
        "正向有功 有功正向 正向有功总 正有 activeimport import importwh forwardactive",
        Kind.ACTIVE_IMPORT,
        None,
    ),
    (
        "反向有功 有功反向 反向有功总 反有 上网电量 activeexport export exportwh reverseactive",
        Kind.ACTIVE_EXPORT,
        None,
    ),
    ("正向无功 无功正向 reactiveimport forwardreactive", Kind.REACTIVE_IMPORT, None),
    ("反向无功 无功反向 reactiveexport reversereactive", Kind.REACTIVE_EXPORT, None),
    ("一象限无功 第一象限无功 无功一象限 reactiveq1 q1", Kind.REACTIVE_Q1, None),
    ("二象限无功 第二象限无功 无功二象限 reactiveq2 q2", Kind.REACTIVE_Q2, None),
    ("三象限无功 第三象限无功 无功三象限 reactiveq3 q3", Kind.REACTIVE_Q3, None),
    ("四象限无功 第四象限无功 无功四象限 reactiveq4 q4", Kind.REACTIVE_Q4, None),
    ("最大需量 需量 maxdemand demand", Kind.DEMAND, Shape.MOMENT),
    ("有功功率 瞬时有功 功率 负荷 power activepower load", Kind.POWER, Shape.MOMENT),
    ("电压 voltage volts", Kind.VOLTAGE, Shape.MOMENT),
    ("电流 current amps", Kind.CURRENT, Shape.MOMENT),
    ("功率因数 powerfactor pf", Kind.POWER_FACTOR, Shape.MOMENT),
    ("用电量 电量 consumption usage energy", Kind.ACTIVE_IMPORT, Shape.INTERVAL),
    ("示数 表码 抄表示数 止码 本次示数 reading index meterreading", Kind.ACTIVE_IMPORT, Shape.REGISTER),
    ("数值 值 value", None, None),
)
_SHAPE_PARTS: Final = {
    "示数": Shape.REGISTER,
    "示值": Shape.REGISTER,
    "表码": Shape.REGISTER,
    "reading": Shape.REGISTER,
    "register": Shape.REGISTER,
    "电量": Shape.INTERVAL,
    "usage": Shape.INTERVAL,
    "consumption": Shape.INTERVAL,
}

_KNOWN: Final[dict[str, Meaning]] = {
    **{word: Meaning(role, score=100) for role, words in _WORDS.items() for word in words.split()},
    **{
        word: Meaning(Role.VALUE, kind, shape, score=100)
        for words, kind, shape in _VALUE_WORDS
        for word in words.split()
    },
}
_CLOCK: Final = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])(?::00)?", re.ASCII)
_PHASE: Final = re.compile(r"([abc])相|(?:phase|l|ph)([abc123])$|[a-z]_([abc])$")
_UNIT: Final = re.compile(r"[(\[]([^()\[\]]{1,12})[)\]]")
# Shorter parts than these are in too many words to mean anything.
_LEAST_PART: Final = 2


def read_header(text: str) -> Meaning:
    """
    Tell what a header means: "正向有功总(kWh)", "A相电压", "00:15", "Import kWh".

    returns   Role.IGNORED with score 0 if no known word is in it
    """
    shown = unicodedata.normalize("NFKC", text).strip()
    if clock := _CLOCK.fullmatch(shown):
        minute = int(clock[1]) * 60 + int(clock[2])
        return Meaning(Role.VALUE, minute=minute, score=100) if minute <= 1440 else Meaning(Role.IGNORED)
    name, unit = _take_unit(shown)
    phase, name = _take_phase(name.casefold())
    word = re.sub(r"[\s_\-./·:]+", "", name)
    meaning = _KNOWN.get(word) or _by_part(word)
    if meaning.role is not Role.VALUE:
        return meaning
    shape = next((shape for part, shape in _SHAPE_PARTS.items() if part in word), meaning.shape)
    return replace(meaning, shape=shape, phase=phase, unit=unit)


def _by_part(word: str) -> Meaning:
    """The longest known word inside the header; its score is its share of the header."""
    inside = [known for known in _KNOWN if len(known) >= _LEAST_PART and known in word]
    if not inside:
        return Meaning(Role.IGNORED)
    longest = max(inside, key=lambda known: (len(known), known))
    return replace(_KNOWN[longest], score=min(95, 100 * len(longest) // len(word)))


def _take_unit(text: str) -> tuple[str, str]:
    """Take "(kWh)", "[kWh]" or a last word that is a unit off the header."""
    if (inside := _UNIT.search(text)) and read_unit(inside[1]):
        return text[: inside.start()] + text[inside.end() :], inside[1].strip()
    head, separator, last = re.sub(r"[_/]", " ", text).rpartition(" ")
    if separator and len(last) > 1 and read_unit(last):
        return head, last
    return text, ""


def _take_phase(name: str) -> tuple[str, str]:
    found = _PHASE.search(name)
    if not found:
        return "", name
    letter = next(group for group in found.groups() if group)
    start = found.start() + (found[3] is not None)
    return letter.translate(str.maketrans("123abc", "ABCABC")), name[:start] + name[found.end() :]
