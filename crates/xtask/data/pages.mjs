// Looks at pages in a real browser: axe-core at two widths, a walk by the Tab key, then once more without JavaScript.
//
//   node pages.mjs CDP-URL FOLDER BASE TOKEN      FOLDER holds node_modules and gets the pictures; TOKEN signs in
//
// Prints one line of JSON for each page and width. Started by `cargo xtask pages`.

import { createRequire } from 'node:module';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , browser, folder, base, token] = process.argv;
const require = createRequire(join(folder, 'x.js'));
const WebSocket = require('ws');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const WIDTHS = [1200, 390];

// Every kind of page; of agreements one in each state and openness, and the one with most parties.
const { agreements } = await (await fetch(`${base}/api/v1/register`)).json();
const chosen = new Map();
for (const row of agreements) {
  const key = `${row.state} ${row.publication} ${row.controllers.length > 5}`;
  if (!chosen.has(key)) chosen.set(key, `/agreements/${row.reference}`);
}
const addresses = [
  '/', '/register', '/register?q=nothing+is+called+this', '/register?page=2', ...chosen.values(), '/organisations',
  '/organisations/CMD', '/organisations/BEX', '/organisations/NCL', '/organisations/LOTI', '/waiting', '/organisations/HCK/inbox', '/organisations/HCK/inbox?role=DPO',
  '/organisations/BEX/inbox', '/organisations/HCK/duties', '/organisations/WFT/duties', '/sign-in', '/sharing', '/log', '/log?page=3', '/events/0', '/events/1', '/events/1600',
  '/problems/D01', '/published-elsewhere', '/accessibility', '/privacy', '/cookies', '/nowhere', '/register?page=x',
].map((path) => base + path);

const { webSocketDebuggerUrl } = await (await fetch(`${browser}/json/version`)).json();
const socket = new WebSocket(webSocketDebuggerUrl);
await new Promise((ready, failed) => { socket.on('open', ready); socket.on('error', failed); });
let last = 0;
const waiting = new Map();
const listeners = new Set();
socket.on('message', (data) => {
  const message = JSON.parse(data);
  if (message.id) {
    const { done, failed } = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error) failed(new Error(message.error.message)); else done(message.result);
  } else {
    for (const listener of listeners) listener(message);
  }
});
const send = (method, params = {}, sessionId) => new Promise((done, failed) => {
  const id = ++last;
  waiting.set(id, { done, failed });
  socket.send(JSON.stringify({ id, method, params, sessionId }));
});

const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
const call = (method, params) => send(method, params, sessionId);
await call('Page.enable');
await call('Runtime.enable');
await call('Log.enable');

let complaints = [];
listeners.add(({ method, params }) => {
  // An error page is asked for on purpose, and the browser says that it is one.
  const expected = /status of 40[014]/;
  if (method === 'Log.entryAdded' && params.entry.level === 'error' && !expected.test(params.entry.text)) {
    complaints.push(params.entry.text);
  }
  if (method === 'Runtime.exceptionThrown') complaints.push(params.exceptionDetails.text);
});

async function open(address) {
  complaints = [];
  const loaded = new Promise((done) => {
    const listener = ({ method }) => { if (method === 'Page.loadEventFired') { listeners.delete(listener); done(); } };
    listeners.add(listener);
  });
  await call('Page.navigate', { url: address });
  await loaded;
}

