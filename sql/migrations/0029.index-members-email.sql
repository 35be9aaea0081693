-- Members by email.
CREATE INDEX IF NOT EXISTS llx_loyalty_members_email ON llx_loyalty_members (email);
