-- name: insert_reservation(id, request_key, kind, state, voucher_id, amount_minor, input_hash, made_at, held_until, who, invoice_id)!
-- A new reservation.
INSERT INTO llx_loyalty_reservations (
    id, request_key, kind, state, voucher_id, amount_minor, input_hash, made_at, held_until, who, invoice_id, version
) VALUES (
    :id, :request_key, :kind, :state, :voucher_id, :amount_minor, :input_hash, :made_at, :held_until, :who,
    :invoice_id, 0
);

-- name: update_reservation(id, state, invoice_id, old_version)!
-- A reservation's next state, unless another writer was faster.
UPDATE llx_loyalty_reservations SET state = :state, invoice_id = :invoice_id, version = version + 1
WHERE id = :id AND version = :old_version;

-- name: reservation_by_id(id)^
-- One reservation.
SELECT r.*, v.currency FROM llx_loyalty_reservations r
JOIN llx_loyalty_vouchers v ON v.id = r.voucher_id
WHERE r.id = :id;

-- name: reservations_of_voucher(voucher_id)
-- The reservations of a voucher, the oldest first.
SELECT r.*, v.currency FROM llx_loyalty_reservations r
JOIN llx_loyalty_vouchers v ON v.id = r.voucher_id
WHERE r.voucher_id = :voucher_id ORDER BY r.made_at, r.id;

-- name: reservations_open(voucher_id)
-- What is held of a voucher or is on its way to an invoice, the oldest first.
SELECT r.*, v.currency FROM llx_loyalty_reservations r
JOIN llx_loyalty_vouchers v ON v.id = r.voucher_id
WHERE r.voucher_id = :voucher_id AND r.state IN ('held', 'capturing') ORDER BY r.made_at, r.id;

-- name: reservations_overdue(now, last_id, limit)
-- What has been held too long, by id.
SELECT r.*, v.currency FROM llx_loyalty_reservations r
JOIN llx_loyalty_vouchers v ON v.id = r.voucher_id
WHERE r.state = 'held' AND r.held_until <= :now AND r.id > :last_id ORDER BY r.id LIMIT :limit;

-- name: reservations_page(state, kind, last_id, limit)
-- Reservations by id, of one state and kind or of all.
SELECT r.*, v.currency FROM llx_loyalty_reservations r
JOIN llx_loyalty_vouchers v ON v.id = r.voucher_id
WHERE r.id > :last_id AND (CAST(:state AS CHAR(16)) IS NULL OR r.state = :state)
  AND (CAST(:kind AS CHAR(16)) IS NULL OR r.kind = :kind)
ORDER BY r.id LIMIT :limit;

-- name: reservations_undone(last_id, limit)
-- What was used with a ticket which was reopened or deleted afterwards, by id.
SELECT r.*, v.currency FROM llx_loyalty_reservations r
JOIN llx_loyalty_vouchers v ON v.id = r.voucher_id
JOIN llx_loyalty_documents d ON d.id = r.invoice_id
WHERE r.kind = 'ticket' AND r.state = 'captured'
  AND d.state IN ('draft', 'deleted') AND r.id > :last_id ORDER BY r.id LIMIT :limit;

-- name: insert_reservation_step(reservation_id, seq, state, at, who, why, invoice_id)!
-- A step of a reservation.
INSERT INTO llx_loyalty_reservation_steps (reservation_id, seq, state, at, who, why, invoice_id)
VALUES (:reservation_id, :seq, :state, :at, :who, :why, :invoice_id);

-- name: last_reservation_step(reservation_id)$
-- The number of a reservation's last step.
SELECT COALESCE(MAX(seq), 0) FROM llx_loyalty_reservation_steps WHERE reservation_id = :reservation_id;

-- name: reservation_steps(reservation_id)
-- The steps of a reservation, in their order.
SELECT * FROM llx_loyalty_reservation_steps WHERE reservation_id = :reservation_id ORDER BY seq;
