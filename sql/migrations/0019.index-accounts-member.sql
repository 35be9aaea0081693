-- The accounts of one member.
CREATE INDEX IF NOT EXISTS llx_loyalty_accounts_member ON llx_loyalty_accounts (thirdparty_id);
