/*
 * The demo's page. Data reaches the document as text only (textContent), never as markup.
 * state.shown remembers what each list showed, so that a click can tell which lists it changed; state.from which answer a
 * product was taken from, so that /dashboard can count what came of it.
 */
"use strict";

const LISTS = {
	home: [
		{ id: "home", title: "For you", path: "recommendations/home", visitor: true, count: 8,
		  note: "The scenario “home”: what is for you, what you may look at next, what you looked at and what is trending share the list; best sellers fill it." },
		{ id: "next-in-session", title: "What visitors like you look at next", path: "recommendations/next-in-session",
		  visitor: true, empty: "Nothing yet: open a product.",
		  note: "From sessions like yours, your own running one included at once." },
		{ id: "recommended-for-you", title: "New for you", path: "recommendations/recommended-for-you", visitor: true },
		{ id: "because-you-viewed", title: "Because of what you looked at", path: "recommendations/because-you-viewed",
		  visitor: true, empty: "Nothing yet: open a product." },
		{ id: "recently-viewed", title: "You looked at", path: "recommendations/recently-viewed", visitor: true,
		  empty: "Nothing yet: open a product." },
		{ id: "buy-it-again", title: "Buy it again", path: "recommendations/buy-it-again", visitor: true,
		  empty: "Nothing yet: buy a product." },
		{ id: "trending", title: "Trending in the last 24 hours", path: "trending", query: { window: "24h" } },
		{ id: "best-sellers", title: "Best sellers of 30 days", path: "best-sellers" },
	],
	product: [
		{ id: "frequently-bought-together", title: "Often bought together", neighbour: true },
		{ id: "also-bought", title: "Customers who bought this also bought", neighbour: true },
		{ id: "also-viewed", title: "Looked at in the same visit", neighbour: true,
		  note: "From simulated visits and your own." },
		{ id: "viewed-then-bought", title: "What people bought after looking at this", neighbour: true,
		  note: "From simulated visits and your own." },
		{ id: "similar", title: "Like this one", neighbour: true, note: "From the catalogue alone: words, colours, prices." },
		{ id: "up-sell", title: "A step up", neighbour: true, empty: "Nothing better for the same need." },
	],
	basket: [
		{ id: "cart", title: "Goes with your basket", path: "recommendations/cart", basket: true, count: 8,
		  note: "The scenario “cart”: what was bought together with the products in the basket." },
		{ id: "cart-cross-sell", title: "Completes your basket", path: "recommendations/cart-cross-sell", basket: true },
		{ id: "best-sellers", title: "Best sellers of 30 days", path: "best-sellers" },
	],
};

const COUNTS = {
	together: "with both", itemTotal: "with that one", otherTotal: "with this one", recent: "points now",
	before: "points in the window before", units: "pieces sold", days: "in days", times: "times", lastAt: "last time",
	measure: "measure", score: "strength",
};

const VERBS = { view: "viewed", "cart-add": "put into the basket", "cart-remove": "took out of the basket",
	purchase: "bought", return: "returned", search: "searched", click: "clicked" };

const POLL_MS = 4;            // between two questions whether an answer knows the click
const RANKED_MS = 120;         // until trending and best sellers are ranked again
const KNOWN_WITHIN_MS = 5000;
const FEED_MAX = 60;
const FIRST_PRODUCT = "22423";

const state = {
	products: new Map(), tab: "home", product: FIRST_PRODUCT, visitor: remembered("visitor", () => "web-" + uuid()),
	basket: JSON.parse(remembered("basket", () => "[]")), shown: new Map(), round: 0, stock: new Map(),
	painted: new Map(), told: new Map(), from: new Map(),
};

/* ---- small helpers ---- */

const $ = (testid) => document.querySelector(`[data-testid="${testid}"]`);

function make(tag, attributes = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (typeof value === "function")
			node.addEventListener(name, value);
		else if (value === true)
			node.setAttribute(name, "");
		else if (value !== false && value != null)
			node.setAttribute(name, value);
	}
	node.append(...children.filter((child) => child != null));
	return node;
}

