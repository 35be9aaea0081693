-- name: reopened_documents(last_id, limit)
-- Documents of vouchers that are drafts again, or that Dolibarr has no more.
SELECT d.id, d.state, n.voucher_id, n.role FROM llx_loyalty_documents d
JOIN llx_loyalty_voucher_notes n ON n.note_id = d.id
WHERE d.state IN ('draft', 'deleted') AND d.id > :last_id ORDER BY d.id LIMIT :limit;

-- name: stray_documents(last_id, limit, credit_prefix, counter_prefix)
-- Documents that count in the books and bear the name of a voucher, though none is known to have them.
SELECT d.* FROM llx_loyalty_documents d
LEFT JOIN llx_loyalty_voucher_notes n ON n.note_id = d.id
WHERE n.note_id IS NULL AND (d.ref_ext LIKE :credit_prefix OR d.ref_ext LIKE :counter_prefix)
  AND d.state IN ('validated', 'paid', 'closed') AND d.id > :last_id
ORDER BY d.id LIMIT :limit;

-- name: vouchers_ended_since(from_day, last_customer, last_id, limit)
-- Vouchers that are used up or have ended, of which something moved since a day, customer by customer.
SELECT v.*, t.accounting, t.source, t.several, t.bearer, t.valid_from, t.minimum_minor, t.excluded, t.sale_id, t.sale_key,
       t.replaces
FROM llx_loyalty_vouchers v
LEFT JOIN llx_loyalty_voucher_terms t ON t.voucher_id = v.id
WHERE v.state IN ('used', 'cancelled', 'expired', 'replaced')
  AND v.id IN (SELECT m.voucher_id FROM llx_loyalty_voucher_moves m WHERE m.day >= :from_day)
  AND (v.thirdparty_id > :last_customer OR (v.thirdparty_id = :last_customer AND v.id > :last_id))
ORDER BY v.thirdparty_id, v.id LIMIT :limit;
