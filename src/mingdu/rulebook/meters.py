"""Reads meters/*.yaml: what must be known of a meter model beyond the protocol."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mingdu.core.registers import PERIOD_REGISTERS, Register
from mingdu.errors import TradeError
from mingdu.rulebook.document import Node, read_yaml_file

SCHEMA = "mingdu/meter/1"
INTERVALS = (1, 2, 3, 5, 10, 15, 20, 30, 60)
LARGEST_DIGITS = 10


class UnknownMeterModel(TradeError):
    """No file in meters/ describes this model."""

    next_step = "add a file to meters/, or correct the model's name"


@dataclass(frozen=True)
class RegisterForm:
    """How a kind of register shows its value: digits, the last `decimals` of them behind the point."""

    digits: int
    decimals: int
    unit: str


@dataclass(frozen=True)
class MeterModel:
    """
    A model of meter.

    tariffs           Register behind each tariff number of the protocol (1…63)
    energy, reactive  RegisterForm; reactive and demand None where the model has none
    interval_minutes  length of an interval of its load profile
    """

    model: str
    protocol: str
    tariffs: dict[int, Register]
    energy: RegisterForm
    reactive: RegisterForm | None
    demand: RegisterForm | None
    interval_minutes: int


def find_meters_folder(folder: Path | None = None) -> Path:
    """
    Return the folder meters/: the one named, else that at the root of this checkout.

    raises  UnknownMeterModel
    """
    found = Path(__file__).resolve().parents[3] / "meters" if folder is None else folder
    if not found.is_dir():
        raise UnknownMeterModel(f"no folder {found}", folder=str(found))
    return found


def meter_models(folder: Path | None = None) -> dict[str, MeterModel]:
    """
    Read all meter models, by name; files of terminals are passed over.

    raises  BadDocument, UnknownMeterModel: no such folder
    """
    paths = sorted(find_meters_folder(folder).glob("*.yaml"))
    nodes = [read_yaml_file(path) for path in paths]
    models = [read_meter_model(node) for node in nodes if node.at("schema").text() == SCHEMA]
    return {model.model: model for model in models}


def meter_model(name: str, folder: Path | None = None) -> MeterModel:
    """
    Return one meter model.

    raises  UnknownMeterModel, BadDocument
    """
    models = meter_models(folder)
    if name not in models:
        raise UnknownMeterModel(f"no meter model {name}", model=name, known=sorted(models))
    return models[name]


def read_meter_model(node: Node) -> MeterModel:
    """
    Read one model from its document.

    raises  BadDocument: a key is missing, or a number is outside what meters have
    """
    registers = node.at("registers")
    registers.only(("energy", "reactive", "demand"))
    reactive, demand = registers.find("reactive"), registers.find("demand")
    interval = node.at("load_profile").at("interval_minutes")
    if interval.whole() not in INTERVALS:
        raise interval.bad(f"one of {INTERVALS} minutes is expected")
    return MeterModel(
        model=node.at("model").text(),
        protocol=node.at("protocol").text(),
        tariffs=_tariffs(node.at("tariffs")),
        energy=_form(registers.at("energy")),
        reactive=None if reactive is None else _form(reactive),
        demand=None if demand is None else _form(demand),
        interval_minutes=interval.whole(),
    )


def _tariffs(node: Node) -> dict[int, Register]:
    node.entries()  # Refuses what is no mapping; its keys are texts, tariff numbers are whole numbers.
    names = [register.name for register in PERIOD_REGISTERS]
    tariffs = {}
    for number, name in node.value.items():
        if type(number) is not int or not 1 <= number <= 63:
            raise node.bad("a tariff number from 1 to 63 is expected", str(number))
        tariffs[number] = Register[Node(name, node.file, f"{node.key}.{number}").choice(names)]
    if len(set(tariffs.values())) < len(tariffs):
        raise node.bad("two tariff numbers name one register")
    return tariffs


def _form(node: Node) -> RegisterForm:
    digits, decimals = node.at("digits").whole(), node.at("decimals").whole()
    if not 0 <= decimals <= digits <= LARGEST_DIGITS:
        raise node.bad(f"decimals within at most {LARGEST_DIGITS} digits are expected")
    return RegisterForm(digits, decimals, node.at("unit").text())
