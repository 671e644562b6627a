/**
 * A provider for the benchmark: answers every generation with the same picture, as large as it was told to be.
 * `node upstream.js <bytes of the base64>`; prints its port.
 */
import { createServer } from 'node:http';

const size = Number(process.argv[2]);
// A PNG's first bytes, so that whoever looks at the picture takes it for one.
const picture = Buffer.alloc(Math.ceil((size * 3) / 4), 7);
Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex').copy(picture);
const body = Buffer.from(JSON.stringify({ created: 1, data: [{ b64_json: picture.toString('base64') }] }));
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.byteLength });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
