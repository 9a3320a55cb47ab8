import pytest
pytestmark = pytest.mark.database
def test_x(database, now):
    import time
    t=time.time()
    import sys; sys.path.insert(0,"tests")
    from small_town import build_small_town
    small = build_small_town(250, at=now)
    print("build", time.time()-t); t=time.time()
    from mingdu.billing.operations import rehearse, approve_run, issue_run
    from mingdu.base import ledger, outbox
    from mingdu.base.actors import SYSTEM, Actor, Grant
    from mingdu.base.roles import Role
    a=Actor("person:9","x",(Grant(Role.APPROVER),))
    run = rehearse("2026-12", by=SYSTEM, at=now)
    p=ledger.finish_run(run.ledger_run_id, now); print(p, ledger.errors(run.ledger_run_id))
    approve_run(run.pk, by=a, at=now)
    i=issue_run(run.pk, by=SYSTEM, at=now)
    print(ledger.finish_run(i, now), ledger.errors(i)); print(time.time()-t)
    from mingdu.billing.queries import issued_bills
    from mingdu.billing.queries import totals, held_accounts
    print(totals(run))
    for n in (2,42,101,201):
        print(n, issued_bills(small.account_ids[n]))
