-- Everybody of a pool.
CREATE INDEX IF NOT EXISTS llx_loyalty_pool_members_pool ON llx_loyalty_pool_members (pool_id);
