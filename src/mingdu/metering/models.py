"""Areas, usage points, meters, installations, findings; the head end's tables. Bulk tables are SQL only."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q


class TimeSpan(Func):
    """`tstzrange(from, to)`, half-open, for exclusion constraints."""

    function = "tstzrange"


class Area(models.Model):
    """Transformer area (台区): the points behind one low-voltage transformer."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    unit = models.ForeignKey("base.OrgUnit", on_delete=models.PROTECT, related_name="+")


class UsagePoint(models.Model):
    """
    Usage point (计量点): where energy is measured, with what validation must know of it.

    kind               "customer" or "area" (the area's check meter)
    capacity_w         contract capacity [W]; the limit of the spike and over-capacity rules
    supply_state       "on", "suspended", "closed"
    period_registers   True when the peak, flat and valley registers are billed
    """

    code = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=10, default="customer")
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT, related_name="points")
    unit = models.ForeignKey("base.OrgUnit", on_delete=models.PROTECT, related_name="+")
    customer_class = models.CharField(max_length=30)
    capacity_w = models.BigIntegerField()
    supply_state = models.CharField(max_length=10, default="on")
    period_registers = models.BooleanField(default=False)
    address = models.CharField(max_length=200, default="")


class Meter(models.Model):
    """A physical meter (电能表): number, communication address, model file, digits of its registers."""

    meter_number = models.CharField(max_length=20, unique=True)
    meter_address = models.CharField(max_length=12, unique=True)
    model = models.CharField(max_length=40)
    digits = models.SmallIntegerField(default=8)


class Terminal(models.Model):
    """A terminal (终端) that dials in, known in advance; unknown ones go to quarantine."""

    terminal_address = models.CharField(max_length=12, unique=True)
    profile = models.CharField(max_length=40)
    unit = models.ForeignKey("base.OrgUnit", on_delete=models.PROTECT, related_name="+")


class Installation(models.Model):
    """A meter at a point for a span of time, its multiplier (倍率) and the terminal that reads it."""

    usage_point = models.ForeignKey(UsagePoint, on_delete=models.PROTECT, related_name="installations")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="installations")
    terminal = models.ForeignKey(Terminal, null=True, on_delete=models.PROTECT, related_name="+")
    multiplier = models.IntegerField(default=1)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            ExclusionConstraint(
                name="one_meter_a_point_at_a_time",
                expressions=(
                    ("usage_point", RangeOperators.EQUAL),
                    (TimeSpan(F("valid_from"), F("valid_to")), RangeOperators.OVERLAPS),
                ),
            ),
            ExclusionConstraint(
                name="one_point_a_meter_at_a_time",
                expressions=(
                    ("meter", RangeOperators.EQUAL),
                    (TimeSpan(F("valid_from"), F("valid_to")), RangeOperators.OVERLAPS),
                ),
            ),
            models.CheckConstraint(condition=Q(multiplier__gt=0), name="multiplier_is_positive"),
        )


class Evidence(models.Model):
    """
    Where values came from: a file, a frame of the inbox, a phone's item, an API call, a colleague's edit.

    words   why, in the words of who edited
    """

    kind = models.CharField(max_length=20)
    reference = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, default="")
    received_at = models.DateTimeField()
    by = models.CharField(max_length=40)
    words = models.TextField(default="", db_default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("kind", "reference", "sha256"), name="evidence_once"),)


class Finding(models.Model):
    """A hit of a validation rule (异常) on one point and day; open ones have no closure."""

    rule = models.CharField(max_length=30)
    usage_point = models.ForeignKey(UsagePoint, on_delete=models.CASCADE, related_name="+")
    day = models.DateField(db_index=True)
    first_interval = models.SmallIntegerField()
    latest_interval = models.SmallIntegerField()
    interval_minutes = models.SmallIntegerField(default=15, db_default=15)
    severity = models.SmallIntegerField()
    figure = models.BigIntegerField()
    threshold = models.BigIntegerField()
    found_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("usage_point", "day", "rule"), name="finding_once"),)


class FindingClosure(models.Model):
    """The explanation that closes a finding."""

    finding = models.OneToOneField(Finding, on_delete=models.CASCADE, related_name="closure")
    reason = models.CharField(max_length=40)
    note = models.TextField(default="")
    by = models.CharField(max_length=40)
    at = models.DateTimeField()


class Estimate(models.Model):
    """
    Energy that was filled in where nothing was read (估算): by which method, and how far it may be wrong.

    One row a gap and day, as the latest close of that day made it; it goes when the truth arrives.
    method               Quality.ESTIMATED_…
    anchor               core.estimation.Anchor: 0 where registers give the energy
    low_wh, high_wh      the true energy lies between them in nine cases of ten (docs/estimates.md)
    """

    usage_point = models.ForeignKey(UsagePoint, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    first_interval = models.SmallIntegerField()
    latest_interval = models.SmallIntegerField()
    interval_minutes = models.SmallIntegerField()
    method = models.SmallIntegerField()
    anchor = models.SmallIntegerField()
    energy_wh = models.BigIntegerField()
    low_wh = models.BigIntegerField()
    high_wh = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("usage_point", "day", "first_interval"), name="estimate_once"),
        )


class ReadingConflict(models.Model):
    """A value that differs from a stored one for the same place and time; both are kept, a task decides."""

    usage_point = models.ForeignKey(UsagePoint, on_delete=models.CASCADE, related_name="+")
    item = models.CharField(max_length=30)
    at = models.DateTimeField()
    kept_digits = models.BigIntegerField()
    offered_digits = models.BigIntegerField()
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="+")
    found_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("usage_point", "item", "at", "offered_digits"), name="conflict_once"
            ),
        )


