-- Who belongs, or once belonged, to which pool. `place` is the member's id while in the pool, afterwards the row's
-- own id: so that nobody is in two pools at once, and nothing is ever removed.
CREATE TABLE IF NOT EXISTS llx_loyalty_pool_members (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    pool_id VARCHAR(36) NOT NULL,
    thirdparty_id BIGINT NOT NULL,
    place VARCHAR(36) NOT NULL,
    may_spend BIGINT NOT NULL,
    joined_at VARCHAR(27) NOT NULL,
    left_at VARCHAR(27),
    who VARCHAR(80) NOT NULL,
    CONSTRAINT llx_loyalty_pool_members_place UNIQUE (place)
);
