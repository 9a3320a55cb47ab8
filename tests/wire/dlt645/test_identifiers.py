import pytest

from mingdu.wire.dlt645.identifiers import PLAIN, layout_of
from mingdu.wire.dlt645.identifiers_1997 import layout_of_1997


def test_every_energy_has_64_registers_and_13_settlements() -> None:
    for settlement in range(13):
        block = layout_of(0x0001FF00 + settlement)
        assert block is not None and block.is_block
        singles = [layout_of(0x00010000 + (tariff << 8) + settlement) for tariff in range(0x40)]
        assert [single.items[0] for single in singles if single] == list(block.items)


def test_blocks_have_slots_of_one_width() -> None:
    for data_id in (0x0001FF00, 0x0101FF00, 0x0201FF00, 0x0203FF00, 0x05060101, 0x05060901, 0x040005FF):
        layout = layout_of(data_id)
        assert layout is not None and layout.is_block
        assert len({item.width for item in layout.items}) == 1


def test_the_daily_freeze_reaches_back_62_days() -> None:
    assert [layout_of(0x05060000 + days) is not None for days in (0, 1, 62, 63)] == [False, True, True, False]


def test_no_two_slots_of_an_identifier_share_a_name_and_tariff() -> None:
    for data_id, layout in PLAIN.items():
        names = [(item.name, item.tariff) for item in layout.items]
        assert len(names) == len(set(names)), f"{data_id:08X}"


@pytest.mark.parametrize("di0", range(256))
def test_1997_energies_know_total_fourteen_tariffs_and_the_block(di0: int) -> None:
    layout = layout_of_1997(0x9000 + di0)
    if di0 >> 4 not in (1, 2):
        assert layout is None
        return
    assert layout is not None
    expected = range(15) if di0 & 15 == 15 else [di0 & 15]
    assert [item.tariff for item in layout.items] == list(expected)
