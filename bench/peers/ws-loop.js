/** The plainest server there is: every message is parsed, and sent to each connection of its room in a loop. */
import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { enterRoom, listen, roomOf } from './rooms.js';

const http = createServer();
const sockets = new WebSocketServer({ server: http, path: '/ws' });

sockets.on('connection', (socket, request) => {
  const room = enterRoom(roomOf(request.url), socket);
  socket.on('message', (message) => {
    const { event, data } = JSON.parse(message);
    const text = JSON.stringify({ event, data });
    for (const member of room) if (member.readyState === WebSocket.OPEN) member.send(text);
  });
  socket.on('close', () => room.delete(socket));
});
listen(http);
