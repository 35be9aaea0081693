-- name: insert_pool(id, head_id, created_at, who)!
-- A new pool.
INSERT INTO llx_loyalty_pools (id, head_id, version, created_at, who)
VALUES (:id, :head_id, 0, :created_at, :who);

-- name: touch_pool(id, head_id, old_version)!
-- Counts up the version of a pool, and names its head, unless another writer did so first.
UPDATE llx_loyalty_pools SET head_id = :head_id, version = version + 1 WHERE id = :id AND version = :old_version;

-- name: pool_of_place(taken)^
-- The pool in which a member is now.
SELECT p.* FROM llx_loyalty_pools p JOIN llx_loyalty_pool_members m ON m.pool_id = p.id WHERE m.place = :taken;

-- name: pool_members(pool_id)
-- Everybody who is in a pool now, in the order of joining.
SELECT * FROM llx_loyalty_pool_members WHERE pool_id = :pool_id AND left_at IS NULL ORDER BY joined_at, id;

-- name: insert_pool_member(id, pool_id, thirdparty_id, place, may_spend, joined_at, who)!
-- Somebody joins a pool.
INSERT INTO llx_loyalty_pool_members (id, pool_id, thirdparty_id, place, may_spend, joined_at, left_at, who)
VALUES (:id, :pool_id, :thirdparty_id, :place, :may_spend, :joined_at, NULL, :who);

-- name: leave_pool(id, left_at)!
-- Somebody leaves a pool; the row stays as what was.
UPDATE llx_loyalty_pool_members SET left_at = :left_at, place = id WHERE id = :id AND left_at IS NULL;

-- name: allow_pool_member(id, may_spend)!
-- Whether somebody may spend what others of the pool have.
UPDATE llx_loyalty_pool_members SET may_spend = :may_spend WHERE id = :id AND left_at IS NULL;
