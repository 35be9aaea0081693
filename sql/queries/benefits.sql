-- name: entitlements_of(thirdparty_ids)
-- The benefits these members have or had.
SELECT * FROM llx_loyalty_entitlements WHERE thirdparty_id IN :thirdparty_ids ORDER BY thirdparty_id, benefit_id;

-- name: entitlements_due(now, last_id, limit)
-- Members whose benefits change by time alone: a validity that ended, a birthday, an anniversary.
SELECT DISTINCT thirdparty_id FROM llx_loyalty_entitlements
WHERE next_at <= :now AND thirdparty_id > :last_id ORDER BY thirdparty_id LIMIT :limit;

-- name: insert_entitlement(thirdparty_id, benefit_id, source, since, until_at, is_held, next_at)!
-- A member's first claim to a benefit.
INSERT INTO llx_loyalty_entitlements (thirdparty_id, benefit_id, source, since, until_at, is_held, next_at)
VALUES (:thirdparty_id, :benefit_id, :source, :since, :until_at, :is_held, :next_at);

-- name: update_entitlement(thirdparty_id, benefit_id, source, since, until_at, is_held, next_at)!
-- A benefit is granted again, withdrawn, or comes from elsewhere.
UPDATE llx_loyalty_entitlements
SET source = :source, since = :since, until_at = :until_at, is_held = :is_held, next_at = :next_at
WHERE thirdparty_id = :thirdparty_id AND benefit_id = :benefit_id;

-- name: benefit_steps_of(thirdparty_id)
-- What happened to a member's benefits, in the order of time.
SELECT * FROM llx_loyalty_benefit_steps WHERE thirdparty_id = :thirdparty_id ORDER BY at, id;

-- name: benefit_step_by_key(step_key)^
-- The step of an idempotency key.
SELECT * FROM llx_loyalty_benefit_steps WHERE step_key = :step_key;

-- name: insert_benefit_step(id, thirdparty_id, origin_id, benefit_id, seq, step, at, source, who, note, reference, occasion, points, worth_minor, currency, undoes_id, step_key, input_hash)!
-- Something happens to a benefit; its number keeps two writers apart.
INSERT INTO llx_loyalty_benefit_steps (
    id, thirdparty_id, origin_id, benefit_id, seq, step, at, source, who, note, reference, occasion, points,
    worth_minor, currency, undoes_id, step_key, input_hash
) VALUES (
    :id, :thirdparty_id, :origin_id, :benefit_id, :seq, :step, :at, :source, :who, :note, :reference, :occasion,
    :points, :worth_minor, :currency, :undoes_id, :step_key, :input_hash
);

-- name: reassign_benefit_steps(old_id, new_id)!
-- What a merged third party used counts for the one it was merged into.
UPDATE llx_loyalty_benefit_steps SET thirdparty_id = :new_id WHERE thirdparty_id = :old_id;
