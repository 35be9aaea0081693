-- Every program that was ever in force, by the hash of its text.
CREATE TABLE IF NOT EXISTS llx_loyalty_program_versions (
    hash VARCHAR(64) NOT NULL PRIMARY KEY,
    body TEXT NOT NULL,
    applied_at VARCHAR(27) NOT NULL
);
