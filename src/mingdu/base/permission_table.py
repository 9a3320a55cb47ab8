"""The permission table: which roles may do which verb. One line a verb; units are checked at the door."""

from __future__ import annotations

from .roles import Role

_R = Role
_STAFF = (
    _R.READER, _R.CLERK, _R.APPROVER, _R.CASHIER, _R.AGENT,
    _R.ENGINEER, _R.INSPECTOR, _R.MANAGER, _R.ADMINISTRATOR,
)  # fmt: skip


def _roles(*roles: Role) -> frozenset[Role]:
    return frozenset((*roles, Role.SYSTEM))


VERBS: dict[str, frozenset[Role]] = {
    "base.administer": _roles(_R.ADMINISTRATOR),
    "base.read_audit": _roles(_R.ADMINISTRATOR, _R.MANAGER),
    "base.read_backups": _roles(_R.ADMINISTRATOR, _R.MANAGER),
    "base.read_outbox": _roles(_R.ADMINISTRATOR),
    "base.retry": _roles(_R.ADMINISTRATOR, _R.MANAGER),
    "base.sign_in": _roles(),
    "base.attach": _roles(*_STAFF, _R.CUSTOMER),
    "work.read_tasks": _roles(*_STAFF),
    "work.open_task": _roles(*_STAFF),
    "work.assign_task": _roles(_R.CLERK, _R.AGENT, _R.ENGINEER, _R.MANAGER),
    "work.complete_task": _roles(*_STAFF),
    "work.escalate": _roles(),
    "work.end_tasks": _roles(),
    "work.run_process": _roles(_R.CLERK, _R.ENGINEER, _R.MANAGER),
    "metering.register": _roles(_R.ENGINEER, _R.ADMINISTRATOR),
    "metering.accept_readings": _roles(_R.CLERK, _R.ENGINEER, _R.READER),
    "metering.correct_readings": _roles(_R.READER, _R.ENGINEER),
    "metering.seal": _roles(_R.ENGINEER, _R.ADMINISTRATOR),
    "metering.close_day": _roles(_R.ENGINEER, _R.CLERK),
    "metering.poll": _roles(_R.ENGINEER, _R.CLERK),
    "metering.read": _roles(*_STAFF, _R.CUSTOMER),
    "metering.read_network": _roles(_R.ENGINEER, _R.CLERK, _R.MANAGER),
    "metering.read_balances": _roles(_R.ENGINEER, _R.MANAGER, _R.INSPECTOR),
    # Suspected theft is for inspectors alone (稽查).
    "metering.read_suspects": _roles(_R.INSPECTOR),
    "metering.explain_finding": _roles(_R.ENGINEER, _R.CLERK, _R.INSPECTOR),
    "metering.withdraw_explanation": _roles(_R.ENGINEER, _R.CLERK, _R.INSPECTOR),
    "customers.register": _roles(_R.CLERK, _R.AGENT, _R.ADMINISTRATOR),
    "customers.read": _roles(
        _R.CLERK, _R.APPROVER, _R.AGENT, _R.CASHIER, _R.MANAGER, _R.ADMINISTRATOR, _R.CUSTOMER
    ),
    "customers.reveal_contact": _roles(_R.CLERK, _R.AGENT, _R.MANAGER),
    "customers.sign_in": _roles(_R.CUSTOMER),
    "customers.bind": frozenset({_R.CUSTOMER}),
    "notices.send": _roles(_R.CLERK, _R.AGENT, _R.MANAGER),
    "notices.read": _roles(*_STAFF, _R.CUSTOMER),
    "notices.read_outbox": _roles(_R.ADMINISTRATOR),
    "rounds.plan": _roles(_R.CLERK, _R.MANAGER),
    "rounds.start_cycle": _roles(_R.ENGINEER, _R.MANAGER),
    "rounds.read_cycle": _roles(_R.READER, _R.CLERK, _R.ENGINEER, _R.MANAGER),
    "rounds.read_route": _roles(_R.READER, _R.CLERK, _R.MANAGER),
    "rounds.sync": _roles(_R.READER),
    "rounds.send_round": _roles(_R.CLERK, _R.ENGINEER, _R.MANAGER),
    "rounds.read_visits": _roles(_R.CLERK, _R.ENGINEER, _R.INSPECTOR, _R.MANAGER),
    "rounds.order_reread": _roles(_R.AGENT, _R.CLERK, _R.ENGINEER),
    "money.post": _roles(_R.CLERK),
    "money.read": _roles(_R.CLERK, _R.APPROVER, _R.CASHIER, _R.AGENT, _R.MANAGER, _R.CUSTOMER),
    "money.pay": frozenset({_R.CUSTOMER}),
    "money.take_notice": _roles(),
    "money.read_notices": _roles(_R.CLERK, _R.CASHIER, _R.MANAGER, _R.ADMINISTRATOR),
    "money.settle_mismatch": _roles(_R.CASHIER, _R.MANAGER),
    "billing.rehearse": _roles(_R.CLERK),
    "billing.approve": frozenset({_R.APPROVER}),
    "billing.issue": _roles(_R.CLERK),
    "billing.read_runs": _roles(_R.CLERK, _R.APPROVER, _R.MANAGER),
    "billing.read": _roles(_R.CLERK, _R.APPROVER, _R.AGENT, _R.CASHIER, _R.MANAGER, _R.CUSTOMER),
    "billing.correct": _roles(_R.CLERK),
    "billing.approve_correction": frozenset({_R.APPROVER}),
    "service.open_case": _roles(_R.AGENT, _R.CUSTOMER),
    "service.read": _roles(_R.AGENT, _R.CLERK, _R.APPROVER, _R.MANAGER, _R.CUSTOMER),
    "service.work": _roles(_R.AGENT),
    "service.close": _roles(_R.CUSTOMER),
    "satisfaction.read": _roles(_R.AGENT, _R.MANAGER),
    "satisfaction.record": _roles(_R.AGENT),
    "satisfaction.plan": _roles(_R.AGENT, _R.MANAGER),
}
