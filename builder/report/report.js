"use strict";
/* The page says all without this: it sorts and filters the table, shows a package's neighbours, says
 * which boxes scroll, and has each log that ended badly at the line that tells why. */
(() => {
	const table = document.querySelector(".packages");
	const body = table.tBodies[0];
	const rows = [...body.rows];
	const value = (row, column) => {
		const cell = row.cells[column];
		return "v" in cell.dataset ? Number(cell.dataset.v) : cell.textContent;
	};
	const compare = (a, b) => {
		if (typeof a === typeof b)
			return typeof a === "number" ? a - b : a < b ? -1 : a > b ? 1 : 0;
		return typeof a === "number" ? -1 : 1;
	};

	[...table.tHead.rows[0].cells].forEach((head, column) => {
		const button = document.createElement("button");
		button.type = "button";
		button.append(...head.childNodes);
		head.append(button);
		button.addEventListener("click", () => {
			const down = head.getAttribute("aria-sort") === "ascending";
			for (const other of table.tHead.rows[0].cells)
				other.removeAttribute("aria-sort");
			head.setAttribute("aria-sort", down ? "descending" : "ascending");
			rows.sort((a, b) => compare(value(a, column), value(b, column)) * (down ? -1 : 1));
			body.append(...rows);
		});
	});

	const filter = document.getElementById("filter");
	const shown = document.getElementById("shown");
	const apply = () => {
		const words = filter.value.toLowerCase().split(/\s+/);
		let n = 0;
		for (const row of rows) {
			const text = row.textContent.toLowerCase();
			row.hidden = !words.every((word) => text.includes(word));
			n += !row.hidden;
		}
		shown.textContent = filter.value ? `${n} of ${rows.length}` : "";
	};
	filter.closest("[hidden]").hidden = false;
	filter.addEventListener("input", apply);
	apply();

	const graph = document.querySelector(".graph");
	const light = (box) => {
		const near = new Set([box.dataset.n]);
		for (const line of graph.querySelectorAll(".need")) {
			const on = line.dataset.a === box.dataset.n || line.dataset.b === box.dataset.n;
			line.classList.toggle("on", on);
			if (on)
				near.add(line.dataset.a).add(line.dataset.b);
		}
		for (const other of graph.querySelectorAll(".box"))
			other.classList.toggle("on", near.has(other.dataset.n));
		graph.classList.add("lit");
	};
	for (const box of graph ? graph.querySelectorAll(".box") : []) {
		box.addEventListener("mouseenter", () => light(box));
		box.addEventListener("focus", () => light(box));
		box.addEventListener("mouseleave", () => graph.classList.remove("lit"));
		box.addEventListener("blur", () => graph.classList.remove("lit"));
	}

	/* scroll bars need not be seen: it is said where a box goes on */
	const hints = new Map();
	for (const box of document.querySelectorAll(".scroll")) {
		const hint = document.createElement("p");
		hint.className = "hint";
		hint.textContent = "scroll sideways for more ↔";
		box.before(hint);
		hints.set(box, hint);
	}
	const tell = () => {
		for (const [box, hint] of hints)
			hint.hidden = box.scrollWidth <= box.clientWidth + 1;
	};
	window.addEventListener("resize", tell);
	tell();

	/* with a few of the lines before it; where nothing tells, its end */
	for (const log of document.querySelectorAll(".failure pre")) {
		const why = log.querySelector("mark");
		log.scrollTop = why ?
			why.getBoundingClientRect().top - log.getBoundingClientRect().top - log.clientHeight / 4 :
			log.scrollHeight;
	}

	/* a row that is filtered away cannot be gone to */
	window.addEventListener("hashchange", () => {
		const row = document.querySelector(":target");
		if (row && row.hidden) {
			filter.value = "";
			apply();
			row.scrollIntoView();
		}
	});
	window.addEventListener("beforeprint", () => {
		for (const details of document.querySelectorAll("details"))
			details.open = true;
	});
})();
