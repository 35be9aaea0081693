-- name: cursor_position(name)$
-- How far a walk has come.
SELECT position FROM llx_loyalty_cursors WHERE name = :name;

-- name: insert_cursor(name, position, moved_at)!
-- The first position of a walk.
INSERT INTO llx_loyalty_cursors (name, position, moved_at) VALUES (:name, :position, :moved_at);

-- name: move_cursor(name, position, moved_at)!
-- A walk goes on.
UPDATE llx_loyalty_cursors SET position = :position, moved_at = :moved_at WHERE name = :name;

-- name: insert_lease(name, owner, held_until)!
-- Somebody alone works on something.
INSERT INTO llx_loyalty_leases (name, owner, held_until) VALUES (:name, :owner, :held_until);

-- name: take_lease(name, owner, held_until, now)!
-- Takes over a lease that is over, or prolongs one's own.
UPDATE llx_loyalty_leases SET owner = :owner, held_until = :held_until
WHERE name = :name AND (held_until <= :now OR owner = :owner);

-- name: keep_lease(name, owner, held_until)!
-- Prolongs one's own lease; nothing when somebody else took it over, or did and gave it up again.
UPDATE llx_loyalty_leases SET held_until = :held_until WHERE name = :name AND owner = :owner;

-- name: give_up_lease(name, owner)!
-- The work is done.
DELETE FROM llx_loyalty_leases WHERE name = :name AND owner = :owner;

-- name: program_version(hash)$
-- The text of a program version.
SELECT body FROM llx_loyalty_program_versions WHERE hash = :hash;

-- name: insert_program_version(hash, body, applied_at)!
-- A program version comes into force.
INSERT INTO llx_loyalty_program_versions (hash, body, applied_at) VALUES (:hash, :body, :applied_at);

-- name: budget_used(name)$
-- What of a budget is used.
SELECT used FROM llx_loyalty_budgets WHERE name = :name;

-- name: insert_budget(name)!
-- A budget nobody has used yet.
INSERT INTO llx_loyalty_budgets (name, used) VALUES (:name, 0);

-- name: use_budget(name, points, most)!
-- Takes points from a budget unless that would overspend it.
UPDATE llx_loyalty_budgets SET used = used + :points WHERE name = :name AND used + :points <= :most;
