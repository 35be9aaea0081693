-- name: insert_activity(id, source_key, thirdparty_id, kind, source, source_id, occurred_at, counts_on, evidence, points, unit, why, recorded_at, who, input_hash)!
-- Something a member did, granted or refused.
INSERT INTO llx_loyalty_activities (
    id, source_key, thirdparty_id, kind, source, source_id, occurred_at, counts_on, evidence, points, unit, why,
    recorded_at, who, input_hash
) VALUES (
    :id, :source_key, :thirdparty_id, :kind, :source, :source_id, :occurred_at, :counts_on, :evidence, :points,
    :unit, :why, :recorded_at, :who, :input_hash
);

-- name: insert_activity_withdrawal(activity_id, withdrawn_at, reason, who)!
-- An activity is taken back.
INSERT INTO llx_loyalty_activity_withdrawals (activity_id, withdrawn_at, reason, who)
VALUES (:activity_id, :withdrawn_at, :reason, :who);

-- name: activities_by_sources(source_keys)
-- The activities of these ids of their sources.
SELECT a.*, w.withdrawn_at, w.reason AS withdrawn_for
FROM llx_loyalty_activities a
LEFT JOIN llx_loyalty_activity_withdrawals w ON w.activity_id = a.id
WHERE a.source_key IN :source_keys;

-- name: activity_by_id(id)^
-- One activity.
SELECT a.*, w.withdrawn_at, w.reason AS withdrawn_for
FROM llx_loyalty_activities a
LEFT JOIN llx_loyalty_activity_withdrawals w ON w.activity_id = a.id
WHERE a.id = :id;

-- name: activities_of_member(thirdparty_id, limit)
-- A member's activities, the newest first.
SELECT a.*, w.withdrawn_at, w.reason AS withdrawn_for
FROM llx_loyalty_activities a
LEFT JOIN llx_loyalty_activity_withdrawals w ON w.activity_id = a.id
WHERE a.thirdparty_id = :thirdparty_id ORDER BY a.id DESC LIMIT :limit;

-- name: count_activities(thirdparty_id, kind, from_day, until_day)$
-- How often a member was granted a kind of activity in a span of days.
SELECT COUNT(*) FROM llx_loyalty_activities a
LEFT JOIN llx_loyalty_activity_withdrawals w ON w.activity_id = a.id
WHERE a.thirdparty_id = :thirdparty_id AND a.kind = :kind AND a.counts_on >= :from_day
  AND a.counts_on <= :until_day AND a.why = '' AND w.activity_id IS NULL;

-- name: last_activities(thirdparty_ids, kind)
-- The last day for which each of these members was granted a kind of activity, withdrawn ones too.
SELECT thirdparty_id, MAX(counts_on) AS counts_on FROM llx_loyalty_activities
WHERE thirdparty_id IN :thirdparty_ids AND kind = :kind AND why = ''
GROUP BY thirdparty_id;

-- name: reassign_activities(old_id, new_id)!
-- The activities of a member who was merged into another belong to that one.
UPDATE llx_loyalty_activities SET thirdparty_id = :new_id WHERE thirdparty_id = :old_id;

-- name: birthdays_by_ids(thirdparty_ids)
-- The birthdays of these members.
SELECT * FROM llx_loyalty_birthdays WHERE thirdparty_id IN :thirdparty_ids;

-- name: birthdays_page(last_id, limit)
-- Birthdays that came from Dolibarr, by member.
SELECT * FROM llx_loyalty_birthdays
WHERE thirdparty_id > :last_id AND origin = 'dolibarr' ORDER BY thirdparty_id LIMIT :limit;

-- name: birthdays_on(month_days, last_id, limit)
-- Members who were born on one of these days of the year, by id.
SELECT b.thirdparty_id, b.born, m.joined_at
FROM llx_loyalty_birthdays b
JOIN llx_loyalty_members m ON m.thirdparty_id = b.thirdparty_id
WHERE b.month_day IN :month_days AND b.thirdparty_id > :last_id
  AND m.joined_at IS NOT NULL AND m.left_at IS NULL AND m.gone_at IS NULL
ORDER BY b.thirdparty_id LIMIT :limit;

-- name: joined_on(month_days, last_id, limit)
-- Members who joined on one of these days of the year, by id.
SELECT thirdparty_id, joined_at FROM llx_loyalty_members
WHERE SUBSTR(joined_at, 6, 5) IN :month_days AND thirdparty_id > :last_id
  AND left_at IS NULL AND gone_at IS NULL
ORDER BY thirdparty_id LIMIT :limit;

-- name: insert_birthday(thirdparty_id, born, month_day, origin, seen_at)!
-- A birthday that was not known.
INSERT INTO llx_loyalty_birthdays (thirdparty_id, born, month_day, origin, seen_at, born_before, changed_at)
VALUES (:thirdparty_id, :born, :month_day, :origin, :seen_at, NULL, NULL);

-- name: update_birthday(thirdparty_id, born, month_day, origin, seen_at, born_before, changed_at)!
-- A birthday that reads otherwise than before.
UPDATE llx_loyalty_birthdays
SET born = :born, month_day = :month_day, origin = :origin, seen_at = :seen_at, born_before = :born_before,
    changed_at = :changed_at
WHERE thirdparty_id = :thirdparty_id;
