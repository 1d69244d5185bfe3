#!/usr/bin/python3
"""The dashboard in headless Chromium over `aisle demo`: each page and each action, as a person does them.

    tests/browser/dashboard.py [STORY...]        AISLE names the program

A story is a function story_NAME(room). Pictures of every page, light, dark and as on a phone, are left in build/browser/.
Closes with a line "N passed, N failed".
"""
import contextlib
import datetime
import json
import os
import re
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import harness  # noqa: E402
from browser import Browser  # noqa: E402
from harness import FlowFailed, check, poll, say  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PICTURES = os.path.join(harness.ROOT, "build", "browser")
CUSTOMER, ITEM, PINNED = "12748", "22423", "20725"
ASSETS_MAX = 300_000
# a page of one line, from the same server in the same browser, is the measure of a busy machine
FIRST_PAINT_MS, LOADS, BARE, BARE_TIMES = 1000, 3, "/healthz", 5
TAB, ENTER = "\ue004", "\ue007"
PAGES = {"overview": "#/overview", "strategies": "#/strategies", "experiments": "#/experiments", "placements": "#/placements",
         "rules": "#/rules", "people": f"#/people/user/{CUSTOMER}", "segments": "#/segments", "offers": "#/offers",
         "items": f"#/items/{ITEM}", "health": "#/health"}

AXE = """const [only, done] = arguments;
    axe.run(document, {resultTypes: ['violations'], ...(only ? {runOnly: only} : {})}).then(
        (found) => done(found.violations.map((v) => [v.impact, v.id, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160))])),
        (error) => done([['critical', String(error), []]]))"""
GO = """document.querySelector('main').setAttribute('aria-busy', 'true');
    if (location.hash === arguments[0]) dispatchEvent(new Event('hashchange'));
    location.hash = arguments[0]"""
FIRST_PAINT = "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
FETCH_ALL = """return Promise.all(arguments[0].map(async (name) => {
        const reply = await fetch('/dashboard/' + name, {cache: 'no-store'});
        await reply.blob();
        return reply.status;
    })).then((all) => [all, performance.getEntriesByType('resource').map((e) => [e.name, e.encodedBodySize])])"""
DRAWN = "const main = document.querySelector('main'); return [main.dataset.place, main.getAttribute('aria-busy')]"
REMOVE_FIRST = """const remove = document.querySelector('[data-path="chain"] [aria-label="Remove strategy 1"]');
    remove?.click();
    return !!remove"""
REPLAY = {"phase": "checking", "done": 30, "total": 40, "records": 3000, "recordsPerSecond": 500, "secondsLeft": 2, "current": 1,
          "generations": [1, 2]}
INSTEAD = """window.aisleFetch = window.fetch;
    window.fetch = async (path, options) => {
        const reply = await window.aisleFetch(path, options);
        if (path === '/v1/admin/replay') return Response.json(arguments[0]);
        if (path === '/metrics') return new Response((await reply.text()).replace(/^aisle_dead_letters_total .*$/m, 'aisle_dead_letters_total 7'));
        if (path !== '/v1/rules') return reply;
        const all = await reply.json();
        all.items.push({id: 'odd', revision: 1, document: {name: 7, placements: 'home', action: {pin: {itemIds: 'p1'}}}});
        return Response.json(all);
    }"""
ROWS = """return [...document.querySelectorAll('[data-testid="figures"] tbody tr')].map(
    (row) => [...row.children].map((cell) => cell.textContent))"""

SALES_ASKED = """return performance.getEntriesByType('resource').map((e) => e.name).findLast(
    (name) => name.includes('/v1/analytics/sales?')) ?? null"""
SOLD = "return [...document.querySelectorAll('[data-testid=\"sold\"] td')].map((cell) => cell.textContent)"


def at(testid):
    return f'[data-testid="{testid}"]'


def field(path):
    return f'[data-path="{path}"] > .control'


