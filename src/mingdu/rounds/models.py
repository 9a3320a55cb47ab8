"""Books, their points in walking order, their reading cycles, and readings taken on the spot."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
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


class BookReader(models.Model):
    """A reader who walks the book (抄表员); the stops of a round go to those of its book."""

    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="readers")
    person = models.ForeignKey("base.Person", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("book", "person"), name="book_reader_once"),)


class ReadingCycle(models.Model):
    """The run of the reading process (抄表流程) of a book for a month, named by the month's first day."""

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="cycles")
    month = models.DateField()
    run = models.OneToOneField("work.ProcessRun", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("book", "month"), name="reading_cycle_once"),)


class ReadingList(models.Model):
    """A book's usage points in walking order as a cycle was prepared (抄表清单); the latest one holds."""

    cycle = models.ForeignKey(ReadingCycle, on_delete=models.CASCADE, related_name="lists")
    usage_point_ids = ArrayField(models.BigIntegerField())
    frozen_by = models.CharField(max_length=40)
    frozen_at = models.DateTimeField()


class RoundStop(models.Model):
    """
    A point of a cycle's frozen list to which a reader was sent (补抄任务), with the task that says by when.

    place      of the point in the frozen list, from 1
    registers  what he is asked for
    was_read   the reading was there when he was sent, in a book that is read by hand: only he ends the stop
    """

    cycle = models.ForeignKey(ReadingCycle, on_delete=models.PROTECT, related_name="stops")
    usage_point = models.ForeignKey("metering.UsagePoint", on_delete=models.PROTECT, related_name="+")
    task = models.OneToOneField("work.Task", on_delete=models.PROTECT, related_name="+")
    place = models.IntegerField()
    registers = ArrayField(models.SmallIntegerField())
    was_read = models.BooleanField()
    sent_by = models.CharField(max_length=40)
    sent_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("cycle", "usage_point"), name="round_stop_once"),)


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


class FieldVisit(models.Model):
    """
    That a reader stood at a meter (现场走访), as his phone sent it; unique by the phone's own id.

    outcome       "read", or what stood in the way (未抄到原因)
    is_confirmed  his phone found the value unlikely, and he stands by it
    taken_at      when he stood there, by the phone's clock
    """

    client_id = models.CharField(max_length=64, unique=True)
    task = models.ForeignKey("work.Task", on_delete=models.PROTECT, related_name="+")
    usage_point = models.ForeignKey("metering.UsagePoint", on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=20)
    is_confirmed = models.BooleanField(default=False)
    note = models.TextField(default="")
    photo = models.ForeignKey("base.Attachment", null=True, on_delete=models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(db_index=True)
    synced_at = models.DateTimeField()
    reader = models.CharField(max_length=40)
