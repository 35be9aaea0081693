"""`accounting propose` on a small shop: what it proposes, in words and for scripts."""

from .conftest import Shop


def test_ways_are_proposed_with_reasons_and_sources(shop: Shop) -> None:
    shop.run("sync")
    told = {each["kind"]: each for each in shop.run("accounting", "propose", "--json").json}
    assert told.keys() == {"loyalty", "promotional", "sold"}
    for each in told.values():
        assert each["valid_months"] >= 36
        assert all(reason["text"] for reason in each["reasons"])
        assert all(source["url"] for reason in each["reasons"] for source in reason["sources"])
    printed = shop.run("accounting", "propose").out
    assert "liability" in printed
    assert "no advice" in printed
