import { encode } from '@msgpack/msgpack';
import { binaryFrame, PONG, textFrame } from './frame.js';

/**
 * How each kind of server is spoken to: the upgrade request's path and headers, the word by which a member is known to be
 * in the room (`undefined`: with the 101), what is written then, how a message is sent, and the sign of life.
 */
export const DIALECTS = {
  chat: {
    ...parley('chat'),
    message: (member, number, text) =>
      textFrame(
        `{"event":"message.send","id":${number},"data":{"roomId":"${member.roomId}","text":"${text}",` +
          `"clientId":"${clientIdOf(member, number)}"}}`,
      ),
  },
  superchat: {
    ...parley('superchat'),
    message: (member, number, text) => {
      const data = { roomId: member.roomId, text, clientId: clientIdOf(member, number) };
      return binaryFrame(encode([{ event: 'message.send', id: number, data }]));
    },
  },
  plain: {
    echoes: false,
    path: ({ room }) => `/ws?room=${room}`,
    headers: () => [],
    readyWord: undefined,
    greeting: undefined,
    message: (_member, _number, text) => textFrame(`{"event":"message","data":{"text":"${text}"}}`),
    signOfLife: PONG,
  },
  socketIo: {
    echoes: false,
    path: ({ room }) => `/socket.io/?EIO=4&transport=websocket&room=${room}`,
    headers: () => [],
    readyWord: '40{',
    greeting: textFrame('40'),
    message: (_member, _number, text) => textFrame(`42["message",{"text":"${text}"}]`),
    signOfLife: textFrame('3'),
  },
};

function parley(subprotocol) {
  return {
    echoes: true,
    path: ({ ticket }) => (ticket === undefined ? '/ws' : `/ws?ticket=${ticket}`),
    headers: ({ token, ticket }) => [
      `Sec-WebSocket-Protocol: ${subprotocol}`,
      ...(ticket === undefined ? [`Authorization: Bearer ${token}`] : []),
    ],
    readyWord: 'ready',
    greeting: undefined,
    signOfLife: PONG,
  };
}

function clientIdOf(member, number) {
  return `bench-${member.room}-${number}`;
}
