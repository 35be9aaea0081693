-- Members who spend together, under one head. `version` counts every change of who belongs, so that two collide.
CREATE TABLE IF NOT EXISTS llx_loyalty_pools (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    head_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at VARCHAR(27) NOT NULL,
    who VARCHAR(80) NOT NULL
);
