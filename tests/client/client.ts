// A small client, typed by what openapi-typescript made of openapi.json: it must compile strictly and be answered as typed.
import createClient from "openapi-fetch";
import type { components, paths } from "./aisle.js";

declare const process: { argv: string[]; exit(status: number): never };

type List = components["schemas"]["Recommendations"];

const client = createClient<paths>({ baseUrl: process.argv[2] ?? "" });

function must(good: unknown, what: string): asserts good {
	if (!good) {
		console.error(`client.ts: ${what}`);
		process.exit(1);
	}
}

function isList(answer: components["schemas"]["Answer"] | undefined): answer is List {
	return answer !== undefined && "items" in answer;
}

const trending = await client.GET("/v1/trending", { params: { query: { count: 3, window: "7d", properties: ["title", "price"] } } });
must(isList(trending.data) && trending.data.items.length === 3, `trending: ${JSON.stringify(trending.error)}`);
const first: components["schemas"]["RecommendedItem"] | undefined = trending.data.items[0];
must(first && first.rank === 1 && first.reason.length > 0, "the first of trending");

const lists = { query: { itemIds: [first.itemId], count: 2 } };
const page = await client.GET("/v1/recommendations/{scenario}", { params: { path: { scenario: "product-page" }, ...lists } });
must(isList(page.data) && page.data.scenario === "product-page", `product-page: ${JSON.stringify(page.error)}`);

const wrong = await client.POST("/v1/recommendations/{scenario}", {
	params: { path: { scenario: "nowhere" } },
	body: { count: 1 },
});
const problem: components["schemas"]["Problem"] | undefined = wrong.error;
must(problem?.status === 404 && problem.type === "urn:aisle:problem:unknown-scenario", "a problem is typed");

const batch = await client.POST("/v1/recommendations:batch", {
	params: { query: { distinct: true } },
	body: [
		{ scenario: "trending", count: 5 },
		{ scenario: "best-sellers", count: 5 },
		{ scenario: "nowhere" },
	],
});
must(batch.data?.length === 3, `batch: ${JSON.stringify(batch.error)}`);
const shown = batch.data.flatMap((entry) => (isList(entry.recommendations) ? entry.recommendations.items.map((item) => item.itemId) : []));
must(shown.length === 10 && new Set(shown).size === 10, `distinct lists: ${shown.join()}`);
must(batch.data[2]?.status === 404 && batch.data[2].error?.field === "scenario", "an entry has its own status");

const strategies = await client.GET("/v1/strategies");
must(strategies.data?.strategies.some((strategy) => strategy.slug === "also-bought"), "strategies");

// @ts-expect-error a parameter that there is not does not compile
await client.GET("/v1/trending", { params: { query: { cuont: 3 } } });

console.log(`${shown.length} items of a typed batch`);