const evaluate = async (expression) => {
  const { result, exceptionDetails } = await call('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
};

const press = async (key, code) => {
  const event = { key, code: key, windowsVirtualKeyCode: code, nativeVirtualKeyCode: code };
  // A link is followed only by a key that also types.
  await call('Input.dispatchKeyEvent', key === 'Enter' ? { type: 'keyDown', text: '\r', ...event } : { type: 'rawKeyDown', ...event });
  await call('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
};

// What has the focus, whether a reader can see that, and how many things of the page can have it.
const FOCUS = `(() => {
  const one = document.activeElement;
  if (!one || one === document.body || one === document.documentElement) return null;
  const style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const lines = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  const seen = lines || style.boxShadow !== 'none' || style.backgroundColor === 'rgb(255, 221, 0)';
  const onScreen = box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight;
  one.dataset.walked ??= String(++window.walked);
  return { number: Number(one.dataset.walked), html: one.outerHTML.slice(0, 120), seen: seen && onScreen, skip: one.matches('.govuk-skip-link') };
})()`;
const FOCUSABLE = `[...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]
  .filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ visibilityProperty: true })).length`;

// Walks the page by Tab from its beginning; says what is wrong. Ends after `most` stops on a long page.
async function walked(address, most) {
  const wrong = [];
  await evaluate('window.walked = 0; document.activeElement?.blur(); scrollTo(0, 0); undefined');
  const all = await evaluate(FOCUSABLE);
  const seen = new Set();
  for (let step = 0; step < Math.min(all, most); step += 1) {
    await press('Tab', 9);
    const focus = await evaluate(FOCUS);
    if (!focus) { wrong.push(`the focus left the page after ${seen.size} of ${all} stops`); break; }
    if (seen.has(focus.number)) { wrong.push(`Tab comes back to ${focus.html} after ${seen.size} of ${all} stops`); break; }
    seen.add(focus.number);
    if (!focus.seen) wrong.push(`the focus on ${focus.html} cannot be seen`);
    if (step === 0 && !focus.skip) wrong.push('the first stop is not the link to the main content');
  }
  await open(address);
  await press('Tab', 9);
  await press('Enter', 13);
  const there = await evaluate("document.activeElement?.id === 'main-content' || location.hash === '#main-content'");
  if (!there) wrong.push('the skip link does not lead to the main content');
  return wrong;
}

// Sends the form of the page for signing in, as a reader does who has pasted a token.
async function signIn(pasted) {
  await open(`${base}/sign-in`);
  const loaded = new Promise((done) => {
    const listener = ({ method }) => { if (method === 'Page.loadEventFired') { listeners.delete(listener); done(); } };
    listeners.add(listener);
  });
  await evaluate(`document.getElementById('token').value = ${JSON.stringify(pasted)}; document.querySelector('main form').requestSubmit(); undefined`);
  await loaded;
}

mkdirSync(join(folder, 'pictures'), { recursive: true });

// What is wrong with a token is told on the form itself, which only a form that was sent shows.
for (const width of WIDTHS) {
  await call('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 });
  await signIn('no token at all');
  const wide = await evaluate('document.documentElement.scrollWidth');
  await evaluate(`${axe}; undefined`);
  const { violations } = await evaluate("axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => ({ violations: violations.map((rule) => ({ id: rule.id, impact: rule.impact, help: rule.help, nodes: rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)) })) }))");
  const { data } = await call('Page.captureScreenshot', { format: 'png' });
  writeFileSync(join(folder, 'pictures', `sign-in-error-${width}.png`), Buffer.from(data, 'base64'));
  const told = await evaluate("document.querySelector('.govuk-error-summary') !== null && document.title.startsWith('Error: ')");
  console.log(JSON.stringify({ address: `${base}/sign-in (error)`, width, overflows: wide > width, complaints: told ? [] : ['the error is not told'], keyboard: [], violations }));
}

// The same page for an officer has a name of its own.
const views = addresses.map((address) => ({ address, officer: false }));
for (const path of ['/', '/organisations/HCK/inbox', '/agreements/DSA-2026-000003', '/log']) {
  views.push({ address: base + path, officer: true });
}
let signedIn = false;
for (const { address, officer } of views) {
  if (officer && !signedIn) {
    await call('Emulation.setScriptExecutionDisabled', { value: false });
    await signIn(token);
    signedIn = await evaluate("document.querySelector('.app-reads__form') !== null");
    if (!signedIn) throw new Error('the token does not sign in');
  }
  const { pathname, search } = new URL(address);
  const name = (officer ? 'officer-' : '') + ((pathname + search).replaceAll(/[^A-Za-z0-9-]+/g, '_').replace(/^_/, '') || 'home');
  for (const width of WIDTHS) {
    const metrics = (height) => ({ width, height, deviceScaleFactor: 1, mobile: width < 600 });
    await call('Emulation.setDeviceMetricsOverride', metrics(900));
    await open(address);
    const { height, wide } = await evaluate('({ height: document.documentElement.scrollHeight, wide: document.documentElement.scrollWidth })');
    await call('Emulation.setDeviceMetricsOverride', metrics(Math.min(height, 6000)));
    const { data } = await call('Page.captureScreenshot', { format: 'png' });
    writeFileSync(join(folder, 'pictures', `${name}-${width}.png`), Buffer.from(data, 'base64'));
    await evaluate(`${axe}; undefined`);
    const found = await evaluate(`axe.run(document, { resultTypes: ['violations'] }).then((result) => ({
      passed: result.passes.length,
      violations: result.violations.map((rule) => ({ id: rule.id, impact: rule.impact, help: rule.help, nodes: rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)) })),
    }))`);
    await call('Emulation.setDeviceMetricsOverride', metrics(900));
    const before = complaints;
    const keyboard = await walked(address, 120);
    console.log(JSON.stringify({ address, width, overflows: wide > width, complaints: [...before, ...complaints], keyboard, ...found }));
  }
  await call('Emulation.setScriptExecutionDisabled', { value: true });
  await open(address);
  const { root } = await call('DOM.getDocument', { depth: 0 });
  const { nodeId } = await call('DOM.querySelector', { nodeId: root.nodeId, selector: 'main h1' });
  console.log(JSON.stringify({ address, scripts: false, heading: nodeId > 0 }));
  await call('Emulation.setScriptExecutionDisabled', { value: false });
}
await send('Target.closeTarget', { targetId });
socket.close();
