/** Socket.IO as its guide has it: a room each, and `emit` to the room. */
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { listen } from './rooms.js';

// It belongs to the package of the peers, which is installed when the bench first runs.
const { Server } = createRequire(import.meta.url)('socket.io');
const http = createServer();
const io = new Server(http, { transports: ['websocket'] });

io.on('connection', (socket) => {
  const { room } = socket.handshake.query;
  socket.join(room);
  socket.on('message', (data) => io.to(room).emit('message', data));
});
listen(http);
