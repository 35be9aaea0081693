-- name: fundings_of_documents(ids)
-- What is booked for these documents, each document's rows in their order.
SELECT * FROM llx_loyalty_fundings WHERE document_id IN :ids ORDER BY document_id, number;

-- name: insert_funding(document_id, number, thirdparty_id, partner, rule_id, points, amount_minor, currency, month, booked_at, program_hash, cause_key)!
-- A partner pays more for a document than before, or less.
INSERT INTO llx_loyalty_fundings (
    document_id, number, thirdparty_id, partner, rule_id, points, amount_minor, currency, month, booked_at,
    program_hash, cause_key
) VALUES (:document_id, :number, :thirdparty_id, :partner, :rule_id, :points, :amount_minor, :currency, :month,
    :booked_at, :program_hash, :cause_key);

-- name: funding_by_month(partner, currency)
-- What one partner's rows of each month come to.
SELECT month, SUM(amount_minor) AS amount_minor FROM llx_loyalty_fundings
WHERE partner = :partner AND currency = :currency GROUP BY month ORDER BY month;

-- name: funding_of_month(partner, month, currency)
-- One partner's rows of a month by rule and program version, what came back apart from what was granted.
SELECT rule_id, program_hash, CASE WHEN amount_minor < 0 OR points < 0 THEN 1 ELSE 0 END AS is_reversal,
    SUM(points) AS points, SUM(amount_minor) AS amount_minor, COUNT(*) AS bookings
FROM llx_loyalty_fundings
WHERE partner = :partner AND month = :month AND currency = :currency
GROUP BY rule_id, program_hash, CASE WHEN amount_minor < 0 OR points < 0 THEN 1 ELSE 0 END
ORDER BY rule_id, program_hash, is_reversal;

-- name: funding_partners()
-- Every partner for whom something was ever booked.
SELECT partner FROM llx_loyalty_fundings GROUP BY partner ORDER BY partner;

-- name: latest_funding(partner)^
-- A partner's newest row, which names the program version that knew the partner.
SELECT * FROM llx_loyalty_fundings WHERE partner = :partner ORDER BY booked_at DESC, document_id, number LIMIT 1;
