-- Birthdays of members as last seen; origin 'dolibarr' or 'person', who is believed.
CREATE TABLE IF NOT EXISTS llx_loyalty_birthdays (
    thirdparty_id BIGINT NOT NULL PRIMARY KEY,
    born VARCHAR(10) NOT NULL,
    month_day VARCHAR(5) NOT NULL,
    origin VARCHAR(16) NOT NULL,
    seen_at VARCHAR(27) NOT NULL,
    born_before VARCHAR(10),
    changed_at VARCHAR(27)
);
