-- What moved in a month.
CREATE INDEX IF NOT EXISTS llx_loyalty_voucher_moves_day ON llx_loyalty_voucher_moves (day, voucher_id);
