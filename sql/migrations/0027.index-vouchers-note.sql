-- The voucher behind a credit note.
CREATE INDEX IF NOT EXISTS llx_loyalty_vouchers_note ON llx_loyalty_vouchers (credit_note_id);
