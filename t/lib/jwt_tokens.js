// Makes keys, and tokens with the npm packages jose and jsonwebtoken, for tg_jwt.py; `raw` signs any bytes, for tokens that no library makes.
//
// stdin:  {"keys": {"NAME": {"type": "rsa", "bits": 2048} | {"type": "ec", "curve": "P-256"} | {"type": "ed25519"}}}
//         or {"tokens": [{"library": "jose" | "jsonwebtoken", "alg", "key", "header": {...}, "claims": {...}},
//                        {"library": "raw", "alg", "key", "input": "HEADER.PAYLOAD", "der": false}, ...]}
//         key: a private key in PEM, or {"secret": base64url}; alg "none" has none.
// stdout: {"NAME": {"private", "public", "pkcs1" (PEM; RSA only), "jwk" (public), "private_jwk"}}, or the tokens.
'use strict';

const crypto = require('crypto');
const jose = require('jose');
const jsonwebtoken = require('jsonwebtoken');

function makeKey({type, bits, curve}) {
  const {privateKey, publicKey} = crypto.generateKeyPairSync(type, {modulusLength: bits, namedCurve: curve});
  return {
    private: privateKey.export({type: 'pkcs8', format: 'pem'}),
    public: publicKey.export({type: 'spki', format: 'pem'}),
    pkcs1: type === 'rsa' ? publicKey.export({type: 'pkcs1', format: 'pem'}) : undefined,
    jwk: publicKey.export({format: 'jwk'}),
    private_jwk: privateKey.export({format: 'jwk'}),
  };
}

function rawSignature(alg, key, input, der) {
  const digest = `sha${alg.slice(2)}`;
  switch (alg.slice(0, 2)) {
    case 'HS':
      return crypto.createHmac(digest, key).update(input).digest();
    case 'RS':
      return crypto.sign(digest, input, key);
    case 'PS':
      return crypto.sign(digest, input, {key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(alg.slice(2)) / 8});
    case 'ES':
      return crypto.sign(digest, input, {key, dsaEncoding: der ? 'der' : 'ieee-p1363'});
    default:
      return crypto.sign(null, input, key);
  }
}

async function makeToken({library, alg, key, header, claims, input, der}) {
  const secret = key && key.secret !== undefined ? Buffer.from(key.secret, 'base64url') : undefined;
  switch (library) {
    case 'jose':
      if (alg === 'none') return new jose.UnsecuredJWT(claims).encode();
      return new jose.SignJWT(claims).setProtectedHeader({alg, ...header}).sign(secret || await jose.importPKCS8(key, alg));
    case 'jsonwebtoken':
      return jsonwebtoken.sign(claims, alg === 'none' ? '' : secret || key, {algorithm: alg, header, noTimestamp: true});
    case 'raw':
      return `${input}.${rawSignature(alg, secret || key, Buffer.from(input), der).toString('base64url')}`;
    default:
      throw new Error(`no library ${library}`);
  }
}

async function main() {
  let text = '';
  for await (const part of process.stdin.setEncoding('utf8')) text += part;
  const {keys, tokens} = JSON.parse(text);
  const out = keys ? {} : [];
  for (const name of Object.keys(keys || {})) out[name] = makeKey(keys[name]);
  for (const one of tokens || []) out.push(await makeToken(one));
  process.stdout.write(JSON.stringify(out), () => process.exit(0));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
