-- What is held of a voucher.
CREATE INDEX IF NOT EXISTS llx_loyalty_reservations_of ON llx_loyalty_reservations (voucher_id, state);
