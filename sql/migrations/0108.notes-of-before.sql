-- The credit notes of vouchers of before.
INSERT INTO llx_loyalty_voucher_notes (voucher_id, note_id, note_ref, thirdparty_id, role, gross_minor, at)
SELECT id, credit_note_id, credit_note_ref, thirdparty_id, 'issue', value_minor, issued_at
FROM llx_loyalty_vouchers
WHERE credit_note_id IS NOT NULL
  AND id NOT IN (SELECT voucher_id FROM llx_loyalty_voucher_notes);
