// Everything that people read on the finance page, in the Spanish of El Salvador.

export const TEXTS = {
  title: 'Finanzas',
  skip: 'Ir al contenido',

  door: {
    heading: 'Finanzas',
    lead: 'Aquí se ve qué se ha usado del contrato, cuánto cuesta y cómo cerrará el mes.',
    enter: 'Entrar por el escritorio de atención',
    elsewhere: 'Entre por el escritorio de atención, con su usuario de finanzas o supervisión.',
    ended: 'Su tiempo en esta página terminó. Entre de nuevo para seguir.',
    refused: 'Su cuenta no tiene permiso para ver esta página.',
    left: 'Cerró la página de finanzas.',
  },

  top: { desk: 'Escritorio', leave: 'Cerrar', until: (time) => `hasta las ${time}` },

  months: { label: 'Mes', before: 'Mes anterior', after: 'Mes siguiente', channel: 'Canal' },

  channels: {
    whatsapp: 'WhatsApp', webchat: 'Chat web', messenger: 'Messenger', facebook: 'Facebook', x: 'X', email: 'Correo',
  },

  panel: {
    waiting: 'Cargando…',
    again: 'Intentar de nuevo',
    stale: 'No se pudo actualizar: estas cifras son de hace un momento.',
  },

  figures: {
    heading: 'Cifras del mes',
    used: 'Sesiones usadas',
    usedOf: (all, percent) => `de ${all} incluidas (${percent})`,
    unlimited: 'sin límite en este canal',
    left: 'Quedan',
    leftMore: 'sesiones incluidas sin usar',
    overage: 'Excedente',
    overageMore: 'sesiones de más',
    cost: 'Costo del mes',
    costSoFar: 'con lo usado hasta hoy',
    costFinal: 'con todo lo usado',
    end: 'Cierre previsto',
    endRange: (low, high, of) => `entre ${low} y ${high} (${of})`,
    endCost: (cost) => `costaría ${cost}`,
    endUnknown: 'Aún no se puede prever',
    endUnknownMore: 'hacen falta más días con sesiones',
    over: 'Mes terminado',
    overMore: 'no hay nada que prever',
    exhausted: 'Se agota',
    exhaustedOn: (day) => `el ${day}`,
    exhaustedRange: (earliest, latest) => `entre el ${earliest} y el ${latest}`,
    exhaustedFrom: (earliest) => `a más temprano, el ${earliest}`,
    exhaustedAlready: (day) => `Se agotó el ${day}`,
    never: 'No se agota',
    neverMore: 'en este mes, según lo previsto',
    neverBut: (earliest) => `aunque podría desde el ${earliest}`,
    ofTen: (level) => `${level} de cada 10 veces`,
    assumed: 'El costo descansa en supuestos',
    pricesOf: (month, plan) => `plan ${plan}, precios desde ${month}`,
  },

  chart: {
    heading: 'Curva del mes',
    lead: 'Sesiones acumuladas día por día, contra las que incluye el contrato. Con las flechas ← y → se recorre cada día.',
    nothing: 'Este mes todavía no tiene sesiones.',
    used: 'Usadas',
    expected: 'Previstas',
    band: 'Entre qué valores',
    allotment: (count) => `Incluidas: ${count}`,
    exhausted: 'Se agota',
    data: 'Ver los datos del gráfico',
    day: 'Día',
    low: 'Al menos',
    high: 'A lo más',
    said: (day, used) => `${day}: ${used} sesiones usadas`,
    foreseen: (day, expected) => `${day}: ${expected} sesiones previstas`,
    between: (low, high) => `, entre ${low} y ${high}`,
    summary: (used, all) => `Gráfico: ${used} sesiones usadas${all ? ` de ${all} incluidas` : ''}.`,
    method: 'Cómo se prevé',
    methodText: (working, other, before) =>
      `Los días de oficina y los demás se cuentan aparte, cada uno con el promedio de sus días completos: ${working}; ${other}.` +
      `${before ? ' Como el mes tiene pocos días, también se tomaron los del mes anterior.' : ''} ` +
      'La franja es un intervalo de predicción (t de Student, días independientes): no ve una campaña de la que nadie avisó.',
    kind: (name, days, mean) => (days ? `${name}, ${mean} por día en ${days} ${days === 1 ? 'día' : 'días'}` : `${name}, sin datos`),
    working: 'días de oficina',
    other: 'otros días',
  },

  places: {
    heading: 'Por área y por cola',
    lead: 'El costo del mes se reparte según las sesiones, por mayor residuo: las partes suman exactamente el total.',
    area: 'Área', queue: 'Cola', channel: 'Canal', sessions: 'Sesiones', share: 'Parte', cost: 'Costo', total: 'Total',
    areas: 'Por área', queues: 'Por cola', channels: 'Por canal',
    unknownArea: 'Área no conocida',
    unknownQueue: 'Sin cola',
    nothing: 'Este mes no tiene sesiones.',
    unshared: (cost) => `Además ${cost} de canales sin sesiones, que no son parte de nadie.`,
  },

  budget: {
    heading: 'Presupuesto',
    none: 'No hay un presupuesto configurado.',
    of: (name, plan) => `${name}, con el plan ${plan}.`,
    amount: 'Monto', spent: 'Gastado', committed: 'Comprometido', left: 'Disponible', forecast: 'Previsto', sessions: 'Sesiones',
    month: 'Mes', state: 'Estado',
    states: { closed: 'cerrado', settling: 'por cerrar', current: 'en curso', coming: 'por venir' },
    exceeded: (month) => `Según lo previsto, el monto no alcanza: se pasa en ${month}.`,
    enough: (left) => `Según lo previsto, al final quedarán ${left}.`,
    source: 'Documento',
  },

  statement: {
    heading: 'Cierre del mes',
    open: (when) => `El mes no se ha cerrado: sus cifras pueden cambiar hasta el ${when}`,
    closing: 'El plazo ya pasó: el cierre se hará en unos minutos.',
    closed: (when) => `Cerrado el ${when} Lo facturado no se edita: lo que llega después es un ajuste.`,
    billed: 'Facturado',
    now: 'El libro hasta hoy',
    account: 'Cuenta', sessions: 'Sesiones', messages: 'Mensajes', digest: 'Huella del libro (SHA-256)', cost: 'Costo',
    agrees: 'El libro de hoy es el que se facturó.',
    differs: 'El libro de hoy no es el que se facturó. Avise a quien administra el sistema.',
    restated: 'Según lo que se sabe hoy',
    adjustments: 'Ajustes de meses anteriores, que se pagan con este cierre',
    later: 'Ajustes que llegaron después del cierre de este mes',
    from: 'Mes de origen', range: 'Sesiones', money: (range) => `Costo de estos ajustes: ${range}.`,
    between: (low, high) => (low === high ? low : `entre ${low} y ${high}`),
    nothing: 'Sin sesiones en este mes.',
  },

  notes: {
    heading: 'Avisos del contador',
    lead: 'Estados que no se contaron sin más: tardíos, adelantados o contradictorios.',
    none: 'Ninguno en este mes.',
    kinds: { adjustment: 'Ajuste', conflict: 'Contradicción', held: 'En espera de su hora', released: 'Su hora llegó', refused: 'Demasiado adelantado' },
    reasons: {
      closed: 'su mes ya estaba cerrado', settled: 'su sesión ya estaba sellada', echoed: 'se escribió en el teléfono de la institución',
      time: 'otra hora de entrega', payload: 'otros datos del proveedor',
    },
    what: 'Aviso', at: 'Hora que dice', came: 'Llegó', month: 'Mes', contact: 'Contacto', sessions: 'Sesiones', reason: 'Motivo',
    more: 'Hay más; se ven por contacto o en la API.',
  },

  accounting: {
    heading: 'Cuadre',
    lead: 'Todo estado recibido tiene un destino, y la suma se compara con lo que dice el registro de Kafka. Desde que el contador existe.',
    fits: 'Cuadra: cada estado recibido tiene su destino.',
    differs: (count) => `No cuadra: ${count} ${count === '1' ? 'estado' : 'estados'} sin destino. Avise a quien administra el sistema.`,
    account: 'Cuenta', received: 'Recibidos', counted: 'Contados', duplicate: 'Duplicados', excluded: 'Excluidos', quarantined: 'En cuarentena', moved: 'Pasados a otro contacto',
    total: 'Total',
    reasonsLabel: 'Ver los motivos',
    outcome: 'Destino', reason: 'Motivo', statuses: 'Estados',
    reasons: {
      duplicate: {
        again: 'lo mismo otra vez', conflict: 'con otra hora de entrega o con otros datos', sealed: 'de una sesión ya sellada', closed: 'de un mes ya cerrado',
      },
      excluded: {
        not_delivered: 'no entregado', no_message_id: 'no dice de qué mensaje es', echoed: 'escrito en el teléfono de la institución',
      },
      quarantined: {
        ahead: 'su hora no ha llegado', far_ahead: 'demasiado adelantado', late: 'de una sesión ya sellada', closed: 'de un mes ya cerrado',
      },
    },
    topic: (done, letters, waiting) => `Según Kafka: ${done} registros atendidos, ${letters} ilegibles, ${waiting} por atender.`,
    working: 'El contador está trabajando: las cifras de Kafka van un momento atrás.',
    none: 'Todavía no se ha recibido ningún estado.',
  },

  ledger: {
    heading: 'Libro de un contacto',
    lead: 'Todo lo que se publicó de sus sesiones, en orden. Escriba el número con su código de país, o el id del contacto.',
    contact: 'Número o id del contacto',
    search: 'Buscar',
    none: 'No hay sesiones de ese contacto.',
    opened: 'Sesión abierta', change: 'Cambio', messages: 'Mensajes', month: 'Mes', when: 'Por el estado de', account: 'Cuenta', revision: 'Rev.',
    changes: { opened: 'abierta', extended: 'extendida', corrected: 'corregida', voided: 'anulada' },
    foreign: 'no es mensaje nuestro',
    found: (count) => (count === 1 ? '1 anotación' : `${count} anotaciones`),
    more: 'Ver más',
    notes: 'Avisos',
  },

  exports: {
    heading: 'Descargas',
    lead: (month) => `Archivos de ${month}, para hojas de cálculo y para auditoría.`,
    sessionsCsv: 'Sesiones (CSV)',
    sessionsParquet: 'Sesiones (Parquet)',
    usageCsv: 'Uso por día, área y cola (CSV)',
    done: (name) => `Descargado: ${name}`,
  },

  errors: {
    offline: 'No hay conexión con el servidor.',
    unexpected: 'No se pudo cargar. Inténtelo de nuevo.',
    unavailable: 'El servicio no puede responder en este momento.',
    noParquet: 'El servidor no tiene instalado Parquet; descargue el CSV.',
    badContact: 'Ese contacto no se entiende. Escriba el número con su código de país.',
  },
};
