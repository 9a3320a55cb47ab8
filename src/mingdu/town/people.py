"""Invented people, shops and addresses that look Chinese; the city of Yunxi (云溪市) does not exist."""

from __future__ import annotations

from typing import NamedTuple

from mingdu.core.types import Ints
from mingdu.town.profiles import Profile
from mingdu.town.roster import FACTORY, Roster
from mingdu.town.streams import Purpose, bucket_of, stream

CITY = "云溪市桃源区"
FACTORY_NAME = "云溪恒锻机械制造有限公司"
FACTORY_LOCATION = f"{CITY}工业园锻造路8号"
PHONE_BASE = 13_800_000_000

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀英霞平刚桂华建文玉兰志宏雪梅春海云龙凤国庆红波晨曦"
STREETS = ("青柳路", "石榴巷", "望湖街", "白鹭路", "东井巷", "茶花街", "听松路", "南塘街", "竹影巷", "云桥路")
SHOP_PREFIXES = (
    "福顺",
    "鑫源",
    "桂香",
    "同和",
    "聚宝",
    "永兴",
    "锦绣",
    "惠民",
    "春晖",
    "祥云",
    "百合",
    "金穗",
)
SHOP_TRADES = {
    Profile.RETAIL: ("副食店", "五金店", "百货店", "鲜果店"),
    Profile.RESTAURANT: ("米线馆", "小吃店", "饭庄", "火锅店"),
    Profile.OFFICE: ("工作室", "图文社", "会计服务部", "装饰设计部"),
}


class Person(NamedTuple):
    """Who holds an account: the customer's name, who answers the phone, where the meter hangs."""

    name: str
    contact: str
    phone: str
    service_location: str


def people_of(seed: int, roster: Roster) -> list[Person]:
    """Invent the holders of one bucket's points, in their order."""
    generator = stream(seed, Purpose.PEOPLE, bucket_of(int(roster.number[0])))
    draws = generator.integers(0, 1 << 16, size=(len(roster.number), 8), dtype="uint16").astype("int64")
    return [
        _person(int(number), Profile(profile), draw)
        for number, profile, draw in zip(roster.number.tolist(), roster.profile.tolist(), draws, strict=True)
    ]


def phone_of(number: int) -> str:
    """Return the invented mobile number of a point's holder."""
    return f"{PHONE_BASE + number}"


def _person(number: int, profile: Profile, draw: Ints) -> Person:
    contact = _name(draw)
    if number == FACTORY:
        return Person(FACTORY_NAME, contact, phone_of(number), FACTORY_LOCATION)
    street, house = STREETS[draw[3] % len(STREETS)], 1 + draw[4] % 120
    if profile in SHOP_TRADES:
        trades = SHOP_TRADES[profile]
        name = SHOP_PREFIXES[draw[5] % len(SHOP_PREFIXES)] + trades[draw[6] % len(trades)]
        return Person(name, contact, phone_of(number), f"{CITY}{street}{house}号商铺")
    block, stairs, storey, door = 1 + draw[5] % 8, 1 + draw[6] % 3, 1 + draw[7] % 6, 1 + draw[7] // 6 % 4
    room = f"{block}幢{stairs}单元{storey}0{door}室"
    return Person(contact, contact, phone_of(number), f"{CITY}{street}{house}号{room}")


def _name(draw: Ints) -> str:
    given = GIVEN[draw[1] % len(GIVEN)] + (GIVEN[draw[2] % len(GIVEN)] if draw[2] % 3 else "")
    return SURNAMES[draw[0] % len(SURNAMES)] + given
