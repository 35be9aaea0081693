-- name: effects_by_keys(effect_keys)
-- Effects by their keys.
SELECT * FROM llx_loyalty_outbox WHERE effect_key IN :effect_keys;

-- name: insert_effect(id, effect_key, kind, thirdparty_id, payload, due_at, created_at)!
-- An effect wanted for the first time.
INSERT INTO llx_loyalty_outbox (
    id, effect_key, kind, thirdparty_id, payload, status, generation, attempts, due_at, claimed_until, worker,
    last_error, created_at, done_at
) VALUES (:id, :effect_key, :kind, :thirdparty_id, :payload, 'pending', 1, 0, :due_at, NULL, NULL, NULL,
    :created_at, NULL);

-- name: want_effect_again(effect_key, payload, due_at)!
-- An effect that shows a state, wanted anew: whatever it is doing, it will be done once more.
UPDATE llx_loyalty_outbox
SET generation = generation + 1, payload = :payload, due_at = :due_at, attempts = 0, last_error = NULL,
    status = CASE WHEN status = 'working' THEN 'working' ELSE 'pending' END
WHERE effect_key = :effect_key;

-- name: due_effects(now, limit)
-- Effects to carry out now: due ones, and those whose worker has not come back.
SELECT * FROM llx_loyalty_outbox
WHERE (status = 'pending' AND due_at <= :now) OR (status = 'working' AND claimed_until <= :now)
ORDER BY due_at, id LIMIT :limit;

-- name: effect_by_id(id)^
-- One effect.
SELECT * FROM llx_loyalty_outbox WHERE id = :id;

-- name: claim_effect(id, worker, now, claimed_until)!
-- Takes an effect; the row count says whether another worker was faster.
UPDATE llx_loyalty_outbox SET status = 'working', worker = :worker, claimed_until = :claimed_until,
    attempts = attempts + 1
WHERE id = :id AND ((status = 'pending' AND due_at <= :now) OR (status = 'working' AND claimed_until <= :now));

-- name: finish_effect(id, worker, generation, done_at)!
-- An effect is carried out, unless it was wanted anew meanwhile.
UPDATE llx_loyalty_outbox SET status = 'done', done_at = :done_at, last_error = NULL, claimed_until = NULL
WHERE id = :id AND worker = :worker AND status = 'working' AND generation = :generation;

-- name: release_effect(id, worker, status, due_at, last_error)!
-- An effect goes back to wait, or is given up as failed.
UPDATE llx_loyalty_outbox
SET status = :status, due_at = :due_at, last_error = :last_error, claimed_until = NULL
WHERE id = :id AND worker = :worker AND status = 'working';

-- name: retry_effects(id, now)!
-- Failed effects, or one of them, are tried again.
UPDATE llx_loyalty_outbox SET status = 'pending', due_at = :now, attempts = 0
WHERE status = 'failed' AND (CAST(:id AS CHAR(36)) IS NULL OR id = :id);

-- name: outbox_page(status, last_id, limit)
-- Effects by id, of one status or (status empty) all that are not done.
SELECT * FROM llx_loyalty_outbox
WHERE id > :last_id
  AND ((CAST(:status AS CHAR(16)) IS NULL AND status <> 'done') OR status = :status)
ORDER BY id LIMIT :limit;

-- name: outbox_by_status()
-- How many effects are in each status.
SELECT status, COUNT(*) AS effects FROM llx_loyalty_outbox GROUP BY status ORDER BY status;

-- name: insert_hint(topic, received_at)!
-- A hint about an object nobody has pointed at before.
INSERT INTO llx_loyalty_inbox (topic, status, generation, attempts, received_at, due_at, last_error)
VALUES (:topic, 'pending', 1, 0, :received_at, :received_at, NULL);

-- name: repeat_hint(topic, received_at)!
-- One more hint about an object.
UPDATE llx_loyalty_inbox SET status = 'pending', generation = generation + 1, received_at = :received_at,
    due_at = :received_at, attempts = 0
WHERE topic = :topic;

-- name: due_hints(now, limit)
-- Hints to look at now.
SELECT * FROM llx_loyalty_inbox WHERE status = 'pending' AND due_at <= :now ORDER BY due_at, topic LIMIT :limit;

-- name: finish_hint(topic, generation)!
-- A hint was followed, unless another came in meanwhile.
UPDATE llx_loyalty_inbox SET status = 'done', last_error = NULL WHERE topic = :topic AND generation = :generation;

-- name: postpone_hint(topic, generation, status, due_at, last_error)!
-- A hint could not be followed.
UPDATE llx_loyalty_inbox SET status = :status, due_at = :due_at, attempts = attempts + 1, last_error = :last_error
WHERE topic = :topic AND generation = :generation;

-- name: retry_hints(now)!
-- Hints that were given up are followed again.
UPDATE llx_loyalty_inbox SET status = 'pending', due_at = :now, attempts = 0 WHERE status = 'failed';

-- name: inbox_by_status()
-- How many hints are in each status.
SELECT status, COUNT(*) AS hints FROM llx_loyalty_inbox GROUP BY status ORDER BY status;
