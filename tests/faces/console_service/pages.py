"""The names of the desks' pages that the walk of this folder goes through."""

from __future__ import annotations

NAMES = frozenset(
    {
        "cases", "case", "case_file", "reveal_contact", "answer_case", "reread_case", "propose_correction",
        "approve_correction", "assign_case", "callbacks", "callback", "callback_result",
        "reveal_callback_contact", "scores", "board", "silent", "live", "cycles", "new_cycle", "cycle",
        "cycle_round", "refresh_round", "visits", "visit_photo", "areas", "area", "finish_step",
        "return_step", "assign_step", "backups", "audit", "people", "new_person", "person",
        "grant_role", "withdraw_role",
        "deactivate_person", "reactivate_person", "reset_password", "units", "events",
        "retry_event", "retry_bucket",
    }
)  # fmt: skip
