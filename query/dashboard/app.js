/* The frame: which page is shown, the period, the theme, who one is, and whether the figures are up to date. */
import { call, periodDays, periods, setEnd, setPeriod } from "./api.js";
import { redrawCharts } from "./chart.js";
import { $, duration, make, note, setCurrency } from "./dom.js";
import { loadCurrency } from "./items.js";

const PAGES = [
	["overview", "Overview"],
	["strategies", "Strategies"],
	["experiments", "Experiments"],
	["placements", "Placements"],
	["rules", "Rules"],
	["people", "People"],
	["segments", "Segments"],
	["offers", "Offers"],
	["items", "Items"],
	["health", "Data health"],
];
const STATE_MS = 2000;

function remembered(key, otherwise) {
	try {
		return localStorage.getItem("aisle." + key) ?? otherwise;
	} catch {
		return otherwise;
	}
}

function remember(key, value) {
	try {
		localStorage.setItem("aisle." + key, value);
	} catch {
		/* a private window forgets */
	}
}

/* As it is written where somebody has typed a "%" that stands for itself. */
function decoded(text) {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/* "#/rules/spring-sale" -> {page, rest} */
function place() {
	const [page, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decoded);
	return { page: PAGES.some(([id]) => id === page) ? page : "overview", rest };
}

let round = 0,
	leave = null;

/* A page's module has show(place) -> a node, or {node, leave}; what takes longer than the visitor stays is dropped. */
async function show(focus) {
	const mine = ++round,
		here = place(),
		address = location.hash,
		main = $("main");
	leave?.();
	leave = null;
	main.setAttribute("aria-busy", "true");
	for (const link of document.querySelectorAll("nav [data-page]"))
		if (link.dataset.page === here.page) {
			link.setAttribute("aria-current", "page");
			link.scrollIntoView({ block: "nearest", inline: "center" });
		} else {
			link.removeAttribute("aria-current");
		}
	let shown;
	try {
		shown = await (await import(`./page_${here.page}.js`)).show(here);
	} catch (error) {
		console.info(error);
		shown = make(
			"div",
			{},
			make("h1", { tabindex: "-1" }, "This did not work"),
			note(error.message, "bad"),
			make("button", { type: "button", click: () => show(true) }, "Try again"),
		);
	}
	if (mine !== round) {
		shown.leave?.();
		return;
	}
	leave = shown.leave ?? null;
	main.replaceChildren(shown.node ?? shown);
	main.dataset.place = address;
	main.setAttribute("aria-busy", "false");
	if (focus) {
		window.scrollTo({ top: 0 });
		main.querySelector("h1")?.focus({ preventScroll: true });
	}
}

function startNav() {
	$("nav")
		.querySelector("ul")
		.append(
			...PAGES.map(([id, title]) =>
				make("li", {}, make("a", { href: `#/${id}`, "data-page": id, "data-testid": `nav-${id}` }, title)),
			),
		);
	window.addEventListener("hashchange", () => show(true));
	document.querySelector(".skip").addEventListener("click", (event) => {
		event.preventDefault();
		$("main").focus();
	});
}

function startPeriod() {
	const picker = $("period");
	setPeriod(Number(remembered("period", "28")));
	picker.append(
		...Object.entries(periods).map(([n, name]) => make("option", { value: n, selected: Number(n) === periodDays() }, name)),
	);
	picker.addEventListener("change", () => {
		setPeriod(Number(picker.value));
		remember("period", picker.value);
		show(false);
	});
}

function startTheme() {
	const names = { auto: "as device", light: "light", dark: "dark" },
		order = Object.keys(names),
		control = $("theme");
	const set = (name) => {
		document.documentElement.dataset.theme = name;
		control.replaceChildren(make("span", { class: "long" }, "Theme: "), names[name]);
		control.setAttribute("aria-label", `Theme: ${names[name]}`);
		remember("theme", name);
		redrawCharts();
	};
	set(names[remembered("theme", "auto")] ? remembered("theme", "auto") : "auto");
	control.addEventListener("click", () => set(order[(order.indexOf(document.documentElement.dataset.theme) + 1) % order.length]));
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawCharts);
}

function startAuthor() {
	const field = $("author");
	field.value = remembered("author", "");
	field.addEventListener("change", () => remember("author", field.value.trim()));
}

async function showState() {
	let text, kind;
	try {
		const { data } = await call("GET", "/readyz");
		setEnd(data.asOf);
		text = data.lagMs < 2000 ? "up to date" : `${duration(data.lagMs)} behind`;
		kind = data.waitingFor ? "warn" : "good";
	} catch (problem) {
		text = problem.status ? "not ready" : "no connection";
		kind = "bad";
	}
	$("state").className = `state ${kind}`;
	if ($("state-text").textContent !== text) $("state-text").textContent = text;
}

async function start() {
	startNav();
	startPeriod();
	startTheme();
	startAuthor();
	setInterval(showState, STATE_MS);
	Promise.all([showState(), loadCurrency().then(setCurrency)]).finally(() => show(false));
}

start();
