// Checks of OpenAPI documents for openapi.t: is a document valid (@apidevtools/swagger-parser), and do the gateway's answers match it (ajv).
//
// stdin:  {"validate": DOCUMENT} or {"document": DOCUMENT, "answers": [{"path", "method", "status", "headers": [names], "body": JSON}]}
// stdout: [problem, ...]: one text for each problem.
'use strict';

const Ajv = require('ajv/dist/2020').default;
const SwaggerParser = require('@apidevtools/swagger-parser');

const kFormats = {
  date: /^\d{4}-\d\d-\d\d$/,
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  'date-time-local': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$/,
  int32: {type: 'number', validate: (n) => Number.isInteger(n) && Math.abs(n) <= 2 ** 31},
  int64: {type: 'number', validate: Number.isInteger},
  float: {type: 'number', validate: () => true},
  double: {type: 'number', validate: () => true},
};

function token(text) {
  return encodeURIComponent(text.replace(/~/g, '~0').replace(/\//g, '~1'));
}

function checkAnswers(document, answers) {
  const ajv = new Ajv({strict: false, allErrors: true, formats: kFormats});
  ajv.addSchema(document, 'document');
  const problems = [];
  for (const {path, method, status, headers, body} of answers) {
    const here = `${method} ${path} ${status}`;
    let response = document.paths[path]?.[method]?.responses?.[status];
    let pointer = `/paths/${token(path)}/${method}/responses/${status}`;
    if (response?.$ref) {
      pointer = response.$ref.slice(1);
      response = document.components.responses[pointer.split('/').pop()];
    }
    if (!response) {
      problems.push(`${here}: no such answer in the document`);
      continue;
    }
    const validate = ajv.getSchema(`document#${pointer}/content/application~1json/schema`);
    if (!validate(body)) problems.push(...validate.errors.map((error) => `${here}: ${error.instancePath} ${error.message}`));
    for (const [name, header] of Object.entries(response.headers)) {
      if (header.required !== false && !headers.includes(name.toLowerCase())) problems.push(`${here}: header ${name} is missing`);
    }
  }
  return problems;
}

async function main(input) {
  if (input.document) return checkAnswers(input.document, input.answers);
  try {
    await SwaggerParser.validate(input.validate);
    return [];
  } catch (error) {
    return [String(error.message)];
  }
}

const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk));
process.stdin.on('end', async () => process.stdout.write(JSON.stringify(await main(JSON.parse(Buffer.concat(chunks))))));
