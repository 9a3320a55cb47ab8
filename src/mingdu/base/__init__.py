"""People, roles, the permission door, audit, outbox, run ledger, attachments."""
