-- The voucher behind a document.
CREATE INDEX IF NOT EXISTS llx_loyalty_voucher_notes_note ON llx_loyalty_voucher_notes (note_id);
