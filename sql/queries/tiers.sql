-- name: tier_acts_of_members(thirdparty_ids)
-- Tiers set and taken back by hand, in the order of the acts.
SELECT * FROM llx_loyalty_tier_acts WHERE thirdparty_id IN :thirdparty_ids ORDER BY acted_at, id;

-- name: tier_act_by_key(request_key)^
-- The act of an idempotency key.
SELECT * FROM llx_loyalty_tier_acts WHERE request_key = :request_key;

-- name: insert_tier_act(id, thirdparty_id, group_id, tier, acted_at, until_at, reason, who, request_key, input_hash)!
-- A person sets a tier or takes it back.
INSERT INTO llx_loyalty_tier_acts (
    id, thirdparty_id, group_id, tier, acted_at, until_at, reason, who, request_key, input_hash
) VALUES (
    :id, :thirdparty_id, :group_id, :tier, :acted_at, :until_at, :reason, :who, :request_key, :input_hash
);

-- name: reassign_tier_acts(old_id, new_id)!
-- What was set by hand for a merged third party counts for the one it was merged into.
UPDATE llx_loyalty_tier_acts SET thirdparty_id = :new_id WHERE thirdparty_id = :old_id;

-- name: tier_steps_of_members(thirdparty_ids)
-- Everything noted about these members' tiers, in the order of noting.
SELECT * FROM llx_loyalty_tier_steps WHERE thirdparty_id IN :thirdparty_ids ORDER BY thirdparty_id, group_id, seq;

-- name: insert_tier_step(thirdparty_id, group_id, seq, place, tier, why, happened_at, until_at, qualifying, before_reset, noted_at)!
-- Notes what became of a member in a tier group.
INSERT INTO llx_loyalty_tier_steps (
    thirdparty_id, group_id, seq, place, tier, why, happened_at, until_at, qualifying, before_reset, noted_at
) VALUES (
    :thirdparty_id, :group_id, :seq, :place, :tier, :why, :happened_at, :until_at, :qualifying, :before_reset,
    :noted_at
);

-- name: tier_states_of_members(thirdparty_ids)
-- Where these members stand.
SELECT * FROM llx_loyalty_tier_states WHERE thirdparty_id IN :thirdparty_ids ORDER BY thirdparty_id, group_id;

-- name: insert_tier_state(thirdparty_id, group_id, tier, told_tier, since_at, until_at, next_at, steps)!
-- Where a member stands for the first time.
INSERT INTO llx_loyalty_tier_states (
    thirdparty_id, group_id, tier, told_tier, since_at, until_at, next_at, steps
) VALUES (
    :thirdparty_id, :group_id, :tier, :told_tier, :since_at, :until_at, :next_at, :steps
);

-- name: update_tier_state(thirdparty_id, group_id, tier, told_tier, since_at, until_at, next_at, steps)!
-- Where a member stands now.
UPDATE llx_loyalty_tier_states
SET tier = :tier, told_tier = :told_tier, since_at = :since_at, until_at = :until_at, next_at = :next_at,
    steps = :steps
WHERE thirdparty_id = :thirdparty_id AND group_id = :group_id;

-- name: rest_tier_state(thirdparty_id, group_id)!
-- Time changes nothing any more for one who is no member, or in a group the program no longer has.
UPDATE llx_loyalty_tier_states SET next_at = NULL WHERE thirdparty_id = :thirdparty_id AND group_id = :group_id;

-- name: tiers_due(now, limit)
-- Members for whom a term, days of grace, a tier by hand or a warning has come due, the longest due first.
SELECT thirdparty_id FROM llx_loyalty_tier_states WHERE next_at <= :now
ORDER BY next_at, thirdparty_id LIMIT :limit;

-- name: members_by_tier(group_id)
-- How many members stand in each tier of a group; who never earned for it is not among them.
SELECT s.tier AS tier, COUNT(*) AS members
FROM llx_loyalty_tier_states s JOIN llx_loyalty_members m ON m.thirdparty_id = s.thirdparty_id
WHERE s.group_id = :group_id AND m.joined_at IS NOT NULL AND m.left_at IS NULL AND m.gone_at IS NULL
GROUP BY s.tier;

-- name: members_of_tier(group_id, tier, last_id, limit)
-- The members of a tier by id, with when it began and when it is assessed.
SELECT s.thirdparty_id, m.name, m.email, s.since_at, s.until_at
FROM llx_loyalty_tier_states s JOIN llx_loyalty_members m ON m.thirdparty_id = s.thirdparty_id
WHERE s.group_id = :group_id AND s.tier = :tier AND s.thirdparty_id > :last_id
  AND m.joined_at IS NOT NULL AND m.left_at IS NULL AND m.gone_at IS NULL
ORDER BY s.thirdparty_id LIMIT :limit;
