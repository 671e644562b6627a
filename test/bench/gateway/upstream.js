/**
 * A provider for the benchmark: answers every generation with the same picture, about as large as it was told
 * to be. `node upstream.js <bytes of the base64>`; prints its port.
 */
import { createServer } from 'node:http';
import { crc32, deflateSync } from 'node:zlib';

/** A grey PNG of so many bytes, give or take a line: nothing in it is compressed. */
function createPng(bytes) {
  const width = 63;
  const height = Math.max(1, Math.round(bytes / (width + 1)) - 1);
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.byteLength);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0]);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc((width + 1) * height), { level: 0 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const picture = createPng((Number(process.argv[2]) * 3) / 4);
const body = Buffer.from(JSON.stringify({ created: 1, data: [{ b64_json: picture.toString('base64') }] }));
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.byteLength });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
