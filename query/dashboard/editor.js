/*
 * One document: its form, what the server says of it while it is written, what it would do to a list (preview.js), its history, and
 * what to do when somebody else was faster.
 */
import { Problem, documents } from "./api.js";
import { button, card, chip, heading, make, moment, note, spoken, sureButton } from "./dom.js";
import { differenceList, differences } from "./differences.js";
import { form } from "./form.js";
import { kinds } from "./kinds.js";
import { save, signedBy, titleOfEntry, unavailable } from "./library.js";
import { preview } from "./preview.js";
import { toast } from "./toast.js";

const CHECK_MS = 350;
/* "new" and "promotion" are addresses of pages. */
const ID = /^(?!(new|promotion)$)[a-z0-9-]{1,64}$/;

const slugOf = (text) =>
	text
		.toLowerCase()
		.normalize("NFKD")
		.replace(/\p{M}/gu, "")
		.replace(/[^a-z0-9]+/g, "-")
		.replace(/^-+|-+$/g, "")
		.slice(0, 64);

/* What was written and not saved, by "KIND/ID": who comes back finds it again. */
const drafts = new Map();

class Editor {
	constructor(kind, entry) {
		Object.assign(this, { kind, entry, of: kinds[kind], timer: 0, checking: null });
		this.fresh = !entry.document;
		this.status = make("p", { class: "status", role: "status", "data-testid": "status" });
		this.conflict = make("div", {});
	}

	draft() {
		return `${this.kind}/${this.entry.id}`;
	}

	home() {
		return `#/${this.of.page ?? this.kind}`;
	}

	id() {
		return this.fresh ? this.idField.value.trim() : this.entry.id;
	}

	/* Who went elsewhere while it was written stays there. */
	leaveFor(address) {
		if (this.status.isConnected) location.hash = address;
	}

	hasId() {
		return !this.fresh || ID.test(this.id());
	}

	/* What the preview is of. */
	subject() {
		const { document } = this.form,
			{ entry } = this;
		const saved = !this.fresh && !entry.shipped && JSON.stringify(document) === JSON.stringify(entry.document);
		return { id: this.id() || "new", document, saved };
	}

	say(text, kind = "") {
		this.status.textContent = text;
		this.status.className = `status ${kind}`;
	}

	problem(problem) {
		const shown = this.form.show(problem);
		this.say(shown ? `Not yet: ${problem.message}` : `${problem.field ? `${problem.field}: ` : ""}${problem.message}`, "bad");
	}

	fill(document) {
		this.form.set(document);
		this.json.value = JSON.stringify(document, null, 2);
	}

