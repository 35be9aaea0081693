-- What vouchers of before were issued for.
INSERT INTO llx_loyalty_voucher_moves (
    voucher_id, seq, kind, amount_minor, day, at, who, note, invoice_id, document, move_key
)
SELECT id, 1, 'issued', value_minor, SUBSTR(issued_at, 1, 10), issued_at, 'upgrade', '', NULL, credit_note_ref,
       id
FROM llx_loyalty_vouchers
WHERE value_minor > 0
  AND id NOT IN (SELECT voucher_id FROM llx_loyalty_voucher_moves);
