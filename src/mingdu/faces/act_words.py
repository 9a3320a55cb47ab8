"""Words for the acts of the audit and for what they were done to; what is not listed is shown as it is."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

ACTS = {
    "base.create_person": _("created a user"),
    "base.create_unit": _("created a unit"),
    "base.deactivate": _("ended a user's access"),
    "base.grant_role": _("gave a role"),
    "base.reactivate": _("let a user sign in again"),
    "base.reset_password": _("drew a new password"),
    "base.retry_bucket": _("had a part of a run tried again"),
    "base.retry_event": _("had an event tried again"),
    "base.sign_in": _("signed in"),
    "base.sign_in_slowed": _("too many failed sign-ins: the next try has to wait"),
    "base.withdraw_role": _("withdrew a role"),
    "billing.approve": _("approved a bill run"),
    "billing.approve_correction": _("approved a correction"),
    "billing.export_bills": _("exported bills"),
    "billing.export_ledger": _("exported entries"),
    "billing.foreign_bill": _("asked for a bill of others"),
    "billing.issue": _("issued a bill run"),
    "billing.propose_correction": _("proposed a correction"),
    "billing.rehearse": _("rehearsed a bill run"),
    "customers.bind": _("tried to bind an account"),
    "customers.foreign_account": _("asked for an account of others"),
    "customers.register": _("entered customers"),
    "customers.reveal_contact": _("looked at a contact"),
    "customers.sign_in": _("signed in"),
    "customers.unbind": _("let a bound account go"),
    "metering.close_day": _("closed days"),
    "metering.correct_readings": _("corrected a reading"),
    "metering.explain_finding": _("explained a finding"),
    "metering.hand_in_file": _("handed a file of readings in"),
    "metering.import_file": _("had a file of readings imported"),
    "metering.meter_exchange": _("exchanged a meter"),
    "metering.poll": _("called a meter"),
    "metering.register": _("entered the network"),
    "metering.register_aliases": _("entered foreign names of points"),
    "metering.remove_alias": _("removed a foreign name of a point"),
    "metering.rename_mapping": _("renamed a remembered table"),
    "metering.retire_mapping": _("retired a remembered table"),
    "metering.save_mapping": _("remembered a table"),
    "metering.seal": _("sealed a month, brought it back or let readings go"),
    "metering.withdraw_explanation": _("withdrew an explanation"),
    "money.foreign_order": _("asked for a payment of others"),
    "money.order_payment": _("ordered a payment"),
    "money.post_payment": _("posted a payment"),
    "money.settle_mismatch": _("settled a payment that did not fit"),
    "rounds.freeze_list": _("froze a reading list"),
    "rounds.order_reread": _("sent a reader"),
    "rounds.record_visit": _("noted a visit without a reading"),
    "rounds.register_books": _("entered reading books"),
    "rounds.send_round": _("sent a round to its reader"),
    "rounds.sync": _("sent a reading from the field"),
    "satisfaction.plan": _("planned a callback"),
    "satisfaction.record": _("recorded a callback"),
    "service.answer_case": _("answered a case"),
    "service.close_case": _("closed a case"),
    "service.foreign_case": _("asked for a case of others"),
    "service.open_case": _("opened a case"),
    "work.assign_task": _("gave a task to a person"),
    "work.complete_task": _("completed a task"),
    "work.end_tasks": _("ended tasks"),
    "work.return_step": _("returned a step"),
    "work.start_process": _("started a process"),
}
THINGS = {
    "account": _("account"),
    "address": _("network address"),
    "bill": _("bill"),
    "bill_run": _("bill run"),
    "callback": _("callback"),
    "case": _("case"),
    "column_mapping": _("remembered table"),
    "correction": _("correction"),
    "customer": _("customer"),
    "days": _("days"),
    "event": _("event"),
    "file_import": _("file of readings"),
    "finding": _("finding"),
    "login": _("login"),
    "network": _("network"),
    "payment_order": _("payment order"),
    "period": _("month"),
    "person": _("user"),
    "process": _("process"),
    "registry": _("registry file"),
    "run": _("mass work"),
    "task": _("work item"),
    "unit": _("unit"),
    "usage_point": _("usage point"),
}


def act_words(verb: str) -> str:
    """Say what was done."""
    return str(ACTS.get(verb, verb))


def thing_words(target: str) -> str:
    """Say what it was done to: "bill:7" becomes "bill 7"."""
    kind, _colon, key = target.partition(":")
    return f"{THINGS.get(kind, kind)} {key}".rstrip()
