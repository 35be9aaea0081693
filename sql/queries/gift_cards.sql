-- name: sales_with_cards(ids)
-- Of these documents, those that sold gift cards.
SELECT DISTINCT sale_id FROM llx_loyalty_voucher_terms WHERE sale_id IN :ids;

-- name: voucher_cards_page(state, last_id, limit)
-- Sold gift cards by id, of one state or (state empty) of all.
SELECT v.*, t.accounting, t.source, t.several, t.bearer, t.valid_from, t.minimum_minor, t.excluded, t.sale_id, t.sale_key,
       t.replaces
FROM llx_loyalty_vouchers v
JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE v.id > :last_id AND t.source = 'sold' AND (CAST(:state AS CHAR(16)) IS NULL OR v.state = :state)
ORDER BY v.id LIMIT :limit;
