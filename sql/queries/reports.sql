-- name: units_held()
-- Every unit of which there are accounts.
SELECT DISTINCT unit FROM llx_loyalty_accounts ORDER BY unit;

-- name: points_before(ending, longer, until_at)$
-- The sum of all entries of a unit before an instant; accounts end in their unit.
SELECT COALESCE(SUM(points), 0) FROM llx_loyalty_entries
WHERE booked_at < :until_at AND account_id LIKE :ending ESCAPE '!' AND account_id NOT LIKE :longer ESCAPE '!';

-- name: points_since(ending, longer, from_at)$
-- The sum of all entries of a unit from an instant on.
SELECT COALESCE(SUM(points), 0) FROM llx_loyalty_entries
WHERE booked_at >= :from_at AND account_id LIKE :ending ESCAPE '!' AND account_id NOT LIKE :longer ESCAPE '!';

-- name: first_booking()$
-- When the first entry was booked.
SELECT MIN(booked_at) FROM llx_loyalty_entries;

-- name: heads_and_entries()^
-- The balances of all accounts and the sum of all entries, which are the same.
SELECT (SELECT COALESCE(SUM(balance), 0) FROM llx_loyalty_accounts) AS balances,
       (SELECT COALESCE(SUM(points), 0) FROM llx_loyalty_entries) AS points;

-- name: points_moved(ending, longer, from_at, until_at)^
-- What moved of a unit in a span, by kind; a reversal below zero took points back, one above gave them back.
SELECT COALESCE(SUM(CASE WHEN kind = 'accrual' THEN points ELSE 0 END), 0) AS issued,
       COALESCE(SUM(CASE WHEN kind = 'reversal' AND points < 0 THEN points ELSE 0 END), 0) AS taken_back,
       COALESCE(SUM(CASE WHEN kind = 'redemption' THEN points ELSE 0 END), 0) AS used,
       COALESCE(SUM(CASE WHEN kind = 'reversal' AND points > 0 THEN points ELSE 0 END), 0) AS returned,
       COALESCE(SUM(CASE WHEN kind = 'expiry' THEN points ELSE 0 END), 0) AS expired,
       COALESCE(SUM(CASE WHEN kind = 'forfeiture' THEN points ELSE 0 END), 0) AS forfeited,
       COALESCE(SUM(CASE WHEN kind IN ('adjustment', 'transfer') THEN points ELSE 0 END), 0) AS corrected,
       COALESCE(SUM(points), 0) AS points
FROM llx_loyalty_entries
WHERE booked_at >= :from_at AND booked_at < :until_at
  AND account_id LIKE :ending ESCAPE '!' AND account_id NOT LIKE :longer ESCAPE '!';

-- name: lots_by_end(ending, longer, over_at, month_at, months_3_at, months_6_at, months_12_at)^
-- What remains in the lots of a unit now, by when it ends.
SELECT COALESCE(SUM(CASE WHEN expires_at <= :over_at THEN remaining ELSE 0 END), 0) AS ended,
       COALESCE(SUM(CASE WHEN expires_at <= :month_at THEN remaining ELSE 0 END), 0) AS to_month,
       COALESCE(SUM(CASE WHEN expires_at <= :months_3_at THEN remaining ELSE 0 END), 0) AS to_3,
       COALESCE(SUM(CASE WHEN expires_at <= :months_6_at THEN remaining ELSE 0 END), 0) AS to_6,
       COALESCE(SUM(CASE WHEN expires_at <= :months_12_at THEN remaining ELSE 0 END), 0) AS to_12,
       COALESCE(SUM(CASE WHEN expires_at IS NULL THEN remaining ELSE 0 END), 0) AS without_end,
       COALESCE(SUM(remaining), 0) AS points
FROM llx_loyalty_lots
WHERE remaining > 0 AND account_id LIKE :ending ESCAPE '!' AND account_id NOT LIKE :longer ESCAPE '!';

-- name: lots_opened_since(ending, longer, from_at)
-- What came in since an instant, by when it ends: to be taken off what is there now.
SELECT COALESCE(l.expires_at, '') AS expires_at, SUM(l.points) AS points FROM llx_loyalty_entries e
JOIN llx_loyalty_lots l ON l.id = e.id
WHERE e.booked_at >= :from_at AND e.account_id LIKE :ending ESCAPE '!' AND e.account_id NOT LIKE :longer ESCAPE '!'
GROUP BY COALESCE(l.expires_at, '');

