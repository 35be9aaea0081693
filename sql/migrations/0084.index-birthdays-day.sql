-- Who has a birthday on a day of the year.
CREATE INDEX IF NOT EXISTS llx_loyalty_birthdays_day ON llx_loyalty_birthdays (month_day, thirdparty_id);
