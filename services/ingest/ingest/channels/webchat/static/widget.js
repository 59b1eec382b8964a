/* Ventanilla: the web chat's widget. One script, no dependencies, no build:

     <script src="https://HOST/webchat/widget.js" data-account="web" async></script>

   Optional: data-title (the window's title; otherwise the institution's name).
   Kept in localStorage: the visitor's token, and the messages that the server has not accepted yet; the
   conversation itself is not kept there. Written for old telephones: ECMAScript 5, feature tests for the rest.
   All text goes in by textContent. The frames are described in protocol.py.

   Licensed under the Apache License, Version 2.0. */
(function () {
  "use strict";

  var TEXTS = {
    open: "Abrir el chat de atención",
    close: "Cerrar el chat",
    title: "Atención en línea",
    unread_one: "1 mensaje nuevo",
    unread_many: "{n} mensajes nuevos",
    greeting: "Bienvenido. Escriba su consulta y le responderemos aquí mismo, a cualquier hora.",
    privacy: "No escriba contraseñas ni números de tarjeta.",
    log: "Conversación",
    label: "Escriba su mensaje",
    send: "Enviar",
    options: "Opciones",
    left: "Le quedan {n} caracteres",
    connecting: "Conectando…",
    offline: "Sin conexión. Lo que escriba se enviará cuando vuelva.",
    online: "En línea",
    waiting: "Hay muchas conexiones. Lo intentaremos de nuevo en un momento.",
    paused: "En pausa",
    elsewhere: "El chat sigue abierto en otra ventana.",
    resume: "Usar aquí",
    unavailable: "El chat no está disponible en este sitio.",
    unsupported: "Su navegador no permite usar el chat.",
    sending: "Enviando…",
    sent: "Enviado",
    failed: "No enviado",
    retry: "Reintentar",
    you: "Usted",
    bot: "Asistente virtual",
    agent: "Agente",
    system: "Aviso",
    unknown: "Mensaje que no se puede mostrar aquí."
  };

  var STYLE = "\
:host{all:initial}\
.v{--ink:#17212b;--soft:#52616f;--paper:#fff;--wash:#f3f6f8;--line:#d5dde4;--main:#0b4f6c;--deep:#083c53;--mine:#dcecf3;\
--note:#fbf5e3;--bad:#a3201d;--link:#0b4f6c;color:var(--ink);text-align:left;-webkit-text-size-adjust:100%;\
font:16px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}\
.v *{box-sizing:border-box;margin:0;padding:0;font:inherit;color:inherit;letter-spacing:normal}\
.v [hidden]{display:none!important}\
.v button{cursor:pointer;background:none;border:0 solid;border-radius:10px;-webkit-tap-highlight-color:transparent}\
.v :focus-visible{outline:3px solid var(--link);outline-offset:2px}\
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0 0 0 0);white-space:nowrap}\
.v svg{display:block;margin:auto;width:22px;height:22px;fill:none;stroke:currentColor;stroke-width:2;\
stroke-linecap:round;stroke-linejoin:round}\
.v .launch,.panel{position:fixed;right:20px;bottom:20px;z-index:2147483000}\
.v .launch{width:60px;height:60px;border-radius:30px;background:var(--main);color:#fff;box-shadow:0 6px 20px rgba(8,40,56,.32)}\
.v .launch:hover,.v .write button:hover{background:var(--deep)}\
.v .launch svg{width:28px;height:28px}\
.v.open .launch svg:first-child,.v:not(.open) .launch svg+svg{display:none}\
.badge{position:absolute;top:-4px;right:-4px;min-width:24px;border-radius:12px;padding:0 6px;\
background:#b3261e;color:#fff;font-size:13px;font-weight:700;line-height:24px}\
.panel{bottom:92px;width:384px;max-width:calc(100vw - 40px);height:620px;max-height:calc(100vh - 112px);\
display:flex;flex-direction:column;background:var(--paper);border:1px solid var(--line);border-radius:14px;overflow:hidden;\
box-shadow:0 18px 50px rgba(8,40,56,.28);animation:in .18s ease-out}\
@keyframes in{from{opacity:0;transform:translateY(10px)}}\
.head,.write{flex:none;display:flex;padding:12px}\
.head{align-items:center;padding:12px 8px 12px 16px;background:var(--main);color:#fff}\
.head div,.field{flex:1;min-width:0}\
.head h2{font-size:17px;font-weight:600;line-height:1.25;overflow-wrap:anywhere}\
.head p{font-size:13px}\
.dot{display:inline-block;width:9px;height:9px;margin-right:6px;border-radius:50%;background:#f4c95d}\
.on .dot{background:#7ddf9a}\
.v .head button,.v .write button{flex:none;width:44px;height:44px;margin-left:8px}\
.v .head button:hover{background:rgba(255,255,255,.14)}\
.v .head :focus-visible{outline-color:#fff;outline-offset:-3px}\
.bar{display:flex;align-items:center;justify-content:space-between;padding:8px 16px;background:var(--note);font-size:14px}\
.v .bar button,.v .meta button{margin-left:8px;padding:6px 10px;border-width:1px;font-weight:600}\
.log{position:relative;flex:1;min-height:0;overflow-y:auto;overscroll-behavior:contain;padding:16px;background:var(--wash)}\
.v .log:focus-visible{outline-offset:-3px}\
.hello{padding:14px;margin-bottom:14px;background:var(--paper);border:1px solid var(--line);border-radius:12px}\
.hello p+p{margin-top:6px;font-size:14px;color:var(--soft)}\
.m{display:flex;flex-direction:column;align-items:flex-start;margin-bottom:12px}\
.who,.meta{margin:2px;font-size:13px;color:var(--soft)}\
.who{font-weight:600}\
.body{max-width:88%;padding:10px 13px;border-radius:4px 14px 14px 14px;background:var(--paper);border:1px solid var(--line);\
white-space:pre-wrap;word-wrap:break-word;overflow-wrap:anywhere}\
.visitor{align-items:flex-end}\
.visitor .body{background:var(--mine);border-color:transparent;border-radius:14px 4px 14px 14px}\
.agent .who{color:var(--link)}\
.agent .body{border-left:3px solid var(--link)}\
.system{align-items:center}\
.system .body{max-width:100%;background:var(--note);border-radius:10px;font-size:15px;text-align:center}\
.failed .meta{color:var(--bad);font-weight:600}\
.opts{list-style:none;width:88%}\
.opts li{margin-top:8px}\
.v .opts button{width:100%;min-height:44px;padding:9px 13px;text-align:left;background:var(--paper);border-width:1.5px;\
color:var(--link);font-weight:600;overflow-wrap:anywhere}\
.v .opts button:hover{background:var(--mine)}\
.opts small{display:block;font-size:14px;font-weight:400;color:var(--soft)}\
.v .opts [aria-pressed]{background:var(--mine);border-width:3px}\
.write{align-items:flex-end;border-top:1px solid var(--line)}\
.v textarea{display:block;width:100%;height:46px;max-height:120px;padding:10px 12px;line-height:23px;resize:none;\
background:var(--paper);border:1.5px solid #7b8a97;border-radius:10px;-webkit-appearance:none}\
.v textarea:focus{outline:3px solid var(--link);outline-offset:0}\
.v textarea::placeholder{color:var(--soft);opacity:1}\
.left{font-size:13px;color:var(--soft)}\
.v .write button{background:var(--main);color:#fff}\
@media (max-width:480px),(max-height:560px){.panel{top:0;right:0;bottom:0;left:0;width:auto;height:auto;max-width:none;\
max-height:none;border:0;border-radius:0}.v.open .launch{display:none}.v .launch{right:14px;bottom:14px}}\
@media (max-height:400px){.head,.write{padding-top:3px;padding-bottom:3px}.log{padding:8px 16px}}\
@media (prefers-reduced-motion:reduce){.panel{animation:none}}\
@media (forced-colors:active){.v .launch,.v .write button{border-width:1px}}\
@media (prefers-color-scheme:dark){.v{--ink:#e8eef2;--soft:#aebcc7;--paper:#16222b;--wash:#0f1920;--line:#33444f;\
--mine:#174a60;--note:#3a3420;--bad:#ffb4ab;--link:#8fd0ec}}";

  var MAX_TEXT = 4000;
  var PING_EVERY = 25000;
  var ANSWER_WITHIN = 15000;
  var SLOWEST = 30000;
  var RESENDS_BEFORE_SAYING = 3;

  var script = document.currentScript || document.querySelector('script[src*="/webchat/widget.js"]');
  if (!script || document.querySelector("[data-ventanilla]")) { return; }
  var account = script.getAttribute("data-account") || "web";
  var address = script.src.replace(/^http/, "ws").replace(/widget\.js.*$/, "") + encodeURIComponent(account) + "/socket";

  // --- what the browser keeps -------------------------------------------------------------------------

  function keeper(name) {
    // A browser may forbid storage, or have none left: then only this page remembers, as long as it is open.
    var prefix = "ventanilla." + account + ".";
    function quietly(run) { try { return run(window[name]); } catch (e) { return null; } }
    return {
      get: function (key) { return quietly(function (store) { return store.getItem(prefix + key); }); },
      set: function (key, value) { quietly(function (store) { store.setItem(prefix + key, value); }); },
      remove: function (key) { quietly(function (store) { store.removeItem(prefix + key); }); },
      keys: function (start) {
        return (quietly(Object.keys) || []).filter(function (key) {
          return key.indexOf(prefix + start) === 0;
        }).map(function (key) { return key.slice(prefix.length); });
      }
    };
  }

  var local = keeper("localStorage");
  var tab = keeper("sessionStorage");
  var token = local.get("token");

  function newId() {
    var bytes = new Uint8Array(16), i;
    for (i = 0; i < 16; i++) { bytes[i] = Math.random() * 256; }
    if (window.crypto && crypto.getRandomValues) { crypto.getRandomValues(bytes); }
    return Array.prototype.map.call(bytes, function (one) { return ("0" + one.toString(16)).slice(-2); }).join("");
  }

  // Messages not accepted yet, oldest first. One key each: two tabs never overwrite each other's.
  var pending = local.keys("m.").map(function (key) {
    try { return JSON.parse(local.get(key)); } catch (e) { return null; }
  }).filter(function (one) { return one && one.client_id; }).sort(function (a, b) { return a.at - b.at; });

  // --- the window ---------------------------------------------------------------------------------------

  function el(tag, attributes, children) {
    var node = document.createElementNS(/^(svg|path)$/.test(tag) ? "http://www.w3.org/2000/svg" : "http://www.w3.org/1999/xhtml", tag);
    Object.keys(attributes || {}).forEach(function (name) {
      if (name === "text") { node.textContent = attributes.text; } else { node.setAttribute(name, attributes[name]); }
    });
    (children || []).forEach(function (child) { node.appendChild(child); });
    return node;
  }

  function icon(path) {
    return el("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, [el("path", { d: path })]);
  }

  var host = el("div", { "data-ventanilla": account });
  var root = host.attachShadow ? host.attachShadow({ mode: "open" }) : host;

  function dress() {
    // A constructed sheet is allowed by any content security policy; a <style> needs the script's nonce.
    var sheet, style;
    try {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
    } catch (e) {
      style = el("style", { text: STYLE });
      if (script.nonce) { style.setAttribute("nonce", script.nonce); }
      root.appendChild(style);
    }
  }

  var badge = el("span", { "class": "badge", "aria-hidden": "true", hidden: "" });
  var launch = el("button", {
    "class": "launch", type: "button", "aria-label": TEXTS.open, "aria-expanded": "false",
    "aria-controls": "ventanilla-panel", "aria-haspopup": "dialog"
  }, [icon("M4 5h16v11H9l-5 4z"), icon("M6 9l6 6 6-6"), badge]);
  var title = el("h2", { id: "ventanilla-title", text: script.getAttribute("data-title") || TEXTS.title });
  var stateText = el("span", { text: "" });
  var state = el("p", { role: "status" }, [el("span", { "class": "dot", "aria-hidden": "true" }), stateText]);
  var shut = el("button", { type: "button", "aria-label": TEXTS.close }, [icon("M6 6l12 12M18 6L6 18")]);
  var barText = el("span");
  var resume = el("button", { type: "button", text: TEXTS.resume, hidden: "" });
  var bar = el("div", { "class": "bar", hidden: "" }, [barText, resume]);
  var log = el("div", {
    "class": "log", role: "log", "aria-live": "polite", "aria-label": TEXTS.log, tabindex: "0"
  }, [el("div", { "class": "hello" }, [el("p", { text: TEXTS.greeting }), el("p", { text: TEXTS.privacy })])]);
  var input = el("textarea", {
    id: "ventanilla-text", rows: "1", maxlength: String(MAX_TEXT), placeholder: TEXTS.label,
    autocomplete: "off", enterkeyhint: "send"
  });
  var left = el("p", { "class": "left", hidden: "" });
  var send = el("button", { type: "submit", "aria-label": TEXTS.send }, [icon("M4 12l16-8-6 16-3-7z")]);
  var form = el("form", { "class": "write", novalidate: "" }, [
    el("div", { "class": "field" }, [
      el("label", { "class": "sr", "for": "ventanilla-text", text: TEXTS.label }), input, left
    ]), send
  ]);
  var panel = el("div", {
    "class": "panel", id: "ventanilla-panel", role: "dialog", "aria-labelledby": "ventanilla-title", hidden: ""
  }, [el("div", { "class": "head" }, [el("div", {}, [title, state]), shut]), bar, log, form]);
  var box = el("div", { "class": "v", lang: "es" }, [launch, panel]);

  var opened = false;
  var unread = 0;
  var following = true;

  function small() {
    return !!window.matchMedia && window.matchMedia("(max-width:480px),(max-height:560px)").matches;
  }

  function visible() { return opened && document.visibilityState !== "hidden"; }

  function open(focus) {
    if (!opened) {
      opened = true;
      tab.set("open", "1");
      panel.hidden = false;
      box.className = "v open";
      launch.setAttribute("aria-expanded", "true");
      launch.setAttribute("aria-label", TEXTS.close);
      following = true;
      fit();
      connect();
      seen();
    }
    if (focus) { (small() ? log : input).focus(); } // on a telephone the keyboard would cover the greeting
  }

  function close() {
    if (!opened) { return; }
    opened = false;
    tab.remove("open");
    panel.hidden = true;
    box.className = "v";
    launch.setAttribute("aria-expanded", "false");
    launch.focus();
    count();
  }

  function fit() {
    // On a small screen the window is the screen, less what the on-screen keyboard takes of it.
    var view = window.visualViewport, cover = small();
    panel.setAttribute("aria-modal", cover ? "true" : "false");
    if (cover && view && view.scale === 1) {
      panel.style.height = view.height + "px";
      panel.style.top = view.offsetTop + "px";
      panel.style.bottom = "auto";
    } else {
      panel.style.height = panel.style.top = panel.style.bottom = "";
    }
    toEnd();
  }

  function keepInside(event) {
    // While it covers the page, Tab goes round inside the window.
    var all, first, last, active = root.activeElement || document.activeElement;
    if (!small()) { return; }
    all = Array.prototype.filter.call(panel.querySelectorAll("button,textarea,[tabindex]"), function (one) {
      return one.offsetParent !== null || one.getClientRects().length;
    });
    first = all[0];
    last = all[all.length - 1];
    if (event.shiftKey && active === first) { last.focus(); event.preventDefault(); }
    if (!event.shiftKey && active === last) { first.focus(); event.preventDefault(); }
  }

  function count() {
    var name = unread === 1 ? TEXTS.unread_one : TEXTS.unread_many.replace("{n}", unread);
    badge.hidden = opened || !unread;
    badge.textContent = unread > 99 ? "99+" : String(unread);
    launch.setAttribute("aria-label", opened ? TEXTS.close : TEXTS.open + (unread ? ". " + name : ""));
  }

  function show(kind, note, canResume) {
    stateText.textContent = kind === "online" ? TEXTS.online : kind === "connecting" ? TEXTS.connecting : canResume ? TEXTS.paused : note;
    box.querySelector(".head").className = kind === "online" ? "head on" : "head";
    bar.hidden = !canResume;
    barText.textContent = canResume ? note : "";
    resume.hidden = !canResume;
  }

  function toEnd(force) {
    // What is new is followed, unless the visitor has scrolled up to read.
    if (force || following) { log.scrollTop = log.scrollHeight; }
  }

  // --- messages -------------------------------------------------------------------------------------------

  var shownSeq = {};   // seq -> node
  var mine = {};       // client_id -> node

  function clock(moment) {
    var how = { hour: "numeric", minute: "2-digit" };
    if (moment.toDateString() !== new Date().toDateString()) { how.day = "numeric"; how.month = "short"; }
    return moment.toLocaleString("es-SV", how);
  }

  function node(kind, name, content, moment) {
    var who = kind === "visitor" ? TEXTS.you : name || TEXTS[kind] || TEXTS.system;
    var text = content.type === "choice" ? content.title : content.text;
    var meta = el("p", { "class": "meta" });
    var whoLine = el("p", { "class": kind === "visitor" || kind === "system" ? "sr" : "who", text: who });
    var one = el("div", { "class": "m " + kind }, [
      whoLine, el("div", { "class": "body", text: text || TEXTS.unknown })
    ]);
    if (content.type === "menu") { one.appendChild(menu(content)); }
    one.appendChild(meta);
    one.meta = meta;
    one.moment = moment;
    mark(one, kind === "visitor" ? "sending" : "");
    return one;
  }

  function menu(content) {
    var last = 0;
    return el("ul", { "class": "opts", "aria-label": content.button || TEXTS.options }, (content.options || []).map(function (option) {
      var button = el("button", { type: "button", text: option.title });
      if (option.description) { button.appendChild(el("small", { text: option.description })); }
      button.addEventListener("click", function () {
        var now = Date.now();
        if (now - last < 1500) { return; } // a second tap of an impatient thumb
        last = now;
        button.setAttribute("aria-pressed", "true");
        say({ choice: { id: option.id, title: option.title } });
      });
      return el("li", {}, [button]);
    }));
  }

  function mark(one, how, retry) {
    var button;
    one.meta.textContent = (how ? TEXTS[how] + " · " : "") + clock(one.moment);
    one.className = one.className.replace(/ failed/g, "") + (how === "failed" ? " failed" : "");
    if (how === "failed") {
      button = el("button", { type: "button", text: TEXTS.retry });
      button.addEventListener("click", retry);
      one.meta.appendChild(button);
    }
  }

  function place(one, seq) {
    // In the order of seq; what has no seq yet stays below.
    var next = null, nodes = log.querySelectorAll(".m"), i;
    for (i = nodes.length - 1; i >= 0; i--) {
      if (nodes[i] === one) { continue; }
      if (!nodes[i].seq || nodes[i].seq > seq) { next = nodes[i]; } else { break; }
    }
    one.seq = seq;
    shownSeq[seq] = one;
    if (next ? one.nextSibling !== next : log.lastChild !== one) { log.insertBefore(one, next); }
  }

  function say(content) {
    var message = { type: "message", client_id: newId(), at: Date.now() };
    if (content.text) { message.text = content.text; } else { message.choice = content.choice; }
    local.set("m." + message.client_id, JSON.stringify(message));
    pending.push(message);
    showPending(message);
    toEnd(true);
    connect();
    flush();
  }

  function showPending(message) {
    var content = message.choice ? { type: "choice", title: message.choice.title } : { type: "text", text: message.text };
    var one = node("visitor", "", content, new Date(message.at));
    mine[message.client_id] = one;
    log.appendChild(one);
  }

  function received(frame) {
    var kind = frame.author.kind, own = frame.client_id && mine[frame.client_id], one;
    if (frame.seq > lastSeq) { lastSeq = frame.seq; }
    if (!shownSeq[frame.seq]) {
      one = own || node(kind, frame.author.name, frame.content, new Date(frame.at));
      place(one, frame.seq);
      if (kind === "visitor" && !own) { mark(one, "sent"); mine[frame.client_id] = one; }
      if (kind !== "visitor" && frame.seq > readSeq && !visible()) { unread += 1; }
      toEnd();
    }
    if (lastSeq >= headSeq) { log.removeAttribute("aria-busy"); }
    count();
    acknowledge();
  }

  // --- the connection ---------------------------------------------------------------------------------------

  var socket = null;
  var ready = false;
  var fatal = false;
  var replaced = false;
  var attempts = 0;
  var lastSeq = 0, headSeq = 0, readSeq = 0, ackedSeq = 0;
  var inFlight = null;
  var timers = {};

  function later(name, delay, run) {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(run, delay);
  }

  function connect() {
    var mySocket;
    if (socket || fatal || replaced) { return; }
    clearTimeout(timers.again);
    show("connecting");
    try { mySocket = new WebSocket(address); } catch (e) { giveUp(TEXTS.unavailable); return; }
    socket = mySocket;
    later("hello", ANSWER_WITHIN, function () { drop(mySocket); });
    mySocket.onopen = function () {
      var hello = { type: "hello", last_seq: lastSeq };
      if (token) { hello.token = token; }
      mySocket.send(JSON.stringify(hello));
    };
    mySocket.onmessage = function (event) {
      var frame;
      if (socket !== mySocket) { return; }
      try { frame = JSON.parse(event.data); } catch (e) { return; }
      clearTimeout(timers.silence);
      if (frame.type === "welcome") { welcome(frame); }
      if (frame.type === "message") { received(frame); }
      if (frame.type === "accepted") { accepted(frame); }
      if (frame.type === "error") { refused(frame); }
    };
    mySocket.onclose = function (event) { gone(mySocket, event.code); };
  }

  function giveUp(why) {
    fatal = input.disabled = send.disabled = true;
    show("offline", why);
  }

  function drop(which) {
    // Nothing came for too long: a dead line, whatever the browser believes. Its own event may come late.
    if (socket !== which) { return; }
    try { which.close(); } catch (e) { /* it is gone anyway */ }
    gone(which, 0);
  }

  function gone(which, code) {
    if (socket !== which) { return; }
    socket = null;
    ready = false;
    if (code === 1009 && inFlight) { failed(inFlight); } // too big for any server
    inFlight = null;
    ["hello", "silence", "ping", "answer", "ack", "resend"].forEach(function (name) { clearTimeout(timers[name]); });
    if (code === 4401) { // not a token of theirs: begin as somebody new
      token = null;
      local.remove("token");
      forget();
    }
    if (code === 4403 || code === 4404) { giveUp(TEXTS.unavailable); return; }
    if (code === 4409) { replaced = true; show("offline", TEXTS.elsewhere, true); return; }
    show("offline", code === 4429 ? TEXTS.waiting : TEXTS.offline);
    again(code === 4429 ? SLOWEST : 0);
  }

  function forget() {
    // What was placed belongs to a conversation that is no more; what is not accepted yet is still to be said.
    Object.keys(shownSeq).forEach(function (seq) {
      var one = shownSeq[seq];
      delete one.seq;
      if (!pending.some(function (message) { return mine[message.client_id] === one; })) { log.removeChild(one); }
    });
    shownSeq = {};
    lastSeq = headSeq = readSeq = ackedSeq = 0;
  }

  function again(atLeast) {
    // Backoff with jitter: after an outage a thousand browsers do not come back in one second.
    var delay = Math.min(SLOWEST, 1000 * Math.pow(2, Math.min(attempts, 6)));
    attempts += 1;
    later("again", Math.max(atLeast, delay) * (0.5 + Math.random() / 2), connect);
  }

  function comeBack() {
    if (socket || fatal || replaced || !(opened || token)) { return; }
    attempts = 0;
    connect();
  }

  function transmit(frame) {
    if (socket && socket.readyState === 1) { socket.send(JSON.stringify(frame)); }
  }

  function welcome(frame) {
    clearTimeout(timers.hello);
    token = frame.token;
    local.set("token", token);
    if (!script.getAttribute("data-title") && frame.institution) { title.textContent = frame.institution; }
    if (frame.seq < lastSeq) { forget(); } // the conversation was purged
    headSeq = frame.seq;
    readSeq = Math.max(readSeq, frame.read);
    if (headSeq - lastSeq > 3) { log.setAttribute("aria-busy", "true"); } // history is not read aloud
    ready = true;
    attempts = 0;
    ackedSeq = 0;
    show("online");
    acknowledge();
    beat();
    flush();
  }

  function beat() {
    later("ping", PING_EVERY, function () {
      var mySocket = socket;
      transmit({ type: "ping" });
      later("silence", ANSWER_WITHIN, function () { drop(mySocket); });
      beat();
    });
  }

  function acknowledge() {
    later("ack", 120, function () {
      if (!ready) { return; }
      if (lastSeq > ackedSeq) { ackedSeq = lastSeq; transmit({ type: "ack", seq: lastSeq }); }
      seen();
    });
  }

  function seen() {
    if (!visible()) { return; }
    unread = 0;
    count();
    if (ready && lastSeq > readSeq) { readSeq = lastSeq; transmit({ type: "read", seq: lastSeq }); }
  }

  function flush() {
    // One at a time, the next only when the one before is accepted: order is kept whatever fails.
    var mySocket = socket;
    if (!ready || inFlight || !pending.length) { return; }
    inFlight = pending[0];
    transmit(inFlight.choice ?
      { type: "message", client_id: inFlight.client_id, choice: inFlight.choice } :
      { type: "message", client_id: inFlight.client_id, text: inFlight.text });
    later("answer", ANSWER_WITHIN, function () { drop(mySocket); });
  }

  function settled(clientId) {
    clearTimeout(timers.answer);
    inFlight = null;
    pending = pending.filter(function (one) { return one.client_id !== clientId; });
    local.remove("m." + clientId);
  }

  function accepted(frame) {
    var one = mine[frame.client_id];
    settled(frame.client_id);
    if (one) {
      one.moment = new Date(frame.at);
      mark(one, "sent");
      if (!shownSeq[frame.seq]) { place(one, frame.seq); }
    }
    flush();
  }

  function failed(message) {
    // It will never be taken as it is; the visitor may change it and say it anew.
    var one = mine[message.client_id];
    settled(message.client_id);
    mark(one, "failed", function () {
      log.removeChild(one);
      if (message.choice) { say({ choice: message.choice }); return; }
      input.value = message.text;
      grow();
      input.focus();
    });
  }

  function refused(frame) {
    var message = inFlight, one = message && mine[message.client_id];
    if (!message || frame.client_id !== message.client_id) { return; }
    clearTimeout(timers.answer);
    inFlight = null;
    if (frame.code === "bad_frame") { failed(message); flush(); return; }
    message.tries = (message.tries || 0) + 1;
    if (message.tries >= RESENDS_BEFORE_SAYING) {
      mark(one, "failed", function () { mark(one, "sending"); message.tries = 0; flush(); input.focus(); });
    }
    later("resend", Math.min(SLOWEST, Math.max(1000 * (frame.retry_after || 1), 1000 * message.tries)) * (1 + Math.random() / 4), flush);
  }

  // --- the visitor's hands --------------------------------------------------------------------------------

  function grow() {
    var rest = MAX_TEXT - input.value.length;
    input.style.height = "auto";
    input.style.height = Math.min(120, input.scrollHeight + 3) + "px";
    left.hidden = rest > 200;
    left.textContent = rest > 200 ? "" : TEXTS.left.replace("{n}", rest);
    if (input.value) { tab.set("draft", input.value); } else { tab.remove("draft"); }
  }

  function submit(event) {
    var text = input.value.trim();
    event.preventDefault();
    if (!text) { input.focus(); return; }
    input.value = "";
    grow();
    input.focus();
    say({ text: text });
  }

  function start() {
    dress();
    root.appendChild(box);
    document.body.appendChild(host);
    pending.forEach(showPending);
    input.value = tab.get("draft") || "";

    launch.addEventListener("click", function () { if (opened) { close(); } else { open(true); } });
    shut.addEventListener("click", close);
    resume.addEventListener("click", function () { replaced = false; input.focus(); comeBack(); });
    form.addEventListener("submit", submit);
    log.addEventListener("scroll", function () {
      if (opened) { following = log.scrollHeight - log.scrollTop - log.clientHeight < 60; }
    });
    input.addEventListener("input", grow);
    input.addEventListener("keydown", function (event) {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { submit(event); }
    });
    box.addEventListener("keydown", function (event) {
      if (event.key === "Escape" || event.key === "Esc") { event.stopPropagation(); close(); }
      if (event.key === "Tab") { keepInside(event); }
    });
    window.addEventListener("online", comeBack);
    window.addEventListener("offline", function () {
      if (socket) { drop(socket); } else { show("offline", TEXTS.offline); }
    });
    document.addEventListener("visibilitychange", function () {
      if (document.visibilityState !== "hidden") { comeBack(); seen(); }
    });
    window.addEventListener("resize", fit);
    if (window.visualViewport) { window.visualViewport.addEventListener("resize", fit); }

    if (!window.WebSocket) { giveUp(TEXTS.unsupported); }
    if (tab.get("open")) { open(false); grow(); } else if (token || pending.length) { connect(); }
  }

  if (document.body) { start(); } else { document.addEventListener("DOMContentLoaded", start); }
})();