-- name: lots_moved_since(ending, longer, from_at)
-- What went out of lots, or back into them, since an instant, by when they end; entries first, for they are few.
SELECT COALESCE(l.expires_at, '') AS expires_at, COALESCE(SUM(al.points), 0) AS points FROM llx_loyalty_entries e
LEFT JOIN llx_loyalty_allocations al ON al.entry_id = e.id
LEFT JOIN llx_loyalty_lots l ON l.id = al.lot_id
WHERE e.booked_at >= :from_at AND e.account_id LIKE :ending ESCAPE '!' AND e.account_id NOT LIKE :longer ESCAPE '!'
GROUP BY COALESCE(l.expires_at, '');

-- name: lots_by_opening(ending, longer, until_at)
-- The lots of a unit by the month they were opened in: how many points, how many lots are at their end.
SELECT SUBSTR(l.opened_at, 1, 7) AS opened, SUM(l.points) AS points,
       SUM(CASE WHEN l.remaining = 0 THEN 1 ELSE 0 END) AS ended
FROM llx_loyalty_entries e JOIN llx_loyalty_lots l ON l.id = e.id
WHERE e.booked_at < :until_at AND e.account_id LIKE :ending ESCAPE '!' AND e.account_id NOT LIKE :longer ESCAPE '!'
GROUP BY SUBSTR(l.opened_at, 1, 7);

-- name: lots_run_off(ending, longer, until_at)
-- What became of the lots of a unit, by the month they were opened in and the month it happened in.
SELECT SUBSTR(l.opened_at, 1, 7) AS opened, SUBSTR(e.booked_at, 1, 7) AS moved, e.kind AS kind,
       CASE WHEN al.points < 0 THEN -1 ELSE 1 END AS sign, SUM(al.points) AS points
FROM llx_loyalty_entries e
JOIN llx_loyalty_allocations al ON al.entry_id = e.id
JOIN llx_loyalty_lots l ON l.id = al.lot_id
WHERE e.booked_at < :until_at AND e.account_id LIKE :ending ESCAPE '!' AND e.account_id NOT LIKE :longer ESCAPE '!'
GROUP BY SUBSTR(l.opened_at, 1, 7), SUBSTR(e.booked_at, 1, 7), e.kind, CASE WHEN al.points < 0 THEN -1 ELSE 1 END;

-- name: voucher_money_by_month(until_day)
-- What moved of vouchers to the end of a day, by month, way, source and reward.
SELECT v.currency, v.reward_id, COALESCE(t.accounting, 'payment') AS accounting, COALESCE(t.source, 'reward') AS source,
       m.kind AS kind, SUBSTR(m.day, 1, 7) AS month, SUM(m.amount_minor) AS amount_minor, COUNT(*) AS moves
FROM llx_loyalty_voucher_moves m
JOIN llx_loyalty_vouchers v ON v.id = m.voucher_id
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE m.day <= :until_day
GROUP BY v.currency, v.reward_id, COALESCE(t.accounting, 'payment'), COALESCE(t.source, 'reward'), m.kind,
         SUBSTR(m.day, 1, 7);

-- name: voucher_rest_by_end(until_day)
-- What was left of vouchers at the end of a day, by their last day, way, source and reward.
SELECT v.currency, v.reward_id, COALESCE(t.accounting, 'payment') AS accounting, COALESCE(t.source, 'reward') AS source,
       v.valid_until, SUM(m.amount_minor) AS amount_minor
FROM llx_loyalty_voucher_moves m
JOIN llx_loyalty_vouchers v ON v.id = m.voucher_id
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE m.day <= :until_day
GROUP BY v.currency, v.reward_id, COALESCE(t.accounting, 'payment'), COALESCE(t.source, 'reward'), v.valid_until;

-- name: voucher_run_off(until_day)
-- What became of vouchers, by the month they were issued in and the month it happened in.
SELECT v.currency, v.reward_id, COALESCE(t.accounting, 'payment') AS accounting, COALESCE(t.source, 'reward') AS source,
       SUBSTR(v.issued_at, 1, 7) AS opened, SUBSTR(m.day, 1, 7) AS moved, m.kind AS kind,
       SUM(m.amount_minor) AS amount_minor
FROM llx_loyalty_voucher_moves m
JOIN llx_loyalty_vouchers v ON v.id = m.voucher_id
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE m.day <= :until_day
GROUP BY v.currency, v.reward_id, COALESCE(t.accounting, 'payment'), COALESCE(t.source, 'reward'),
         SUBSTR(v.issued_at, 1, 7), SUBSTR(m.day, 1, 7), m.kind;

