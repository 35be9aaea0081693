-- name: insert_voucher_use(voucher_id, number, invoice_id, thirdparty_id, amount_minor, before_minor, use_key, state, at, who)!
-- A use that is begun: `before_minor` is what stood as used on the invoice then.
INSERT INTO llx_loyalty_voucher_uses (
    voucher_id, number, invoice_id, thirdparty_id, amount_minor, before_minor, use_key, state, at, who
) VALUES (
    :voucher_id, :number, :invoice_id, :thirdparty_id, :amount_minor, :before_minor, :use_key, :state, :at, :who
);

-- name: update_voucher_use(voucher_id, number, amount_minor, before_minor, state)!
-- How a use stands now.
UPDATE llx_loyalty_voucher_uses SET amount_minor = :amount_minor, before_minor = :before_minor, state = :state
WHERE voucher_id = :voucher_id AND number = :number;

-- name: voucher_use_by_key(use_key)^
-- The use of a key.
SELECT u.*, v.currency FROM llx_loyalty_voucher_uses u
JOIN llx_loyalty_vouchers v ON v.id = u.voucher_id
WHERE u.use_key = :use_key;

-- name: voucher_uses(voucher_id)
-- The uses of a voucher that we began, in their order.
SELECT u.*, v.currency FROM llx_loyalty_voucher_uses u
JOIN llx_loyalty_vouchers v ON v.id = u.voucher_id
WHERE u.voucher_id = :voucher_id ORDER BY u.number;

-- name: insert_voucher_parting(voucher_id, number, plan, state, at)!
-- Credits that are to be made anew in parts.
INSERT INTO llx_loyalty_voucher_partings (voucher_id, number, plan, state, at)
VALUES (:voucher_id, :number, :plan, :state, :at);

-- name: update_voucher_parting(voucher_id, number, state)!
-- How such a parting stands now.
UPDATE llx_loyalty_voucher_partings SET state = :state WHERE voucher_id = :voucher_id AND number = :number;

-- name: voucher_partings(voucher_id)
-- The partings of a voucher, in their order.
SELECT number, plan, state FROM llx_loyalty_voucher_partings WHERE voucher_id = :voucher_id ORDER BY number;
