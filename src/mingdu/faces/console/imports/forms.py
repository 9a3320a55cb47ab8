"""How a file is read, as a colleague chooses it; a table has a choice for each of its columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mingdu.core.clock import INTERVALS
from mingdu.metering.exchange import ExchangeFormat
from mingdu.metering.imports.exchange.files_kept import MOST_BYTES
from mingdu.metering.operations import Form, Reading
from mingdu.wire.exchange.series import Kind, Shape
from mingdu.wire.exchange.table.headers import Meaning, Role
from mingdu.wire.exchange.table.mapping import Column, Mapping

FORMATS = {
    Form.LONG: _("Long form: a line is a value"),
    Form.CURVES: _("Curves: a line is a day"),
    Form.REGISTERS: _("Registers: a line is a reading"),
    ExchangeFormat.TABLE: _("Table with columns of its own (CSV, xlsx)"),
    ExchangeFormat.NEM12: "NEM12",
    ExchangeFormat.NEM13: "NEM13",
    ExchangeFormat.GREEN_BUTTON: "Green Button",
    ExchangeFormat.IEC61968: "IEC 61968-9 MeterReadings",
    ExchangeFormat.MSCONS: "MSCONS",
}
# Further columns keep what was guessed; tables with so many have a column for each interval.
MOST_COLUMNS_SHOWN = 24
_PLAIN = (
    (Role.IGNORED, _("– not read –")),
    (Role.POINT, _("usage point or account")),
    (Role.METER, _("meter number")),
    (Role.TIME, _("time or day")),
    (Role.CLOCK, _("time of day")),
    (Role.UNIT, _("unit")),
    (Role.KIND, _("name of the quantity")),
    (Role.REGISTER, _("register or period")),
    (Role.QUALITY, _("quality")),
)
_VALUES = (
    (Kind.ACTIVE_IMPORT, Shape.INTERVAL, "", _("energy used in the interval")),
    (Kind.ACTIVE_IMPORT, Shape.REGISTER, "", _("register: energy used")),
    (Kind.ACTIVE_EXPORT, Shape.INTERVAL, "", _("energy fed in in the interval")),
    (Kind.ACTIVE_EXPORT, Shape.REGISTER, "", _("register: energy fed in")),
    (Kind.REACTIVE_IMPORT, Shape.REGISTER, "", _("register: reactive energy")),
    (Kind.REACTIVE_EXPORT, Shape.REGISTER, "", _("register: reactive energy, reverse")),
    (Kind.REACTIVE_Q1, Shape.INTERVAL, "", _("reactive energy, quadrant 1")),
    (Kind.REACTIVE_Q2, Shape.INTERVAL, "", _("reactive energy, quadrant 2")),
    (Kind.REACTIVE_Q3, Shape.INTERVAL, "", _("reactive energy, quadrant 3")),
    (Kind.REACTIVE_Q4, Shape.INTERVAL, "", _("reactive energy, quadrant 4")),
    (Kind.DEMAND, Shape.MOMENT, "", _("highest demand")),
    (Kind.POWER, Shape.MOMENT, "", _("power")),
    (Kind.POWER_FACTOR, Shape.MOMENT, "", _("power factor")),
    *((Kind.VOLTAGE, Shape.MOMENT, phase, _("voltage, phase")) for phase in "ABC"),
    *((Kind.CURRENT, Shape.MOMENT, phase, _("current, phase")) for phase in "ABC"),
)
_WHATEVER = Role.VALUE.value


class UploadForm(forms.Form):
    """The file itself."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV, xlsx, NEM12, NEM13, Green Button, IEC 61968-9 or MSCONS; at most 64 MB."),
    )

    def clean_file(self) -> Any:
        """Refuse what is too large before a byte of it is kept."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(WORDS_TOO_LARGE)
        return file


WORDS_TOO_LARGE = _("The file is larger than 64 MB. Hand it in in parts, or have it imported on the server.")


class ReadingForm(forms.Form):
    """What holds for a file of any format."""

    format = forms.ChoiceField(
        label=_("Format"), choices=[(each.value, word) for each, word in FORMATS.items()]
    )
    zone = forms.CharField(
        label=_("Zone of the times"), required=False, max_length=40,
        help_text=_("Only where the file names none, such as Europe/London or Etc/GMT; empty: ours."),
    )  # fmt: skip
    minutes = forms.TypedChoiceField(
        label=_("Interval"), coerce=int, choices=[(each, f"{each} min") for each in INTERVALS],
        help_text=_("Only where the file does not say it."),
    )  # fmt: skip
    decimals = forms.TypedChoiceField(
        label=_("Energies are kept"), coerce=int,
        choices=[(3, _("to 0.001 kWh")), (2, _("to 0.01 kWh"))],
        help_text=_("Days that are stored already keep their own scale."),
    )  # fmt: skip

    def reading(self) -> Reading:
        """Return the choice."""
        said = self.cleaned_data
        return Reading(said["format"], said["zone"].strip(), "", None, said["minutes"], said["decimals"])


class TableForm(ReadingForm):
    """What a table needs beside it: its columns, marks, order of dates; a name to remember it by."""

    point = forms.CharField(
        label=_("Usage point of the whole table"), required=False, max_length=20,
        help_text=_("Only where no column names one."),
    )  # fmt: skip
    unit = forms.CharField(label=_("Unit where none is named"), max_length=8, initial="kWh")
    decimal = forms.ChoiceField(label=_("Decimal mark"), choices=[(".", "."), (",", ",")])
    group = forms.ChoiceField(
        label=_("Thousands"),
        required=False,
        choices=[("", _("none")), (",", ","), (".", "."), (" ", _("blank"))],
    )
    order = forms.ChoiceField(
        label=_("Order of dates"),
        choices=[
            ("ymd", _("year, month, day")),
            ("dmy", _("day, month, year")),
            ("mdy", _("month, day, year")),
        ],
    )
    amounts = forms.TypedChoiceField(
        label=_("Energies are amounts of"), required=False, coerce=int, empty_value=None,
        choices=[("", _("no interval: registers")), *((each, f"{each} min") for each in INTERVALS)],
    )  # fmt: skip
    labels_end = forms.BooleanField(label=_("Times stand at the end of the interval"), required=False)
    save_as = forms.CharField(
        label=_("Remember as"), required=False, max_length=60,
        help_text=_("A name for the sender, so that the next table is read alike."),
    )  # fmt: skip

    def __init__(self, mapping: Mapping, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        """Begin with a mapping, guessed or remembered."""
        self.mapping = mapping
        started = {
            "point": mapping.point, "unit": mapping.unit, "decimal": mapping.decimal, "group": mapping.group,
            "order": mapping.order, "amounts": mapping.interval_minutes or "",
            "labels_end": mapping.labels_end,
        }  # fmt: skip
        super().__init__(data, initial=started | (initial or {}))
        for column in mapping.columns[:MOST_COLUMNS_SHOWN]:
            self.fields[f"column_{column.index}"] = forms.ChoiceField(
                label=column.header or "–", choices=column_choices(), initial=code_of(column.meaning)
            )

    def column_fields(self) -> list[Any]:
        """Return the choices of the columns, for the page."""
        return [self[name] for name in self.fields if name.startswith("column_")]

    def plain_fields(self) -> list[Any]:
        """Return all other choices."""
        return [self[name] for name in self.fields if not name.startswith("column_")]

    def chosen(self) -> Mapping:
        """Return the mapping as chosen; raises BadMapping."""
        said = self.cleaned_data
        columns = tuple(self._column(column) for column in self.mapping.columns)
        return replace(
            self.mapping, columns=columns, decimal=said["decimal"], group=said["group"], order=said["order"],
            labels_end=said["labels_end"], interval_minutes=said["amounts"], unit=said["unit"],
            point=said["point"].strip(),
        )  # fmt: skip

    def reading(self) -> Reading:
        """Return the choice with its mapping; raises BadMapping."""
        return replace(super().reading(), mapping=self.chosen().as_json())

    def _column(self, column: Column) -> Column:
        code = self.cleaned_data.get(f"column_{column.index}", code_of(column.meaning))
        if code == code_of(column.meaning):
            return column
        return replace(column, meaning=meaning_of(code, column.meaning))


def column_choices() -> list[tuple[str, Any]]:
    """Return what a column may hold, with its words."""
    plain = [(role.value, word) for role, word in _PLAIN]
    values = [
        (_code(kind, shape, phase), f"{word} {phase}" if phase else word)
        for kind, shape, phase, word in _VALUES
    ]
    return [*plain, (_WHATEVER, _("value that the row or the heading names")), *values]


def code_of(meaning: Meaning) -> str:
    """Return the choice that a meaning is."""
    if meaning.role is not Role.VALUE:
        return str(meaning.role.value)
    known = ((kind, shape, phase) for kind, shape, phase, _word in _VALUES)
    key = (meaning.kind, meaning.shape, meaning.phase)
    return next((_code(*each) for each in known if each == key), _WHATEVER)


def meaning_of(code: str, before: Meaning) -> Meaning:
    """Return the meaning of a choice; unit and clock time of the heading stay."""
    role, _mark, rest = code.partition(":")
    if not rest:
        return Meaning(Role(role), unit=before.unit, minute=before.minute, score=100)
    kind, shape, phase = rest.split(":")
    return Meaning(Role.VALUE, Kind(kind), Shape(shape), phase, before.unit, before.minute, 100)


def _code(kind: Kind, shape: Shape, phase: str) -> str:
    return f"{Role.VALUE.value}:{kind.value}:{shape.value}:{phase}"