-- name: vouchers_at_their_end(until_day)
-- How many vouchers of each way, source and reward have nothing left at the end of a day, by month of issue.
SELECT s.currency, s.reward_id, s.accounting, s.source, s.opened, COUNT(*) AS ended
FROM (
    SELECT v.id, v.currency, v.reward_id, COALESCE(t.accounting, 'payment') AS accounting,
           COALESCE(t.source, 'reward') AS source, SUBSTR(v.issued_at, 1, 7) AS opened
    FROM llx_loyalty_voucher_moves m
    JOIN llx_loyalty_vouchers v ON v.id = m.voucher_id
    LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
    WHERE m.day <= :until_day
    GROUP BY v.id, v.currency, v.reward_id, COALESCE(t.accounting, 'payment'), COALESCE(t.source, 'reward'),
             SUBSTR(v.issued_at, 1, 7)
    HAVING SUM(m.amount_minor) = 0
) s
GROUP BY s.currency, s.reward_id, s.accounting, s.source, s.opened;

-- name: vouchers_without_amount(until_at)
-- Vouchers whose amount only their use tells, that were issued and not over at an instant.
SELECT v.currency, v.reward_id, COALESCE(t.accounting, 'payment') AS accounting, COUNT(*) AS vouchers,
       SUM(v.points) AS points
FROM llx_loyalty_vouchers v
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE v.kind <> 'amount' AND v.issued_at < :until_at
  AND NOT EXISTS (
      SELECT 1 FROM llx_loyalty_voucher_steps s
      WHERE s.voucher_id = v.id AND s.at < :until_at
        AND s.step IN ('used', 'cancelled', 'expired', 'refused', 'replaced')
  )
GROUP BY v.currency, v.reward_id, COALESCE(t.accounting, 'payment');

-- name: voucher_register_page(from_at, until_at, state, kind, last_id, limit)
-- Vouchers issued in a span, by id; its ends, the state and the kind may be empty.
SELECT v.*, t.accounting, t.source, t.several, t.bearer, t.valid_from, t.minimum_minor, t.excluded, t.sale_id, t.sale_key,
       t.replaces, p.name AS member_name
FROM llx_loyalty_vouchers v
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
LEFT JOIN llx_loyalty_members p ON p.thirdparty_id = v.thirdparty_id
WHERE v.id > :last_id
  AND (CAST(:from_at AS CHAR(27)) IS NULL OR v.issued_at >= :from_at)
  AND (CAST(:until_at AS CHAR(27)) IS NULL OR v.issued_at < :until_at)
  AND (CAST(:state AS CHAR(16)) IS NULL OR v.state = :state)
  AND (CAST(:kind AS CHAR(16)) IS NULL OR v.kind = :kind)
ORDER BY v.id LIMIT :limit;

-- name: voucher_register_moves(voucher_ids)
-- What moved of these vouchers, by kind.
SELECT voucher_id, kind, SUM(amount_minor) AS amount_minor FROM llx_loyalty_voucher_moves
WHERE voucher_id IN :voucher_ids GROUP BY voucher_id, kind;

-- name: voucher_register_documents(voucher_ids)
-- The documents in Dolibarr of these vouchers.
SELECT voucher_id, note_id, note_ref, role FROM llx_loyalty_voucher_notes
WHERE voucher_id IN :voucher_ids ORDER BY voucher_id, note_id;

-- name: journal_moves(from_day, until_day)
-- The moves of vouchers in a span of days, in the order they are booked, with what they belong to.
SELECT m.*, v.currency, v.last_four, v.reward_id, v.thirdparty_id, v.kind AS voucher_kind,
       COALESCE(t.accounting, 'payment') AS accounting, COALESCE(t.source, 'reward') AS source
FROM llx_loyalty_voucher_moves m
JOIN llx_loyalty_vouchers v ON v.id = m.voucher_id
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE m.day >= :from_day AND m.day <= :until_day
ORDER BY m.day, m.at, m.voucher_id, m.seq;

-- name: documents_that_earned(from_day, until_day, last_id, limit)
-- Invoices of a span of days that hold points, and their credit notes, by id.
SELECT d.id, d.snapshot FROM llx_loyalty_documents d
JOIN llx_loyalty_documents r ON r.id = d.root_id
WHERE d.issued_on >= :from_day AND d.issued_on <= :until_day AND r.granted <> 0 AND d.state <> 'deleted'
  AND d.id > :last_id
ORDER BY d.id LIMIT :limit;
