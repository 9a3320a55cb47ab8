"""Amounts in Chinese capitals (人民币大写), as receipts and bills of exchange write them."""

from __future__ import annotations

from mingdu.errors import TradeError

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
# Groups of four places, the highest first.
GROUPS = ((10**8, "亿"), (10**4, "万"), (1, ""))
END_FEN = 10**14


class AmountNotWritable(TradeError):
    """The amount is negative, or has more than twelve places before the point."""

    next_step = "write a negative amount as its own document; a sum of a million millions is a mistake"


def capitals(amount_fen: int) -> str:
    """
    Write an amount in capitals: 13927 → "壹佰叁拾玖元贰角柒分".

    amount_fen  zero or more, below a million million yuan [fen]
    returns     the words; whole yuan end in 整; where the clause allows a 零 between yuan and jiao it is
                written, between the groups of four it is not
    raises      AmountNotWritable
    source      支付结算办法 (PBOC 1997), annex 1; worked cases in tests/golden/capitals.csv
    """
    if not 0 <= amount_fen < END_FEN:
        raise AmountNotWritable(f"{amount_fen} fen cannot be written in capitals", amount_fen=amount_fen)
    yuan, rest = divmod(amount_fen, 100)
    whole = _whole(yuan)
    if rest == 0:
        return f"{whole or DIGITS[0]}元整"
    return (f"{whole}元" if whole else "") + _part(yuan, *divmod(rest, 10))


def _whole(yuan: int) -> str:
    words, gap = "", False
    for size, name in GROUPS:
        group = yuan // size % 10_000
        if group == 0:
            gap = True
            continue
        if words and (gap or group < 1_000):
            words += DIGITS[0]
        words, gap = words + _group(group) + name, False
    return words


def _group(group: int) -> str:
    words, gap = "", False
    for place in (3, 2, 1, 0):
        digit = group // 10**place % 10
        if digit == 0:
            gap = bool(words)
            continue
        words, gap = words + (DIGITS[0] if gap else "") + DIGITS[digit] + PLACES[place], False
    return words


def _part(yuan: int, jiao: int, fen: int) -> str:
    # A zero at the end of the yuan or in the place of the jiao is said, unless nothing stands before it.
    is_gap = yuan > 0 and (jiao == 0 or yuan % 10 == 0)
    words = DIGITS[0] if is_gap else ""
    if jiao:
        words += f"{DIGITS[jiao]}角"
    return words + (f"{DIGITS[fen]}分" if fen else "")