class Room:
    """A browser before a demo."""

    def __init__(self, t):
        self.t = t
        self.aisle = t.aisle("demo", store=t.path("store"))
        self.page = Browser(t.directory)
        t.closers.append(self.page.close)
        self.aisle.wait_ready(60)
        self.url = self.aisle.url
        self.downloads = t.path("downloads")
        self.page.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=self.downloads)
        with open(os.path.join(harness.npm_modules(HERE), "axe-core", "axe.min.js"), encoding="utf-8") as f:
            self.axe = f.read()

    def there(self, css, seconds=10):
        poll(css, lambda: self.page.run("return !!document.querySelector(arguments[0])", css), seconds)

    def says(self, css, words, seconds=10):
        self.there(css, seconds)
        text = "return document.querySelector(arguments[0])?.textContent ?? ''"
        poll(f"'{words}' in {css}", lambda: words in self.page.run(text, css), seconds)

    def becomes(self, what, script, value, seconds=10):
        poll(f"{what}: {value!r}", lambda: self.page.run(script) == value, seconds)

    def go(self, place):
        """To a page, as a link does it; returns when it is drawn."""
        self.page.run(GO, place)
        self.drawn(place)

    def drawn(self, place):
        """Until the page at this address is there, whoever led to it."""
        poll(f"the page {place}", lambda: self.page.run(DRAWN) == [place, "false"], 20)

    def answer(self, scenario, **request):
        status, answer = harness.http("POST", f"{self.url}/v1/recommendations/{scenario}", {"count": 10, **request})
        check(status == 200, f"{scenario} was answered with {status}: {answer}")
        return [item["itemId"] for item in answer["items"]]

    def accessible(self, what, only=None):
        """Nothing that axe-core calls serious or critical; `only`: by these of its rules."""
        if not self.page.run("return !!window.axe"):
            self.page.run(self.axe)
        found = self.page.call("POST", self.page.session + "/execute/async", {"script": AXE, "args": [only]})
        serious = [each for each in found if each[0] in ("serious", "critical")]
        check(not serious, f"{what} is not for everybody: {json.dumps(serious)[:1500]}")

    def quiet(self, allowed=()):
        """The browser had nothing to complain about, but refusals that the story asked for."""
        wrong = [line for line in self.page.errors() if not any(f"status of {status}" in line for status in allowed)]
        check(not wrong, f"the page complained: {wrong[:3]}")


def dashboard_files():
    """The names of all files of the page."""
    with open(os.path.join(harness.ROOT, "query", "dashboard", "files.def"), encoding="utf-8") as f:
        names = re.findall(r'^DASHBOARD_FILE\(\w+, "([^"]*)"', f.read(), re.M)
    check(len(names) > 10, f"files.def has the names {names}")
    return [name for name in names if name]


def saved(room):
    """Saves what is in the form; it must say so."""
    room.page.run("document.querySelector('[data-testid=\"toasts\"]').replaceChildren()")
    room.page.click(at("save"))
    poll("'Saved'", lambda: "Saved in" in room.page.run("return document.querySelector('[data-testid=\"toasts\"]').textContent"), 10)


def put(room, path, document):
    status, answer = harness.http("PUT", f"{room.url}/v1/{path}", document, headers={"If-None-Match": "*", "X-Changed-By": "Anna"})
    check(status == 200, f"{path}: {status} {answer}")


def seen_after(what, attempt):
    """In ms. How long it may take is flow_control's matter, which has the machine for itself."""
    started = time.monotonic()
    poll(what, attempt, 10, 0.005)
    return 1000 * (time.monotonic() - started)


def quickest_paint(room, path):
    """From a cold cache, in ms: what else the machine does only adds to it."""
    times = []
    for _ in range(LOADS):
        room.page.cdp("Network.clearBrowserCache")
        room.page.open(room.url + path)
        times.append(poll("first paint", lambda: room.page.run(FIRST_PAINT)))
    return min(times)


# ---- stories ----

