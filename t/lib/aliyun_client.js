// Runs Alibaba's own client (npm aliyun-api-gateway), unmodified, for aliyun_client.t.
//
// stdin:  {"address": "http://127.0.0.1:PORT", "key": "...", "secret": "...", "calls": [{"method": "get", "target": "/path?query",
//         "options": {"query", "data", "headers", "signHeaders"}}, ...]}
// stdout: [{"status", "headers", "sent" (headers on the wire), "target" (as on the wire), and "result" (what the client returned), or
//         "error" (what it threw) and "body" (text of the answer)}, ...]
'use strict';

const channel = require('diagnostics_channel').channel('http.client.request.start');
const {Client} = require('aliyun-api-gateway');

// The client reports neither what was sent nor the body of an error: node's own channel shows both.
let request, response;
channel.subscribe((message) => {
  request = message.request;
  request.once('response', (got) => { response = got; });
});

async function read(stream) {
  let text = '';
  for await (const part of stream.setEncoding('utf8')) text += part;
  return text;
}

async function call(client, address, {method, target, options}) {
  const out = {};
  response = undefined;
  try {
    out.result = await client[method](address + target, {timeout: 30000, ...options});
  } catch (error) {
    if (!response) throw error;
    out.error = error.message;
    out.body = await read(response);  // which the client leaves unread
  }
  return {...out, status: response.statusCode, headers: response.headers, sent: request.getHeaders(), target: request.path};
}

async function main() {
  const {address, key, secret, calls} = JSON.parse(await read(process.stdin));
  const client = new Client(key, secret);
  const answers = [];
  for (const one of calls) answers.push(await call(client, address, one));
  process.stdout.write(JSON.stringify(answers), () => process.exit(0));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
