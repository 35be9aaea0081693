-- name: moves_of_vouchers(voucher_ids)
-- The money journals of several vouchers, each in its order.
SELECT m.*, v.currency FROM llx_loyalty_voucher_moves m
JOIN llx_loyalty_vouchers v ON v.id = m.voucher_id
WHERE m.voucher_id IN :voucher_ids ORDER BY m.voucher_id, m.seq;

-- name: notes_of_vouchers(voucher_ids)
-- The documents of several vouchers, each in the order they were made.
SELECT n.*, v.currency FROM llx_loyalty_voucher_notes n
JOIN llx_loyalty_vouchers v ON v.id = n.voucher_id
WHERE n.voucher_id IN :voucher_ids ORDER BY n.voucher_id, n.note_id;

-- name: vouchers_of_customers_page(last_customer, last_id, limit)
-- Vouchers customer by customer.
SELECT v.*, t.accounting, t.source, t.several, t.bearer, t.valid_from, t.minimum_minor, t.excluded, t.sale_id, t.sale_key,
       t.replaces
FROM llx_loyalty_vouchers v
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE v.thirdparty_id > :last_customer OR (v.thirdparty_id = :last_customer AND v.id > :last_id)
ORDER BY v.thirdparty_id, v.id LIMIT :limit;

-- name: moves_until(before_day)
-- What moved of all vouchers before a day, by currency and kind.
SELECT v.currency, m.kind, COUNT(*) AS moves, SUM(m.amount_minor) AS amount_minor FROM llx_loyalty_voucher_moves m
JOIN llx_loyalty_vouchers v ON v.id = m.voucher_id
WHERE m.day < :before_day GROUP BY v.currency, m.kind ORDER BY v.currency, m.kind;

-- name: vouchers_moved_between(from_day, before_day)
-- The vouchers of which something moved in a span of days; its last day is left out.
SELECT DISTINCT m.voucher_id FROM llx_loyalty_voucher_moves m
WHERE m.day >= :from_day AND m.day < :before_day ORDER BY m.voucher_id;
