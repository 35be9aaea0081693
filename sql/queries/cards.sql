-- name: card_totals(unit, size)^
-- Who has stamps of a card, how many stamps, and how many cards are full and wait.
SELECT COUNT(*) AS members, COALESCE(SUM(balance), 0) AS stamps, COALESCE(SUM(debt), 0) AS owed,
       COALESCE(SUM(CASE WHEN balance > 0 THEN (balance - balance % :size) / :size ELSE 0 END), 0) AS full_cards
FROM llx_loyalty_accounts WHERE unit = :unit AND (balance <> 0 OR debt <> 0);

-- name: count_vouchers_for(reward_id)$
-- How many vouchers of a reward stand, used ones too.
SELECT COUNT(*) FROM llx_loyalty_vouchers
WHERE reward_id = :reward_id AND state NOT IN ('refused', 'cancelled');
