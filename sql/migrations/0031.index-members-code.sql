-- Members by customer code.
CREATE INDEX IF NOT EXISTS llx_loyalty_members_code ON llx_loyalty_members (customer_code);
