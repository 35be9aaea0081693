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
SELECT v.*, t.accounting, t.source, t.several, t.bearer, t.valid_from, t.minimum_minor, t.excluded, t.sale_id, t.sale_key,
       t.replaces
FROM llx_loyalty_vouchers v
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE v.id = :id;

-- name: voucher_by_code(code_hash)^
-- The voucher of a code.
SELECT v.*, t.accounting, t.source, t.several, t.bearer, t.valid_from, t.minimum_minor, t.excluded, t.sale_id, t.sale_key,
       t.replaces
FROM llx_loyalty_vouchers v
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE v.code_hash = :code_hash;

-- name: voucher_by_request(request_key)^
-- The voucher of an idempotency key.
SELECT v.*, t.accounting, t.source, t.several, t.bearer, t.valid_from, t.minimum_minor, t.excluded, t.sale_id, t.sale_key,
       t.replaces
FROM llx_loyalty_vouchers v
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE v.request_key = :request_key;

-- name: vouchers_of_member(thirdparty_id)
-- All vouchers of a member, the newest first.
SELECT v.*, t.accounting, t.source, t.several, t.bearer, t.valid_from, t.minimum_minor, t.excluded, t.sale_id, t.sale_key,
       t.replaces
FROM llx_loyalty_vouchers v
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE v.thirdparty_id = :thirdparty_id ORDER BY v.id DESC;

-- name: vouchers_by_notes(credit_note_ids)
-- The vouchers behind these credit notes and deposits.
SELECT n.note_id, n.voucher_id, n.role, t.source FROM llx_loyalty_voucher_notes n
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = n.voucher_id
WHERE n.note_id IN :credit_note_ids AND n.role <> 'counter';

-- name: vouchers_by_note_refs(refs)
-- The vouchers whose credit notes or deposits have these numbers.
SELECT v.*, t.accounting, t.source, t.several, t.bearer, t.valid_from, t.minimum_minor, t.excluded, t.sale_id, t.sale_key,
       t.replaces, n.note_ref
FROM llx_loyalty_voucher_notes n
JOIN llx_loyalty_vouchers v ON v.id = n.voucher_id
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE n.note_ref IN :refs AND n.role <> 'counter';

-- name: vouchers_page(state, last_id, limit)
-- Vouchers by id, of one state or (state empty) of all.
SELECT v.*, t.accounting, t.source, t.several, t.bearer, t.valid_from, t.minimum_minor, t.excluded, t.sale_id, t.sale_key,
       t.replaces
FROM llx_loyalty_vouchers v
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE v.id > :last_id AND (CAST(:state AS CHAR(16)) IS NULL OR v.state = :state) ORDER BY v.id LIMIT :limit;

-- name: vouchers_ended(today)
-- Usable vouchers whose last day is over.
SELECT v.*, t.accounting, t.source, t.several, t.bearer, t.valid_from, t.minimum_minor, t.excluded, t.sale_id, t.sale_key,
       t.replaces
FROM llx_loyalty_vouchers v
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE v.state IN ('active', 'partly_used') AND v.valid_until < :today ORDER BY v.id;

-- name: vouchers_ending(from_day, until_day)
-- Usable vouchers that end in a span of days.
SELECT v.*, t.accounting, t.source, t.several, t.bearer, t.valid_from, t.minimum_minor, t.excluded, t.sale_id, t.sale_key,
       t.replaces
FROM llx_loyalty_vouchers v
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE v.state IN ('active', 'partly_used', 'reserved') AND v.valid_until >= :from_day AND v.valid_until <= :until_day
ORDER BY v.id;

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

-- name: reassign_voucher_notes(old_id, new_id)!
-- The credits of a merged customer's vouchers are the kept customer's, as Dolibarr has it.
UPDATE llx_loyalty_voucher_notes SET thirdparty_id = :new_id WHERE thirdparty_id = :old_id;

