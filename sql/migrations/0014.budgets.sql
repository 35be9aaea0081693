-- Points granted so far against a budget of the whole program.
CREATE TABLE IF NOT EXISTS llx_loyalty_budgets (
    name VARCHAR(80) NOT NULL PRIMARY KEY,
    used BIGINT NOT NULL
);
