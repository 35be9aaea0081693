-- name: members_by_ids(ids)
-- The members with these third party ids.
SELECT * FROM llx_loyalty_members WHERE thirdparty_id IN :ids;

-- name: members_found(text, number)
-- Members whose id, customer code, email or card number is this text; in lower case all.
SELECT * FROM llx_loyalty_members
WHERE gone_at IS NULL
  AND (thirdparty_id = :number OR LOWER(customer_code) = :text OR email = :text OR LOWER(card_number) = :text)
ORDER BY thirdparty_id;

-- name: members_page(last_id, limit)
-- Members in the program by id, for lists and daily work.
SELECT * FROM llx_loyalty_members
WHERE thirdparty_id > :last_id AND joined_at IS NOT NULL AND gone_at IS NULL
ORDER BY thirdparty_id LIMIT :limit;

-- name: known_thirdparties(last_id, limit)
-- Ids of third parties that Dolibarr still had when last seen.
SELECT thirdparty_id FROM llx_loyalty_members
WHERE thirdparty_id > :last_id AND gone_at IS NULL ORDER BY thirdparty_id LIMIT :limit;

-- name: insert_member(thirdparty_id, name, email, customer_code, card_number, locale, country, is_company, is_customer, tags, created_at, modified_at, joined_at, left_at)!
-- A third party seen for the first time.
INSERT INTO llx_loyalty_members (
    thirdparty_id, name, email, customer_code, card_number, locale, country, is_company, is_customer, tags,
    created_at, modified_at, joined_at, left_at, gone_at, merged_into, shown, near_rewards
) VALUES (
    :thirdparty_id, :name, :email, :customer_code, :card_number, :locale, :country, :is_company, :is_customer,
    :tags, :created_at, :modified_at, :joined_at, :left_at, NULL, NULL, NULL, NULL
);

-- name: update_member(thirdparty_id, name, email, customer_code, card_number, locale, country, is_company, is_customer, tags, created_at, modified_at, joined_at, left_at)!
-- A third party seen again.
UPDATE llx_loyalty_members
SET name = :name, email = :email, customer_code = :customer_code, card_number = :card_number,
    locale = :locale, country = :country, is_company = :is_company, is_customer = :is_customer, tags = :tags,
    created_at = :created_at, modified_at = :modified_at, joined_at = :joined_at, left_at = :left_at,
    gone_at = NULL
WHERE thirdparty_id = :thirdparty_id;

-- name: mark_member_gone(thirdparty_id, gone_at, merged_into)!
-- A third party that Dolibarr has no more, and the one it was merged into if known.
UPDATE llx_loyalty_members SET gone_at = :gone_at, merged_into = :merged_into
WHERE thirdparty_id = :thirdparty_id;

-- name: save_shown(thirdparty_id, shown)!
-- What the third party's extrafields in Dolibarr show now.
UPDATE llx_loyalty_members SET shown = :shown WHERE thirdparty_id = :thirdparty_id;

-- name: save_near_rewards(thirdparty_id, near_rewards)!
-- The rewards whose nearness the member was told of.
UPDATE llx_loyalty_members SET near_rewards = :near_rewards WHERE thirdparty_id = :thirdparty_id;

-- name: count_members()$
-- How many members the program has.
SELECT COUNT(*) FROM llx_loyalty_members WHERE joined_at IS NOT NULL AND left_at IS NULL AND gone_at IS NULL;

-- name: members_list(last_id, limit)
-- Members with the head of their account, by id.
SELECT m.*, COALESCE(a.balance, 0) AS balance, COALESCE(a.debt, 0) AS debt
FROM llx_loyalty_members m
LEFT JOIN llx_loyalty_accounts a ON a.thirdparty_id = m.thirdparty_id AND a.unit = 'points'
WHERE m.thirdparty_id > :last_id AND m.gone_at IS NULL AND (m.joined_at IS NOT NULL OR a.id IS NOT NULL)
ORDER BY m.thirdparty_id LIMIT :limit;
