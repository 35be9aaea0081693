-- The vouchers that end next.
CREATE INDEX IF NOT EXISTS llx_loyalty_vouchers_state ON llx_loyalty_vouchers (state, valid_until);
