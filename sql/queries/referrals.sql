-- name: insert_referral(id, source_key, source_id, input_hash, referrer_id, friend_id, friend_email, friend_key, referred_at, valid_until)!
-- A member recommended us to somebody.
INSERT INTO llx_loyalty_referrals (
    id, source_key, source_id, input_hash, referrer_id, friend_id, friend_email, friend_key, referred_at, valid_until
) VALUES (
    :id, :source_key, :source_id, :input_hash, :referrer_id, :friend_id, :friend_email, :friend_key, :referred_at,
    :valid_until
);

-- name: insert_referral_step(referral_id, seq, state, why, referrer_points, friend_points, changed_at)!
-- A referral's next state.
INSERT INTO llx_loyalty_referral_steps (
    referral_id, seq, state, why, referrer_points, friend_points, changed_at
) VALUES (:referral_id, :seq, :state, :why, :referrer_points, :friend_points, :changed_at);

-- name: name_friend(id, friend_id)!
-- The friend of a referral turned out to be this customer.
UPDATE llx_loyalty_referrals SET friend_id = :friend_id WHERE id = :id;

-- name: reassign_referrers(old_id, new_id)!
-- The referrals made by a member who was merged into another belong to that one.
UPDATE llx_loyalty_referrals SET referrer_id = :new_id WHERE referrer_id = :old_id;

-- name: reassign_friends(old_id, new_id)!
-- The referrals of a friend who was merged into another belong to that one.
UPDATE llx_loyalty_referrals SET friend_id = :new_id WHERE friend_id = :old_id;

-- name: referral_by_source(source_key)^
-- The referral of an id of its source.
SELECT * FROM llx_loyalty_referrals WHERE source_key = :source_key;

-- name: referrals_of_friend(friend_id, friend_key)
-- The referrals of a friend, by who the friend is or by the address, the first one first.
SELECT * FROM llx_loyalty_referrals
WHERE friend_id = :friend_id OR (friend_id IS NULL AND friend_key = :friend_key AND friend_key <> '')
ORDER BY referred_at, id;

-- name: referrals_of_referrer(referrer_id)
-- The referrals a member made, the first one first.
SELECT * FROM llx_loyalty_referrals WHERE referrer_id = :referrer_id ORDER BY referred_at, id;

-- name: referrals_page(last_id, limit)
-- All referrals, the newest first.
SELECT * FROM llx_loyalty_referrals WHERE id < :last_id ORDER BY id DESC LIMIT :limit;

-- name: steps_of_referrals(referral_ids)
-- Every state these referrals have been in, in order.
SELECT * FROM llx_loyalty_referral_steps WHERE referral_id IN :referral_ids ORDER BY referral_id, seq;
