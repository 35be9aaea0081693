-- name: club_acts_of(thirdparty_ids)
-- What these members did about clubs, in the order of time.
SELECT * FROM llx_loyalty_club_acts WHERE thirdparty_id IN :thirdparty_ids ORDER BY thirdparty_id, at, id;

-- name: club_act_by_key(act_key)^
-- The act of an idempotency key.
SELECT * FROM llx_loyalty_club_acts WHERE act_key = :act_key;

-- name: club_act_by_id(id)^
-- One act.
SELECT * FROM llx_loyalty_club_acts WHERE id = :id;

-- name: insert_club_act(id, thirdparty_id, club_id, act, at, who, reason, refunds, act_key, input_hash)!
-- A trial begins, or a member leaves.
INSERT INTO llx_loyalty_club_acts (
    id, thirdparty_id, club_id, act, at, who, reason, refunds, act_key, input_hash
) VALUES (
    :id, :thirdparty_id, :club_id, :act, :at, :who, :reason, :refunds, :act_key, :input_hash
);

-- name: reassign_club_acts(old_id, new_id)!
-- What a merged third party did counts for the one it was merged into.
UPDATE llx_loyalty_club_acts SET thirdparty_id = :new_id WHERE thirdparty_id = :old_id;

-- name: club_stays_of(thirdparty_ids)
-- Where these members stand in clubs.
SELECT * FROM llx_loyalty_club_stays WHERE thirdparty_id IN :thirdparty_ids ORDER BY thirdparty_id, club_id;

-- name: club_stays_page(club_id, last_id, limit)
-- The members of a club and those who were, by id.
SELECT s.*, m.name FROM llx_loyalty_club_stays s
JOIN llx_loyalty_members m ON m.thirdparty_id = s.thirdparty_id
WHERE s.club_id = :club_id AND s.thirdparty_id > :last_id AND m.gone_at IS NULL
ORDER BY s.thirdparty_id LIMIT :limit;

-- name: club_stays_due(now, last_id, limit)
-- Members of clubs for whom an end, a reminder or a beginning has come by time alone.
SELECT DISTINCT thirdparty_id FROM llx_loyalty_club_stays
WHERE next_at <= :now AND thirdparty_id > :last_id ORDER BY thirdparty_id LIMIT :limit;

-- name: insert_club_stay(thirdparty_id, club_id, since, grace_from, until_at, is_trial, is_in, next_at)!
-- A member's first time in a club.
INSERT INTO llx_loyalty_club_stays (
    thirdparty_id, club_id, since, grace_from, until_at, is_trial, is_in, next_at
) VALUES (
    :thirdparty_id, :club_id, :since, :grace_from, :until_at, :is_trial, :is_in, :next_at
);

-- name: update_club_stay(thirdparty_id, club_id, since, grace_from, until_at, is_trial, is_in, next_at)!
-- A member's time in a club is another now.
UPDATE llx_loyalty_club_stays
SET since = :since, grace_from = :grace_from, until_at = :until_at, is_trial = :is_trial, is_in = :is_in,
    next_at = :next_at
WHERE thirdparty_id = :thirdparty_id AND club_id = :club_id;

-- name: program_began()$
-- When this program first decided anything: what was bought before is history, and nobody is written to.
SELECT MIN(applied_at) FROM llx_loyalty_program_versions;
