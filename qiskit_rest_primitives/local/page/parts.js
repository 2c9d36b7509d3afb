// Elements, calls of the service, and words for times. Text becomes text nodes, never markup.

export function element(tag, attributes = {}, ...content) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) made.setAttribute(name, value);
  }
  made.append(...content.flat().filter((part) => part !== undefined && part !== null));
  return made;
}

// Control characters, and those that turn the direction of text, are shown as \u{..}.
export function visible(text) {
  return String(text).replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u{${character.codePointAt(0).toString(16)}}`,
  );
}

export function table(caption, columns, rows) {
  const head = columns.map((column) =>
    element("th", { scope: "col", class: column.class }, column.title));
  const body = rows.map((cells) => element("tr", {}, cells.map((cell, index) =>
    element(index ? "td" : "th", { scope: index ? null : "row", class: columns[index].class },
      cell))));
  return element("table", {}, element("caption", {}, caption),
    element("thead", {}, element("tr", {}, head)), element("tbody", {}, body));
}

export function facts(pairs) {
  const rows = pairs.filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([name, value]) => element("tr", {}, element("th", { scope: "row" }, name),
      element("td", {}, value)));
  return element("table", { class: "facts" }, element("tbody", {}, rows));
}

// Markup that the service made, whose text is escaped; the content policy runs no script in it.
export function fromMarkup(text) {
  return [...new DOMParser().parseFromString(text, "text/html").body.childNodes];
}

export function state(status) {
  const word = ["Queued", "Running", "Completed", "Failed"].find((known) => known === status)
    || "Cancelled";
  return element("span", { class: `state ${word}` }, status);
}

export function when(iso) {
  if (!iso) return "";
  const time = new Date(iso);
  const two = (number) => String(number).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return `${day} ${clock}`;
}

export function between(from, to) {
  const seconds = Math.max(0, (new Date(to) - new Date(from)) / 1000);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

// How long a job waited and ran so far.
export function waited(job) {
  return between(job.created, job.running || job.finished || job.now);
}

export function ran(job) {
  return job.running ? between(job.running, job.finished || job.now) : "";
}

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const KEPT = "qiskit-rest-token";

export const session = {
  get token() { return sessionStorage.getItem(KEPT) || ""; },
  set token(value) {
    if (value) sessionStorage.setItem(KEPT, value);
    else sessionStorage.removeItem(KEPT);
  },
  instance: "",
};

export async function call(path, method = "GET") {
  const headers = { Authorization: `Bearer ${session.token}`, "IBM-API-Version": "2026-04-15" };
  if (session.instance) headers["Service-CRN"] = session.instance;
  const reply = await fetch(path, {
    method, headers, credentials: "omit", cache: "no-store", redirect: "error",
  });
  if (reply.ok) return reply;
  let message = `The service answered with status ${reply.status}.`;
  try {
    message = visible((await reply.json()).errors[0].message);
  } catch { /* not in the service's form */ }
  throw new Refused(reply.status, message);
}

export async function read(path) {
  return (await call(path)).json();
}

export function say(text) {
  const notice = document.getElementById("notice");
  if (notice.textContent !== text) notice.textContent = text;
}
