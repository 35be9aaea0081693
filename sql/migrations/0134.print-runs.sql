-- Vouchers that were printed in a run; its vouchers are found by the request keys made of its name.
CREATE TABLE IF NOT EXISTS llx_loyalty_print_runs (
    name VARCHAR(64) NOT NULL PRIMARY KEY,
    terms TEXT NOT NULL,
    vouchers BIGINT NOT NULL,
    who VARCHAR(64) NOT NULL,
    made_at VARCHAR(27) NOT NULL
);
