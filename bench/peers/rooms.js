const rooms = new Map();

/** The members of a room, with one more. */
export function enterRoom(name, member) {
  const room = rooms.get(name) ?? new Set();
  rooms.set(name, room);
  room.add(member);
  return room;
}

export function roomOf(url) {
  return new URL(url, 'ws://localhost').searchParams.get('room');
}

/** Listens on a free port, and says so as the bench expects it. */
export function listen(http) {
  http.listen(0, '127.0.0.1', () => {
    process.stdout.write(`listens on http://127.0.0.1:${http.address().port}\n`);
  });
}
