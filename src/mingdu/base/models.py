"""People, organisation units, audit, outbox, run ledger, attachments, qualifications."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models


class OrgUnit(models.Model):
    """Organisation unit (供电单位): a company, a station, a grid cell; a tree."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")


class PersonManager(BaseUserManager["Person"]):
    """Finds people by login."""


class Person(AbstractBaseUser):
    """A member of staff (员工) who signs in."""

    login = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    unit = models.ForeignKey(OrgUnit, null=True, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=5, default="zh")
    is_active = models.BooleanField(default=True)

    USERNAME_FIELD = "login"
    objects: ClassVar[PersonManager] = PersonManager()


class RoleGrant(models.Model):
    """A role that a person holds on a unit and everything below it; unit None is the whole company."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20)
    unit = models.ForeignKey(OrgUnit, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("person", "role", "unit"), name="role_grant_once", nulls_distinct=False
            ),
        )


class AccessToken(models.Model):
    """A signed-in session of the API; only the hash of the token is stored."""

    token_hash = models.CharField(max_length=64, unique=True)
    actor_kind = models.CharField(max_length=10)
    actor_number = models.BigIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()


class SignInTries(models.Model):
    """
    Tries to sign in that failed, of one login or from one address; shared by all processes.

    key          "login:clerk", "address:127.0.0.1"
    may_try_at   before it no further try is looked at
    """

    key = models.CharField(max_length=120, unique=True)
    failures = models.IntegerField(default=0)
    latest_at = models.DateTimeField()
    may_try_at = models.DateTimeField()


class AuditEntry(models.Model):
    """One act: who did what to what, when. Only ever inserted."""

    at = models.DateTimeField(db_index=True)
    by = models.CharField(max_length=40, db_index=True)
    verb = models.CharField(max_length=60)
    target = models.CharField(max_length=120, db_index=True)
    details = models.JSONField(default=dict)


class OutboxEvent(models.Model):
    """One event for one consumer; written with the change, claimed with SKIP LOCKED."""

    event = models.CharField(max_length=60)
    consumer = models.CharField(max_length=80)
    payload = models.JSONField()
    created_at = models.DateTimeField()
    available_at = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    error = models.TextField(default="")
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=("available_at", "id"), name="outbox_waiting", condition=models.Q(done_at__isnull=True)
            ),
        )


class Run(models.Model):
    """Mass work (批处理): a kind, a key that makes it unique, its parameters."""

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    parameters = models.JSONField(default=dict)
    created_by = models.CharField(max_length=40)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("kind", "key"), name="run_once"),)


class RunBucket(models.Model):
    """
    A part of a run, done exactly once: its row stays locked for the whole transaction of the work.

    available_at  after a failure: when a worker tries again
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="buckets")
    bucket = models.IntegerField()
    available_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    error = models.TextField(default="")
    result = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("run", "bucket"), name="run_bucket_once"),)
        indexes = (
            models.Index(
                fields=("run", "bucket"), name="run_bucket_open", condition=models.Q(done_at__isnull=True)
            ),
        )


class Attachment(models.Model):
    """A stored file, named by the hash of its bytes; the bytes lie in the data folder."""

    sha256 = models.CharField(max_length=64, unique=True)
    media_type = models.CharField(max_length=80)
    size_bytes = models.BigIntegerField()
    created_by = models.CharField(max_length=40)
    created_at = models.DateTimeField()


class Qualification(models.Model):
    """A certificate that allows work (资质) for a span of days; workforce writes it, work and rounds read."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    kinds = ArrayField(models.CharField(max_length=40))
    valid_from = models.DateField()
    valid_to = models.DateField()
