"""What the shop of the demo sells: coffee, food, wine, books and classes, with their prices and VAT rates."""

from dataclasses import dataclass
from decimal import Decimal

from dolibarr_loyalty.sandbox import Dolibarr

FOOD, BOOK, FULL = Decimal("5.5"), Decimal("5.5"), Decimal(20)
FREE_COFFEE = "CUP"


@dataclass(frozen=True, kw_only=True)
class Article:
    """Something on the shelf. `price` is what the customer pays, VAT included; `weight` how often it sells."""

    ref: str
    label: str
    price: Decimal
    vat_rate: Decimal
    tags: tuple[str, ...] = ()
    is_service: bool = False
    weight: int = 10
    most: int = 2
    december: int = 1

    @property
    def net_price(self) -> Decimal:
        """The price that Dolibarr keeps: without VAT, to five decimals."""
        return (self.price / (1 + self.vat_rate / 100)).quantize(Decimal("0.00001"))


def _article(ref: str, label: str, price: str, vat_rate: Decimal, *tags: str, **more: int | bool) -> Article:
    return Article(ref=ref, label=label, price=Decimal(price), vat_rate=vat_rate, tags=tags, **more)  # type: ignore[arg-type]


ARTICLES = (
    _article("CUP", "Cup of coffee", "3.20", Decimal(10), "coffee", "drink", weight=40, most=3),
    _article("HOUSE-250", "House blend, 250 g", "7.90", FOOD, "coffee", weight=40),
    _article("HOUSE-1000", "House blend, 1 kg", "27.50", FOOD, "coffee", weight=18),
    _article("ETHIOPIA-250", "Ethiopia Sidamo, 250 g", "10.90", FOOD, "coffee", "fair trade", weight=24),
    _article("PERU-250", "Peru Cajamarca, 250 g", "9.80", FOOD, "coffee", "fair trade", weight=20),
    _article("DECAF-250", "Decaffeinated, 250 g", "9.20", FOOD, "coffee", weight=10),
    _article("CHOC-70", "Dark chocolate 70 %", "4.50", FOOD, "fair trade", weight=22, most=4, december=3),
    _article("HONEY", "Fir honey from the Vosges", "8.90", FOOD, weight=14),
    _article("JAM", "Quince jelly", "5.60", FOOD, weight=14, most=3),
    _article("CHEESE", "Munster cheese, 400 g", "9.40", FOOD, weight=12),
    _article("BREDELE", "Christmas biscuits, tin", "12.80", FOOD, weight=6, december=9, most=3),
    _article("RIESLING", "Riesling, 75 cl", "11.50", FULL, "wine", weight=16, most=6, december=2),
    _article("PINOT", "Pinot noir, 75 cl", "13.90", FULL, "wine", weight=14, most=6, december=2),
    _article("CREMANT", "Crémant, 75 cl", "12.40", FULL, "wine", weight=12, most=6, december=4),
    _article("BOOK-COFFEE", "The Coffee Atlas", "29.00", BOOK, "books", weight=5, most=1, december=3),
    _article("BOOK-CAKES", "Cakes of three countries", "24.50", BOOK, "books", weight=5, most=1, december=3),
    _article("GRINDER", "Hand grinder", "49.00", FULL, "equipment", weight=5, most=1, december=3),
    _article("PRESS", "French press, 1 l", "34.90", FULL, "equipment", weight=5, most=1, december=2),
    _article("FILTERS", "Paper filters, 100", "4.20", FULL, "equipment", weight=16),
    _article("MUGS", "Set of two mugs", "22.00", FULL, "equipment", weight=6, december=3),
    _article("CLASS", "Barista class, half a day", "65.00", FULL, "classes", is_service=True, weight=4, most=2),
    _article("TASTING", "Wine tasting", "28.00", FULL, "classes", is_service=True, weight=5),
    _article("WRAP", "Gift wrapping", "2.50", FULL, is_service=True, weight=5, december=8),
    _article("BASKET", "Gift basket", "59.00", Decimal(10), weight=3, most=1, december=8),
    # Sold by hand in the story of a year, never by chance; a gift card is money, so it earns nothing.
    _article("MACHINE", "Espresso machine", "649.00", FULL, "equipment", weight=0),
    _article("CARD-50", "Gift card of 50", "50.00", Decimal(0), weight=1, most=1, december=4),
    # Sold only where a kind of program is about them, which then says how often.
    _article("TEA", "Pot of tea", "3.80", Decimal(10), "drink", weight=0),
    _article("LUNCH", "Lunch of the day", "12.90", Decimal(10), "lunch", weight=0),
    _article("CLUB-HALF", "Half a year of the Plus club", "15.00", FULL, is_service=True, weight=0),
)  # fmt: skip
BY_REF = {article.ref: article for article in ARTICLES}
GIFT_CARDS = ("card-50",)
CLUB = "CLUB-HALF"


def stock(dolibarr: Dolibarr) -> dict[str, int]:
    """Put the articles and their tags into Dolibarr; gives the ids of the articles by their refs."""
    labels = sorted({tag for article in ARTICLES for tag in article.tags})
    tags = {label: dolibarr.create_category(label=label.capitalize(), type="product") for label in labels}
    ids = {}
    for article in ARTICLES:
        ids[article.ref] = dolibarr.create_product(
            ref=article.ref,
            label=article.label,
            type=int(article.is_service),
            price=str(article.price),
            price_base_type="TTC",
            tva_tx=str(article.vat_rate),
            status=1,
        )
        for label in article.tags:
            dolibarr.tag(tags[label], ids[article.ref], "product")
    return ids
