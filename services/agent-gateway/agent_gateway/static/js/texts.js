// Everything that people read on the desk, in the Spanish of El Salvador.

export const TEXTS = {
  title: 'Escritorio de atención',
  skip: { lists: 'Ir a las conversaciones', transcript: 'Ir a la conversación abierta', composer: 'Ir a escribir' },

  login: {
    heading: 'Escritorio de atención',
    lead: 'Inicie sesión para atender.',
    username: 'Usuario',
    password: 'Contraseña',
    enter: 'Entrar',
    entering: 'Entrando…',
    ended: 'Su sesión terminó. Inicie sesión de nuevo.',
  },

  presence: {
    label: 'Mi estado',
    available: 'Disponible',
    busy: 'Ocupado',
    away: 'Ausente',
    offline: 'Desconectado',
  },

  roles: { agent: 'Agente', supervisor: 'Supervisión', finance: 'Finanzas', admin: 'Administración' },

  connection: {
    lost: 'Sin conexión con el servidor. Reconectando… Lo que escriba se enviará al volver.',
    back: 'Conexión restablecida.',
  },

  top: { help: 'Atajos', logout: 'Salir', helpHint: 'Atajos de teclado (F1)', finance: 'Finanzas' },

  finance: {
    heading: 'Finanzas',
    opening: 'Abriendo la página de finanzas…',
    again: 'Intentar de nuevo',
    none: 'Su cuenta es de finanzas, y esa página no está configurada. Avise a quien administra el sistema.',
  },

  lists: {
    label: 'Conversaciones',
    queues: 'Colas',
    allQueues: 'Todas',
    open: 'abierta',
    closed: 'cerrada',
    opens: (when) => `abre ${when}`,
    queueHint: (name, waiting, open) => `${name}: ${waiting} en espera, cola ${open ? 'abierta' : 'cerrada'}`,
    oldest: (time) => `La más antigua espera ${time}`,
    mine: 'Mis conversaciones',
    capacity: (count, capacity) => `${count} de ${capacity}`,
    waiting: 'En espera',
    others: 'Otras en curso',
    next: 'Tomar siguiente',
    noneMine: 'No lleva ninguna conversación.',
    noneWaiting: 'Nadie espera. Buen trabajo.',
    noneOthers: 'No hay otras conversaciones en curso.',
    more: 'Ver más',
    waits: 'Espera',
    unread: (count) => (count === 1 ? '1 mensaje sin leer' : `${count} mensajes sin leer`),
    anonymous: 'Sin nombre',
    you: 'Usted',
    withBot: 'con el asistente',
  },

  channels: {
    whatsapp: 'WhatsApp', webchat: 'Chat web', messenger: 'Messenger', facebook: 'Facebook', x: 'X', email: 'Correo',
  },

  states: {
    new: 'Nueva',
    with_bot: 'Con el asistente',
    waiting_for_agent: 'En espera',
    with_agent: 'En atención',
    closed: 'Cerrada',
  },

  actions: {
    label: 'Acciones',
    take: 'Tomar',
    takeover: 'Tomar el control',
    transfer: 'Trasladar',
    release: 'Devolver',
    close: 'Cerrar',
    releaseHint: 'Devolver a la cola',
    closeHint: 'Dar por terminada',
  },

  transcript: {
    label: 'Mensajes',
    empty: 'Elija una conversación',
    emptyHint: 'A la izquierda están las suyas y las que esperan.',
    earlier: 'Ver mensajes anteriores',
    newer: 'Mensajes nuevos',
    gone: 'La conversación pasó a otra área.',
    today: 'Hoy',
    yesterday: 'Ayer',
    quoted: 'En respuesta a',
    forwarded: 'Reenviado',
  },

  authors: { contact: 'Ciudadano', bot: 'Asistente', agent: 'Agente', system: 'Sistema', telephone: 'Teléfono de la institución' },

  statuses: {
    sending: 'Enviando…',
    waiting: 'Se enviará al volver la conexión',
    pending: 'En camino',
    accepted: 'Aceptado',
    sent: 'Enviado',
    delivered: 'Entregado',
    read: 'Leído',
    played: 'Reproducido',
    failed: 'No se pudo entregar',
    refused: 'No se envió: la ventana de 24 horas está cerrada',
    refusals: {
      allotment_exhausted: 'No se envió: se agotaron las conversaciones contratadas de este mes y no se envían plantillas',
    },
    part: (number, parts, status) => `Parte ${number} de ${parts}: ${status}`,
    template: (name) => `En su lugar salió la plantilla «${name}»`,
  },

  contents: {
    image: 'Imagen', audio: 'Audio', voice: 'Nota de voz', video: 'Video', document: 'Documento', sticker: 'Sticker',
    location: 'Ubicación', contacts: 'Contacto', choice: 'Eligió', flow_answer: 'Formulario', order: 'Pedido',
    system: 'Aviso de WhatsApp', template: 'Plantilla', menu: 'Opciones',
    reaction: (emoji) => `Reaccionó con ${emoji}`,
    reactionRemoved: 'Quitó su reacción',
    items: (count) => (count === 1 ? '1 artículo' : `${count} artículos`),
    contact: (names) => names || 'Sin nombre',
    unknown: (type) => `Contenido que todavía no se puede mostrar (${type}). Se conserva completo.`,
    details: 'Ver datos',
    noText: 'Sin texto',
  },

  changes: {
    queued: (who, queue) => `Pasó a la cola ${queue}`,
    assigned: (who) => (who === 'Usted' ? 'La tomó usted' : `La tomó ${who}`),
    transferred: (who, queue) => `${who} la trasladó a ${queue}`,
    released: (who, queue) => `${who} la devolvió a la cola ${queue}`,
    classified: (who, queue, subject) => `El asistente entendió: ${subject}`,
    closed: (who) => `${who} la cerró`,
    reopened: (who, queue) => `Se abrió de nuevo en ${queue}`,
    merged: () => 'Se unió a otra conversación de la misma persona',
    note: 'Nota',
  },
  actors: { contact: 'El ciudadano', bot: 'El asistente', system: 'El sistema', agent: 'Un agente' },
  reasons: {
    requested: 'pidió hablar con una persona',
    misses: 'el asistente no le entendió',
    idle: 'por inactividad',
    agent_silent: 'sin respuesta del agente',
    bot_silent: 'el asistente no respondió',
    takeover: 'tomó el control',
    allotment_exhausted: 'se agotaron las conversaciones contratadas de este mes',
    moved: 'continúa en otra',
  },

  composer: {
    label: 'Su respuesta',
    placeholder: 'Escriba su respuesta. Enter envía, Mayús+Enter salta de línea.',
    send: 'Enviar',
    left: (count) => `Quedan ${count} caracteres`,
    waiting: 'Para responder, tome la conversación.',
    withBot: 'La atiende el asistente.',
    withOther: (name) => `La atiende ${name}.`,
    closed: 'La conversación está cerrada.',
    windowClosed: 'Pasaron 24 horas desde el último mensaje del ciudadano: WhatsApp solo permite una plantilla autorizada.',
    sendTemplate: (name) => `Enviar la plantilla «${name}»`,
    noTemplate: 'Esta cuenta no tiene plantilla configurada.',
    notSent: 'No se envió.',
  },

  window: {
    left: (time) => `Ventana: ${time}`,
    closed: 'Ventana cerrada',
    hint: 'WhatsApp permite texto libre durante 24 horas desde el último mensaje del ciudadano.',
  },

  details: {
    label: 'Ficha',
    name: 'Nombre', address: 'Termina en', channel: 'Canal', account: 'Cuenta', area: 'Área', category: 'Motivo',
    queue: 'Cola', opened: 'Inicio', queued: 'En cola desde', agent: 'Atiende', window: 'Ventana', none: '—',
  },

  transfer: {
    heading: 'Trasladar la conversación',
    lead: 'Conserva su lugar por orden de llegada.',
    queue: 'Cola',
    note: 'Nota para quien la reciba (el ciudadano no la ve)',
    confirm: 'Trasladar',
  },
  close: {
    heading: '¿Cerrar la conversación?',
    lead: 'El ciudadano recibirá la despedida. Si vuelve a escribir pronto, se abre de nuevo.',
    confirm: 'Cerrar conversación',
  },
  takeover: {
    heading: '¿Tomar el control?',
    lead: (name) => `Ahora la lleva ${name}. Desde este momento responderá solo usted.`,
    confirm: 'Tomar el control',
  },
  cancel: 'Cancelar',

  help: {
    heading: 'Atajos de teclado',
    done: 'Listo',
    keys: [
      ['Enter', 'Enviar'],
      ['Mayús + Enter', 'Salto de línea'],
      ['Alt + ↑ / ↓', 'Conversación anterior o siguiente'],
      ['Alt + S', 'Tomar la siguiente en espera'],
      ['Alt + T', 'Tomar la conversación abierta'],
      ['Alt + M', 'Trasladar'],
      ['Alt + L', 'Devolver a la cola'],
      ['Alt + X', 'Cerrar'],
      ['Alt + C', 'Ir a escribir'],
      ['F1', 'Esta ayuda'],
      ['Esc', 'Cerrar un cuadro'],
    ],
  },

  errors: {
    offline: 'No hay conexión. Inténtelo de nuevo.',
    undecided: 'Todavía no hay respuesta. Se mostrará en cuanto llegue.',
    unexpected: 'Algo salió mal. Inténtelo de nuevo.',
    dismiss: 'Cerrar aviso',
  },

  announce: {
    message: (name, text) => `${name}: ${text}`,
    waiting: (name) => `Nueva conversación en espera: ${name}`,
  },

  units: { second: 's', minute: 'min', hour: 'h', day: 'd' },
};
