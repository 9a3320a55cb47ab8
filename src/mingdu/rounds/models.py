"""Books, their points in walking order, and readings taken on the spot."""

from __future__ import annotations

from django.db import models


class Book(models.Model):
    """Reading book (抄表册) with its fixed reading day (抄表例日)."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    unit = models.ForeignKey("base.OrgUnit", on_delete=models.PROTECT, related_name="+")
    reading_day = models.SmallIntegerField(default=1)


class BookPoint(models.Model):
    """A usage point in a book, at its place of the walk."""

    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="points")
    usage_point = models.OneToOneField("metering.UsagePoint", on_delete=models.PROTECT, related_name="+")
    place = models.IntegerField()


class FieldReading(models.Model):
    """
    What a reader took on the spot (现场抄表), as his phone sent it; unique by the phone's own id.

    read_at    the instant the register shows: the settlement freeze that the task asks for
    taken_at   when the reader stood there, by the phone's clock
    corrected  the value was not what stood before
    """

    client_id = models.CharField(max_length=64, unique=True)
    task = models.ForeignKey("work.Task", null=True, on_delete=models.PROTECT, related_name="+")
    usage_point = models.ForeignKey("metering.UsagePoint", on_delete=models.PROTECT, related_name="+")
    register = models.SmallIntegerField()
    digits = models.BigIntegerField()
    read_at = models.DateTimeField()
    taken_at = models.DateTimeField()
    synced_at = models.DateTimeField()
    reader = models.CharField(max_length=40)
    photo = models.ForeignKey("base.Attachment", null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=20)
    corrected = models.BooleanField(default=False)
