-- When which version of the program came into force, who let it, and why; only ever inserted.
CREATE TABLE IF NOT EXISTS llx_loyalty_program_acts (
    number BIGINT NOT NULL PRIMARY KEY,
    hash VARCHAR(64) NOT NULL,
    previous_hash VARCHAR(64) NOT NULL,
    applied_at VARCHAR(27) NOT NULL,
    who VARCHAR(64) NOT NULL,
    reason TEXT NOT NULL,
    grandfather_until VARCHAR(10) NOT NULL
);