-- name: insert_voucher_terms(voucher_id, accounting, source, several, bearer, valid_from, minimum_minor, excluded, sale_id, sale_key, replaces)!
-- What a voucher may be used for.
INSERT INTO llx_loyalty_voucher_terms (
    voucher_id, accounting, source, several, bearer, valid_from, minimum_minor, excluded, sale_id, sale_key, replaces
) VALUES (
    :voucher_id, :accounting, :source, :several, :bearer, :valid_from, :minimum_minor, :excluded, :sale_id,
    :sale_key, :replaces
);

-- name: voucher_by_sale_key(sale_key)^
-- The gift card of a sold unit.
SELECT v.*, t.accounting, t.source, t.several, t.bearer, t.valid_from, t.minimum_minor, t.excluded, t.sale_id, t.sale_key,
       t.replaces
FROM llx_loyalty_vouchers v
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE t.sale_key = :sale_key;

-- name: vouchers_of_sale(sale_id)
-- The gift cards that a document sold, in their order.
SELECT v.*, t.accounting, t.source, t.several, t.bearer, t.valid_from, t.minimum_minor, t.excluded, t.sale_id, t.sale_key,
       t.replaces
FROM llx_loyalty_vouchers v
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE t.sale_id = :sale_id ORDER BY v.id;

-- name: voucher_replacing(replaces)^
-- The voucher that was given for a lost one.
SELECT v.*, t.accounting, t.source, t.several, t.bearer, t.valid_from, t.minimum_minor, t.excluded, t.sale_id, t.sale_key,
       t.replaces
FROM llx_loyalty_vouchers v
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE t.replaces = :replaces;

-- name: insert_voucher_move(voucher_id, seq, kind, amount_minor, day, at, who, note, invoice_id, document, move_key)!
-- A movement of a voucher's money.
INSERT INTO llx_loyalty_voucher_moves (
    voucher_id, seq, kind, amount_minor, day, at, who, note, invoice_id, document, move_key
) VALUES (
    :voucher_id, :seq, :kind, :amount_minor, :day, :at, :who, :note, :invoice_id, :document, :move_key
);

-- name: last_voucher_move(voucher_id)$
-- The number of a voucher's last move.
SELECT COALESCE(MAX(seq), 0) FROM llx_loyalty_voucher_moves WHERE voucher_id = :voucher_id;

-- name: voucher_moves(voucher_id)
-- The money journal of a voucher.
SELECT m.*, v.currency FROM llx_loyalty_voucher_moves m
JOIN llx_loyalty_vouchers v ON v.id = m.voucher_id
WHERE m.voucher_id = :voucher_id ORDER BY m.seq;

-- name: voucher_move_by_key(move_key)^
-- A move by its key.
SELECT m.*, v.currency FROM llx_loyalty_voucher_moves m
JOIN llx_loyalty_vouchers v ON v.id = m.voucher_id
WHERE m.move_key = :move_key;

-- name: voucher_moves_on_invoice(invoice_id)
-- The uses of vouchers on an invoice, and their returns.
SELECT m.*, v.currency FROM llx_loyalty_voucher_moves m
JOIN llx_loyalty_vouchers v ON v.id = m.voucher_id
WHERE m.invoice_id = :invoice_id ORDER BY m.voucher_id, m.seq;

-- name: insert_voucher_note(voucher_id, note_id, note_ref, thirdparty_id, role, gross_minor, at)!
-- A document that was made for a voucher.
INSERT INTO llx_loyalty_voucher_notes (voucher_id, note_id, note_ref, thirdparty_id, role, gross_minor, at)
VALUES (:voucher_id, :note_id, :note_ref, :thirdparty_id, :role, :gross_minor, :at);

-- name: voucher_notes(voucher_id)
-- The documents of a voucher, in the order they were made.
SELECT n.*, v.currency FROM llx_loyalty_voucher_notes n
JOIN llx_loyalty_vouchers v ON v.id = n.voucher_id
WHERE n.voucher_id = :voucher_id ORDER BY n.note_id;
