import json

import pytest
import typer
from typer.testing import CliRunner

from mingdu.main.cli.decode import register
from mingdu.wire.dlt645.bcd import NotBcd, TooLong
from mingdu.wire.dlt645.frame import MAX_INPUT_BYTES, BadChecksum
from wire.dlt645.golden import A02, BLOCK, raw_frame

RUNNER = CliRunner()


@pytest.fixture
def app() -> typer.Typer:
    """A command line that has more than this command, as the real one."""
    app = typer.Typer()
    register(app)
    app.command("other")(lambda: None)
    return app


def test_prints_one_object_for_one_frame(app: typer.Typer) -> None:
    result = RUNNER.invoke(app, ["decode", A02.hex()])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["values"][0]["value"] == "0.26"


def test_prints_a_list_for_several_frames_and_takes_spaces(app: typer.Typer) -> None:
    spaced = " ".join(f"{octet:02X}" for octet in A02 + BLOCK)
    result = RUNNER.invoke(app, ["decode", spaced])
    assert [each["data_id"] for each in json.loads(result.stdout)] == ["00010000", "0001FF00"]


def test_reads_standard_input(app: typer.Typer) -> None:
    result = RUNNER.invoke(app, ["decode", "-"], input=A02.hex() + "\n")
    assert json.loads(result.stdout)["address"] == "000000000161"


def test_explains(app: typer.Typer) -> None:
    result = RUNNER.invoke(app, ["decode", A02.hex(), "--explain"])
    assert "identifier 00010000" in result.stdout


def test_a_protocol_may_be_named(app: typer.Typer) -> None:
    result = RUNNER.invoke(app, ["decode", raw_frame("B02").hex(), "--protocol", "dlt645-1997"])
    assert json.loads(result.stdout)["data_id"] == "9010"


def test_prints_a_frame_that_is_not_decimal_and_then_raises(app: typer.Typer) -> None:
    result = RUNNER.invoke(app, ["decode", raw_frame("N06").hex()])
    assert isinstance(result.exception, NotBcd)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["values"][0]["value"] is None


def test_raises_the_named_error_and_prints_nothing(app: typer.Typer) -> None:
    result = RUNNER.invoke(app, ["decode", raw_frame("W01").hex()])
    assert isinstance(result.exception, BadChecksum)
    assert result.stdout == ""


@pytest.mark.parametrize("text", ["xyz", "681", "", "68,61"])
def test_text_that_is_not_hex_is_a_wrong_use(app: typer.Typer, text: str) -> None:
    assert RUNNER.invoke(app, ["decode", text]).exit_code == 2


def test_refuses_more_than_it_takes_at_once(app: typer.Typer) -> None:
    result = RUNNER.invoke(app, ["decode", "-"], input="00 " * (MAX_INPUT_BYTES + 1))
    assert isinstance(result.exception, TooLong)
