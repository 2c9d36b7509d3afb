// Signs in, chooses the view by the address, and refreshes it while the page is visible.

import { jobView } from "./job.js";
import { Refused, between, call, element, fromMarkup, ran, read, say, session, state, table,
  visible, waited, when } from "./parts.js";

const REFRESH_MILLISECONDS = 3000;
const view = document.getElementById("view");
let shown = null;
let turn = 0;
let timer = 0;

function jobLink(id) {
  return element("a", { href: `#jobs/${encodeURIComponent(id)}`, id: `job-${id}` },
    element("code", { class: "id" }, visible(id)));
}

function backendLink(name) {
  return element("a", { href: `#backends/${encodeURIComponent(name)}` }, visible(name));
}

function jobsView(offset) {
  const content = element("div");
  const root = element("div", {}, element("h1", {}, "Jobs"), content);
  const columns = [
    { title: "Job" }, { title: "State" }, { title: "Backend" }, { title: "Program", class: "wide" },
    { title: "Tags", class: "wide" }, { title: "Submitted", class: "time wide" },
    { title: "Waited", class: "n wide" }, { title: "Ran", class: "n" },
  ];
  async function refresh() {
    const found = await read(`page/jobs?offset=${offset}`);
    const rows = found.jobs.map((job) => [
      jobLink(job.id), state(job.status), backendLink(job.backend), visible(job.program.id),
      job.tags.map((tag) => element("span", { class: "tag" }, visible(tag))), when(job.created),
      waited(job), ran(job),
    ]);
    const last = offset + found.jobs.length;
    const caption = found.count ? `${offset + 1} to ${last} of ${found.count}, newest first`
      : "You have no jobs yet.";
    update(content, [table(caption, columns, rows), pages(offset, found)]);
    return true;
  }
  return { root, refresh, title: "Jobs" };
}

function pages(offset, found) {
  const links = [];
  if (offset > 0) {
    const newer = Math.max(0, offset - found.limit);
    links.push(element("a", { href: `#jobs?${newer}`, id: "newer" }, "Newer jobs"));
  }
  if (offset + found.limit < found.count) {
    const older = offset + found.limit;
    links.push(element("a", { href: `#jobs?${older}`, id: "older" }, "Older jobs"));
  }
  return element("p", { class: "bar" }, links);
}

function queueView() {
  const content = element("div");
  const root = element("div", {}, element("h1", {}, "Queue"), content);
  const columns = [
    { title: "Job" }, { title: "Whose" }, { title: "State" }, { title: "Backend" },
    { title: "Submitted", class: "time wide" }, { title: "For", class: "n" },
  ];
  async function refresh() {
    const found = await read("page/queue");
    const rows = found.jobs.map((job) => [
      job.own ? jobLink(job.id) : job.id ? element("code", { class: "id" }, visible(job.id)) : "of another user",
      job.own ? "you" : visible(job.user || "another user"), state(job.status),
      backendLink(job.backend), when(job.created), between(job.created, found.now),
    ]);
    const more = found.count > rows.length ? `, the first ${rows.length} of them` : "";
    const caption = found.count
      ? `${found.count} jobs of all users wait or run${more}, in the order of submission`
      : "No job waits or runs.";
    const turns = "Users take turns, so jobs start in another order than they were submitted in.";
    update(content, [table(caption, columns, rows), element("p", { class: "weak" }, turns)]);
    return true;
  }
  return { root, refresh, title: "Queue" };
}

function percent(metric) {
  return metric ? `${(100 * metric.value).toPrecision(2)} %` : "";
}

function backendsView() {
  const content = element("div");
  const root = element("div", {}, element("h1", {}, "Backends"), content);
  const columns = [
    { title: "Backend" }, { title: "State", class: "short" }, { title: "Qubits", class: "n" },
    { title: "Jobs", class: "n" }, { title: "Readout error", class: "n wide" },
    { title: "Two-qubit error", class: "n wide" },
  ];
  async function refresh() {
    const found = await read("v1/backends");
    const rows = found.devices.map((device) => {
      const errors = device.performance_metrics || {};
      return [
        backendLink(device.name), visible(device.status.name), device.qubits, device.queue_length,
        percent(errors.readout_error_median), percent(errors.two_q_error_median),
      ];
    });
    const caption = `${rows.length} backends; errors are medians of the last calibration`;
    update(content, [table(caption, columns, rows)]);
    return true;
  }
  return { root, refresh, title: "Backends" };
}

