-- name: accounts_by_ids(ids)
-- The heads of these accounts.
SELECT * FROM llx_loyalty_accounts WHERE id IN :ids;

-- name: accounts_page(last_id, limit)
-- Accounts by id, for verifying and daily work.
SELECT * FROM llx_loyalty_accounts WHERE id > :last_id ORDER BY id LIMIT :limit;

-- name: insert_account(id, thirdparty_id, unit, seq, balance, debt, head, last_activity_at)!
-- A new account.
INSERT INTO llx_loyalty_accounts (id, thirdparty_id, unit, seq, balance, debt, head, last_activity_at)
VALUES (:id, :thirdparty_id, :unit, :seq, :balance, :debt, :head, :last_activity_at);

-- name: move_account(id, seq, balance, debt, head, last_activity_at, old_seq)!
-- Moves the head of an account on, unless another writer did so first.
UPDATE llx_loyalty_accounts
SET seq = :seq, balance = :balance, debt = :debt, head = :head,
    last_activity_at = CASE
        WHEN CAST(:last_activity_at AS CHAR(27)) IS NULL THEN last_activity_at
        WHEN last_activity_at IS NULL OR last_activity_at < :last_activity_at THEN :last_activity_at
        ELSE last_activity_at END
WHERE id = :id AND seq = :old_seq;

-- name: insert_entry(id, account_id, seq, kind, points, balance_after, debt_after, occurred_at, booked_at, cause_kind, cause_id, entry_key, input_hash, reverses_id, reasons, previous_hash, hash)!
-- Appends an entry.
INSERT INTO llx_loyalty_entries (
    id, account_id, seq, kind, points, balance_after, debt_after, occurred_at, booked_at, cause_kind, cause_id,
    entry_key, input_hash, reverses_id, reasons, previous_hash, hash
) VALUES (
    :id, :account_id, :seq, :kind, :points, :balance_after, :debt_after, :occurred_at, :booked_at, :cause_kind,
    :cause_id, :entry_key, :input_hash, :reverses_id, :reasons, :previous_hash, :hash
);

-- name: insert_lot(id, account_id, cause_kind, cause_id, points, remaining, lapsed, opened_at, available_at, expires_at)!
-- Opens a lot.
INSERT INTO llx_loyalty_lots (
    id, account_id, cause_kind, cause_id, points, remaining, lapsed, opened_at, available_at, expires_at
) VALUES (
    :id, :account_id, :cause_kind, :cause_id, :points, :remaining, :lapsed, :opened_at, :available_at, :expires_at
);

-- name: update_lot(id, remaining, lapsed)!
-- What is left of a lot.
UPDATE llx_loyalty_lots SET remaining = :remaining, lapsed = :lapsed WHERE id = :id;

-- name: insert_allocation(entry_id, lot_id, points)!
-- Which lot an entry took from or gave back to.
INSERT INTO llx_loyalty_allocations (entry_id, lot_id, points) VALUES (:entry_id, :lot_id, :points);

-- name: open_lots(account_ids)
-- The lots of these accounts that hold points.
SELECT * FROM llx_loyalty_lots WHERE account_id IN :account_ids AND remaining > 0;

-- name: lots_of_causes(cause_kind, cause_ids)
-- All lots of these purchases, empty ones too.
SELECT * FROM llx_loyalty_lots WHERE cause_kind = :cause_kind AND cause_id IN :cause_ids;

-- name: lots_by_ids(ids)
-- Lots by id.
SELECT * FROM llx_loyalty_lots WHERE id IN :ids;

-- name: lots_of_account(account_id)
-- All lots of an account, for verifying.
SELECT * FROM llx_loyalty_lots WHERE account_id = :account_id ORDER BY id;

-- name: accounts_with_ended_lots(now, last_id, limit)
-- Accounts with points whose time is over, in pages by id.
SELECT DISTINCT account_id FROM llx_loyalty_lots
WHERE remaining > 0 AND expires_at <= :now AND account_id > :last_id ORDER BY account_id LIMIT :limit;

-- name: quiet_accounts(unit, before, last_id, limit)
-- Accounts of a unit with points and no activity since, in pages by id.
SELECT id AS account_id FROM llx_loyalty_accounts
WHERE unit = :unit AND balance > 0 AND last_activity_at < :before AND id > :last_id ORDER BY id LIMIT :limit;

