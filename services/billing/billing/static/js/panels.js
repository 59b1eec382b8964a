// What the page is made of, in order.

import { drawAccounting, loadAccounting } from './accounting.js';
import { drawBudget, loadBudget } from './budget.js';
import { drawChart, loadChart } from './chart.js';
import { drawFigures, loadFigures } from './figures.js';
import { drawNotes, loadNotes } from './notes.js';
import { panel } from './panel.js';
import { drawPlaces, loadPlaces } from './places.js';
import { drawStatement, loadStatement } from './statement.js';
import { TEXTS } from './texts.js';

export { exportsPanel } from './exports.js';
export { ledgerPanel } from './ledger.js';

export const figuresPanel = () => panel({ heading: TEXTS.figures.heading, load: loadFigures, draw: drawFigures, kind: '.bare' });

export const chartPanel = () => panel({ heading: TEXTS.chart.heading, lead: TEXTS.chart.lead, load: loadChart, draw: drawChart });

export const placesPanel = () => panel({ heading: TEXTS.places.heading, lead: TEXTS.places.lead, load: loadPlaces, draw: drawPlaces });

export const budgetPanel = () => panel({ heading: TEXTS.budget.heading, load: loadBudget, draw: drawBudget });

export const statementPanel = () => panel({ heading: TEXTS.statement.heading, load: loadStatement, draw: drawStatement });

export const checksPanels = () => [
  panel({ heading: TEXTS.accounting.heading, lead: TEXTS.accounting.lead, load: loadAccounting, draw: drawAccounting }),
  panel({ heading: TEXTS.notes.heading, lead: TEXTS.notes.lead, load: loadNotes, draw: drawNotes }),
];