/* randomUUID exists on secure origins only; the demo may be opened from a phone by address. */
function uuid() {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

function remembered(key, fresh) {
	try {
		const value = localStorage.getItem("aisle." + key) ?? fresh();
		localStorage.setItem("aisle." + key, value);
		return value;
	} catch {
		return fresh();
	}
}

function remember(key, value) {
	try {
		localStorage.setItem("aisle." + key, value);
	} catch { /* a private window: the basket lives as long as the page */ }
}

async function call(method, path, body) {
	const reply = await fetch(path, { method, cache: "no-store",
		headers: body === undefined ? {} : { "content-type": "application/json" },
		body: body === undefined ? undefined : JSON.stringify(body) });
	const json = await reply.json().catch(() => ({}));
	if (!reply.ok)
		throw new Error(json.detail || json.title || `the server answered ${reply.status}`);
	return json;
}

const millis = (time) => (typeof time === "number" ? time : Date.parse(time));
const pounds = (price) => (price == null ? "" : "£" + Number(price).toFixed(2));
const clock = (time) => new Date(time).toLocaleTimeString("en-GB");
const productOf = (id) => state.products.get(id) ?? { id, title: id, price: null, category: "" };
const titleOf = (id) => productOf(id).title;
const plural = (n, word) => `${n.toLocaleString("en-GB")} ${word}${n === 1 ? "" : "s"}`;

/* ---- pieces of the page ---- */

function tile(id) {
	const words = titleOf(id).replace(/[^\p{L}\p{N} ]/gu, " ").split(" ").filter((word) => /^\p{L}{2}/u.test(word));
	let hue = 0;
	for (const letter of id)
		hue = (hue * 31 + letter.charCodeAt(0)) % 360;
	const node = make("span", { class: "tile", "aria-hidden": "true" },
		words.slice(0, 2).map((word) => word[0].toUpperCase()).join(""));
	node.style.background = `hsl(${hue} 34% 38%)`;
	return node;
}

function stockLabel(stock) {
	if (!stock || stock.quantity == null)
		return null;
	if (stock.quantity <= 0)
		return make("span", { class: "stock out", "data-testid": "stock" }, "sold out");
	return make("span", { class: stock.lowStock ? "stock low" : "stock", "data-testid": "stock" },
		(stock.lowStock ? "only " : "") + stock.quantity.toLocaleString("en-GB") + " in stock");
}

function buttons(id, soldOut, withView, recommendationId) {
	const title = titleOf(id);
	const act = (kind, text, main, run) => make("button", { class: main ? "act main" : "act", "data-testid": kind,
		"aria-label": `${text}: ${title}`, disabled: soldOut && kind !== "view", click: run }, text);
	return make("div", { class: "actions" },
		withView ? act("view", "View", false, () => view(id, recommendationId)) : null,
		act("add", "Add", false, () => addToBasket(id)),
		act("buy", "Buy", true, () => buy([{ itemId: id, quantity: 1 }])));
}

function soldOutButton(id, soldOut) {
	return make("button", { class: "act", "data-testid": "toggle-stock", "aria-pressed": String(soldOut),
		click: () => setStock(id, soldOut) }, soldOut ? "Put back into stock" : "Mark as sold out");
}

function whyOf(item) {
	const counts = make("dl");
	const { with: other, ...facts } = item.explain ?? {};
	if (other)
		counts.append(make("dt", { class: "wide" }, "Because of " + titleOf(other)));
	for (const [name, value] of Object.entries(facts)) {
		const text = name === "lastAt" ? new Date(value).toLocaleString("en-GB") : typeof value === "number" ?
			Number(value.toPrecision(4)).toLocaleString("en-GB", { maximumSignificantDigits: 4 }) : String(value);
		counts.append(make("dt", {}, COUNTS[name] ?? name), make("dd", {}, text));
	}
	if (!item.explain?.score)
		counts.append(make("dt", {}, "strength"), make("dd", {}, String(Number(Number(item.score).toPrecision(4)))));
	return make("details", { class: "why", "data-testid": "why" },
		make("summary", { "aria-label": "Why " + titleOf(item.itemId) }, "Why this?"), counts,
		soldOutButton(item.itemId, false));
}

function card(item, isNew, listId, recommendationId) {
	const id = item.itemId, price = item.properties?.price ?? productOf(id).price;
	const node = make("li", { class: isNew ? "card new" : "card", "data-testid": "card", "data-item": id },
		make("div", { class: "line" }, tile(id),
			make("button", { class: "title", "data-testid": "title", click: () => view(id, recommendationId) },
				item.properties?.title ?? titleOf(id))),
		make("div", { class: "facts" }, make("span", { class: "price" }, pounds(price)), stockLabel(item.stock)),
		make("p", { class: "reason", "data-testid": "reason" }, item.reason ?? "",
			item.strategy !== listId ? make("span", { class: "slug via" }, item.strategy) : null),
		buttons(id, false, true, recommendationId), whyOf(item));
	node.addEventListener("click", () => state.from.set(id, recommendationId), true);
	return node;
}

function drawList(list, answer, changed, before) {
	const node = make("section", { class: changed ? "list changed" : "list", "data-testid": "list", "data-list": list.id,
		"aria-label": list.title },
	make("header", {}, make("h3", {}, list.title), make("span", { class: "slug" }, list.id),
		changed ? make("span", { class: "badge", "data-testid": "changed" }, "just changed") : null,
		list.note ? make("p", { class: "note" }, list.note) : null));
	if (answer instanceof Error)
		node.append(make("p", { class: "notice", role: "alert" }, "This list cannot be shown: " + answer.message));
	else if (!answer.items.length)
		node.append(make("p", { class: "none" }, list.empty ?? "Not enough orders yet."));
	else
		node.append(make("ul", { class: "cards" }, ...answer.items.map((item) =>
			card(item, changed && before && !before.has(item.itemId), list.id, answer.recommendationId))));
	return node;
}

/* What a list shows is told once, until it shows something else. */
function tellShown(key, answer) {
	const face = answer.items.map((item) => item.itemId).join("\n");
	if (!face || state.told.get(key) === face)
		return;
	state.told.set(key, face);
	tell("impression", { recommendationId: answer.recommendationId, items: answer.items.map(({ itemId }) => ({ itemId })) });
}

/* An event that nothing on the page waits for. */
function tell(type, fields) {
	call("POST", "/v1/events", { eventId: uuid(), type, eventTime: Date.now(), visitorId: state.visitor, ...fields })
		.catch((error) => console.info(error));
}

/* ---- fetching ---- */

/* A comma between the entries of a list is literal, one inside an entry is not. */
function listUrl(list) {
	const query = { count: list.count ?? 4, explain: true, properties: ["title", "price"], ...list.query };
	if (list.visitor)
		query.visitorId = state.visitor;
	if (list.basket)
		query.itemIds = state.basket.map((line) => line.itemId);
	const path = list.neighbour ? `items/${encodeURIComponent(state.product)}/${list.id}` : list.path;
	return `/v1/${path}?` + Object.entries(query).map(([name, value]) =>
		name + "=" + [].concat(value).map(encodeURIComponent).join(",")).join("&");
}

function noteFreshness(answer) {
	if (answer?.asOf != null) {
		$("watermark").textContent = new Date(millis(answer.asOf)).toLocaleString("en-GB");
		$("lag").textContent = answer.stale ? "stopped" : `${answer.lagMs.toLocaleString("en-GB")} ms`;
	}
}

/*
 * Ask for every list of the tab again and show it, marked where it differs from `baseline`. Returns the titles of the
 * changed ones, and the oldest asOf: lists that look at every item are ranked again a few times a second only.
 */
async function refresh(baseline = state.shown) {
	const round = ++state.round, tab = state.tab, product = state.product;
	const lists = LISTS[tab].filter((list) => !list.basket || state.basket.length);
	const asked = [...lists.map((list) => call("GET", listUrl(list)).catch((error) => error)),
		tab === "product" ? call("GET", `/v1/items/${encodeURIComponent(product)}`).catch((error) => error) : null];
	const answers = await Promise.all(asked);
	if (round !== state.round)
		return null;
	const record = answers.pop();
	const panel = $("panel"), open = focusKey(), changedTitles = [], nodes = [], shown = new Map(state.shown);
	let asOf = Infinity;
	if (tab === "product")
		nodes.push(painted("hero", [product, record.message ?? record], () => drawHero(product, record)));
	if (tab === "basket")
		nodes.push(painted("basket", state.basket, drawBasket));
	lists.forEach((list, at) => {
		const answer = answers[at], key = tab === "product" ? `${list.id} ${product}` : list.id;
		const face = answer instanceof Error ? "" : answer.items.map((i) => `${i.itemId} ${i.reason}`).join("\n");
		const before = baseline.get(key), changed = before !== undefined && before.face !== face;
		noteFreshness(answer);
		if (answer.items)
			tellShown(key, answer);
		asOf = Math.min(asOf, answer.asOf == null ? Infinity : millis(answer.asOf));
		if (changed)
			changedTitles.push(list.title);
		nodes.push(painted("list " + key, [changed, answer.items ?? answer.message],
			() => drawList(list, answer, changed, before?.ids)));
		shown.set(key, { face, ids: new Set(answer.items?.map((item) => item.itemId)) });
	});
	state.shown = shown;
	nodes.forEach((node, at) => {
		if (panel.children[at] !== node)
			panel.children[at] ? panel.children[at].replaceWith(node) : panel.append(node);
	});
	while (panel.children.length > nodes.length)
		panel.lastChild.remove();
	if (!panel.contains(document.activeElement))
		restoreFocus(open);
	return { changed: changedTitles, asOf };
}

/* What would look the same stays the same node: nothing moves under the pointer. */
function painted(key, data, draw) {
	const paint = JSON.stringify(data), last = state.painted.get(key);
	if (last?.paint === paint)
		return last.node;
	const node = draw();
	state.painted.set(key, { paint, node });
	return node;
}

/* A changed list is drawn anew; whoever works with the keyboard stays where they were. */
function focusKey() {
	const at = document.activeElement, list = at?.closest?.("[data-list]");
	return at && $("panel").contains(at) ? { list: list?.dataset.list, item: at.closest("[data-item]")?.dataset.item,
		testid: at.dataset.testid } : null;
}

function restoreFocus(key) {
	if (!key?.testid)
		return;
	const root = key.list ? document.querySelector(`[data-list="${CSS.escape(key.list)}"]`) : $("panel");
	const scope = key.item ? root?.querySelector(`[data-item="${CSS.escape(key.item)}"]`) : root;
	(scope?.querySelector(`[data-testid="${CSS.escape(key.testid)}"]`) ?? $("panel")).focus({ preventScroll: true });
}

function drawHero(id, record) {
	const product = productOf(id), missing = record instanceof Error;
	const stock = missing ? null : record.stock, soldOut = stock?.quantity != null && stock.quantity <= 0;
	const actions = buttons(id, soldOut, false);
	actions.append(soldOutButton(id, soldOut));
	return make("article", { class: "hero", "data-testid": "hero", "data-item": id }, tile(id),
		make("div", {}, make("p", { class: "crumbs" }, product.category), make("h2", {}, product.title),
			make("div", { class: "facts" }, make("span", { class: "price" }, pounds(product.price)), stockLabel(stock)),
			missing ? make("p", { class: "notice" }, record.message) : null, actions));
}

function drawBasket() {
	const rows = state.basket.map((line) => make("li", { "data-testid": "basket-line", "data-item": line.itemId },
		tile(line.itemId), make("button", { class: "title", click: () => view(line.itemId) }, titleOf(line.itemId)),
		make("span", { class: "price" }, `${line.quantity} × ${pounds(productOf(line.itemId).price)}`),
		make("button", { class: "act", "data-testid": "remove", "aria-label": "Remove " + titleOf(line.itemId),
			click: () => removeFromBasket(line.itemId) }, "Remove")));
	const sum = state.basket.reduce((total, line) => total + line.quantity * (productOf(line.itemId).price ?? 0), 0);
	if (!rows.length)
		return make("p", { class: "none list", "data-testid": "basket-empty" }, "The basket is empty: add a product.");
	return make("div", { class: "basket", "data-testid": "basket" }, make("ul", {}, ...rows),
		make("div", { class: "sum" }, make("span", {}, "Together " + pounds(sum)),
			make("button", { class: "act main", "data-testid": "buy-all",
				click: () => buy(state.basket, true) }, "Buy the basket")));
}

/* ---- what the visitor does ---- */

/* Send it, wait until an answer knows it, show the lists again, say how long it took. */
async function act(what, send, known, eventTime = 0) {
	const started = performance.now(), baseline = state.shown;
	$("last").classList.add("active");
	$("last-what").textContent = what;
	$("last-took").hidden = true;
	$("last-effect").textContent = "";
	try {
		await send();
		const acknowledged = performance.now() - started;
		while (!(await known())) {
			if (performance.now() - started > KNOWN_WITHIN_MS)
				throw new Error(`no answer knew it within ${KNOWN_WITHIN_MS / 1000} s`);
			await new Promise((resolve) => setTimeout(resolve, POLL_MS));
		}
		$("last-took").textContent = `known after ${Math.max(1, Math.round(performance.now() - started))} ms`;
		$("last-took").hidden = false;
		const tell = (seen) => {
			$("last-effect").textContent = `In the log after ${Math.round(acknowledged)} ms. ` + (seen.changed.length ?
				`Changed on this page: ${seen.changed.join(", ")}.` : "No list on this page changed.");
		};
		for (let seen = await refresh(baseline); seen; seen = await refresh(baseline)) {
			tell(seen);
			if (seen.asOf >= eventTime || performance.now() - started > KNOWN_WITHIN_MS)
				break;
			await new Promise((resolve) => setTimeout(resolve, RANKED_MS));
		}
	} catch (error) {
		$("last-effect").textContent = "It did not work: " + error.message;
	}
}

function happened(what, type, fields) {
	const eventTime = Date.now();
	const send = async () => {
		await call("POST", "/v1/events", { eventId: uuid(), type, eventTime, visitorId: state.visitor, currency: "GBP",
			...fields });
	};
	/* The answer's asOf is the newest event time that is folded: at or past ours, ours is in it. */
	const known = async () => {
		const answer = await call("GET", "/v1/recommendations/recently-viewed?count=1&visitorId=" + state.visitor);
		return answer.asOf != null && millis(answer.asOf) >= eventTime;
	};
	return act(what, send, known, eventTime);
}

async function view(id, recommendationId) {
	state.product = id;
	if (recommendationId)
		tell("click", { itemId: id, recommendationId });
	await show("product", true);
	await happened(`You viewed ${titleOf(id)}.`, "view", { itemId: id });
}

async function addToBasket(id) {
	const line = state.basket.find((one) => one.itemId === id);
	if (line)
		line.quantity++;
	else
		state.basket.push({ itemId: id, quantity: 1 });
	basketChanged();
	await happened(`You put ${titleOf(id)} into the basket.`, "cart-add", { itemId: id, recommendationId: state.from.get(id) });
}

async function removeFromBasket(id) {
	state.basket = state.basket.filter((line) => line.itemId !== id);
	basketChanged();
	await happened(`You took ${titleOf(id)} out of the basket.`, "cart-remove", { itemId: id });
}

async function buy(lines, all = false) {
	const items = lines.map((line) => ({ ...line, price: productOf(line.itemId).price ?? undefined,
		recommendationId: state.from.get(line.itemId) }));
	if (all) {
		state.basket = [];
		basketChanged();
	}
	const what = items.length === 1 ? titleOf(items[0].itemId) : plural(items.length, "product");
	await happened(`You bought ${what}.`, "purchase", { orderId: "web-" + uuid(), items });
}

async function setStock(id, soldOut) {
	const quantity = soldOut ? state.stock.get(id) || 25 : 0, path = `/v1/items/${encodeURIComponent(id)}`;
	if (!soldOut)
		state.stock.set(id, (await call("GET", path).catch(() => ({}))).stock?.quantity);
	await act(soldOut ? `${titleOf(id)} is back in stock.` : `${titleOf(id)} is sold out.`,
		() => call("PUT", path + "/stock", { quantity }),
		async () => (await call("GET", path)).stock?.quantity === quantity);
}

function basketChanged() {
	remember("basket", JSON.stringify(state.basket));
	$("basket-count").textContent = state.basket.reduce((total, line) => total + line.quantity, 0);
}

/* ---- tabs, search, feed, figures ---- */

async function show(tab, push) {
	state.tab = tab;
	for (const button of document.querySelectorAll("[role=tab]")) {
		button.setAttribute("aria-selected", String(button.dataset.tab === tab));
		button.tabIndex = button.dataset.tab === tab ? 0 : -1;
	}
	$("panel").setAttribute("aria-labelledby", "tab-" + tab);
	const place = tab === "product" ? "#product/" + encodeURIComponent(state.product) : "#" + tab;
	if (push && location.hash !== place)
		history.pushState(null, "", place);
	if (push)
		window.scrollTo({ top: 0 });
	await refresh();
}

function fromAddress() {
	const [tab, id] = location.hash.slice(1).split("/");
	if (id)
		state.product = decodeURIComponent(id);
	return show(tab in LISTS ? tab : "home", false);
}

function startTabs() {
	const tabs = [...document.querySelectorAll("[role=tab]")];
	tabs.forEach((button, at) => {
		button.addEventListener("click", () => show(button.dataset.tab, true));
		button.addEventListener("keydown", (event) => {
			const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
			if (step) {
				const next = tabs[(at + step + tabs.length) % tabs.length];
				next.focus();
				show(next.dataset.tab, true);
			}
		});
	});
	window.addEventListener("popstate", fromAddress);
}

function startSearch() {
	const found = $("found"), input = $("search");
	const close = () => { found.hidden = true; };
	input.addEventListener("input", () => {
		const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
		const hits = [];
		for (const product of words.length ? state.products.values() : []) {
			const text = (product.title + " " + product.id).toLowerCase();
			if (words.every((word) => text.includes(word)) && hits.push(product) === 8)
				break;
		}
		found.replaceChildren(...hits.map((product) => make("li", {}, make("button", { type: "button", click: () => {
			close();
			view(product.id);
		} }, make("span", { class: "price" }, pounds(product.price)), product.title))));
		found.hidden = !hits.length;
	});
	$("search-form").addEventListener("submit", (event) => {
		event.preventDefault();
		found.querySelector("button")?.click();
	});
	$("search-form").addEventListener("keydown", (event) => event.key === "Escape" && close());
	document.addEventListener("click", (event) => $("search-form").contains(event.target) || close());
}

function feedLine(event) {
	const who = event.visitorId ?? event.userId ?? "", you = who === state.visitor;
	const ids = (event.items ?? [{ itemId: event.itemId }]).map((item) => item.itemId).filter(Boolean);
	const what = ids.length ? titleOf(ids[0]) + (ids.length > 1 ? ` and ${ids.length - 1} more` : "") : event.query ?? "";
	return make("li", { "data-testid": "feed-line", "data-type": event.type },
		make("time", {}, clock(event.eventTime ? millis(event.eventTime) : Date.now())),
		make("span", { class: you ? "you" : "who" }, you ? "You" : who), ` ${VERBS[event.type] ?? event.type} ${what}`);
}

function startFeed() {
	const feed = $("feed"), source = new EventSource("/demo/feed");
	source.addEventListener("message", (message) => {
		for (const event of [].concat(JSON.parse(message.data))) {
			if (!event.type || event.type === "impression")
				continue;
			feed.prepend(feedLine(event));
			$("feed-empty").hidden = true;
		}
		while (feed.children.length > FEED_MAX)
			feed.lastChild.remove();
	});
}

function startShoppers() {
	const button = $("shoppers");
	call("GET", "/demo/shoppers").then(({ shoppers }) => button.setAttribute("aria-checked", String(shoppers))).catch(() => {});
	button.addEventListener("click", async () => {
		const on = button.getAttribute("aria-checked") !== "true";
		try {
			await call(on ? "PUT" : "DELETE", "/demo/shoppers");
			button.setAttribute("aria-checked", String(on));
		} catch (error) {
			$("last-what").textContent = "The shoppers could not be let in: " + error.message;
		}
	});
}

async function showFigures() {
	try {
		const text = await (await fetch("/metrics", { cache: "no-store" })).text();
		const events = /^aisle_events_total (\d+)/m.exec(text);
		if (events)
			$("events").textContent = Number(events[1]).toLocaleString("en-GB");
		noteFreshness(await call("GET", "/v1/best-sellers?count=1"));
	} catch {
		$("lag").textContent = "no connection";
	}
}

async function start() {
	const shop = await (await fetch("/demo/products.json")).json();
	for (const [id, title, pence, category] of shop.products)
		state.products.set(id, { id, title, price: pence / 100, category });
	$("about-counts").textContent = `${plural(shop.orders, "order")} of a year, ${plural(shop.products.length, "product")}`;
	$("about-shift").textContent = `The year ended on ${new Date(shop.lastOrder).toLocaleDateString("en-GB",
		{ day: "numeric", month: "long", year: "numeric", timeZone: "UTC" })}; everything is moved by ` +
		`${plural(Math.round(shop.shiftMs / 3600000), "hour")}, so that the last order lies less than an hour back.`;
	basketChanged();
	startTabs();
	startSearch();
	startFeed();
	startShoppers();
	await fromAddress();
	await showFigures();
	setInterval(showFigures, 1000);
}

start().catch((error) => $("panel").append(make("p", { class: "notice", role: "alert" },
	"The page could not start: " + error.message)));
