import time, pytest
from datetime import datetime
from small_town import build_small_town
pytestmark = pytest.mark.database
def test_it(database, now):
    from mingdu.billing import operations, queries
    from mingdu.base import ledger
    from mingdu.base.actors import SYSTEM, Actor, Grant
    from mingdu.base.roles import Role
    for n in (250,):
        t=time.time()
        small = build_small_town(n, at=now)
        print(n, time.time()-t)
    t=time.time()
    run = operations.rehearse("2026-12", by=SYSTEM, at=now)
    print(ledger.finish_run(run.ledger_run_id, now), time.time()-t)
    print(queries.run_status(SYSTEM, run.pk))
    for h in queries.held_accounts(SYSTEM, run.pk): print(h)
    print([f for f in small.town.faults])
