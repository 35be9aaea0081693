-- The vouchers of one member.
CREATE INDEX IF NOT EXISTS llx_loyalty_vouchers_member ON llx_loyalty_vouchers (thirdparty_id, state);
