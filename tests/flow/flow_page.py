#!/usr/bin/python3
"""The demo's page in headless Chromium: it loads, it explains itself, and a click changes a list at once; and the docs page."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
from browser import Browser  # noqa: E402
from harness import check, poll, say  # noqa: E402

CARDS = """return [...document.querySelectorAll(`[data-list="${arguments[0]}"] [data-testid="card"]`)].map(card => ({
    item: card.dataset.item, reason: card.querySelector('[data-testid="reason"]').textContent.trim()}))"""


def cards(page, name):
    return page.run(CARDS, name)


def wait_cards(page, name):
    return poll(f"cards of '{name}'", lambda: cards(page, name), 20)


def check_home(page):
    for name in ("home", "trending", "best-sellers"):
        for card in wait_cards(page, name):
            check(card["reason"], f"no reason for {card} in '{name}'")
    check(not cards(page, "recently-viewed"), "a new visitor has seen something")
    say("home: lists are filled, each card has its reason")


def check_view(page):
    """The first trending product: its page opens, and it is the newest in 'recently viewed'."""
    first = cards(page, "trending")[0]["item"]
    page.click(f'[data-list="trending"] [data-item="{first}"] [data-testid="view"]')
    poll("the product page", lambda: page.run(
        "return document.querySelector('[data-testid=\"hero\"]')?.dataset.item") == first, 10)
    took = poll("the time until it was known", lambda: page.text('[data-testid="last-took"]'), 10)
    page.click('[data-testid="tab-home"]')
    seen = wait_cards(page, "recently-viewed")
    check(seen[0]["item"] == first, f"'{first}' was viewed, recently-viewed has {seen}")
    say(f"a click on View: {took}; recently-viewed has the product")


def together(page, item):
    found = [card["reason"] for card in cards(page, "frequently-bought-together") if card["item"] == item]
    return found[0] if found else None


def check_basket(page):
    """Two products bought together once more: the reason of one on the other's page counts it."""
    page.run("location.hash = '#product/' + arguments[0]", "22423")
    wait_cards(page, "frequently-bought-together")
    other = cards(page, "frequently-bought-together")[0]["item"]
    before = together(page, other)
    page.click('[data-testid="hero"] [data-testid="add"]')
    page.click(f'[data-list="frequently-bought-together"] [data-item="{other}"] [data-testid="add"]')
    poll("the basket's count", lambda: page.text('[data-testid="basket-count"]') == "2", 10)
    page.click('[data-testid="tab-basket"]')
    wait_cards(page, "cart")
    page.click('[data-testid="buy-all"]')
    poll("the purchase", lambda: "bought" in page.text('[data-testid="last-what"]')
         and page.text('[data-testid="last-took"]'), 10)
    page.run("location.hash = '#product/' + arguments[0]", "22423")
    poll("a changed reason", lambda: together(page, other) not in (None, before), 10)
    say(f"a purchase changes the reason from '{before}' to '{together(page, other)}'")


def check_feed(page):
    lines = page.run(
        "return [...document.querySelectorAll('[data-testid=\"feed-line\"]')].map(line => line.dataset.type)")
    for kind in ("view", "cart-add", "purchase"):
        check(kind in lines, f"no {kind} in the feed of events: {lines}")
    page.click('[data-testid="shoppers"]')
    poll("events of simulated shoppers", lambda: page.run(
        "return document.querySelectorAll('[data-testid=\"feed-line\"]').length") > len(lines) + 5, 20)
    switch = "return document.querySelector('[data-testid=\"shoppers\"]').getAttribute('aria-checked')"
    page.run("location.reload()")
    poll("the switch after a reload", lambda: page.run(switch) == "true", 10)
    page.click('[data-testid="shoppers"]')
    poll("the switch", lambda: page.run(switch) == "false", 10)
    say("the feed shows one's own events and those of simulated shoppers")


def check_page(page, url):
    before = total(url)
    check(before["impressions"] > before["clicks"] > before["orders"] > 0, f"nobody followed what the demo shows: {before}")
    page.open(url + "/demo")
    check_home(page)
    check_view(page)
    check_basket(page)
    check_feed(page)
    page.type('[data-testid="search"]', "cakestand")
    poll("a found product", lambda: page.text('[data-testid="found"]'), 10)
    errors = page.errors()
    check(not errors, f"the page complained: {errors}")
    check_counted(url, before)


def total(url):
    status, answer = harness.http("GET", url + "/v1/analytics/strategies?by=strategy")
    check(status == 200, f"the figures were answered with {status}")
    return answer["total"]


def check_counted(url, before):
    """What was shown, clicked and bought is credited to what recommended it."""
    def more():
        now = total(url)
        return {name: now[name] - before[name] for name in ("impressions", "clicks", "carts", "orders")}
    counted = poll("figures of the page", lambda: all(more().values()) and more(), 10)
    check(counted["impressions"] > counted["clicks"], f"the page was counted as {counted}")


def try_on_page(page, operation):
    """What the page fills in by itself is answered with a list that has items."""
    page.run(f"document.querySelector('{operation} .opblock-summary-control').click()")
    for button in (".try-out__btn", ".execute"):
        place = f"{operation} {button}"
        poll(button, lambda place=place: page.run(f"return !!document.querySelector('{place}')"), 10)
        page.run(f"document.querySelector('{place}').click()")
    poll(f"the list of {operation} tried on the page", lambda: '"reason"' in page.run(
        f"return document.querySelector('{operation} .live-responses-table')?.textContent || ''"), 10)


def check_docs(page, url):
    """Every operation is on the page, and can be tried: the answer is this server's."""
    page.open(url + "/docs")
    described = harness.http("GET", url + "/openapi.json")[1]["paths"]
    count = sum(method in ("get", "put", "post", "delete") for path in described.values() for method in path)
    poll(f"the {count} operations of openapi.json", lambda: page.run("return document.querySelectorAll('.opblock').length") == count, 20)
    for operation in ("getRecommendations", "postRecommendations", "getAlsoBought", "getTrending"):
        try_on_page(page, f"#operations-recommendations-{operation}")
    errors = page.errors()
    check(not errors, f"the docs page complained: {errors}")
    say(f"/docs shows {count} operations, and some are tried on it")


def flow(t):
    aisle = t.aisle("demo", store=t.path("store"))
    aisle.wait_ready(60)
    page = Browser(t.directory)
    try:
        check_page(page, aisle.url)
        check_docs(page, aisle.url)
    finally:
        page.close()
    aisle.stop()


if __name__ == "__main__":
    harness.main(flow)
