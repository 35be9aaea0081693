"""What law says of vouchers, each rule a value with its source; no advice, and an accountant has the last word.

What no source could be read for is marked so and told as such, never as law.
"""

from dataclasses import dataclass

EU = "EU"
# Where features section 4 looked at national law; the other members of the Union have the directive alone.
LOOKED_AT = ("DE", "FR", "AT", "BE", "CH")
# fmt: off
EU_COUNTRIES = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})
# fmt: on


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a rule stands: how lawyers call it, in its own language, and an address that tells it."""

    id: str
    title: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One statement: `id` is the key of its words. Of a `country`, of all the EU's, or ('') of any.

    `is_verified` False: common knowledge for which no source was read.
    """

    id: str
    country: str = ""
    sources: tuple[Source, ...] = ()
    is_verified: bool = True


_DIRECTIVE = Source(
    id="directive",
    title="Directive (EU) 2016/1065; Articles 30a, 30b, 73a of Directive 2006/112/EC",
    url="https://oeil.secure.europarl.europa.eu/oeil/en/document-summary?id=1444208",
)
_DIRECTIVE_TOLD = Source(
    id="directive-told",
    title="CMS, Entry into force of the Directive regarding the treatment of vouchers for VAT purposes",
    url="https://cms.law/en/INT/Publication/VAT-Entry-in-force-of-the-Directive-regarding-the-treatment-of-vouchers-for-VAT-purposes",
)
_USTG = Source(
    id="ustg",
    title="§ 3 Abs. 13 bis 15 UStG; Abschnitt 3.17 UStAE",
    url="https://haufe.de/finance/haufe-finance-office-premium/schwarzwidmannradeisen-ustg-ustg-3-abs-13-gutsc-222-akzeptanzverpflichtung_idesk_PI20354_HI12654072.html",
)
_BMF = Source(
    id="bmf",
    title="BMF, III C 2 – S 7100/19/10001:002, BStBl 2020 I S. 1121",
    url="http://datenbank.nwb.de/start/showdoi/?doi=BAAAH-62727",
)
_CGI = Source(
    id="cgi",
    title="CGI, art. 256 ter et 266-1-a bis ; BOI-TVA-CHAMP-10-10-40-50",
    url="https://bofip.impots.gouv.fr/bofip/11738-PGP.html?identifiant=BOI-TVA-CHAMP-10-10-40-50-20190807",
)
_BGB_195 = Source(
    id="bgb-195",
    title="§§ 195, 199 BGB",
    url="https://webshoprecht.de/IRTexte/Rspr447.php",
)
_BGH_2017 = Source(
    id="bgh-2017",
    title="BGH, 28.11.2017, X ZR 42/16 (§ 307 BGB)",
    url="https://betriebs-berater.ruw.de/wirtschaftsrecht/nachrichten/Unwirksame-Klausel-in-AGB-fuer-ein-Flugpraemienprogramm-35050",
)
_FREE_TIME = Source(
    id="free-time",
    title="gewinn.es, Gutschein gültig, Verjährung",
    url="https://gewinn.es/gutschein-gueltig-verjaehrung.htm",
)
_SWISS_TIME = Source(
    id="swiss-time",
    title="Bon à Savoir, Les bons cadeaux en dix questions",
    url="https://bonasavoir.ch/actu/redaction-online/redaction-online-detail/article-detail/les-bons-cadeaux-en-dix-questions",
)
_BELGIAN_TIME = Source(
    id="belgian-time",
    title="Plus Magazine, Un bon cadeau sous le sapin",
    url="http://plusmagazine.levif.be/societe/un-bon-cadeau-sous-le-sapin/article-normal-578245.html",
)

RULES = {
    rule.id: rule
    for rule in (
        # What the directive governs, and what it leaves outside.
        Rule(id="eu_scope", country=EU, sources=(_DIRECTIVE, _DIRECTIVE_TOLD)),
        Rule(id="eu_free_outside", country=EU, sources=(_DIRECTIVE_TOLD,)),
        Rule(id="eu_single", country=EU, sources=(_DIRECTIVE,)),
        Rule(id="eu_multi", country=EU, sources=(_DIRECTIVE,)),
        Rule(id="eu_multi_base", country=EU, sources=(_DIRECTIVE,), is_verified=False),
        Rule(id="eu_multi_unused", country=EU, is_verified=False),
        # Germany.
        Rule(id="de_free", country="DE", sources=(_USTG, _BMF)),
        Rule(id="de_sold", country="DE", sources=(_USTG, _BMF)),
        Rule(id="de_cash", country="DE", sources=(_USTG,)),
        Rule(id="de_sold_time", country="DE", sources=(_BGB_195,)),
        Rule(id="de_free_time", country="DE", sources=(_FREE_TIME,)),
        Rule(id="de_points_time", country="DE", sources=(_BGH_2017,)),
        Rule(id="de_points_quiet", country="DE", sources=(_BGH_2017,)),
        # France.
        Rule(id="fr_free", country="FR", sources=(_CGI,)),
        Rule(id="fr_sold", country="FR", sources=(_CGI,)),
        Rule(id="fr_time", country="FR", is_verified=False),
        # Austria and Belgium: the directive; what their own acts add was not looked at.
        Rule(id="at_open", country="AT", is_verified=False),
        Rule(id="be_open", country="BE", is_verified=False),
        Rule(id="at_time", country="AT", is_verified=False),
        Rule(id="be_time", country="BE", sources=(_BELGIAN_TIME,)),
        # Switzerland is not in the Union.
        Rule(id="ch_open", country="CH", is_verified=False),
        Rule(id="ch_time", country="CH", sources=(_SWISS_TIME,)),
        # Everywhere else.
        Rule(id="eu_open", country=EU, is_verified=False),
        Rule(id="other_open", is_verified=False),
        Rule(id="other_time", is_verified=False),
        Rule(id="no_country", is_verified=False),
    )
}
