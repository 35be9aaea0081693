-- Every change of a referral's state, only ever inserted; two workers collide on (referral_id, seq).
CREATE TABLE IF NOT EXISTS llx_loyalty_referral_steps (
    referral_id VARCHAR(36) NOT NULL,
    seq BIGINT NOT NULL,
    state VARCHAR(16) NOT NULL,
    why VARCHAR(64) NOT NULL,
    referrer_points BIGINT NOT NULL,
    friend_points BIGINT NOT NULL,
    changed_at VARCHAR(27) NOT NULL,
    PRIMARY KEY (referral_id, seq),
    CONSTRAINT llx_loyalty_steps_referral FOREIGN KEY (referral_id) REFERENCES llx_loyalty_referrals (id)
);
