-- What vouchers of before have lost since, on the day of their last step.
INSERT INTO llx_loyalty_voucher_moves (
    voucher_id, seq, kind, amount_minor, day, at, who, note, invoice_id, document, move_key
)
SELECT v.id, 2,
       CASE v.state WHEN 'cancelled' THEN 'cancelled' WHEN 'refused' THEN 'cancelled' WHEN 'expired' THEN 'expired'
           ELSE 'used' END,
       v.remaining_minor - v.value_minor, SUBSTR(MAX(s.at), 1, 10), MAX(s.at), 'upgrade', '', v.invoice_id, '',
       v.code_hash
FROM llx_loyalty_vouchers v
JOIN llx_loyalty_voucher_steps s ON s.voucher_id = v.id
WHERE v.value_minor > v.remaining_minor
  AND v.id NOT IN (SELECT voucher_id FROM llx_loyalty_voucher_moves WHERE seq = 2)
GROUP BY v.id, v.state, v.remaining_minor, v.value_minor, v.invoice_id, v.code_hash;
