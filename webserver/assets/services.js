// SPDX-License-Identifier: LGPL-2.1-or-later

// A tab for each registered service that describes one (webserver/services.h says how). What it says is text and
// numbers, and only ever shown as such.

import {draw} from '/chart.js';
import {ask, askService, may} from '/device.js';
import {bytes, duration, number, t, translate} from '/i18n.js';
import {ago, byId, confirmed, describeError, fill, fillFacts, fillList, fromTemplate, perform} from '/view.js';

const PATIENCE_MS = 65000;

const tabs = new Map(); // name → {service, section, link}
let page;

// -- values -------------------------------------------------------------------------------

const FORMATS = {
    number: (value, field) => [number(value), field.unit].filter(Boolean).join(' '),
    boolean: (value) => value ? t('services.yes') : t('services.no'),
    bytes,
    seconds: duration,
    time: ago,
};

const WANTED = {number: 'number', boolean: 'boolean', bytes: 'number', seconds: 'number', time: 'string'};

// What isn't of the type that was promised is shown as it is.
function format(field, value) {
    if (value === null || value === undefined)
        return '';
    if (WANTED[field.type] === typeof value)
        return FORMATS[field.type](value, field);
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function labelOf(field) {
    return translate(field.label ?? field.name);
}

// A link or a form leads there, so that it needs no script from here on.
function documentPath(service, method) {
    return `/api/v1/documents/${encodeURIComponent(service.name)}/${encodeURIComponent(method)}`;
}

function makeLink(service, column, value) {
    const link = document.createElement('a');

    link.href = `${documentPath(service, column.document)}?${new URLSearchParams({[column.parameter]: value})}`;
    link.textContent = translate(column.text);
    link.setAttribute('aria-label', `${translate(column.text)}: ${labelOf(column)}, ${value}`);
    link.dataset.testid = `document-${column.document}`;
    link.dataset.value = value;
    return link;
}

// A link stays the one that somebody is about to click.
function fillCell(service, cell, column, value) {
    const text = format(column, value);

    if (column.type === 'document' && value) {
        if (cell.firstElementChild?.dataset.value !== String(value))
            cell.replaceChildren(makeLink(service, column, value));
    } else if (cell.textContent !== text) {
        cell.textContent = text;
    }
}

function fillHead(table, columns) {
    const labels = columns.map(labelOf);
    const line = document.createElement('tr');

    if (JSON.stringify([...table.tHead.querySelectorAll('th')].map((cell) => cell.textContent)) === JSON.stringify(labels))
        return;
    for (const label of labels)
        line.append(Object.assign(document.createElement('th'), {textContent: label}));
    table.tHead.replaceChildren(line);
    table.tBodies[0].replaceChildren();
}

// Columns that nobody has named are those of the first row. Documents are for those who may have them.
function fillTable(service, table, columns, rows) {
    const named = columns ?? Object.keys(rows[0] ?? {}).map((name) => ({name, label: name}));
    const shown = named.filter((column) => column.type !== 'document' || may('system'));

    fillHead(table, shown);
    fillList(table.tBodies[0], rows, (row) => String(row?.[shown[0].name]),
        () => {
            const line = document.createElement('tr');

            line.append(...shown.map(() => document.createElement('td')));
            return line;
        },
        (line, row) => shown.forEach((column, i) => fillCell(service, line.cells[i], column, row?.[column.name])));
}

// A picture for those who see it, its last value for all.
function fillChart(service, figure, field, list) {
    const values = list.filter((value) => typeof value === 'number');

    draw(figure, values.map((value, at) => ({at, value})));
    fill(figure, {last: values.length > 0 ? format({...field, type: 'number'}, values.at(-1)) : t('services.none')});
}

const PARTS = {
    table: ['service-table',
        (service, part, field, value) => fillTable(service, part.querySelector('table'), field.columns, value)],
    chart: ['service-chart', fillChart],
};

function showValues(service, section, fields, values) {
    const parts = fields.filter((field) => PARTS[field.type] && Array.isArray(values[field.name]));

    fillFacts(section.querySelector('dl'), fields.filter((field) => !parts.includes(field)).map(
        (field) => [labelOf(field), format(field, values[field.name])]));
    fillList(section.querySelector('.parts'), parts, (field) => field.name,
        (field) => fromTemplate(PARTS[field.type][0]),
        (part, field) => {
            fill(part, {label: labelOf(field)});
            PARTS[field.type][1](service, part, field, values[field.name]);
        });
}

// -- actions ------------------------------------------------------------------------------

function makeInput(schema, required) {
    let input;

    if (Array.isArray(schema.enum)) {
        input = document.createElement('select');
        for (const choice of schema.enum)
            input.add(new Option(choice, choice));
    } else {
        input = document.createElement('input');
        input.type = {boolean: 'checkbox', integer: 'number', number: 'number'}[schema.type] ?? 'text';
        if (schema.type === 'number')
            input.step = 'any';
    }
    input.required = required && schema.type !== 'boolean';
    return input;
}

function makeField(name, schema, required) {
    const field = document.createElement('div');
    const label = document.createElement('label');
    const input = makeInput(schema, required);

    field.className = 'field';
    label.append(translate(schema.title ?? name), input);
    input.name = name;
    field.append(label);
    return field;
}

// Of the types that the schema wants; what was left empty is left out.
function readForm(form, properties) {
    const parameters = {};

    for (const [name, schema] of Object.entries(properties)) {
        const input = form.elements.namedItem(name);

        if (schema.type === 'boolean')
            parameters[name] = input.checked;
        else if (input.value !== '')
            parameters[name] = ['integer', 'number'].includes(schema.type) ? Number(input.value) : input.value;
    }
    return parameters;
}

// One line for each of what the action says that its answer has.
function describe(action, result) {
    return (action.result ?? []).map((field) => `${labelOf(field)}: ${format(field, result?.[field.name])}`).join('\n');
}

function say(action, result) {
    if (action.result)
        return describe(action, result);
    if (result === null || result === true || result?.ok === true)
        return t('services.done');
    return typeof result === 'string' ? result : JSON.stringify(result, null, 1);
}

function showResult(service, action, form, result) {
    const rows = Array.isArray(result) && result.every((row) => row && typeof row === 'object') ? result : null;
    const table = form.querySelector('table');
    const text = form.querySelector('output');

    table.hidden = !rows?.length;
    if (rows?.length)
        fillTable(service, table, null, rows);
    text.textContent = rows?.length ? '' : rows ? t('services.none') : say(action, result);
}

async function act(service, action, form) {
    const properties = action.parameters?.properties ?? {};
    const path = `/api/v1/services/${encodeURIComponent(service.name)}/actions/${encodeURIComponent(action.method)}`;
    const parameters = readForm(form, properties);

    if (action.confirm && !await confirmed(translate(action.label ?? action.method), translate(action.confirm), t('services.run')))
        return;
    try {
        const answer = await ask('POST', path, Object.keys(properties).length > 0 ? {parameters} : {}, PATIENCE_MS);

        showResult(service, action, form, answer.result);
    } catch (error) {
        form.querySelector('table').hidden = true;
        form.querySelector('output').textContent = describeError(error);
    }
    page.refresh();
}

function addFields(form, {parameters}) {
    const {properties = {}, required = []} = parameters ?? {};

    form.querySelector('.fields').append(...Object.entries(properties).map(
        ([name, schema]) => makeField(name, schema, required.includes(name))));
}

// The browser sends it by itself.
function makeDocument(service, one) {
    const form = fromTemplate('service-document');

    form.action = documentPath(service, one.method);
    form.querySelector('button').textContent = translate(one.label ?? one.method);
    addFields(form, one);
    return form;
}

function makeAction(service, action) {
    const form = fromTemplate('service-action');
    const button = form.querySelector('button');

    button.textContent = translate(action.label ?? action.method);
    addFields(form, action);
    form.addEventListener('submit', (event) => {
        event.preventDefault();
        perform(button, () => act(service, action, form));
    });
    return form;
}

// -- tabs ---------------------------------------------------------------------------------

export function nameOf(service) {
    return `service-${service.name}`;
}

async function refreshTab(tab) {
    const {service, section} = tab;
    const missing = section.querySelector('.missing');

    if (!service.tab.method)
        return;
    const values = await askService(`/api/v1/services/${encodeURIComponent(service.name)}/values`, (error) => {
        missing.hidden = !error;
        missing.textContent = error ? describeError(error) : '';
    });

    section.querySelector('.values').hidden = !values;
    if (values)
        showValues(service, section, service.tab.status ?? [], values);
}

// For those who may.
function fillCard(card, items, make) {
    card.append(...(items ?? []).map(make));
    card.hidden = !may('system') || !items?.length;
}

function makeTab(service) {
    const section = fromTemplate('service-tab');
    const link = document.createElement('a');
    const tab = {service, section, link, said: JSON.stringify(service.tab)};

    section.id = nameOf(service);
    section.querySelector('.values').hidden = true;
    fill(section, {title: translate(service.tab.title), description: translate(service.description)});
    fillCard(section.querySelector('.documents'), service.tab.documents, (one) => makeDocument(service, one));
    fillCard(section.querySelector('.actions'), service.tab.actions, (action) => makeAction(service, action));
    link.href = `#${section.id}`;
    link.textContent = translate(service.tab.title);
    link.dataset.testid = `tab-${section.id}`;
    byId('main').append(section);
    document.querySelector('.tabs').lastElementChild.before(link);
    return tab;
}

function drop(name) {
    const {section, link} = tabs.get(name);

    section.remove();
    link.remove();
    tabs.delete(name);
}

// Whoever says something else of himself than before gets a new tab.
export async function refreshList() {
    const {services} = await ask('GET', '/api/v1/services');
    const shown = new Map(services.filter((service) => service.tab?.title).map((service) => [service.name, service]));

    for (const [name, tab] of [...tabs]) {
        if (JSON.stringify(shown.get(name)?.tab) !== tab.said)
            drop(name);
    }
    for (const [name, service] of shown) {
        if (!tabs.has(name))
            tabs.set(name, makeTab(service));
    }
    page.show();
}

// By the name of the tab, as page.js wants them: to be refreshed.
export function all() {
    return Object.fromEntries([...tabs.values()].map((tab) => [tab.section.id, {refresh: () => refreshTab(tab)}]));
}

// `calls` of the page: refresh() what is shown, show() the tab that is wanted.
export function start(calls) {
    page = calls;
}
