-- Activities that were taken back, once each; only ever inserted.
CREATE TABLE IF NOT EXISTS llx_loyalty_activity_withdrawals (
    activity_id VARCHAR(36) NOT NULL PRIMARY KEY,
    withdrawn_at VARCHAR(27) NOT NULL,
    reason TEXT NOT NULL,
    who VARCHAR(80) NOT NULL,
    CONSTRAINT llx_loyalty_withdrawals_activity FOREIGN KEY (activity_id) REFERENCES llx_loyalty_activities (id)
);
