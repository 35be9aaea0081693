-- name: insert_voucher(id, thirdparty_id, reward_id, kind, state, points, value_minor, remaining_minor, currency, rate, limit_minor, product, code_hash, last_four, issued_at, valid_until, program_hash, request_key)!
-- A voucher whose points are reserved.
INSERT INTO llx_loyalty_vouchers (
    id, thirdparty_id, reward_id, kind, state, points, value_minor, remaining_minor, currency, rate, limit_minor,
    product, code_hash, last_four, issued_at, valid_until, program_hash, request_key, credit_note_id,
    credit_note_ref, invoice_id, version
) VALUES (
    :id, :thirdparty_id, :reward_id, :kind, :state, :points, :value_minor, :remaining_minor, :currency, :rate,
    :limit_minor, :product, :code_hash, :last_four, :issued_at, :valid_until, :program_hash, :request_key, NULL,
    '', NULL, 0
);

-- name: update_voucher(id, state, value_minor, remaining_minor, credit_note_id, credit_note_ref, invoice_id, thirdparty_id, old_version)!
-- A voucher's next state, unless another writer was faster.
UPDATE llx_loyalty_vouchers
SET state = :state, value_minor = :value_minor, remaining_minor = :remaining_minor,
    credit_note_id = :credit_note_id, credit_note_ref = :credit_note_ref, invoice_id = :invoice_id,
    thirdparty_id = :thirdparty_id, version = version + 1
WHERE id = :id AND version = :old_version;

-- name: voucher_by_id(id)^
-- One voucher.
SELECT * FROM llx_loyalty_vouchers WHERE id = :id;

-- name: voucher_by_code(code_hash)^
-- The voucher of a code.
SELECT * FROM llx_loyalty_vouchers WHERE code_hash = :code_hash;

-- name: voucher_by_request(request_key)^
-- The voucher of an idempotency key.
SELECT * FROM llx_loyalty_vouchers WHERE request_key = :request_key;

-- name: vouchers_of_member(thirdparty_id)
-- All vouchers of a member, the newest first.
SELECT * FROM llx_loyalty_vouchers WHERE thirdparty_id = :thirdparty_id ORDER BY id DESC;

-- name: vouchers_by_notes(credit_note_ids)
-- The vouchers behind these credit notes.
SELECT * FROM llx_loyalty_vouchers WHERE credit_note_id IN :credit_note_ids;

-- name: vouchers_by_note_refs(refs)
-- The vouchers whose credit notes have these numbers.
SELECT * FROM llx_loyalty_vouchers WHERE credit_note_ref IN :refs;

-- name: vouchers_page(state, last_id, limit)
-- Vouchers by id, of one state or (state empty) of all.
SELECT * FROM llx_loyalty_vouchers
WHERE id > :last_id AND (CAST(:state AS CHAR(16)) IS NULL OR state = :state) ORDER BY id LIMIT :limit;

-- name: vouchers_ended(today)
-- Usable vouchers whose last day is over.
SELECT * FROM llx_loyalty_vouchers
WHERE state IN ('active', 'partly_used') AND valid_until < :today ORDER BY id;

-- name: vouchers_ending(from_day, until_day)
-- Usable vouchers that end in a span of days.
SELECT * FROM llx_loyalty_vouchers
WHERE state IN ('active', 'partly_used') AND valid_until >= :from_day AND valid_until <= :until_day ORDER BY id;

-- name: count_vouchers_of_reward(thirdparty_id, reward_id)$
-- How often a member took a reward, for its limit; what was given free does not count.
SELECT COUNT(*) FROM llx_loyalty_vouchers
WHERE thirdparty_id = :thirdparty_id AND reward_id = :reward_id AND points > 0
  AND state NOT IN ('refused', 'cancelled');

-- name: vouchers_by_state()
-- How many vouchers are in each state, and what is left of them.
SELECT state, currency, COUNT(*) AS vouchers, SUM(value_minor) AS value_minor,
       SUM(remaining_minor) AS remaining_minor
FROM llx_loyalty_vouchers GROUP BY state, currency ORDER BY state;

-- name: insert_voucher_step(voucher_id, seq, step, at, who, note)!
-- A step of a voucher's life.
INSERT INTO llx_loyalty_voucher_steps (voucher_id, seq, step, at, who, note)
VALUES (:voucher_id, :seq, :step, :at, :who, :note);

-- name: voucher_steps(voucher_id)
-- The life of a voucher.
SELECT * FROM llx_loyalty_voucher_steps WHERE voucher_id = :voucher_id ORDER BY seq;

-- name: last_voucher_step(voucher_id)$
-- The number of a voucher's last step.
SELECT COALESCE(MAX(seq), 0) FROM llx_loyalty_voucher_steps WHERE voucher_id = :voucher_id;

-- name: reassign_vouchers(old_id, new_id)!
-- The vouchers of a merged customer go with the customer.
UPDATE llx_loyalty_vouchers SET thirdparty_id = :new_id, version = version + 1 WHERE thirdparty_id = :old_id;