class DayClosing(models.Model):
    """A day of a bucket of points was closed; later changes to it make versions."""

    day = models.DateField()
    bucket = models.IntegerField()
    closed_at = models.DateTimeField()
    closed_by = models.CharField(max_length=40)
    result = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("day", "bucket"), name="day_closed_once"),)


class AreaDay(models.Model):
    """
    The balance of a transformer area on one day (台区日线损); balanced again when late readings came.

    missing   points that were not read at both midnights; the check meter's own is `is_supplied`
    verdict   core.area_balance.Verdict
    """

    area = models.ForeignKey(Area, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    is_supplied = models.BooleanField()
    supplied_wh = models.BigIntegerField()
    sold_wh = models.BigIntegerField()
    points = models.IntegerField()
    missing = models.IntegerField()
    loss_wh = models.BigIntegerField()
    technical_wh = models.BigIntegerField()
    technical_ppm = models.IntegerField()
    verdict = models.SmallIntegerField()
    balanced_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("area", "day"), name="area_day_once"),)


class SealedPart(models.Model):
    """
    A month of a bucket's readings in a file (封存): what was written, and what has become of it since.

    part            "curves" or "registers"
    readings        values in the rows
    sha256          of the file's bytes; content_sha256 of the rows, as the table held them
    ended_at        from then on other rows count: a later seal's ("replaced") or the table's ("unsealed")
    removed_at      the file of an ended one is gone
    checked_at      when the file was last compared with its hash; `damage` says what was wrong
    """

    part = models.CharField(max_length=10)
    month = models.DateField()
    bucket = models.IntegerField()
    seal_number = models.SmallIntegerField()
    rows = models.BigIntegerField()
    readings = models.BigIntegerField()
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    content_sha256 = models.CharField(max_length=64)
    program = models.CharField(max_length=40)
    sealed_at = models.DateTimeField()
    sealed_by = models.CharField(max_length=40)
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=10, default="")
    removed_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    damage = models.CharField(max_length=200, default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("part", "month", "bucket", "seal_number"), name="sealed_once"),
            models.UniqueConstraint(
                fields=("part", "month", "bucket"), name="one_seal_counts", condition=Q(ended_at__isnull=True)
            ),
        )


class InboxFrame(models.Model):
    """The frames of one answer, as they came (报文); written by the head end before it acknowledges."""

    received_at = models.DateTimeField()
    terminal = models.ForeignKey(Terminal, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    poll_id = models.BigIntegerField(null=True)
    meter_address = models.CharField(max_length=12)
    raw = models.BinaryField()
    ingested_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, default="")

    class Meta:
        indexes = (models.Index(fields=("id",), name="inbox_waiting", condition=Q(ingested_at__isnull=True)),)


class Poll(models.Model):
    """A reading that is due from a meter: what, for which day, how often tried, what came of it."""

    meter = models.ForeignKey(Meter, on_delete=models.CASCADE, related_name="+")
    terminal = models.ForeignKey(Terminal, on_delete=models.CASCADE, related_name="+")
    item = models.CharField(max_length=30)
    day = models.DateField()
    lane = models.SmallIntegerField(default=5)
    created_at = models.DateTimeField()
    not_before = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    answered_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, default="")
    requested_by = models.CharField(max_length=40)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("meter", "item", "day", "created_at"), name="poll_once"),
        )
        indexes = (
            models.Index(
                fields=("terminal", "lane", "not_before"),
                name="poll_waiting",
                condition=Q(answered_at__isnull=True, given_up_at__isnull=True),
            ),
        )


class TerminalSession(models.Model):
    """A terminal's connection to the head end; open ones have no end."""

    terminal = models.ForeignKey(Terminal, on_delete=models.CASCADE, related_name="sessions")
    process = models.CharField(max_length=40)
    peer = models.CharField(max_length=60)
    connected_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=60, default="")


class UnknownTerminal(models.Model):
    """Quarantine: an address that dialled in without being registered."""

    terminal_address = models.CharField(max_length=12, unique=True)
    peer = models.CharField(max_length=60)
    first_at = models.DateTimeField()
    latest_at = models.DateTimeField()
    tries = models.IntegerField(default=1)


class PointAlias(models.Model):
    """A foreign number of a usage point (外部编号): kind "nmi", "mrid", "location" or "account"."""

    kind = models.CharField(max_length=20)
    number = models.CharField(max_length=80)
    usage_point = models.ForeignKey(UsagePoint, on_delete=models.CASCADE, related_name="+")
    by = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("kind", "number"), name="alias_once"),)


class ColumnMapping(models.Model):
    """How the columns of one sender's tables are read (列映射); a retired one leaves its name free."""

    name = models.CharField(max_length=60)
    mapping = models.JSONField()
    created_by = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    retired_by = models.CharField(max_length=40, default="")
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("name",), name="mapping_name_once", condition=Q(retired_at__isnull=True)
            ),
        )


class FileImport(models.Model):
    """
    A file of readings handed in at a desk (数据导入); its bytes lie in the data folder under their hash.

    options   how it is read: format, mapping, zone, point, interval, decimals
    checked   the report of the dry run; None before it
    report    the report of the import; None before it
    run       number of the latest run that checks or imports it
    """

    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    options = models.JSONField(default=dict)
    uploaded_by = models.CharField(max_length=40)
    uploaded_at = models.DateTimeField()
    checked = models.JSONField(null=True)
    checked_at = models.DateTimeField(null=True)
    report = models.JSONField(null=True)
    imported_by = models.CharField(max_length=40, default="")
    imported_at = models.DateTimeField(null=True)
    run = models.BigIntegerField(null=True)
