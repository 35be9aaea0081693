-- What a document led to beside redeemable points: other units, shares per rule, the standing it was judged with.
CREATE TABLE IF NOT EXISTS llx_loyalty_outcomes (
    id BIGINT NOT NULL PRIMARY KEY,
    owner_id BIGINT NOT NULL,
    occurred_at VARCHAR(27) NOT NULL,
    grants TEXT NOT NULL,
    shares TEXT NOT NULL,
    standing TEXT NOT NULL,
    past TEXT NOT NULL
);
