/**
 * The least that a gateway in Node can cost: hands each body on and the answer back, and looks at neither.
 * `node proxy.js <URL that it asks>`; prints its port.
 */
import { Agent, createServer, request } from 'node:http';

const agent = new Agent({ keepAlive: true });
const server = createServer((asked, answer) => {
  const { 'content-type': type, 'content-length': length } = asked.headers;
  const headers = { 'content-type': type, ...(length ? { 'content-length': length } : {}) };
  const sent = request(process.argv[2], { method: 'POST', agent, headers });
  sent.on('response', (response) => {
    answer.writeHead(response.statusCode, response.headers);
    response.pipe(answer);
  });
  asked.pipe(sent);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