	/* While one writes: the server's opinion, then the preview. */
	changed() {
		if (this.fresh && !this.idTouched && this.form.document.name) this.idField.value = slugOf(this.form.document.name);
		this.json.value = JSON.stringify(this.form.document, null, 2);
		drafts.set(this.draft(), this.form.document);
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.check(), CHECK_MS);
	}

	async check() {
		this.checking?.abort();
		this.checking = new AbortController();
		try {
			await documents.validate(this.kind, this.hasId() ? this.id() : "new", this.form.document, this.checking.signal);
			this.form.clear();
			this.say("Nothing is wrong with it. Not saved yet.", "good");
			this.preview?.update();
		} catch (problem) {
			if (problem instanceof Problem) this.problem(problem);
		}
	}

	/* `before` is what it takes the place of, and what Undo brings back. */
	async save(before = this.entry) {
		if (!this.hasId()) {
			this.say("An id is 1 to 64 of a-z, 0-9 and -, and neither “new” nor “promotion”.", "bad");
			this.idField.focus();
			return;
		}
		clearTimeout(this.timer);
		this.checking?.abort();
		this.say("Saving …");
		try {
			await save(
				this.kind,
				this.id(),
				this.form.document,
				before,
				this.fresh
					? () => {
							location.hash = this.home();
						}
					: () => this.reload(),
			);
			drafts.delete(this.draft());
			if (this.fresh) this.leaveFor(`${this.home()}/${this.id()}`);
			else await this.reload();
		} catch (problem) {
			if (problem.status === 412 || problem.status === 428) await this.meet();
			else this.problem(problem);
		}
	}

	/* Somebody else was faster: both sides are shown, and one decides. */
	async meet() {
		const theirs = await documents.one(this.kind, this.id()).catch(() => null);
		this.say(theirs ? "Not saved: somebody else changed it meanwhile." : "Not saved: somebody else deleted it meanwhile.", "bad");
		const done = () => this.conflict.replaceChildren();
		this.conflict.replaceChildren(
			make(
				"div",
				{ class: "note warn", role: "alert", "data-testid": "conflict" },
				make("p", {}, theirs ? `Theirs is ${signedBy(theirs)}. From theirs to yours:` : "It is no longer there."),
				theirs ? differenceList(differences(theirs.document, this.form.document)) : null,
				make(
					"div",
					{ class: "acts" },
					theirs
						? button(
								"Take theirs",
								() => {
									done();
									drafts.delete(this.draft());
									if (this.fresh) location.hash = `${this.home()}/${this.id()}`;
									else return this.reload().then(() => this.say("This is theirs now."));
								},
								{ testid: "take-theirs" },
							)
						: null,
					button(
						"Save mine over it",
						() => {
							done();
							return this.save(theirs ?? {});
						},
						{ testid: "save-mine" },
					),
				),
			),
		);
		this.conflict.scrollIntoView({ block: "center" });
	}

	/* What was not written cannot be taken back. */
	offerRemoval() {
		this.removeButton.hidden = this.fresh || this.entry.shipped;
	}

	async remove() {
		try {
			await documents.remove(this.kind, this.entry.id, this.entry.revision);
			const old = this.entry.document;
			drafts.delete(this.draft());
			const now = await documents.one(this.kind, this.entry.id).catch(() => null);
			toast(now ? "Deleted: the one that came with the program is back." : "Deleted.", {
				label: "Undo",
				run: async () => {
					await documents
						.put(this.kind, this.entry.id, old, now?.revision)
						.catch((problem) => toast(`Could not be undone: ${problem.message}`));
					location.hash = `${this.home()}/${this.entry.id}`;
				},
			});
			this.leaveFor(this.home());
		} catch (problem) {
			this.problem(problem);
		}
	}

	async reload() {
		const entry = await documents.one(this.kind, this.entry.id).catch(() => null);
		if (!entry) return;
		this.entry = entry;
		this.fill(entry.document);
		this.signed.textContent = signedBy(entry);
		this.offerRemoval();
		this.left?.remove();
		this.say("");
		await this.showHistory();
		this.preview?.update();
	}

	async showHistory() {
		if (this.fresh) return;
		const items = (await documents.history(this.kind, this.entry.id).catch(() => null)) ?? [];
		this.history.replaceChildren(
			...(items.length ? items : []).map((item, at) =>
				make(
					"li",
					{},
					make(
						"p",
						{},
						make("strong", {}, item.revision != null ? `Revision ${item.revision}` : "Shipped"),
						at === 0 ? [" ", chip("now", "good")] : null,
					),
					make(
						"p",
						{ class: "quiet" },
						[item.changedBy, item.changedAt ? moment(item.changedAt) : null].filter(Boolean).join(", "),
					),
					item.document == null
						? make("p", {}, "deleted")
						: at + 1 < items.length
							? differenceList(differences(items[at + 1].document ?? {}, item.document))
							: null,
					at > 0 && item.document
						? button(
								"Write this one again",
								() => {
									this.form.set(item.document);
									this.changed();
									this.form.node.scrollIntoView({ block: "start" });
								},
								{ kind: "small", testid: "restore", label: `Write this one again: revision ${item.revision}` },
							)
						: null,
				),
			),
		);
		if (!items.length) this.history.replaceChildren(make("li", { class: "quiet" }, "Nothing was changed yet."));
	}

	unsaved(written) {
		const node = make(
			"div",
			{ class: "note warn" },
			make("p", {}, "These are changes that you have not saved."),
			button(
				"Drop them",
				() => {
					drafts.delete(this.draft());
					this.fill(written);
					node.remove();
					this.say("");
					this.preview?.update();
				},
				{ kind: "small", testid: "drop-draft" },
			),
		);
		return node;
	}

	async draw() {
		const { entry } = this,
			written = this.fresh ? this.of.fresh : entry.document,
			draft = drafts.get(this.draft());
		this.form = form({
			fields: await this.of.fields(),
			document: draft ?? written,
			changed: () => this.changed(),
			testid: "form",
		});
		this.json = make("textarea", {
			class: "code",
			rows: 14,
			spellcheck: "false",
			"aria-label": "The document as JSON",
			"data-testid": "json",
			change: () => {
				try {
					this.form.set(JSON.parse(this.json.value));
					this.changed();
				} catch (error) {
					this.say(`This is no JSON: ${error.message}`, "bad");
				}
			},
		});
		this.json.value = JSON.stringify(this.form.document, null, 2);
		this.signed = make("span", { class: "quiet" }, this.fresh ? "" : signedBy(entry));
		this.history = make("ol", { class: "history", "data-testid": "history" });
		this.idField = make("input", {
			type: "text",
			id: "document-id",
			maxlength: "64",
			value: slugOf(this.form.document.name ?? ""),
			"data-testid": "id",
			"aria-describedby": "document-id-help",
			input: () => {
				this.idTouched = true;
			},
		});
		this.removeButton = sureButton(
			`Delete this ${this.of.one}`,
			this.of.ships ? "Really delete it? What came with the program comes back." : "Really delete it?",
			() => this.remove(),
			{ kind: "danger", testid: "delete" },
		);
		const saving = make(
			"div",
			{ class: "saving" },
			button("Save", () => this.save(), { kind: "main", testid: "save" }),
			this.status,
		);
		const box = card(
			this.fresh ? `New ${this.of.one}` : "What is written",
			{ class: "editor" },
			this.form.node,
			this.fresh
				? make(
						"div",
						{ class: "field" },
						make("label", { for: "document-id" }, "Id"),
						this.idField,
						make("p", { class: "help", id: "document-id-help" }, "Made of the name: a-z, 0-9 and -. It cannot be changed later."),
					)
				: null,
			make("details", {}, make("summary", {}, "As JSON"), this.json),
			this.conflict,
			saving,
			make("div", { class: "acts" }, this.removeButton),
		);
		this.offerRemoval();
		this.preview = this.of.previews
			? await preview(this.kind, () => this.subject(), this.of.placement?.(this.form.document))
			: null;
		await this.showHistory();
		if (!this.fresh || draft) this.preview?.update();
		if (draft) {
			this.left = this.unsaved(written);
			this.form.node.before(this.left);
		}
		return make(
			"div",
			{ class: "columns" },
			box,
			make("div", {}, this.preview?.node ?? null, this.fresh ? null : card("History", {}, this.signed, this.history)),
		);
	}
}

/* The page of one document, "new" for none. */
export async function editorPage(kind, id) {
	const of = kinds[kind],
		back = make("a", { href: `#/${of.page ?? kind}` }, `All ${of.one}s`);
	let entry = { id: "", document: null };
	if (id !== "new")
		try {
			entry = await documents.one(kind, id);
		} catch (problem) {
			return make(
				"div",
				{},
				heading(spoken(id)),
				make("p", {}, back),
				problem.status === 404 && !problem.absent
					? note(`There is no ${of.one} “${id}”.`, "bad")
					: unavailable(`The ${of.one}`, problem),
			);
		}
	return make(
		"div",
		{},
		heading(id === "new" ? `New ${of.one}` : titleOfEntry(entry), null, back),
		entry.problem ? note(entry.problem, "bad") : null,
		await new Editor(kind, entry).draw(),
	);
}
