-- name: outcomes_by_ids(ids)
-- What these documents led to.
SELECT * FROM llx_loyalty_outcomes WHERE id IN :ids;

-- name: outcomes_of_members(thirdparty_ids)
-- Everything the documents of these members led to, in the order of the purchases.
SELECT * FROM llx_loyalty_outcomes WHERE owner_id IN :thirdparty_ids ORDER BY owner_id, occurred_at, id;

-- name: outcomes_page(last_id, limit)
-- Outcomes by document, for verifying.
SELECT * FROM llx_loyalty_outcomes WHERE id > :last_id ORDER BY id LIMIT :limit;

-- name: insert_outcome(id, owner_id, occurred_at, grants, shares, standing, past)!
-- What a document led to.
INSERT INTO llx_loyalty_outcomes (id, owner_id, occurred_at, grants, shares, standing, past)
VALUES (:id, :owner_id, :occurred_at, :grants, :shares, :standing, :past);

-- name: update_outcome(id, owner_id, occurred_at, grants, shares, standing, past)!
-- What a document leads to by now.
UPDATE llx_loyalty_outcomes
SET owner_id = :owner_id, occurred_at = :occurred_at, grants = :grants, shares = :shares, standing = :standing,
    past = :past
WHERE id = :id;

-- name: reassign_outcomes(old_id, new_id)!
-- A merged third party's documents count for the one it was merged into.
UPDATE llx_loyalty_outcomes SET owner_id = :new_id WHERE owner_id = :old_id;

-- name: other_qualifying_entries(account_ids)
-- Qualifying points that came from elsewhere than documents: activities, hands, imports; transfers name merges.
SELECT account_id, occurred_at, points, kind, cause_id FROM llx_loyalty_entries
WHERE account_id IN :account_ids AND cause_kind <> 'invoice' AND kind <> 'expiry'
ORDER BY account_id, seq;

-- name: units_of_member(thirdparty_id)
-- The units in which a member has an account.
SELECT unit FROM llx_loyalty_accounts WHERE thirdparty_id = :thirdparty_id ORDER BY unit;
