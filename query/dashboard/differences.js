import { make } from "./dom.js";

/* What differs, leaf by leaf, as [path, before, after]. */
export function differences(before, after, path = "") {
	if (JSON.stringify(before) === JSON.stringify(after)) return [];
	const both = [before, after].filter((side) => side !== undefined);
	if (!both.every((side) => side && typeof side === "object") || Array.isArray(before) !== Array.isArray(after))
		return [[path, before, after]];
	const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
	return [...keys].flatMap((key) =>
		differences(before?.[key], after?.[key], Array.isArray(both[0]) ? `${path}[${key}]` : path ? `${path}.${key}` : key),
	);
}

const leaf = (value) => (value === undefined ? "nothing" : JSON.stringify(value));
export const differenceList = (found) =>
	found.length
		? make(
				"ul",
				{ class: "diff" },
				found
					.slice(0, 12)
					.map(([path, before, after]) =>
						make("li", {}, make("code", {}, path), ": ", make("del", {}, leaf(before)), " → ", make("ins", {}, leaf(after))),
					),
				found.length > 12 ? make("li", {}, `and ${found.length - 12} more`) : null,
			)
		: make("p", { class: "quiet" }, "the same");
