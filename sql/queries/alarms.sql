-- name: insert_alarm(id, kind, about, voucher_id, thirdparty_id, facts, seen_at, seen_by)!
-- Something a person must look at.
INSERT INTO llx_loyalty_alarms (
    id, kind, about, voucher_id, thirdparty_id, facts, seen_at, seen_by, done_at, done_by, note
) VALUES (:id, :kind, :about, :voucher_id, :thirdparty_id, :facts, :seen_at, :seen_by, NULL, '', '');

-- name: alarm_by_id(id)^
-- One alarm.
SELECT * FROM llx_loyalty_alarms WHERE id = :id;

-- name: alarm_about(kind, about)^
-- The alarm of a kind about something, open or done.
SELECT * FROM llx_loyalty_alarms WHERE kind = :kind AND about = :about;

-- name: alarms_open(last_id, limit)
-- Alarms that nobody has dealt with, the oldest first.
SELECT * FROM llx_loyalty_alarms WHERE done_at IS NULL AND id > :last_id ORDER BY id LIMIT :limit;

-- name: alarms_page(last_id, limit)
-- All alarms, the oldest first.
SELECT * FROM llx_loyalty_alarms WHERE id > :last_id ORDER BY id LIMIT :limit;

-- name: alarms_of_voucher(voucher_id)
-- The alarms about a voucher, the oldest first.
SELECT * FROM llx_loyalty_alarms WHERE voucher_id = :voucher_id ORDER BY id;

-- name: count_open_alarms()$
-- How many alarms wait for a person.
SELECT COUNT(*) FROM llx_loyalty_alarms WHERE done_at IS NULL;

-- name: close_alarm(id, done_at, done_by, note)!
-- A person has dealt with an alarm that was open.
UPDATE llx_loyalty_alarms SET done_at = :done_at, done_by = :done_by, note = :note
WHERE id = :id AND done_at IS NULL;
