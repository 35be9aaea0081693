"""Why a number is what it is: codes with facts, stored with every entry, put into words by `messages`.

The codes and their facts (amounts as plain decimal text, points as whole numbers, days as ISO text):

=====================  ============================================================================
basis                  amount, mode ('net' or 'gross')            what the lines that earn come to
excluded               label, amount, why ('product', 'tag', 'type', 'discounted', 'gift_card')
credit_note            ref, amount                                a credit note lowers the basis
voucher_part           amount, percent                            paid with a voucher: does not earn
paid_part              paid, due, percent                         earns as far as it is paid
rule_amount            rule, amount, points, per, result
rule_unit              rule, quantity, points, result
rule_visit             rule, result
rule_multiply          rule, factor, result                       result = points added
rule_tier              tier, factor, result                       the tier's rate; result = points added
cumulative             rule, of, measured, threshold, result      the period's purchases reach a threshold
cumulative_missing     rule, of, missing                          of: 'amount', 'purchases' or 'units'
not_for                rule, why (a condition of `Who`)           a promotion for others
below_minimum          rule, minimum, amount
displaced              rule, by                                   not combinable, lower priority
capped                 cap (rule id or 'program'), period, limit, cut
rounded                exact, points, mode
not_final              state ('draft', 'abandoned', 'replaced', 'deleted')
not_paid               earn_on                                    earns nothing yet
bad_debt               close_code
early_payment          paid, due
deposit                (none)                                     the final invoice earns
own_document           (none)                                     a document of the loyalty program
excluded_channel       channel
not_a_member           (none)
before_start           starts_on
standalone             ref, amount                                a credit note without an invoice
held_until             until                                      holding period
expires                on                                         last usable day
expired_at_grant       on
max_balance            limit, cut
program_budget         limit, cut
debt_paid              points
debt_made              points
goodwill               points                                     the shortage was waived
charge_proposed        points, amount
expiry_undone          points                                     expired points of the same purchase
reinstated             points, until                              came back to a lot that had expired
redeemed               reward, points
returned               why ('voucher_cancelled', 'voucher_refused', 'voucher_expired', 'donation_taken_back',
                       'reservation_over')
donated                charity, points                            given to a good cause
imported               source                                     brought along from another program
expired                on, model ('fixed', 'activity')
adjusted               text                                       the reason a person gave
merged                 from, to
unmerged               from, to, who                               a wrong merge undone
budget                 rule, limit, cut                            the promotion's budget is used up
benefit                benefit, points                            a gift that came with a benefit
activity               kind, source                               something other than a purchase
activity_withdrawn     kind, text                                 why it no longer stands
welcome                (none)
birthday               on
anniversary            years
referral               role ('referrer', 'friend'), other         the other's third party id
referral_undone        role, other                                the purchase came back, or it never counted
transferred            from, to, text, who                        one member gave another
pooled                 from, to, reward                           added to what another of the pool spends
qualifying_reset       on                                         the qualification period is over
before                 held                                       held already; the entry is the rest
=====================  ============================================================================

What rules give, `capped` and `rounded` also name their `unit` where it is not 'points'.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One reason: a code of the table above and its facts."""

    code: str
    facts: Mapping[str, str | int]

    def as_json(self) -> dict[str, str | int]:
        """The reason as it is stored: one flat object."""
        return {"code": self.code, **self.facts}


def because(code: str, **facts: object) -> Reason:
    """A reason with its facts; whole numbers stay numbers, everything else becomes text."""
    return Reason(code, {name: f if isinstance(f, int) else str(f) for name, f in facts.items()})
