"use strict";
/* the page's own server answers, whatever address the description names */
SwaggerUIBundle({
	url: "/openapi.json",
	dom_id: "#ui",
	deepLinking: true,
	defaultModelsExpandDepth: 0,
	validatorUrl: null,
	plugins: [() => ({
		statePlugins: { spec: { wrapActions: { updateJsonSpec: (old) => (spec) => old({ ...spec, servers: [{ url: "/" }] }) } } },
	})],
});