-- name: lots_ending(from_at, until_at, last_id, limit)
-- Lots that end in a span, with the member, for the warning before expiry.
SELECT account_id, MIN(expires_at) AS first_end, SUM(remaining) AS points FROM llx_loyalty_lots
WHERE remaining > 0 AND expires_at > :from_at AND expires_at <= :until_at AND account_id > :last_id
GROUP BY account_id ORDER BY account_id LIMIT :limit;

-- name: entry_by_key(entry_key)^
-- The entry of an idempotency key.
SELECT * FROM llx_loyalty_entries WHERE entry_key = :entry_key;

-- name: entries_of_account(account_id, after_seq, limit)
-- Entries of an account in their order.
SELECT * FROM llx_loyalty_entries WHERE account_id = :account_id AND seq > :after_seq ORDER BY seq LIMIT :limit;

-- name: last_entries(account_id, before_seq, limit)
-- Entries of an account, the newest first.
SELECT * FROM llx_loyalty_entries
WHERE account_id = :account_id AND seq < :before_seq ORDER BY seq DESC LIMIT :limit;

-- name: entries_of_cause(cause_kind, cause_id)
-- All entries of a document or voucher.
SELECT * FROM llx_loyalty_entries WHERE cause_kind = :cause_kind AND cause_id = :cause_id
ORDER BY booked_at, account_id, seq;

-- name: allocations_of_entries(entry_ids)
-- The lots these entries took from.
SELECT * FROM llx_loyalty_allocations WHERE entry_id IN :entry_ids ORDER BY entry_id, lot_id;

-- name: allocations_of_account(account_id)
-- Every allocation of an account's entries, with the entry's kind, for verifying.
SELECT a.entry_id, a.lot_id, a.points, e.kind, e.seq
FROM llx_loyalty_allocations a JOIN llx_loyalty_entries e ON e.id = a.entry_id
WHERE e.account_id = :account_id ORDER BY e.seq, a.lot_id;

-- name: sums_by_kind(unit, from_at, until_at)
-- Points per kind of entry and sign in a span; both ends may be empty.
SELECT e.kind AS kind,
       CASE WHEN e.points < 0 THEN -1 ELSE 1 END AS sign,
       SUM(e.points) AS points, COUNT(*) AS entries
FROM llx_loyalty_entries e JOIN llx_loyalty_accounts a ON a.id = e.account_id
WHERE a.unit = :unit
  AND (CAST(:from_at AS CHAR(27)) IS NULL OR e.booked_at >= :from_at)
  AND (CAST(:until_at AS CHAR(27)) IS NULL OR e.booked_at < :until_at)
GROUP BY e.kind, CASE WHEN e.points < 0 THEN -1 ELSE 1 END;

-- name: sum_of_accounts(unit)^
-- Balance and debt of all accounts of a unit.
SELECT COALESCE(SUM(balance), 0) AS balance, COALESCE(SUM(debt), 0) AS debt, COUNT(*) AS accounts
FROM llx_loyalty_accounts WHERE unit = :unit;

-- name: sum_pending(unit, now)$
-- Points of a unit still in their holding period.
SELECT COALESCE(SUM(l.remaining), 0) FROM llx_loyalty_lots l JOIN llx_loyalty_accounts a ON a.id = l.account_id
WHERE a.unit = :unit AND l.remaining > 0 AND l.available_at > :now
  AND (l.expires_at IS NULL OR l.expires_at > :now);

-- name: balances_page(unit, last_id, limit)
-- Accounts with their members by id, for lists.
SELECT a.* FROM llx_loyalty_accounts a WHERE a.unit = :unit AND a.thirdparty_id > :last_id
ORDER BY a.thirdparty_id LIMIT :limit;

-- name: count_entries()$
-- How many entries the ledger has.
SELECT COUNT(*) FROM llx_loyalty_entries;

-- name: granted_by_cause(cause_kind, cause_ids)
-- What each document holds by its entries: accruals less reversals.
SELECT cause_id, account_id, SUM(points) AS points FROM llx_loyalty_entries
WHERE cause_kind = :cause_kind AND cause_id IN :cause_ids AND kind IN ('accrual', 'reversal')
GROUP BY cause_id, account_id;