function backendView(name) {
  const content = element("div", {}, element("p", { class: "weak" }, "Drawing ..."));
  const root = element("div", {},
    element("p", {}, element("a", { href: "#backends" }, "All backends")),
    element("h1", {}, visible(name)), content);
  async function refresh() {
    const reply = await call(`page/backends/${encodeURIComponent(name)}`);
    content.replaceChildren(...fromMarkup(await reply.text()));
    return false;
  }
  return { root, refresh, title: name };
}

// Replaces what is shown; an element with an id keeps the focus.
function update(content, parts) {
  const focused = content.contains(document.activeElement) ? document.activeElement : null;
  const same = focused && (focused.id || focused.getAttribute("href"));
  const place = focused && !focused.id
    ? [...content.querySelectorAll("a")].indexOf(focused) : -1;
  content.replaceChildren(...parts);
  if (!same) return;
  const again = focused.id ? document.getElementById(focused.id)
    : content.querySelectorAll("a")[place];
  if (again) again.focus({ preventScroll: true });
}

function chosen() {
  const [place, query = ""] = location.hash.slice(1).split("?");
  const [kind, ...rest] = place.split("/");
  const name = rest.length ? decodeURIComponent(rest.join("/")) : "";
  if (kind === "backends") return name ? backendView(name) : backendsView();
  if (kind === "queue") return queueView();
  return name ? jobView(name) : jobsView(Number.parseInt(query, 10) || 0);
}

function show({ focus = true } = {}) {
  if (location.hash === "#content") return;
  shown = chosen();
  view.replaceChildren(shown.root);
  document.title = `${shown.title} - Quantum service`;
  const kind = location.hash.slice(1).split(/[/?]/)[0] || "jobs";
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${kind}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (focus) document.getElementById("content").focus({ preventScroll: true });
  refresh();
}

async function refresh() {
  clearTimeout(timer);
  turn += 1;
  const mine = turn;
  const of = shown;
  let again = true;
  try {
    again = await of.refresh();
    of.loaded = true;
    if (document.getElementById("notice").dataset.problem) {
      delete document.getElementById("notice").dataset.problem;
      say("");
    }
  } catch (error) {
    if (mine !== turn) return;
    if (error instanceof Refused && error.status === 401) {
      signOut("Your token is no longer valid.");
      return;
    }
    const answered = error instanceof Refused;
    if (answered && !of.loaded) {
      const title = element("h1", {}, visible(of.title));
      of.root.replaceChildren(title, element("p", { class: "warn" }, error.message));
    }
    say(answered ? error.message : "The service does not answer; trying again.");
    document.getElementById("notice").dataset.problem = "yes";
    again = !answered;
  }
  if (again && mine === turn) timer = setTimeout(refreshIfVisible, REFRESH_MILLISECONDS);
}

function refreshIfVisible() {
  if (document.hidden) return;
  refresh();
}

function signOut(problem = "") {
  clearTimeout(timer);
  turn += 1;
  session.token = "";
  session.instance = "";
  shown = null;
  view.replaceChildren();
  say("");
  for (const id of ["nav", "account"]) document.getElementById(id).hidden = true;
  document.title = "Sign in - Quantum service";
  document.getElementById("sign-in").hidden = false;
  document.getElementById("sign-in-problem").textContent = problem;
  document.getElementById("token").value = "";
  document.getElementById("token").focus();
}

async function signIn() {
  let who;
  try {
    who = await read("page/me");
  } catch (error) {
    const invalid = error instanceof Refused && error.status === 401;
    const unanswered = error instanceof Refused ? error.message : "The service does not answer.";
    signOut(invalid ? "The service does not know this token." : unanswered);
    return;
  }
  document.getElementById("sign-in").hidden = true;
  document.getElementById("user").textContent =
    visible(who.user) + (who.admin ? " (administrator)" : "");
  const choice = document.getElementById("instance");
  choice.replaceChildren(...who.instances.map((crn) =>
    element("option", { value: crn }, visible(crn.split(":").slice(-3)[0] || crn))));
  document.getElementById("instances").hidden = who.instances.length < 2;
  for (const id of ["nav", "account"]) document.getElementById(id).hidden = false;
  show({ focus: true });
}

document.getElementById("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  session.token = document.getElementById("token").value.trim();
  document.getElementById("token").value = "";
  signIn();
});
document.getElementById("sign-out").addEventListener("click", () => signOut());
document.getElementById("instance").addEventListener("change", (event) => {
  session.instance = event.target.value;
  show({ focus: false });
});
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("content").focus();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && shown) refresh();
});
window.addEventListener("hashchange", () => {
  if (shown) show();
});

if (session.token) signIn();
else signOut();
