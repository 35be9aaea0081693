-- The entries of one document or voucher.
CREATE INDEX IF NOT EXISTS llx_loyalty_entries_cause ON llx_loyalty_entries (cause_kind, cause_id);