def story_first_paint(room):
    """From a cold cache: something is seen within a second, little is fetched, and nothing from elsewhere."""
    bare = quickest_paint(room, BARE)
    paint = quickest_paint(room, "/dashboard")
    room.drawn("")
    fetched = room.page.run("return performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
                            ".map((e) => [e.name, e.encodedBodySize])")
    elsewhere = [name for name, _ in fetched if not name.startswith((room.url, "data:"))]
    files = room.page.run(FETCH_ALL, dashboard_files())
    check(set(files[0]) == {200}, f"the files of the page were answered with {files[0]}")
    assets = sum(dict(each for each in files[1] if each[0].startswith(room.url + "/dashboard")).values())
    check(paint < max(FIRST_PAINT_MS, BARE_TIMES * bare), f"first paint after {paint:.0f} ms; a bare page's: {bare:.0f} ms")
    check(not elsewhere, f"fetched from elsewhere: {elsewhere}")
    check(0 < assets < ASSETS_MAX, f"the page's files are {assets} bytes")
    say(f"first paint after {paint:.0f} ms (a bare page's: {bare:.0f}), {assets} bytes of files compressed, all that there are")


def story_keyboard(room):
    """The skip link, the menu and a page are reached with keys alone; a new page's heading has the focus."""
    page = room.page
    page.open(room.url + "/dashboard")
    room.drawn("")
    page.press(TAB)
    room.becomes("the first stop", "return document.activeElement.className", "skip")
    page.press(ENTER)
    room.becomes("where the skip link leads", "return document.activeElement.id", "main")
    page.run(f"document.querySelector('{at('nav-rules')}').focus()")
    page.press(ENTER)
    focus = "return document.activeElement.tagName + ' ' + document.activeElement.textContent"
    room.becomes("the heading of the rules", focus, "H1 Rules")
    room.go("#/placements/cart")
    name = "return document.activeElement.ariaLabel"
    page.run("document.querySelector('[aria-label=\"Move strategy 3 up\"]').focus()")
    page.press(ENTER)
    room.becomes("the focus, which goes with what is moved", name, "Move strategy 2 up")
    page.press(ENTER)
    room.becomes("the focus, which stays with what is first now", name, "Move strategy 1 down")
    page.run("document.querySelector('[aria-label=\"Remove strategy 1\"]').focus()")
    page.press(ENTER)
    room.becomes("the place of a strategy that was removed", name, "Remove strategy 1")


def story_theme(room):
    page = room.page
    ground = "return getComputedStyle(document.body).backgroundColor"
    colours = set()
    for _ in range(3):
        page.click(at("theme"))
        colours.add(page.run(ground))
    check(len(colours) == 2, f"three themes have the grounds {colours}")
    page.run("localStorage.setItem('aisle.theme', 'dark')")
    page.open(room.url + "/dashboard")
    room.drawn("")
    check(page.run("return document.documentElement.dataset.theme") == "dark", "the theme is forgotten")


def story_overview(room):
    """The figures of the first page are those of the API."""
    room.go("#/overview")
    room.says(at("sold"), "Kitchen")
    cells = room.page.run(SOLD)
    check(any(re.match(r"[▲▼] [+−]\d", cell) for cell in cells), f"no category has grown or shrunk: {cells}")
    for days in (7, 28):
        room.page.run("performance.clearResourceTimings()")
        room.page.choose(at("period"), str(days))
        poll("the page asks for its sales", lambda: room.page.run(SALES_ASKED), 10)
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(room.page.run(SALES_ASKED)).query)
        # the days that the page asked for: midnight may have passed since
        begin, end = (datetime.datetime.fromisoformat(asked[name][0]) for name in ("from", "to"))
        check(end - begin == datetime.timedelta(days=days), f"{days} days are {begin} to {end}")
        query = f"?from={begin.date()}&to={end.date()}"
        sales = harness.http("GET", room.url + "/v1/analytics/sales" + query)[1]["total"]
        visits = harness.http("GET", room.url + "/v1/analytics/engagement" + query)[1]["total"]
        room.says(at("sales-orders"), f"{sales['orders']:,}")
        room.says(at("sales-revenue"), f"£{sales['revenue']:,.0f}")
        room.says(at("traffic"), f"{visits['sessions']:,}")
    room.there(at("sales-chart") + " canvas")
    room.quiet(allowed=(404,))


