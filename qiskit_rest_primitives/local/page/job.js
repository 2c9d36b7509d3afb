// One job: facts, circuit, options, result and log; and its cancellation.

import { call, element, facts, fromMarkup, ran, read, say, state, visible, waited, when }
  from "./parts.js";

const PENDING = ["Queued", "Running"];
const MOST_LOG = 200000;

export function jobView(id) {
  const path = `page/jobs/${encodeURIComponent(id)}`;
  const title = element("h1", {}, `Job ${visible(id)}`);
  const summary = element("div");
  const cancel = element("button", { type: "button", class: "danger", id: "cancel", hidden: "" },
    "Cancel this job");
  const circuit = element("div");
  const options = element("div");
  const result = element("div");
  const log = element("div");
  const root = element("div", {},
    element("p", {}, element("a", { href: "#jobs" }, "All jobs")),
    title, summary, element("div", { class: "bar" }, cancel),
    element("section", { "aria-label": "Result" }, element("h2", {}, "Result"), result),
    element("section", { "aria-label": "Circuit" }, element("h2", {}, "Circuit"), circuit),
    element("section", { "aria-label": "Options" }, element("h2", {}, "Options"), options),
    element("section", { "aria-label": "Log" }, element("h2", {}, "Log"), log));
  cancel.addEventListener("click", () => ask(id, cancel));
  let last = "";

  async function refresh() {
    const job = await read(path);
    cancel.hidden = !PENDING.includes(job.state.status);
    summary.replaceChildren(describe(job));
    if (!last) await showCircuit(path, 0, circuit, options);
    if (last !== job.status) {
      if (last) say(`Job ${id}: ${job.status}`);
      last = job.status;
      await showResult(path, job, result);
      await showLog(id, job, log);
    }
    return PENDING.includes(job.state.status);
  }
  return { root, refresh, title: `Job ${id}` };
}

function describe(job) {
  return facts([
    ["State", state(job.status)],
    ["Why", visible(job.state.reason || "")],
    ["What to do", visible(job.state.reason_solution || "")],
    ["Place in the queue", job.place],
    ["Backend", element("a", { href: `#backends/${encodeURIComponent(job.backend)}` },
      visible(job.backend))],
    ["Program", visible(job.program.id)],
    ["Tags", job.tags.length
      ? element("span", {}, job.tags.map((tag) => element("span", { class: "tag" }, visible(tag))))
      : ""],
    ["Session", job.session_id],
    ["Submitted", when(job.created)],
    ["Waited", waited(job)],
    ["Ran", ran(job)],
    ["Usage", `${job.usage.qpu_charge_time_seconds} s`],
  ]);
}

async function showCircuit(path, pub, circuit, options) {
  circuit.replaceChildren(element("p", { class: "weak" }, "Drawing ..."));
  const found = await read(`${path}/circuit?pub=${pub}`);
  const shown = [];
  if (found.pubs > 1) {
    const choice = element("input", {
      id: "pub", type: "number", min: 0, max: found.pubs - 1, value: pub, inputmode: "numeric",
    });
    choice.addEventListener("change", () => {
      const wanted = Math.min(Math.max(Math.trunc(Number(choice.value)) || 0, 0), found.pubs - 1);
      showCircuit(path, wanted, circuit, options).then(
        () => document.getElementById("pub").focus(), (error) => say(error.message));
    });
    shown.push(element("p", { class: "bar" }, element("label", { for: "pub" }, "PUB"), choice,
      `of ${found.pubs}, from 0 to ${found.pubs - 1}`));
  }
  if (found.note) shown.push(element("p", { class: "weak" }, visible(found.note)));
  if (found.drawing) shown.push(text(found.drawing, "Drawing of the circuit"));
  if (found.source) {
    const source = text(found.source, "OpenQASM of the circuit");
    shown.push(element("details", {}, element("summary", {}, "OpenQASM 3"), source));
  }
  circuit.replaceChildren(...shown);
  if (found.options) options.replaceChildren(text(found.options, "Options of the job"));
  else options.replaceChildren(element("p", { class: "weak" }, "Not shown."));
}

async function showResult(path, job, result) {
  if (job.state.status === "Completed") {
    result.replaceChildren(...fromMarkup(await (await call(`${path}/result`)).text()));
  } else {
    const why = PENDING.includes(job.state.status) ? "Not there yet." : "The job has no result.";
    result.replaceChildren(element("p", { class: "weak" }, why));
  }
}

async function showLog(id, job, log) {
  let written = "";
  try {
    if (!PENDING.includes(job.state.status)) {
      written = await (await call(`v1/jobs/${encodeURIComponent(id)}/logs`)).text();
    }
  } catch (error) {
    if (error.status !== 404) throw error;
  }
  const cut = written.length > MOST_LOG ? "\n..." : "";
  log.replaceChildren(written ? text(written.slice(0, MOST_LOG) + cut, "Log of the job", "log")
    : element("p", { class: "weak" }, "Nothing yet: a job's log is there when it has ended."));
}

// Can be scrolled by keyboard, so it can have the focus.
function text(content, label, kind) {
  const attributes = { tabindex: 0, role: "region", "aria-label": label, class: kind };
  return element("pre", attributes, visible(content));
}

function ask(id, button) {
  const dialog = document.getElementById("ask");
  document.getElementById("question").textContent = `Cancel job ${visible(id)}?`;
  const no = document.getElementById("ask-no");
  const yes = document.getElementById("ask-yes");
  no.onclick = () => dialog.close();
  yes.onclick = async () => {
    dialog.close();
    button.disabled = true;
    try {
      await call(`v1/jobs/${encodeURIComponent(id)}/cancel`, "POST");
      say(`Job ${id} is being cancelled`);
    } catch (error) {
      say(error.message);
    }
    button.disabled = false;
  };
  dialog.onclose = () => button.focus();
  dialog.showModal();
}
