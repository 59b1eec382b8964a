// The page of simulated phones: one phone for each citizen, live over one WebSocket.

const REMEMBERED = "ventanilla.phones";
const FIRST = [{ contact: "50370000001", name: "María" }];

const $ = (selector, root = document) => root.querySelector(selector);
const phones = new Map(); // contact -> Phone, in the order shown
let accounts = [];
let socket = null;
let seen = 0; // the number of the last happening that we know
let pause = 500;

// --- talking to the sandbox ---------------------------------------------------------------------

async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(await reason(answer));
  return answer.json();
}

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await reason(answer));
  return answer.json();
}

async function reason(answer) {
  try {
    const { detail } = await answer.json();
    return typeof detail === "string" ? detail : detail.map((one) => one.msg).join("; ");
  } catch {
    return `HTTP ${answer.status}`;
  }
}

function connect() {
  if (socket) { socket.onclose = null; socket.close(); }
  const query = new URLSearchParams([...phones.keys()].map((contact) => ["contact", contact]));
  query.set("after", seen);
  socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/events?${query}`);
  socket.onopen = () => { pause = 500; connection("live", "En línea"); };
  socket.onmessage = ({ data }) => JSON.parse(data).forEach(happened);
  socket.onclose = () => {
    connection("lost", "Sin conexión con el simulador; reintentando…");
    setTimeout(refresh, pause);
    pause = Math.min(pause * 2, 8000);
  };
}

function happened(event) {
  if (event.kind === "reset") { refresh(); return; }
  seen = event.number;
  phones.get(event.contact)?.happened(event);
}

// Reads every phone anew: after a lost connection the simulator may have started again, with empty phones.
async function refresh() {
  try {
    const states = await Promise.all([...phones.keys()].map((contact) => get(`/phones/${encodeURIComponent(contact)}`)));
    seen = Math.min(...states.map((state) => state.last), Infinity);
    if (!Number.isFinite(seen)) seen = 0;
    for (const state of states) phones.get(state.contact)?.show(state);
    connect();
  } catch {
    connection("lost", "Sin conexión con el simulador; reintentando…");
    setTimeout(refresh, pause);
    pause = Math.min(pause * 2, 8000);
  }
}

function connection(state, text) {
  const line = $("#connection");
  line.dataset.state = state;
  line.textContent = text;
}

// --- one phone ----------------------------------------------------------------------------------

class Phone {
  constructor(contact, name, account) {
    Object.assign(this, { contact, name, account, messages: new Map(), answered: new Set() });
    this.node = $("#phone").content.firstElementChild.cloneNode(true);
    this.node.dataset.contact = contact;
    this.chat = $(".chat", this.node);
    const owner = name ? `${name} · ${pretty(contact)}` : pretty(contact);
    this.node.setAttribute("aria-label", `Teléfono de ${owner}`);
    $(".owner", this.node).textContent = `Teléfono de ${owner}`;
    const business = accounts.find((one) => one.id === account) ?? { name: "", display: "" };
    $("h2", this.node).textContent = business.name;
    $(".avatar", this.node).textContent = initials(business.name);
    this.idle = business.display === business.name ? "" : business.display;
    this.doing("");
    this.chat.dataset.empty = "Escriba un mensaje para comenzar.";
    this.input = $("textarea", this.node);
    this.input.addEventListener("input", () => this.fit());
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.submit();
      }
    });
    $(".compose", this.node).addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    $(".remove", this.node).addEventListener("click", () => remove(this));
    $(".attach", this.node).addEventListener("click", () => this.attach());
  }

  doing(text) { $(".doing", this.node).textContent = text || this.idle; }

  fit() {
    this.input.rows = Math.min(5, this.input.value.split("\n").length + Math.floor(this.input.value.length / 34));
  }

  submit() {
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.fit();
    this.write({ text });
  }

  async write(message) {
    try {
      await post(`/phones/${encodeURIComponent(this.contact)}/messages`, {
        account: this.account, ...(this.name ? { name: this.name } : {}), ...message,
      });
      this.complain("");
    } catch (error) {
      this.complain(`No se pudo enviar: ${error.message}`);
      if (message.text && !this.input.value) this.input.value = message.text;
    }
  }

  // The institution answers, not on its desk but on its own telephone.
  async answer() {
    const text = this.input.value.trim() || "Buenos días, le atiendo por este medio.";
    try {
      await post(`/phones/${encodeURIComponent(this.contact)}/answers`, { account: this.account, text });
      this.input.value = "";
      this.fit();
      this.complain("");
    } catch (error) {
      this.complain(`No se pudo enviar: ${error.message}`);
    }
  }

  complain(text) {
    let line = $(".problem", this.node);
    if (!line) {
      line = element("p", "problem");
      line.setAttribute("role", "alert");
      $(".compose", this.node).before(line);
    }
    line.textContent = text;
  }

  show(state) {
    this.messages.clear();
    this.answered.clear();
    this.chat.replaceChildren();
    for (const message of state.arrived) this.put({ ...message, mine: false });
    for (const message of state.written) this.put({ ...message, mine: true });
    this.draw();
  }

  happened(event) {
    if (event.kind === "message") this.put({ ...event, mine: false });
    else if (event.kind === "written") this.put({ ...event, mine: true });
    else if (event.kind === "receipt" && this.messages.has(event.id)) this.messages.get(event.id).read = true;
    else if (event.kind === "typing") {
      this.doing("escribiendo…");
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.doing(""), event.seconds * 1000);
      return;
    } else return;
    if (event.kind === "message") { clearTimeout(this.typing); this.doing(""); }
    this.draw();
  }

  put(message) {
    if (message.account !== this.account) return;
    this.messages.set(message.id, { ...this.messages.get(message.id), ...message });
    if (message.mine && message.reply_to) this.answered.add(message.reply_to);
  }

  draw() {
    const near = this.chat.scrollHeight - this.chat.scrollTop - this.chat.clientHeight < 160;
    const ordered = [...this.messages.values()].sort((a, b) => a.received_at.localeCompare(b.received_at));
    const wanted = [];
    let day = "", side = null;
    for (const message of ordered) {
      const date = dayOf(message.at);
      if (date !== day) { wanted.push([`day ${date}`, () => element("p", "day", date)]); day = date; side = null; }
      const turned = message.mine !== side;
      side = message.mine;
      wanted.push([`${message.id} ${message.ingest_status} ${message.read} ${turned}`, () => this.bubble(message, turned)]);
      if (message.options?.length) {
        const done = this.answered.has(message.id);
        wanted.push([`${message.id} options ${done}`, () => this.options(message, done)]);
      }
    }
    const had = new Map([...this.chat.children].map((node) => [node.dataset.key, node]));
    const nodes = wanted.map(([key, make]) => {
      const node = had.get(key) ?? make();
      node.dataset.key = key;
      return node;
    });
    const kept = new Set(nodes);
    for (const node of had.values()) if (!kept.has(node)) node.remove();
    nodes.forEach((node, place) => {
      if (this.chat.children[place] !== node) this.chat.insertBefore(node, this.chat.children[place] ?? null);
    });
    if (near) this.chat.scrollTop = this.chat.scrollHeight;
  }

  bubble(message, turned) {
    const node = element("div", `bubble${message.mine ? " mine" : ""}${turned ? " next" : ""}`);
    const quoted = message.reply_to && this.messages.get(message.reply_to);
    if (quoted) node.append(element("span", "quote", plain(quoted.text) || kindOf(quoted)));
    const kind = kindOf(message);
    if (kind) node.append(element("span", "kind", kind));
    if (message.text) node.append(formatted(message.text));
    const meta = element("span", "meta", timeOf(message.at));
    if (message.mine) meta.append(ticks(message));
    node.append(meta);
    return node;
  }

  options(message, done) {
    const box = element("div", "options");
    const interactive = message.payload.interactive;
    if (interactive?.type === "list") {
      const open = element("button", "", `☰ ${interactive.action.button}`);
      open.type = "button";
      open.addEventListener("click", () => this.sheet(interactive.action.button, message.options, (option) => this.choose(message, option)));
      box.append(open);
      return box;
    }
    for (const option of message.options) {
      const button = element("button", "", option.title);
      button.type = "button";
      button.disabled = done;
      button.addEventListener("click", () => this.choose(message, option));
      box.append(button);
    }
    return box;
  }

  choose(message, { id, title }) {
    this.write({ choice: { id, title }, reply_to: message.id });
  }

  attach() {
    const place = Math.random().toString(36).slice(2, 12);
    const samples = [
      { title: "📷 Foto", type: "image", payload: { id: `media-${place}`, mime_type: "image/jpeg", caption: "Foto de la escritura" } },
      { title: "🎤 Nota de voz", type: "audio", payload: { id: `media-${place}`, mime_type: "audio/ogg; codecs=opus", voice: true } },
      { title: "📄 Documento", type: "document", payload: { id: `media-${place}`, mime_type: "application/pdf", filename: "escritura.pdf" } },
      { title: "📍 Ubicación", type: "location", payload: { latitude: 13.6929, longitude: -89.2182, name: "San Salvador" } },
    ];
    const answer = { title: "☎ Responder desde el teléfono de la institución", description: "Lo que está escrito abajo, como si lo enviara ella" };
    this.sheet("Enviar un ejemplo", [...samples, answer], (picked) => (picked === answer ? this.answer() : this.write({ type: picked.type, payload: picked.payload })));
  }

  sheet(title, options, pick) {
    const dialog = $(".sheet", this.node);
    $("h3", dialog).textContent = title;
    $(".rows", dialog).replaceChildren(...options.map((option) => {
      const row = element("button", "", option.title);
      row.type = "button";
      if (option.description) row.append(element("small", "", option.description));
      row.addEventListener("click", () => { dialog.close(); pick(option); this.input.focus(); });
      return row;
    }));
    dialog.show();
    $(".rows button", dialog)?.focus({ preventScroll: true });
    dialog.onkeydown = (event) => { if (event.key === "Escape") dialog.close(); };
  }
}

// --- what is shown --------------------------------------------------------------------------------

function element(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

const KINDS = {
  image: "📷 Foto", audio: "🎤 Audio", video: "🎬 Video", document: "📄 Documento", sticker: "Sticker",
  location: "📍 Ubicación", contacts: "👤 Contacto", reaction: "Reacción", template: "Plantilla",
};

function kindOf(message) {
  if (["text", "interactive", "button"].includes(message.type)) return "";
  return KINDS[message.type] ?? `Mensaje de tipo ${message.type}`;
}

function ticks({ ingest_status: status, read }) {
  const node = element("span", "ticks");
  if (read) { node.textContent = "✓✓"; node.classList.add("read"); node.title = "Leído"; }
  else if (status === 200) { node.textContent = "✓✓"; node.title = "Entregado"; }
  else if (status === null || status === undefined) { node.textContent = "🕓"; node.title = "Enviando"; }
  else { node.textContent = "!"; node.classList.add("trouble"); node.title = status ? `No lo aceptaron (${status})` : "Sin respuesta; se reintenta"; }
  return node;
}

const plain = (text) => text.replace(/\*([^*\n]+)\*/g, "$1");

// Addresses become links, *this* bold and _this_ italic, as on a phone.
function formatted(text) {
  const node = element("span", "text");
  for (const part of text.split(/(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)]|\*[^*\n]+\*|(?<!\w)_[^_\n]+_(?!\w))/)) {
    if (/^https?:/.test(part)) {
      const link = element("a", "", part);
      Object.assign(link, { href: part, target: "_blank", rel: "noopener noreferrer" });
      node.append(link);
    } else if (/^\*[^*]+\*$/.test(part)) node.append(element("strong", "", part.slice(1, -1)));
    else if (/^_[^_]+_$/.test(part)) node.append(element("em", "", part.slice(1, -1)));
    else node.append(part);
  }
  return node;
}

let zone;
const timeOf = (iso) => new Date(iso).toLocaleTimeString("es", { hour: "numeric", minute: "2-digit", hour12: true, timeZone: zone });
const dayOf = (iso) => new Date(iso).toLocaleDateString("es", { weekday: "long", day: "numeric", month: "long", timeZone: zone });
const initials = (name) => name.split(/\s+/).filter((word) => /^\p{Lu}/u.test(word)).map((word) => word[0]).slice(0, 2).join("") || "V";
const pretty = (contact) => (/^503\d{8}$/.test(contact) ? `+503 ${contact.slice(3, 7)} ${contact.slice(7)}` : /^\d+$/.test(contact) ? `+${contact}` : contact);

// --- the set of phones ------------------------------------------------------------------------------

function remember() {
  localStorage.setItem(REMEMBERED, JSON.stringify([...phones.values()].map(({ contact, name, account }) => ({ contact, name, account }))));
}

function remembered() {
  try {
    const found = JSON.parse(localStorage.getItem(REMEMBERED));
    return Array.isArray(found) && found.length ? found : FIRST;
  } catch {
    return FIRST;
  }
}

function put({ contact, name, account }) {
  const known = accounts.some((one) => one.id === account) ? account : accounts.find((one) => one.default)?.id;
  const phone = new Phone(contact, name, known);
  phones.get(contact)?.node.remove();
  phones.set(contact, phone);
  $("#phones").append(phone.node);
  return phone;
}

function remove(phone) {
  phone.node.remove();
  phones.delete(phone.contact);
  remember();
  if (phones.size) connect();
}

$("#add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const { contact, name, account } = Object.fromEntries(new FormData(form));
  try {
    const state = await get(`/phones/${encodeURIComponent(contact)}`);
    const phone = put({ contact: state.contact, name: name.trim() || state.name || "", account });
    remember();
    form.reset();
    $("#add-problem").textContent = "";
    await refresh();
    phone.node.scrollIntoView({ inline: "center", block: "nearest" });
    phone.input.focus();
  } catch {
    $("#add-problem").textContent = "Escriba el número con el código del país, por ejemplo +503 7000 0002.";
  }
});

async function start() {
  try {
    accounts = await get("/accounts");
  } catch {
    connection("lost", "Sin conexión con el simulador; reintentando…");
    setTimeout(start, 2000);
    return;
  }
  zone = accounts[0]?.time_zone;
  $("#account").replaceChildren(...accounts.map(({ id, name, display, default: first }) => {
    const option = new Option(`${name}${display === id ? "" : ` (${display})`}`, id);
    option.selected = option.defaultSelected = first;
    return option;
  }));
  remembered().forEach(put);
  await refresh();
}

start();
