// A client on the `ws` package: follows halley as told by its argument, and prints what it has seen as JSON.
'use strict';
const WebSocket = require('ws');

const { url, epoch, last, half, compress } = JSON.parse(process.argv[2]);
const seen = { seqs: [], hellos: [], extensions: null, pongs: 0, ownClose: null, garbageClose: null };

function follow(after, until) {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(`${url}?after=${epoch}.${after}`, { perMessageDeflate: compress });
    ws.on('error', reject);
    ws.on('open', () => { seen.extensions = ws.extensions; });
    ws.on('pong', (payload) => { seen.pongs += payload.toString() === 'are you there' ? 1 : 0; });
    ws.on('message', (text, isBinary) => {
      if (isBinary) reject(new Error('a binary message'));
      const object = JSON.parse(text);
      if (object.hello) seen.hellos.push(object.hello.after);
      if (object.seq && object.seq <= until) seen.seqs.push(object.seq);
      if (object.seq === until) resolve(ws);
    });
  });
}

function closed(ws) {
  return new Promise((resolve) => ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() })));
}

async function main() {
  // Cut without a word, as a tunnel does; then again, from where we are.
  (await follow(0, half)).terminate();
  const ws = await follow(half, last);
  const ponged = new Promise((resolve) => ws.once('pong', resolve));
  ws.ping('are you there');
  await ponged;
  let end = closed(ws);
  ws.close(4000, 'I have seen enough');
  seen.ownClose = await end;
  const other = new WebSocket(url, { perMessageDeflate: compress });
  end = closed(other);
  other.on('open', () => other.send('x'.repeat(2000)));
  seen.garbageClose = await end;
  console.log(JSON.stringify(seen));
}

main().catch((error) => { console.error(error); process.exit(1); });
