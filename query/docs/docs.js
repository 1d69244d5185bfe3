"use strict";
/*
 * The page's own server answers, whatever address the description names. What a path has in common goes to each of its
 * methods: the one that is opened first would be asked with "{itemId}" else. The example of a parameter that may be left
 * out goes into its description: the page would send all of them, and all at once find nothing.
 */
const asShown = (spec) => {
	for (const path of Object.values(spec.paths)) {
		const { parameters = [], ...methods } = path;
		for (const method of Object.values(methods)) {
			method.parameters = [...parameters, ...(method.parameters ?? [])];
		}
		delete path.parameters;
	}
	for (const parameter of Object.values(spec.components.parameters)) {
		if (!parameter.required && "example" in parameter) {
			parameter.description = `${parameter.description ?? ""}\n\nAs in \`${parameter.example}\``;
			delete parameter.example;
		}
	}
	return { ...spec, servers: [{ url: "/" }] };
};
SwaggerUIBundle({
	url: "/openapi.json",
	dom_id: "#ui",
	deepLinking: true,
	defaultModelsExpandDepth: 0,
	validatorUrl: null,
	plugins: [() => ({
		statePlugins: { spec: { wrapActions: { updateJsonSpec: (old) => (spec) => old(asShown(spec)) } } },
	})],
});
