-- What is held too long.
CREATE INDEX IF NOT EXISTS llx_loyalty_reservations_due ON llx_loyalty_reservations (state, held_until);
