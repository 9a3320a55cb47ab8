"""The run ledger for people: what failed too often, and trying it again."""

from __future__ import annotations

from ninja import Router, Schema, Status

from mingdu.base.retries import retry_bucket, stuck_buckets

from .door import Request
from .fields import Id, Most

router = Router(tags=["runs"])


class BucketAnswer(Schema):
    """A bucket that waits for a person, with its latest error; `kind` and `key` name its run."""

    id: int
    run_id: int
    kind: str
    key: str
    bucket: int
    attempts: int
    error: str


@router.get("/runs/stuck", response=list[BucketAnswer])
def stuck(request: Request, most: Most = 100) -> list[BucketAnswer]:
    """List the buckets that have used all their tries, the oldest run first."""
    return [BucketAnswer(**vars(bucket)) for bucket in stuck_buckets(request.auth, most=most)]


@router.post("/runs/buckets/{id}/retry", response={204: None})
def retry(request: Request, id: Id) -> Status[None]:
    """Let a bucket be worked on again that has used all its tries."""
    retry_bucket(id, by=request.auth, at=request.now)
    return Status(204, None)
