/** Nest with its own `WsAdapter`: one gateway, and a loop over the room. Nobody is asked who they are. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebSocket } from 'ws';
import { enterRoom, roomOf } from './rooms.js';

class RoomGateway {
  handleConnection(socket, request) {
    socket.room = enterRoom(roomOf(request.url), socket);
  }

  handleDisconnect(socket) {
    socket.room.delete(socket);
  }

  message(data, socket) {
    const text = JSON.stringify({ event: 'message', data });
    for (const member of socket.room) if (member.readyState === WebSocket.OPEN) member.send(text);
  }
}
// The decorators are applied by hand: this file is plain JavaScript.
const descriptor = Object.getOwnPropertyDescriptor(RoomGateway.prototype, 'message');
Reflect.defineMetadata('design:paramtypes', [Object, Object], RoomGateway.prototype, 'message');
MessageBody()(RoomGateway.prototype, 'message', 0);
ConnectedSocket()(RoomGateway.prototype, 'message', 1);
SubscribeMessage('message')(RoomGateway.prototype, 'message', descriptor);
WebSocketGateway({ path: '/ws' })(RoomGateway);

class AppModule {}
Module({ providers: [RoomGateway] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new WsAdapter(app));
await app.listen(0, '127.0.0.1');
process.stdout.write(`listens on http://127.0.0.1:${app.getHttpServer().address().port}\n`);
