-- Files that were taken in: what they were, who took them in and when; finished_at is empty until all of it is in.
CREATE TABLE IF NOT EXISTS llx_loyalty_imports (
    id VARCHAR(36) NOT NULL PRIMARY KEY,
    file_name VARCHAR(255) NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    reason TEXT NOT NULL,
    who VARCHAR(80) NOT NULL,
    line_count BIGINT NOT NULL,
    new_count BIGINT NOT NULL,
    known_count BIGINT NOT NULL,
    member_count BIGINT NOT NULL,
    made_at VARCHAR(27) NOT NULL,
    finished_at VARCHAR(27)
);