def story_health(room):
    """The lag, the rate and the speed of answers are those of the running process."""
    harness.http("GET", room.url + "/v1/recommendations/email?userId=browser")
    room.go("#/health")
    room.says(".verdict", "All is well")
    room.says(at("replay"), "generation 1")
    events = int(harness.http("GET", room.url + "/metrics")[1].split("\naisle_events_total ")[1].split()[0])
    room.says(at("rate"), f"{events:,}")
    room.there(at("latencies") + " tbody tr")
    room.says(at("placements-served"), "Email")
    harness.http("POST", room.url + "/v1/events", {"type": "view", "visitorId": "browser", "itemId": ITEM})
    room.says(at("rate"), f"{events + 1:,}")
    forged = {"type": "click", "visitorId": "browser", "itemId": ITEM, "recommendationId": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
    harness.http("POST", room.url + "/v1/events", forged)
    poll("the forged click", lambda: room.go("#/health") or "count nowhere" in page_text(room), 10, 0.2)
    room.quiet()


def story_told(room):
    """What rarely happens is shown too: a replay under way, dead letters, a document of another shape."""
    page = room.page
    page.run(INSTEAD, REPLAY)
    try:
        room.go("#/health")
        room.says(at("replay"), "The replay is being checked")
        room.says(at("replay"), "75.0 % done: 3,000 records so far, 500 a second, about 2 seconds left")
        check(page.run(f"return document.querySelector('{at('replay')} progress').value") == 0.75, "the bar of the replay stands elsewhere")
        room.says(at("dead-letters"), "7")
        room.says(".verdict", "7 records since the start could not be")
        room.go("#/rules")
        room.says('[data-id="odd"]', "does not know")
        room.says('[data-id="no-trifles-in-baskets"]', "price >= 0.5")
    finally:
        page.run("window.fetch = window.aisleFetch")
    room.quiet(allowed=(404,))


def page_text(room):
    return room.page.run("return document.querySelector('main').textContent")


def story_items(room):
    """A product is found by words or its id, with its record, its neighbours, and why a placement shows it or does not."""
    page = room.page
    room.go("#/items")
    page.type(at("item-id"), "cakestand regency")
    page.click(at("item-show"))
    room.says(at("item-title"), "Regency Cakestand")
    room.go("#/items")
    page.type(at("item-id"), "red mug")
    page.click(at("item-show"))
    room.says(at("found"), "products with “red mug”")
    room.there(at("found") + " [data-item]")
    room.accessible("what was found")
    page.screenshot(os.path.join(PICTURES, "items-found.png"))
    room.go("#/items/find/no%20such%20thing")
    room.says(at("found"), "No product with")
    room.go("#/items")
    page.type(at("item-id"), ITEM)
    page.click(at("item-show"))
    room.says(at("item-title"), "Regency Cakestand")
    room.says(at("record"), "Nothing in its record keeps it")
    room.there(at("list") + " li")
    best = room.answer("best-sellers")[0]
    room.go(f"#/items/{best}")
    page.choose(at("try-scenario"), "best-sellers")
    room.says(at("why-here"), "in place 1")
    room.says(at("why-here"), "sold")
    room.go("#/items/no-such-item")
    room.says("main", "has no item")
    room.go("#/items/100%")
    room.says("main", "has no item “100%”")
    room.quiet(allowed=(404,))


def story_people(room):
    """A customer's segments, offers, what is known, and what they would be shown, with the counts behind."""
    page = room.page
    put(room, "offers/winter", {"name": "Winter", "discount": {"percent": 10}, "code": "WINTER", "segments": ["frequent"], "budget": 500})
    room.go("#/people")
    page.type(at("person-id"), CUSTOMER)
    page.click(at("person-show"))
    room.says(at("person-segments"), "Frequent")
    room.says(at("person-facts"), "Money spent")
    room.says(at("person-offers"), "10 % off with code WINTER for frequent customers, 500 left")
    room.there(at("person-known") + " li")
    shown = page.run(f"return [...document.querySelectorAll('{at('person-list')} [data-item]')].map((n) => n.dataset.item)")
    check(shown == room.answer("home", userId=CUSTOMER), f"the page shows {shown}")
    page.click(at("person-list") + " .why summary")
    room.says(at("person-list") + " .why[open]", "strategy")
    room.quiet(allowed=(404,))


def story_segments(room):
    """A segment of one's own is written by choosing, tried on somebody, and who meets it belongs to it at once."""
    page = room.page
    room.go("#/segments")
    room.says(at("segment-figures"), "Big spender")
    room.go("#/segments/new")
    page.type(field("name"), "Many orders")
    page.set(field("filter"), "orders >= 100")
    room.says(at("previewbox"), "Enter a customer id")
    page.type(at("try-userId"), CUSTOMER + TAB)
    room.says(at("previewbox"), "They would belong to it")
    saved(room)
    room.drawn("#/segments/many-orders")
    room.go(f"#/people/user/{CUSTOMER}")
    room.says(at("person-segments"), "Many orders")
    room.go("#/segments/many-orders")
    page.type(at("member-ids"), "nobody-1\nnobody-2\nnobody-1\n")
    page.click(at("members-replace"))
    room.says(at("member-count"), "2 customers")
    page.click('[data-path="members"] > .control')
    saved(room)
    poll("who is on the list", lambda: "many-orders" in str(harness.http("GET", room.url + "/v1/users/nobody-2/segments")[1]["segments"]))
    page.click(at("members-empty"))
    room.says(at("members-empty"), "Really")
    room.says(at("member-count"), "2 customers")
    page.click(at("members-empty"))
    room.says(at("member-count"), "0 customers")
    room.accessible("a segment")
    room.quiet(allowed=(404,))


def story_csv(room):
    """A table is sorted by a click on its column and saved as it is seen."""
    page = room.page
    room.go("#/health")
    room.there(at("lag-chart") + " .u-over")
    page.click(at("lag-chart") + " summary")
    rows = "return document.querySelectorAll(arguments[0]).length"
    poll("the figures of two looks", lambda: page.run(rows, at("lag-chart") + " .asTable tbody tr") >= 2)
    table = at("latencies")
    room.there(table + " tbody tr")
    page.run("window.aisleTable = document.querySelector(arguments[0])", table)
    page.run("window.aisleTable.querySelector('thead button').click()")
    order = page.run("return window.aisleTable.querySelector('thead th').getAttribute('aria-sort')")
    check(order == "ascending", f"its first column is sorted as '{order}'")
    page.run("window.aisleTable.querySelector('[data-testid=\"csv\"]').click()")
    path = os.path.join(room.downloads, "latencies.csv")
    lines = poll("the CSV", lambda: os.path.exists(path) and open(path, encoding="utf-8").read().splitlines())
    names = [line.split(",")[0] for line in lines]
    check(names[0] == "Route" and names[1:] == sorted(names[1:]) and "/readyz" in names, f"the CSV is {lines[:4]}")


def story_condition(room):
    """A filter is put together by choosing."""
    page = room.page
    room.go("#/rules/new")
    builder = '[data-path="action.boost.filter"] .condition '
    page.click(builder + "summary")
    page.choose(builder + "select", "price")
    page.set(builder + "input", "5")
    page.click(builder + at("add-condition"))
    page.choose(builder + "select", "lowStock")
    page.choose(builder + "select:nth-of-type(2)", "not")
    page.click(builder + at("add-condition"))
    text = page.run("return document.querySelector(arguments[0]).value", field("action.boost.filter"))
    check(text == "price < 5 and not lowStock", f"the filter is {text!r}")
    page.set(field("action.boost.filter"), "price > 50 or lowStock")
    page.click(builder + at("add-condition"))
    text = page.run("return document.querySelector(arguments[0]).value", field("action.boost.filter"))
    check(text == "(price > 50 or lowStock) and not lowStock", f"the filter is {text!r}")


def new_rule(room, name):
    """A pin of PINNED to the top of home, through the form."""
    page = room.page
    room.go("#/rules/new")
    page.type(field("name"), name)
    page.click('input[type="radio"][value="pin"]')
    page.type(field("action.pin.itemIds"), PINNED)
    page.click('[data-path="placements"] input[value="home"]')


def story_rules(room):
    """A rule is written, previewed, saved, in the next answer, switched off, changed, taken back, and deleted."""
    page, first = room.page, lambda: room.answer("home", visitorId="browser-2")[0]
    before = first()
    new_rule(room, "Pin the lunch bag")
    room.says(at("preview-after") + " li:first-child", "pinned")
    check(first() == before, "a preview changed the answers")
    page.screenshot(os.path.join(PICTURES, "rule-new.png"))
    saved(room)
    took = seen_after("the pinned item in the next answer", lambda: first() == PINNED)
    page.click(at("toast-action"))
    undone = seen_after("the answer as before", lambda: first() == before)
    say(f"a rule was in the next answer after {took:.0f} ms, undone after {undone:.0f} ms")
    room.drawn("#/rules")
    page.type(at("author"), "Zoë")
    new_rule(room, "Pin the lunch bag again")
    saved(room)
    room.drawn("#/rules/pin-the-lunch-bag-again")
    room.there(at("history") + " li")
    page.set(field("priority"), "5000")
    room.says(at("status"), "Not yet")
    check("1000" in page.text('[data-path="priority"] > .error'), "the wrong priority is not said at its field")
    page.set(field("priority"), "700")
    saved(room)
    room.says(at("history"), "700")
    room.says(at("history"), "Zoë")
    room.says(at("preview-after") + " li:first-child", "pinned")
    check("Without it" in page.text(at("preview-before")), "what is saved is not compared with a shop without it")
    room.accessible("the editor of a rule")
    page.screenshot(os.path.join(PICTURES, "rule-editor.png"))
    draft(room)
    conflict(room)
    page.click(at("history") + f" {at('restore')}")
    saved(room)
    room.go("#/rules")
    page.click('[data-id="pin-the-lunch-bag-again"] ' + at("toggle"))
    room.says('[data-id="pin-the-lunch-bag-again"]', "off")
    room.becomes("the place of who switches a rule off", "return document.activeElement.dataset.testid", "toggle")
    seen_after("the answer without the rule", lambda: first() == before)
    room.go("#/rules/pin-the-lunch-bag-again")
    page.click(at("delete"))
    page.click(at("delete"))
    room.drawn("#/rules")
    check(harness.http("GET", room.url + "/v1/rules/pin-the-lunch-bag-again")[0] == 404, "the rule is still there")
    room.quiet(allowed=(400, 404, 412))


def draft(room):
    """What was not saved is found again, and can be dropped."""
    page = room.page
    page.set(field("priority"), "333")
    room.go("#/overview")
    room.go("#/rules/pin-the-lunch-bag-again")
    value = f"return document.querySelector('{field('priority')}').value"
    room.becomes("what was not saved", value, "333")
    page.click(at("drop-draft"))
    room.becomes("what is saved, without the draft", value, "700")


def conflict(room):
    """Somebody else writes while the form is open: nothing is overwritten unasked."""
    page, path = room.page, room.url + "/v1/rules/pin-the-lunch-bag-again"
    theirs = {**harness.http("GET", path)[1]["document"], "priority": 900}
    check(harness.http("PUT", path, theirs, headers={"If-Match": "*"})[0] == 200, "the other one could not write")
    page.set(field("priority"), "800")
    page.click(at("save"))
    room.says(at("conflict"), "900")
    page.click(at("save-mine"))
    poll("mine", lambda: harness.http("GET", path)[1]["document"]["priority"] == 800)
    room.says(at("history") + " li:first-child", "800")
    page.click(at("toast-action"))
    poll("theirs again", lambda: harness.http("GET", path)[1]["document"]["priority"] == 900)
    room.says(at("history") + " li:first-child", "900")


def story_placements(room):
    """The start page is changed, previewed, saved, and the shipped one comes back."""
    room.go("#/placements")
    room.says(at("list-scenarios"), "Product page")
    page = room.page
    room.go("#/placements/home")
    before = room.answer("home", visitorId="browser-3")
    while page.run(REMOVE_FIRST):
        pass
    page.click(at("add-chain"))
    room.there(at("preview-after") + " li")
    saved(room)
    best = room.answer("best-sellers")
    seen_after("best sellers on the start page", lambda: room.answer("home", visitorId="browser-3") == best)
    page.screenshot(os.path.join(PICTURES, "placement-editor.png"))
    page.click(at("delete"))
    page.click(at("delete"))
    seen_after("the shipped start page", lambda: room.answer("home", visitorId="browser-3") == before)
    room.drawn("#/placements")
    room.quiet(allowed=(400, 404))


def story_experiments(room):
    """An experiment is written, started, ramped and stopped, and its report names no winner."""
    room.go("#/experiments")
    page, path = room.page, room.url + "/v1/experiments/trends-first"
    room.go("#/experiments/new")
    page.type(field("name"), "Trends first")
    page.run("document.querySelector('[data-path=\"variants[1].scenario\"]').open = true")
    page.click('[data-path="variants[1].scenario"] ' + at("add-chain"))
    page.choose('[data-path="variants[1].scenario.chain[0].strategy"] > .control', "trending")
    saved(room)
    room.drawn("#/experiments/trends-first")
    room.there(at("start"))
    page.click(at("start"))
    poll("running", lambda: harness.http("GET", path)[1]["document"]["status"] == "running")
    room.there(at("stop"))
    page.set(at("traffic"), "25")
    page.click(at("ramp"))
    poll("a quarter of the people", lambda: harness.http("GET", path)[1]["document"].get("traffic") == 25)
    room.there(at("stop"))
    room.there(at("report"))
    page.screenshot(os.path.join(PICTURES, "experiment-report.png"))
    room.accessible("the report of an experiment")
    page.click(at("stop"))
    poll("stopped", lambda: harness.http("GET", path)[1]["document"]["status"] == "stopped")
    room.quiet(allowed=(404,))


def story_strategies(room):
    """What was shown, clicked and bought is counted under its strategy, and grouped as one wants it."""
    page = room.page
    room.go("#/strategies")
    room.says(at("meanings"), "Best sellers")
    room.says(at("segment-figures"), "Big spender")
    check(len(page.run(ROWS)) > 5, "nobody has followed what the demo recommends")
    shop_of(room)
    room.go("#/strategies")

    def counted():
        room.go("#/strategies")
        return any(row[0] == "Best sellers" and row[1:3] == ["2", "1"] for row in page.run(ROWS))
    poll("best sellers with one click of two shown", counted, 10, 0.3)
    page.choose(at("group"), "scenario")
    poll("the figures by placement", lambda: {"Home", "Product page", "Cart"} <= {row[0] for row in page.run(ROWS)})
    page.screenshot(os.path.join(PICTURES, "strategies-counted.png"))
    room.quiet()


def shop_of(room):
    """One visitor is shown two best sellers, clicks one and buys it."""
    status, answer = harness.http("POST", room.url + "/v1/recommendations/best-sellers", {"count": 2})
    check(status == 200, f"best sellers: {status}")
    ids, token = [item["itemId"] for item in answer["items"]], answer["recommendationId"]
    common = {"visitorId": "browser-4", "recommendationId": token}
    events = [{"type": "impression", "items": [{"itemId": each} for each in ids], **common}, {"type": "click", "itemId": ids[0], **common},
              {"type": "purchase", "orderId": "browser-1", "currency": "GBP",
               "items": [{"itemId": ids[0], "quantity": 1, "price": 5}], **common}]
    status, result = harness.http("POST", room.url + "/v1/events", events)
    check(status == 200, f"the events were answered with {status}: {result}")


def furnish(room):
    """Something to see on each page."""
    put(room, "rules/christmas-first", {"name": "Christmas first", "placements": ["home", "category"], "priority": 300,
                                        "action": {"boost": {"filter": 'category = "Christmas"', "factor": 3}}})
    put(room, "rules/no-cheap", {"name": "Nothing below a pound", "enabled": False, "action": {"filter": "price >= 1"}})
    put(room, "promotions/mugs", {"name": "Mugs", "discount": {"percent": 5}, "filter": 'category = "Kitchen > Mugs and Cups"'})


def story_pages(room):
    """Each page is drawn, has its heading, fits a phone, is accessible, in light and dark; pictures are kept."""
    page = room.page
    furnish(room)
    for theme, width in (("light", 1360), ("dark", 1360), ("light", 390)):
        page.size(width, 900)
        page.run("localStorage.setItem('aisle.theme', arguments[0])", theme)
        page.open(room.url + "/dashboard")
        room.drawn("")
        for name, place in PAGES.items():
            room.go(place)
            check(page.run("return document.querySelectorAll('main h1').length") == 1, f"'{name}' has not one heading")
            check(not page.run("return document.documentElement.scrollWidth > innerWidth"), f"'{name}' is wider than a screen of {width}")
            if width > 600 or name in ("overview", "rules"):
                room.accessible(f"'{name}', {theme}, {width}", ["color-contrast"] if theme == "dark" else None)
            page.screenshot(os.path.join(PICTURES, f"{name}-{'phone' if width < 600 else theme}.png"))
        room.quiet(allowed=(404,))
    page.size(1360, 900)
    say(f"{len(PAGES)} pages in light, dark and on a phone: pictures in {os.path.relpath(PICTURES)}")


def stories():
    return {name[6:]: value for name, value in globals().items() if name.startswith("story_")}


def emptied(room):
    """Without the documents that stories wrote: one that failed half-way must not fail the next."""
    for kind in ("scenarios", "rules", "experiments", "segments", "offers", "promotions"):
        for entry in harness.http("GET", f"{room.url}/v1/{kind}")[1]["items"]:
            if not entry.get("shipped"):
                harness.http("DELETE", f"{room.url}/v1/{kind}/{entry['id']}", headers={"If-Match": "*"})


def run(t, names):
    """The names of those that failed."""
    room, failed = Room(t), []
    room.page.open(room.url + "/dashboard")
    for name in names:
        started = time.monotonic()
        room.page.errors()
        try:
            stories()[name](room)
        except (FlowFailed, OSError) as error:
            failed.append(name)
            print(f"  FAILED: {error}", flush=True)
            with contextlib.suppress(FlowFailed, OSError):
                room.page.screenshot(os.path.join(PICTURES, f"failed-{name}.png"))
                emptied(room)
        print(f"{name}: {'ok' if name not in failed else 'FAILED'} ({time.monotonic() - started:.1f} s)", flush=True)
    return failed


def main():
    names = sys.argv[1:] or list(stories())
    unknown = [name for name in names if name not in stories()]
    if unknown:
        sys.exit(f"dashboard.py: no story '{unknown[0]}'; there are {', '.join(stories())}")
    t = harness.Flow("dashboard")
    started = time.monotonic()
    failed = names  # the demo or the browser does not start
    try:
        failed = run(t, names)
    except (FlowFailed, harness.Ended) as error:
        print(f"  FAILED: {error}", flush=True)
    finally:
        t.close()
    if not failed:
        t.remove()
    print(f"the browser took {time.monotonic() - started:.0f} s")
    print(f"{len(names) - len(failed)} passed, {len(failed)} failed", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
