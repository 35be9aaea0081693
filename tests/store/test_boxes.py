"""The outbox and the inbox on three engines: wanted once, claimed once, never lost, floods stay small."""

from datetime import UTC, datetime, timedelta

from dolibarr_loyalty.core.effects import Effect, mail, show_member
from dolibarr_loyalty.core.times import iso
from dolibarr_loyalty.store import inbox, outbox
from dolibarr_loyalty.store.database import Database

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)
LEASE = timedelta(minutes=5)


def put(database: Database, *effects: Effect, at: datetime = NOW) -> None:
    database.decide(lambda tx: outbox.put(tx, effects, at))


def due(database: Database, at: datetime = NOW) -> list[outbox.Row]:
    with database.reading() as tx:
        return outbox.due(tx, at, 100)


def claim(database: Database, row: outbox.Row, worker: str, at: datetime = NOW) -> outbox.Row | None:
    return database.decide(lambda tx: outbox.claim(tx, row, worker, at, LEASE))


def test_a_mail_is_wanted_once_and_a_screen_as_often_as_it_changes(database: Database) -> None:
    welcome, screen = mail("welcome", 7, "once"), show_member(7)
    put(database, welcome, screen, welcome)
    put(database, welcome, screen)
    rows = due(database)
    assert sorted((row.effect.kind, row.generation) for row in rows) == [("mail.welcome", 1), ("screen", 2)]
    for row in rows:
        claimed = claim(database, row, "anne")
        assert claimed is not None
        database.decide(lambda tx, c=claimed: outbox.finish(tx, c, "anne", NOW))  # type: ignore[misc]
    put(database, welcome, screen)
    assert [row.effect.kind for row in due(database)] == ["screen"]


def test_an_effect_is_claimed_by_one_and_taken_over_when_the_claim_is_over(database: Database) -> None:
    put(database, show_member(7))
    (row,) = due(database)
    first = claim(database, row, "anne")
    assert first is not None
    assert first.attempts == 1
    assert claim(database, row, "bert") is None
    assert due(database) == []
    (again,) = due(database, LATER)
    second = claim(database, again, "bert", LATER)
    assert second is not None
    assert second.attempts == 2
    database.decide(lambda tx: outbox.finish(tx, first, "anne", LATER))  # too late: it is bert's now
    with database.reading() as tx:
        assert outbox.by_keys(tx, ["screen:7"])["screen:7"].status == "working"


def test_wanted_anew_while_it_is_carried_out_it_is_carried_out_again(database: Database) -> None:
    put(database, show_member(7))
    claimed = claim(database, due(database)[0], "anne")
    assert claimed is not None
    put(database, show_member(7))
    database.decide(lambda tx: outbox.finish(tx, claimed, "anne", NOW))
    assert [row.generation for row in due(database)] == [2]


def test_what_failed_waits_for_its_time_or_for_a_person(database: Database) -> None:
    put(database, show_member(7), mail("welcome", 7, "once"))
    for row, status in zip(due(database), ("pending", "failed"), strict=True):
        claimed = claim(database, row, "anne")
        assert claimed is not None
        database.decide(
            lambda tx, c=claimed, s=status: outbox.release(
                tx, c, "anne", status=s, due_at=LATER, error="x" * 5000
            )  # type: ignore[misc]
        )
    assert due(database) == []
    assert [row.status for row in due(database, LATER)] == ["pending"]
    with database.reading() as tx:
        assert len(outbox.page(tx, "failed", "", 10)[0].last_error) == 2000
        assert len(outbox.page(tx, None, "", 10)) == 2
        assert {row["status"]: row["effects"] for row in tx.rows("outbox_by_status")} == {
            "failed": 1,
            "pending": 1,
        }
    assert database.decide(lambda tx: tx.run("retry_effects", id=None, now=iso(NOW))) == 1
    assert len(due(database, LATER)) == 2


def test_a_flood_of_hints_stays_one_row_each(database: Database) -> None:
    for number in range(50):
        topic = f"invoice:{number % 2}"
        database.decide(lambda tx, t=topic: inbox.put(tx, t, NOW))  # type: ignore[misc]
    with database.reading() as tx:
        hints = inbox.due(tx, NOW, 100)
    assert [(hint.topic, hint.kind, hint.id, hint.generation) for hint in hints] == [
        ("invoice:0", "invoice", 0, 25),
        ("invoice:1", "invoice", 1, 25),
    ]


def test_a_hint_is_finished_postponed_or_given_up(database: Database) -> None:
    database.decide(lambda tx: inbox.put(tx, "invoice:1", NOW))
    with database.reading() as tx:
        (hint,) = inbox.due(tx, NOW, 100)
    database.decide(lambda tx: inbox.postpone(tx, hint, until=LATER, error="no"))
    with database.reading() as tx:
        assert inbox.due(tx, NOW, 100) == []
        assert inbox.due(tx, LATER, 100)[0].attempts == 1
    database.decide(lambda tx: inbox.postpone(tx, hint, until=LATER, error="no", give_up=True))
    with database.reading() as tx:
        assert inbox.due(tx, LATER, 100) == []
    database.decide(lambda tx: inbox.put(tx, "invoice:1", LATER))  # pointed at again
    with database.reading() as tx:
        (again,) = inbox.due(tx, LATER, 100)
    database.decide(lambda tx: inbox.finish(tx, hint))  # of an older generation
    with database.reading() as tx:
        assert inbox.due(tx, LATER, 100) == [again]
    database.decide(lambda tx: inbox.finish(tx, again))
    with database.reading() as tx:
        assert inbox.due(tx, LATER, 100) == []
