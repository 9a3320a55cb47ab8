"""Tasks with owner and time limit; processes as runs of a definition."""

from __future__ import annotations

from django.db import models


class Task(models.Model):
    """Work with an owner role and a limit (任务). Open tasks are those without a completion."""

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120, unique=True)
    subject = models.CharField(max_length=120, db_index=True)
    owner_role = models.CharField(max_length=20)
    unit_id = models.BigIntegerField(null=True)
    opened_by = models.CharField(max_length=40)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    details = models.JSONField(default=dict)


class TaskAssignment(models.Model):
    """Who has the task in hand, from when; the latest one holds."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="assignments")
    person_id = models.BigIntegerField()
    by = models.CharField(max_length=40)
    at = models.DateTimeField()


class TaskCompletion(models.Model):
    """The record that ends a task: what came out."""

    task = models.OneToOneField(Task, on_delete=models.CASCADE, related_name="completion")
    outcome = models.CharField(max_length=40)
    note = models.TextField(default="")
    by = models.CharField(max_length=40)
    at = models.DateTimeField()


class TaskEscalation(models.Model):
    """A limit was missed and the next role was told; one a level."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="escalations")
    level = models.IntegerField()
    to_role = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("task", "level"), name="task_escalated_once"),)


class ProcessRun(models.Model):
    """One run of a process definition (流程实例), in the version it was started with."""

    definition = models.CharField(max_length=40)
    version = models.IntegerField()
    key = models.CharField(max_length=120, unique=True)
    unit_id = models.BigIntegerField(null=True)
    started_by = models.CharField(max_length=40)
    started_at = models.DateTimeField()


class ProcessStep(models.Model):
    """One step of a run, with its task; open steps are those without `finished_at`."""

    run = models.ForeignKey(ProcessRun, on_delete=models.CASCADE, related_name="steps")
    step = models.CharField(max_length=40)
    task = models.OneToOneField(Task, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    returned = models.IntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "step"), name="process_step_once"),)
